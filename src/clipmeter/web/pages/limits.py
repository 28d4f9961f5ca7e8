"""How much an account may be charged in a day and in a month."""

from clipmeter.web.pages.fields import limit_of
from clipmeter.web.pages.visit import Answer, Page, Visit


async def show(visit: Visit) -> Answer:
    """What is set and what was charged."""
    return visit.render("limits.html", limits=await visit.site.limits.get(visit.me.account_id))


async def save(visit: Visit) -> Answer:
    """Set both; an empty field is no limit."""
    daily, monthly = limit_of(visit.sent("daily")), limit_of(visit.sent("monthly"))
    await visit.site.limits.set(visit.me.account_id, daily_micros=daily, monthly_micros=monthly)
    return visit.go("/limits", "limits")


PAGES = (Page("/limits", show, {"limits": save}),)
