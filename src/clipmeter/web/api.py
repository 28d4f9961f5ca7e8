"""The paid endpoints over HTTP: a request in, `Call`, an envelope out; and what happens when the caller leaves."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

from litestar import Request, Response
from litestar.types import Receive

from clipmeter.call import Asked, Call, Done
from clipmeter.endpoints.base import Endpoint
from clipmeter.errors import ServiceError
from clipmeter.web.envelope import JSON, failure, freshness_headers, replay_headers, standing_headers

Handler = Callable[[Request[Any, Any, Any]], Awaitable[Response[bytes]]]


def paid(endpoint: Endpoint[Any], call: Call, public_url: str) -> Handler:
    """The handler of one endpoint. `public_url`: where callers reach this server; "": as they name it themselves."""

    async def answer(request: Request[Any, Any, Any]) -> Response[bytes]:
        if not await whole(request.receive):
            return failure(ServiceError("The caller left."), {})
        asked = Asked(
            key=api_key(request),
            query=request.scope["query_string"],
            request_id=request.scope["state"]["request_id"],
            base_url=public_url or str(request.base_url).rstrip("/"),
            etag=request.headers.get("if-none-match", ""),
            idempotency_key=request.headers.get("idempotency-key", ""),
        )
        quick = call.quick(endpoint, asked)
        if quick and (done := await quick):
            return _respond(done)
        if asked.idempotency_key:  # a caller who leaves comes back for the answer
            return _respond(await call(endpoint, asked), request)
        return _respond(await _unless_left(call(endpoint, asked), request.receive))

    return answer


def _respond(done: Done, request: Request[Any, Any, Any] | None = None) -> Response[bytes]:
    headers = standing_headers(done.standing)
    if done.problem is not None:
        return failure(done.problem, headers)
    if done.replay and request:
        request.scope["state"]["request_id"] = done.replay.request_id
        headers |= replay_headers(done.replay)
    if done.got is not None:
        headers |= freshness_headers(done.got, done.etag)
    return Response(done.body, status_code=304 if done.not_modified else 200, media_type=JSON, headers=headers)


async def _unless_left(calling: Coroutine[Any, Any, Done], receive: Receive) -> Done:
    """The call's end. A caller who leaves before the result is known cancels it, and is not charged."""
    call = asyncio.ensure_future(calling)
    leaving = asyncio.ensure_future(left(receive))
    try:
        await asyncio.wait({call, leaving}, return_when=asyncio.FIRST_COMPLETED)
        if not call.done():
            call.cancel()
            await asyncio.wait({call})
        return Done(problem=ServiceError("The caller left.")) if call.cancelled() else call.result()
    finally:
        leaving.cancel()
        call.cancel()


async def left(receive: Receive) -> None:
    """Returns when the caller has hung up; what is left of a body is read and thrown away."""
    while (await receive())["type"] != "http.disconnect":
        pass


async def whole(receive: Receive) -> bool:
    """Wait for the whole request and throw its body away; False when the caller left before its end.

    Nothing is admitted before: a request whose bytes turn out to be no HTTP is refused by the server itself. Raises
    PayloadTooLarge.
    """
    while (message := await receive())["type"] == "http.request":
        if not message["more_body"]:
            return True
    return False


def api_key(request: Request[Any, Any, Any]) -> str | None:
    """The key as presented, without blanks around it; None when there is none."""
    key = request.headers.get("x-api-key")
    return None if key is None else key.strip(" \t")
