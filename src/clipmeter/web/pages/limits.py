"""How much an account may be charged in a day and in a month."""

from clipmeter.web.pages.fields import limit_of
from clipmeter.web.pages.visit import Answer, Page, Visit

_SHOWN = 10
"""Alerts, the newest first."""


async def show(visit: Visit) -> Answer:
    """What is set and what was charged."""
    site, account_id = visit.site, visit.me.account_id
    return visit.render(
        "limits.html",
        limits=await site.limits.get(account_id),
        alerts=await site.alerts.address(account_id),
        told=(await site.alerts.told(account_id))[:_SHOWN],
        mails=site.alerts.mails,
    )


async def save(visit: Visit) -> Answer:
    """Set both; an empty field is no limit."""
    daily, monthly = limit_of(visit.sent("daily")), limit_of(visit.sent("monthly"))
    await visit.site.limits.set(visit.me.account_id, daily_micros=daily, monthly_micros=monthly)
    return visit.go("/limits", "limits")


async def save_alerts(visit: Visit) -> Answer:
    """Say where alerts go besides by e-mail; empty for nowhere."""
    await visit.site.alerts.set_url(visit.me.account_id, visit.sent("alert_url"))
    return visit.go("/limits", "alerts")


PAGES = (Page("/limits", show, {"limits": save, "alerts": save_alerts}),)
