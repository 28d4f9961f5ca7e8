"""Every URL of the service in one list, and the application made of it."""

from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any

import msgspec
import structlog
from litestar import Litestar, Request, Response, get
from litestar.exceptions import HTTPException, MethodNotAllowedException, NotFoundException
from litestar.handlers import HTTPRouteHandler
from litestar.types import ASGIApp

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
from clipmeter.web.api import paid
from clipmeter.web.envelope import JSON, failure
from clipmeter.web.middleware import Outermost
from clipmeter.web.openapi import document

__all__ = ["ASGIApp", "make_app"]

log = structlog.get_logger()

Handler = Callable[[Request[Any, Any, Any]], Awaitable[Response[bytes]]]


def make_app(  # noqa: PLR0913 - what the URLs lead to
    *,
    endpoints: Sequence[Endpoint[Any]],
    call: Call,
    ready: Callable[[], bool],
    public_url: str,
    desk: Desk,
    metrics: Handler,
    media: HTTPRouteHandler,
    lifespan: Callable[[Litestar], AbstractAsyncContextManager[None]],
) -> ASGIApp:
    """The ASGI application. `ready`: whether paid requests may be taken; `public_url` "" for wherever it is asked."""
    app = Litestar(
        route_handlers=[
            *_routes(endpoints, call, ready, public_url),
            *(get(page.path)(_when_ready(ready, handler(page, desk))) for page in PAGES),
            get("/metrics")(metrics),
            media,
        ],
        exception_handlers={HTTPException: _http_problem, Problem: _problem, Exception: _crash},
        lifespan=[lifespan],
        openapi_config=None,
        logging_config=None,
        debug=False,
    )
    return Outermost(app)


def _routes(
    endpoints: Sequence[Endpoint[Any]], call: Call, ready: Callable[[], bool], public_url: str
) -> list[HTTPRouteHandler]:
    openapi = msgspec.json.encode(document(endpoints, public_url or "/"))
    return [
        *(get(endpoint.path)(_when_ready(ready, paid(endpoint, call, public_url))) for endpoint in endpoints),
        get("/openapi.json", sync_to_thread=False)(_fixed(openapi)),
        get("/healthz", sync_to_thread=False)(_fixed(b'{"status":"ok"}')),
        get("/readyz")(_when_ready(ready, _ready)),
    ]


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


def _problem(request: Request[Any, Any, Any], problem: Problem) -> Response[bytes]:  # noqa: ARG001
    return failure(problem, {})


def _http_problem(request: Request[Any, Any, Any], error: HTTPException) -> Response[bytes]:
    if isinstance(error, MethodNotAllowedException):
        return failure(MethodNotAllowed(), {"Allow": (error.headers or {}).get("allow", "GET")})
    if isinstance(error, NotFoundException):
        return failure(UnknownPath(), {})
    if error.status_code == PayloadTooLarge.status:
        return failure(PayloadTooLarge(), {})
    if error.status_code < InternalError.status:
        return failure(InvalidParameter(str(error.detail)), {})
    return _crash(request, error)


def _crash(request: Request[Any, Any, Any], error: Exception) -> Response[bytes]:
    log.error("request crashed", request_id=request.scope["state"]["request_id"], exc_info=error)
    return failure(InternalError(), {})
