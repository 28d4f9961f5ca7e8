"""Every URL of the service in one list, and the application made of it."""

from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any, cast

import msgspec
import structlog
from litestar import Litestar, Request, Response, get, route
from litestar.enums import HttpMethod
from litestar.exceptions import HTTPException, MethodNotAllowedException, NotFoundException
from litestar.handlers import HTTPRouteHandler
from litestar.types import ASGIApp, HTTPScope, Receive, Scope, Send

from clipmeter.call import Call
from clipmeter.endpoints.base import Endpoint
from clipmeter.errors import (
    InternalError,
    InvalidParameter,
    MethodNotAllowed,
    PayloadTooLarge,
    Problem,
    ServiceUnavailable,
    UnknownPath,
)
from clipmeter.web.account import PAGES, Desk, handler
from clipmeter.web.api import express, paid
from clipmeter.web.envelope import JSON, Direct, failure, send_reply
from clipmeter.web.middleware import Outermost
from clipmeter.web.openapi import document
from clipmeter.web.pages.arriving import page_response
from clipmeter.web.pages.routes import page_routes, refused
from clipmeter.web.pages.site import Site

__all__ = ["ASGIApp", "make_app"]

log = structlog.get_logger()

_READS = [HttpMethod.GET, HttpMethod.HEAD]
Handler = Callable[[Request[Any, Any, Any]], Awaitable[Response[bytes]]]


def make_app(  # noqa: PLR0913 - what the URLs lead to
    *,
    endpoints: Sequence[Endpoint[Any]],
    call: Call,
    ready: Callable[[], bool],
    public_url: str,
    desk: Desk,
    site: Site,
    metrics: Handler,
    media: HTTPRouteHandler,
    webhook: HTTPRouteHandler,
    lifespan: Callable[[Litestar], AbstractAsyncContextManager[None]],
) -> ASGIApp:
    """The ASGI application. `ready`: whether paid requests may be taken; `public_url` "" for wherever it is asked."""
    direct = {endpoint.path: paid(endpoint, call, ready, public_url) for endpoint in endpoints}
    app = Litestar(
        route_handlers=[
            *(get(path)(_spelled_otherwise(answer)) for path, answer in direct.items()),
            *_routes(endpoints, ready, public_url),
            *(get(page.path)(_when_ready(ready, handler(page, desk))) for page in PAGES),
            *page_routes(site),
            get("/metrics")(metrics),
            media,
            webhook,
        ],
        exception_handlers={HTTPException: _http_problem, Problem: _problem, Exception: _crash},
        lifespan=[lifespan],
        openapi_config=None,
        logging_config=None,
        debug=False,
    )
    quick = {endpoint.path: express(endpoint, call, ready, public_url) for endpoint in endpoints}
    return Outermost(app, direct, quick, refused)


def _routes(endpoints: Sequence[Endpoint[Any]], ready: Callable[[], bool], public_url: str) -> list[HTTPRouteHandler]:
    openapi = msgspec.json.encode(document(endpoints, public_url or "/"))
    return [
        route("/openapi.json", http_method=_READS, sync_to_thread=False)(_fixed(openapi)),
        route("/healthz", http_method=_READS, sync_to_thread=False)(_fixed(b'{"status":"ok"}')),
        route("/readyz", http_method=_READS)(_when_ready(ready, _ready)),
    ]


def _spelled_otherwise(answer: Direct) -> Callable[[Request[Any, Any, Any]], Awaitable[ASGIApp]]:
    """The same for paths that only mean this one, like one with a slash at its end; and for 405 and OPTIONS."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send_reply(await answer(cast("HTTPScope", scope), receive), send)

    async def handler(request: Request[Any, Any, Any]) -> ASGIApp:  # noqa: ARG001 - the shape of a handler
        return app

    return handler


def _fixed(body: bytes) -> Callable[[], Response[bytes]]:
    def answer() -> Response[bytes]:
        return Response(body, media_type=JSON)

    return answer


def _when_ready(ready: Callable[[], bool], handler: Handler) -> Handler:
    async def answer(request: Request[Any, Any, Any]) -> Response[bytes]:
        if not ready():
            raise ServiceUnavailable
        return await handler(request)

    return answer


async def _ready(request: Request[Any, Any, Any]) -> Response[bytes]:  # noqa: ARG001 - the shape of a handler
    return Response(b'{"status":"ready"}', media_type=JSON)


def _problem(request: Request[Any, Any, Any], problem: Problem) -> Response[bytes]:
    return _told(request, problem, {})


def _http_problem(request: Request[Any, Any, Any], error: HTTPException) -> Response[bytes]:
    if isinstance(error, MethodNotAllowedException):
        return _told(request, MethodNotAllowed(), {"Allow": (error.headers or {}).get("allow", "GET")})
    if isinstance(error, NotFoundException):
        return _told(request, UnknownPath(), {})
    if error.status_code == PayloadTooLarge.status:
        return failure(PayloadTooLarge(), {})
    if error.status_code < InternalError.status:
        return failure(InvalidParameter(str(error.detail)), {})
    return _crash(request, error)


def _told(request: Request[Any, Any, Any], problem: Problem, headers: dict[str, str]) -> Response[bytes]:
    """To a browser as a page, to all others as the contract has it."""
    if reply := refused(request.scope, problem):
        return page_response(reply, headers)
    return failure(problem, headers)


def _crash(request: Request[Any, Any, Any], error: Exception) -> Response[bytes]:
    log.error("request crashed", request_id=request.scope["state"]["request_id"], exc_info=error)
    return failure(InternalError(), {})
