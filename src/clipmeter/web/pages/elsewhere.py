"""Log in, or sign up, by another provider: there, and back again."""

from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from clipmeter.errors import Problem, UnknownPath
from clipmeter.web.pages.forms import read_fields
from clipmeter.web.pages.signing import onward
from clipmeter.web.pages.visit import Answer, Page, Visit

if TYPE_CHECKING:  # it is imported by those who use it
    from clipmeter.billing.oidc import Oidc

BACK = "/oidc/callback"
_LONGEST_INVITE = 100


async def start(visit: Visit) -> Answer:
    """To the provider. The browser's own cookie is what ties the way back to it."""
    oidc = _oidc(visit)
    carried = urlencode({"invite": visit.query.get("invite", "")[:_LONGEST_INVITE], "next": onward(visit)})
    try:
        there = await oidc.begin(visit.browser, visit.base_url + BACK, carried=carried)
    except Problem as problem:
        return replace(visit, problem=problem).render("login.html")
    return visit.go(there)


async def back(visit: Visit) -> Answer:
    """From the provider, logged in."""
    oidc, query = _oidc(visit), visit.query
    try:
        came = await oidc.finish(visit.browser, query.get("state", ""), query.get("code", ""), visit.base_url + BACK)
        carried = read_fields(came.carried.encode())
        entry = await visit.site.people.come_by(came.identity, invite=carried.get("invite", ""), agent=visit.agent)
    except Problem as problem:
        return replace(visit, problem=problem).render("login.html")
    return await visit.enter(entry, visit.go(onward(replace(visit, form=carried))))


def _oidc(visit: Visit) -> "Oidc":
    if visit.site.oidc is None:
        raise UnknownPath
    return visit.site.oidc


PAGES = (Page("/oidc/start", start, private=False), Page(BACK, back, private=False))
