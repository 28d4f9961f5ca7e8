"""Card, invoices, and what is owed.

A card is typed in on a page of Stripe's and never comes here. What leads there is a page with a link, not a redirect:
browsers hold a form to the sites that its page's policy names, all along its redirects, and ours names only ourselves.
"""

from urllib.parse import urlsplit

from clipmeter.billing.forecast import forecast_of
from clipmeter.billing.payments import PaymentsUnavailable
from clipmeter.web.pages.visit import Answer, Page, Visit

_DONE = "/billing/card"


async def show(visit: Visit) -> Answer:
    """Everything about money."""
    site, account_id = visit.site, visit.me.account_id
    return visit.render(
        "billing.html",
        card=await site.cards.card(account_id),
        due=await site.invoices.due(account_id),
        invoices=await site.invoices.list(account_id),
        credits=[one for one in await site.invoices.credits.list(account_id) if one.state != "voided"],
        forecast=await forecast_of(site.store, account_id, site.terms.defaults),
    )


async def add_card(visit: Visit) -> Answer:
    """Lead to Stripe's page, for a first card or another one."""
    done, cancelled = visit.base_url + _DONE, f"{visit.base_url}/billing?said=card-none"
    url = await visit.site.cards.checkout(visit.me.account_id, success_url=done, cancel_url=cancelled)
    if urlsplit(url).scheme not in {"http", "https"}:
        raise PaymentsUnavailable(sign=f"checkout is at {url[:100]}")
    return visit.render("onward.html", url=url)


async def come_back(visit: Visit) -> Answer:
    """From Stripe's page: see which card there is now; an account that is blocked pays by it at once."""
    site, account_id = visit.site, visit.me.account_id
    try:
        card = await site.cards.refresh(account_id)
        if card and visit.me.status == "blocked":
            await site.invoices.pay_failed(account_id)
    except PaymentsUnavailable:
        return visit.go("/billing", "card-later")
    return visit.go("/billing", "card" if card else "card-none")


async def remove_card(visit: Visit) -> Answer:
    """Take the card away, here and at Stripe."""
    await visit.site.cards.remove(visit.me.account_id)
    return visit.go("/billing", "card-removed")


async def pay(visit: Visit) -> Answer:
    """Ask the card again for what it did not pay."""
    status = await visit.site.invoices.pay_failed(visit.me.account_id)
    return visit.go("/billing", "paid" if status == "active" else "not-paid")


PAGES = (
    Page("/billing", show, {"card": add_card, "remove": remove_card, "pay": pay}),
    Page(_DONE, come_back),
)
