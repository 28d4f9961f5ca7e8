"""From a request to a page: who is it, may this form be believed, and what is said when something goes wrong.

Rule 1: a form is believed when it carries the mark that was made for this browser's cookie, and no other site sent it.
Rule 2: what was typed is shown again whenever a form cannot be carried out, passwords excepted.
Rule 3: a form that was carried out is answered with another address, so that loading the page again repeats nothing.
"""

import hmac
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from typing import Any, TypeAlias

import structlog
from litestar import Request, Response
from litestar.exceptions import HTTPException

from clipmeter.billing.people import Visitor
from clipmeter.errors import InternalError, InvalidParameter, PayloadTooLarge, Problem, ServiceUnavailable
from clipmeter.web.assets import has_it, squeezed
from clipmeter.web.envelope import Reply
from clipmeter.web.pages.errors import FormNotBelieved, FormTooOld, FormUnreadable, SessionEnded
from clipmeter.web.pages.forms import kept, read_fields, read_form
from clipmeter.web.pages.render import HEADERS, HTML, page_bytes
from clipmeter.web.pages.site import Site
from clipmeter.web.pages.visit import Answer, Page, Visit, arrived

log = structlog.get_logger()

Handler: TypeAlias = Callable[[Request[Any, Any, Any]], Awaitable[Answer]]


def shown(site: Site, page: Page) -> Handler:
    """The handler of GET."""

    async def answer(request: Request[Any, Any, Any]) -> Answer:
        visit = await _known(site, page, request)
        if page.private and visit.visitor is None:
            return _of_whole_page(request, visit.go("/login", query={"next": visit.path}))
        answer = await page.show(replace(visit, form=visit.query) if "kept" in visit.query else visit)
        return _fresh(request, answer) if page.public else answer  # others hold secrets, which squeezing tells of

    return answer


def _fresh(request: Request[Any, Any, Any], answer: Answer) -> Answer:
    """A page for everybody, squeezed; without its body where the browser has the one that its ETag names."""
    etag = answer.headers.get("ETag")
    if etag and has_it(request, etag):
        answer.status_code, answer.content = 304, b""
        return answer
    return squeezed(request, answer)


def _of_whole_page(request: Request[Any, Any, Any], onward: Answer) -> Answer:
    """The same for htmx, which would put the other page where it wanted a part of this one."""
    if "hx-request" in request.headers:
        onward.status_code = 204
        onward.headers["HX-Redirect"] = onward.headers.pop("Location")
    return onward


def sent(site: Site, page: Page) -> Handler:
    """The handler of POST."""

    async def answer(request: Request[Any, Any, Any]) -> Answer:
        if request.headers.get("sec-fetch-site", "same-origin") not in {"same-origin", "none"}:
            raise FormNotBelieved
        visit = await _known(site, page, request)
        visit = replace(visit, form=await read_form(request))
        if page.private and visit.visitor is None:
            return log_in_first(visit)
        try:
            return await _act(page, visit)
        except Problem as problem:
            return await page.show(replace(visit, problem=problem))

    return answer


async def _known(site: Site, page: Page, request: Request[Any, Any, Any]) -> Visit:
    visit = arrived(site, page, request, _asked(page, request.scope["query_string"]))
    if page.public:
        return replace(visit, visitor=await _perhaps(site, visit.token))
    if not site.ready():
        raise ServiceUnavailable
    return replace(visit, visitor=await site.people.who(visit.token) if visit.token else None)


def _asked(page: Page, query: bytes) -> Mapping[str, str]:
    """What an address asks for; to read a page for everybody, what others have hung on its address does not matter."""
    try:
        return read_fields(query)
    except FormUnreadable:
        if page.public:
            return {}
        raise


async def _perhaps(site: Site, token: str) -> Visitor | None:
    """Who is logged in; what is there to read for everybody does not wait for a database."""
    if not token or not site.ready():
        return None
    try:
        return await site.people.who(token)
    except ServiceUnavailable:
        return None


async def _act(page: Page, visit: Visit) -> Answer:
    if not _believed(visit, ours_only=page.private):
        raise FormTooOld
    act = page.acts.get(visit.sent("do"))
    if act is None:
        raise FormUnreadable
    return await act(visit)


def _believed(visit: Visit, *, ours_only: bool) -> bool:
    """Pages that strangers see also take forms that were made before this browser logged in."""
    tokens = (visit.token,) if ours_only else (visit.token, visit.browser)
    mark = visit.sent("csrf").encode()
    return any(hmac.compare_digest(visit.site.people.csrf(token).encode(), mark) for token in tokens if token)


def log_in_first(visit: Visit) -> Answer:
    """The log-in page, with what was typed in its pocket if the form was made for the session that has ended."""
    pocket = kept(visit.form) if _believed(visit, ours_only=True) else ""
    problem = SessionEnded() if pocket else SessionEnded("You are not logged in, so nothing was changed.")
    again = replace(visit, form={"next": visit.path, "kept": pocket}, problem=problem)
    return again.render("login.html")


def apology(problem: Problem, request_id: str = "") -> Reply:
    """A page that says what went wrong, where nothing better can be shown."""
    headers = {"Content-Type": f"{HTML}; charset=utf-8", **HEADERS}
    if problem.retry_after is not None:
        headers["Retry-After"] = str(problem.retry_after)
    body = page_bytes("error.html", {"problem": problem, "request_id": request_id, "visit": None})
    raw = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
    return Reply(problem.status, [*raw, (b"content-length", b"%d" % len(body))], body)


def went_wrong(request: Request[Any, Any, Any], error: Exception) -> Answer:
    """What a page's handlers did not catch."""
    request_id = str(request.scope["state"]["request_id"])
    problem = _problem_of(error)
    if isinstance(problem, InternalError):
        log.error("page crashed", request_id=request_id, exc_info=error)
    return page_response(apology(problem, request_id), {})


def page_response(reply: Reply, headers: dict[str, str]) -> Answer:
    """A page that was made without the framework, as the framework has it."""
    own = {b"content-length", b"content-type"}
    theirs = {name.decode(): value.decode() for name, value in reply.headers if name not in own}
    return Response(reply.body, status_code=reply.status, media_type=HTML, headers={**theirs, **headers})


def _problem_of(error: Exception) -> Problem:
    if isinstance(error, Problem):
        return error
    if isinstance(error, HTTPException) and error.status_code == PayloadTooLarge.status:
        return PayloadTooLarge()
    if isinstance(error, HTTPException) and error.status_code < InternalError.status:
        return InvalidParameter(str(error.detail))
    return InternalError()
