"""Every URL of the pages in one list."""

import re
from collections.abc import Callable
from itertools import chain
from typing import Any

from litestar import post, route
from litestar.enums import HttpMethod
from litestar.exceptions import HTTPException
from litestar.handlers import HTTPRouteHandler
from litestar.types import HTTPScope

from clipmeter.errors import Problem
from clipmeter.web.assets import asset_handler
from clipmeter.web.docs import catalogue, changelog, endpoint, llms, reading, reference, search, wellknown
from clipmeter.web.envelope import Reply
from clipmeter.web.pages import (
    account,
    billing,
    elsewhere,
    keys,
    limits,
    passwords,
    playground,
    requestlog,
    requestpage,
    signing,
    start,
    status,
    usage,
)
from clipmeter.web.pages.arriving import apology, sent, shown, went_wrong
from clipmeter.web.pages.site import Site
from clipmeter.web.pages.visit import Page

PAGES: tuple[Page, ...] = tuple(
    chain(
        catalogue.PAGES,
        endpoint.PAGES,
        reading.PAGES,
        reference.PAGES,
        changelog.PAGES,
        llms.PAGES,
        search.PAGES,
        wellknown.PAGES,
        status.PAGES,
        signing.PAGES,
        elsewhere.PAGES,
        passwords.PAGES,
        start.PAGES,
        playground.PAGES,
        keys.PAGES,
        usage.PAGES,
        requestlog.PAGES,
        requestpage.PAGES,
        limits.PAGES,
        billing.PAGES,
        account.PAGES,
    )
)
_ERRORS: dict[type[Exception] | int, Callable[..., Any]] = {
    HTTPException: went_wrong,
    Problem: went_wrong,
    Exception: went_wrong,
}
_PATHS = re.compile("|".join(re.sub(r"{\w+:str}", "[^/]+", page.path) for page in PAGES))
_READS = [HttpMethod.GET, HttpMethod.HEAD]
_MACHINES = ("/v1/", "/media/", "/stripe/", "/mcp")
"""Where only programs ask, whatever they say they take."""


def page_routes(site: Site) -> list[HTTPRouteHandler]:
    """The handlers of all pages."""
    shows = [route(page.path, http_method=_READS, exception_handlers=_ERRORS)(shown(site, page)) for page in PAGES]
    acts = [post(page.path, exception_handlers=_ERRORS)(sent(site, page)) for page in PAGES if page.acts]
    return [*shows, *acts, asset_handler()]


def refused(scope: HTTPScope, problem: Problem) -> Reply | None:
    """How a browser is told that its request got to no page; None: this was no browser asking for one."""
    return apology(problem, str(scope["state"]["request_id"])) if _is_for_people(scope) else None


def _is_for_people(scope: HTTPScope) -> bool:
    path = scope["path"]
    if _PATHS.fullmatch(path.rstrip("/") or "/"):
        return True
    accepts = b",".join(value for name, value in scope["headers"] if name == b"accept")
    return b"text/html" in accepts and not path.startswith(_MACHINES)
