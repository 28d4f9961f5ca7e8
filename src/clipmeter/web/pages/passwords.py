"""Change a password, ask for a new one, confirm an e-mail address."""

from dataclasses import replace

from clipmeter.billing.entering import Purpose
from clipmeter.billing.refusals import LinkExpired
from clipmeter.web.pages.visit import Answer, Page, Visit


async def show_password(visit: Visit) -> Answer:
    """The form to change it."""
    return visit.render("password.html")


async def change_password(visit: Visit) -> Answer:
    """Change it: all other sessions end, and this one gets a new cookie."""
    people = visit.site.people
    entry = await people.change_password(
        visit.me, visit.sent("old_password"), visit.sent("new_password"), agent=visit.agent
    )
    return visit.remember(entry, visit.go("/account", "password"))


async def show_reset(visit: Visit) -> Answer:
    """Ask for a link; or, with the link's token, choose a new password."""
    token, visit = await _link(visit, "reset")
    return visit.render("reset.html", token=token)


async def ask_reset(visit: Visit) -> Answer:
    """Send a link. Whether there is such an account is not told."""
    await visit.site.people.ask_reset(visit.sent("email"), address=visit.address)
    return visit.go("/login", "reset-asked")


async def reset(visit: Visit) -> Answer:
    """Set the password, and be logged in."""
    entry = await visit.site.people.reset(
        visit.sent("token"), visit.sent("new_password"), agent=visit.agent, address=visit.address
    )
    return await visit.enter(entry, visit.go("/account", "password"))


async def show_confirm(visit: Visit) -> Answer:
    """A button, since programs that read e-mail open its links too."""
    token, visit = await _link(visit, "confirm")
    if not token and visit.problem is None:
        return visit.go("/account")
    return visit.render("confirm.html", token=token)


async def confirm(visit: Visit) -> Answer:
    """Believe the address."""
    await visit.site.people.confirm(visit.sent("token"), address=visit.address)
    return visit.go("/account" if visit.visitor else "/login", "confirmed")


async def _link(visit: Visit, purpose: Purpose) -> tuple[str, Visit]:
    """The token of the link that led here; "" and why when it is not good: then no form is worth filling in."""
    token = visit.sent("token") or visit.query.get("token", "")
    if not token or await visit.site.people.is_good(token, purpose):
        return token, visit
    return "", replace(visit, problem=visit.problem or LinkExpired())


PAGES = (
    Page("/password", show_password, {"password": change_password}),
    Page("/reset", show_reset, {"ask": ask_reset, "reset": reset}, private=False),
    Page("/confirm", show_confirm, {"confirm": confirm}, private=False),
)
