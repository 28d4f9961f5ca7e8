"""Sign up, log in, log out."""

import re

from clipmeter.billing.terms import EVERYBODY
from clipmeter.web.pages.forms import kept, read_fields
from clipmeter.web.pages.prices import price_sentence
from clipmeter.web.pages.visit import Answer, Page, Visit

HOME = "/keys"
"""Where one gets to after logging in, unless another page was asked for."""
FIRST = "/start"
"""Where one gets to after signing up."""
_MEMBERS = "start|playground|keys|usage|requests|limits|billing|account|password"
ONWARD = re.compile(rf"/(?:{_MEMBERS})(?:/[A-Za-z0-9_-]{{1,100}})?")
"""Pages for who is logged in."""


async def show_signup(visit: Visit) -> Answer:
    """The form, or why there is none."""
    if visit.visitor and visit.problem is None:
        return visit.go(HOME)
    invite = visit.typed("invite") or visit.query.get("invite", "")
    terms = next(iter((await visit.site.terms.of(EVERYBODY)).values()))
    return visit.render("signup.html", invite=invite, price=price_sentence(terms, visit.site.setup))


async def sign_up(visit: Visit) -> Answer:
    """Make an account, and be logged in."""
    entry = await visit.site.people.sign_up(
        visit.sent("email"),
        visit.sent("password"),
        invite=visit.sent("invite").strip(),
        agent=visit.agent,
        address=visit.address,
    )
    return await visit.enter(entry, visit.go(FIRST, "welcome"))


async def show_login(visit: Visit) -> Answer:
    """The form; who is logged in already is taken further."""
    if visit.visitor and visit.problem is None:
        return visit.go(onward(visit))
    return visit.render("login.html")


async def log_in(visit: Visit) -> Answer:
    """Log in, and go on where one wanted to go, with what was typed there before the session ended."""
    pocket = read_fields(kept(read_fields(visit.sent("kept").encode())).encode())
    answer = visit.go(onward(visit), query={"kept": "1", **pocket} if pocket else {})
    entry = await visit.site.people.log_in(
        visit.sent("email"), visit.sent("password"), agent=visit.agent, address=visit.address
    )
    return await visit.enter(entry, answer)


async def show_logout(visit: Visit) -> Answer:
    """A button, since only forms change anything."""
    return visit.render("logout.html") if visit.visitor else visit.go("/login")


async def log_out(visit: Visit) -> Answer:
    """End this session."""
    await visit.site.people.log_out(visit.token)
    return visit.leave(visit.go("/login", "bye"))


def onward(visit: Visit) -> str:
    """The page that was asked for, if it is one of ours."""
    asked = visit.sent("next") or visit.query.get("next", "")
    return asked if ONWARD.fullmatch(asked) else HOME


PAGES = (
    Page("/signup", show_signup, {"signup": sign_up}, private=False),
    Page("/login", show_login, {"login": log_in}, private=False),
    Page("/logout", show_logout, {"logout": log_out}, private=False),
)
