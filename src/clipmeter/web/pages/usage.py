"""What an account has used."""

from clipmeter.billing.usage import this_month, usage_of
from clipmeter.web.pages.visit import Answer, Page, Visit


async def show(visit: Visit) -> Answer:
    """This month, by endpoint."""
    site, account_id = visit.site, visit.me.account_id
    month = await this_month(site.store)
    terms = await site.terms.of(account_id)
    rows = await usage_of(site.store, account_id, month, terms)
    return visit.render("usage.html", month=month, rows=rows, terms=terms)


PAGES = (Page("/usage", show),)
