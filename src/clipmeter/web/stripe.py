"""POST /stripe/webhook: where Stripe tells of events. Whoever cannot sign as Stripe is refused."""

from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
import structlog
from litestar import Request, Response, post
from litestar.handlers import HTTPRouteHandler

from clipmeter.errors import Problem, ServiceUnavailable
from clipmeter.web.envelope import JSON

log = structlog.get_logger()

PATH = "/stripe/webhook"
Receive = Callable[[bytes, str], Awaitable[str]]
"""Raw body and signature → what was done. Raises Problems."""


def webhook_handler(receive: Receive, ready: Callable[[], bool]) -> HTTPRouteHandler:
    """The route. Any answer but 200 makes Stripe send the event again, for three days."""

    @post(PATH, status_code=200)
    async def webhook(request: Request[Any, Any, Any]) -> Response[bytes]:
        if not ready():
            raise ServiceUnavailable
        body = await request.body()
        try:
            outcome = await receive(body, request.headers.get("Stripe-Signature", ""))
        except Problem as problem:
            log.warning("webhook refused", problem=problem.message, sign=problem.sign)
            raise
        return Response(msgspec.json.encode({"received": outcome}), media_type=JSON)

    return webhook
