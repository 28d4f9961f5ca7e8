"""Every URL of the pages in one list."""

from collections.abc import Callable
from itertools import chain
from typing import Any

from litestar import Request, Response, get, post
from litestar.exceptions import HTTPException
from litestar.handlers import HTTPRouteHandler
from litestar.types import HTTPScope

from clipmeter.errors import Problem
from clipmeter.web.envelope import Reply
from clipmeter.web.pages import account, billing, elsewhere, keys, limits, passwords, signing, usage
from clipmeter.web.pages.arriving import apology, sent, shown, went_wrong
from clipmeter.web.pages.render import CSS_PATH, css
from clipmeter.web.pages.site import Site
from clipmeter.web.pages.visit import Page

PAGES: tuple[Page, ...] = tuple(
    chain(
        signing.PAGES,
        elsewhere.PAGES,
        passwords.PAGES,
        keys.PAGES,
        usage.PAGES,
        limits.PAGES,
        billing.PAGES,
        account.PAGES,
    )
)
_PATHS = frozenset(page.path for page in PAGES)
_ERRORS: dict[type[Exception] | int, Callable[..., Any]] = {
    HTTPException: went_wrong,
    Problem: went_wrong,
    Exception: went_wrong,
}


def page_routes(site: Site) -> list[HTTPRouteHandler]:
    """The handlers of all pages."""
    shows = [get(page.path, exception_handlers=_ERRORS)(shown(site, page)) for page in PAGES]
    acts = [post(page.path, exception_handlers=_ERRORS)(sent(site, page)) for page in PAGES if page.acts]
    return [*shows, *acts, get(CSS_PATH, sync_to_thread=False)(_style)]


def refused(scope: HTTPScope, problem: Problem) -> Reply | None:
    """How a page is told that its request was refused before it got there; None: this is no page's path."""
    return apology(problem, str(scope["state"]["request_id"])) if scope["path"] in _PATHS else None


def _style(request: Request[Any, Any, Any]) -> Response[bytes]:  # noqa: ARG001 - the shape of a handler
    headers = {"Cache-Control": "public, max-age=31536000, immutable", "X-Content-Type-Options": "nosniff"}
    return Response(css(), media_type="text/css", headers=headers)
