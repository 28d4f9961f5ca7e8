"""The account itself: who it is, where it is logged in, its end."""

from clipmeter.web.pages.visit import Answer, Page, Visit


async def show(visit: Visit) -> Answer:
    """Who this is, and all sessions."""
    return visit.render("account.html", sessions=await visit.site.people.sessions(visit.me.account_id))


async def end_session(visit: Visit) -> Answer:
    """End one session."""
    await visit.site.people.end_session(visit.me.account_id, visit.sent("session"))
    return visit.go("/account", "bye-session")


async def end_others(visit: Visit) -> Answer:
    """End all sessions but this one."""
    await visit.site.people.log_out_everywhere(visit.me.account_id, but=visit.token)
    return visit.go("/account", "bye-all")


async def ask_confirmation(visit: Visit) -> Answer:
    """Send the link once more."""
    await visit.site.people.ask_confirmation(visit.me.account_id)
    return visit.go("/account", "confirm-asked")


PAGES = (Page("/account", show, {"end": end_session, "end-others": end_others, "confirm": ask_confirmation}),)
