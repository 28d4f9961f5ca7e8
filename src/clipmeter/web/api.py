"""The paid endpoints over HTTP: a request in, `Call`, an envelope out; and what happens when the caller leaves."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import structlog
from litestar.types import HTTPScope, Receive

from clipmeter.call import Asked, Call, Done
from clipmeter.endpoints.base import Endpoint
from clipmeter.errors import InternalError, InvalidParameter, PayloadTooLarge, ServiceError, ServiceUnavailable
from clipmeter.web.envelope import (
    BODY_LIMIT,
    JSON_TYPE,
    Begin,
    Direct,
    Reply,
    Then,
    failed,
    freshness_headers,
    length,
    replay_headers,
    standing_headers,
)
from clipmeter.web.heads import Get, head_of

log = structlog.get_logger()


def paid(endpoint: Endpoint[Any], call: Call, ready: Callable[[], bool], public_url: str) -> Direct:
    """The handler of one endpoint: plain ASGI, since answers that are remembered cost less than a framework does.

    `ready`: whether paid requests are taken; `public_url`: where callers reach this server, "": as they name it.
    """

    async def answer(scope: HTTPScope, receive: Receive) -> Reply | None:
        if not ready():
            raise ServiceUnavailable
        if not await whole(receive):
            return None
        asked = _asked(scope, public_url)
        if asked.idempotency_key and sum(name == b"idempotency-key" for name, _ in scope["headers"]) > 1:
            raise InvalidParameter("Give one Idempotency-Key, not several.")
        if asked.idempotency_key:  # a caller who leaves comes back for the answer
            done = await call(endpoint, asked)
        else:
            done = await _unless_left(call(endpoint, asked), receive)
        if done.replay:
            scope["state"]["request_id"] = done.replay.request_id
        return reply_of(done)

    return answer


def express(endpoint: Endpoint[Any], call: Call, ready: Callable[[], bool], public_url: str) -> Begin:
    """The same for calls that need no waiting but for the ledger: most of them, at half the cost."""

    def begin(get: Get, request_id: str, then: Then) -> bool:
        head = get.head
        base_url = public_url or head.origin
        if not (base_url and ready()):
            return False
        asked = Asked(head.key, get.query, request_id, base_url, head.etag, head.idempotency_key)
        return call.quick(endpoint, asked, lambda done: then(done and _reply_or_crash(done)))

    return begin


def _reply_or_crash(done: Done) -> Reply:
    """Nobody would hear of an error raised where this is called, and the caller would wait for ever."""
    try:
        return reply_of(done)
    except Exception:
        log.exception("request crashed")
        return failed(InternalError())


def _asked(scope: HTTPScope, public_url: str) -> Asked:
    head = head_of(scope["headers"])  # type: ignore[arg-type] # they are a list
    return Asked(
        key=head.key,
        query=scope["query_string"],
        request_id=scope["state"]["request_id"],
        base_url=public_url or address(scope, head.host),
        etag=head.etag,
        idempotency_key=head.idempotency_key,
    )


def address(scope: HTTPScope, host: str) -> str:
    """Where this server is reached, as the caller names it; by its own address when the caller does not."""
    if not host and scope["server"]:
        host = f"{scope['server'][0]}:{scope['server'][1]}"
    return f"{scope['scheme']}://{host}".rstrip("/")


def reply_of(done: Done) -> Reply:
    """How a call ended, as its caller is told."""
    standing = standing_headers(done.standing)
    if done.problem is not None:
        return failed(done.problem, standing)
    replayed = replay_headers(done.replay) if done.replay else ()
    fresh = freshness_headers(done.got, done.etag) if done.got else ()
    if done.not_modified:  # a length would be that of the body that is not sent
        return Reply(304, [JSON_TYPE, *standing, *fresh], b"")
    return Reply(200, [JSON_TYPE, length(done.body), *standing, *replayed, *fresh], done.body)


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
    seen = 0
    while (message := await receive())["type"] == "http.request":
        seen += len(message["body"])
        if seen > BODY_LIMIT:
            raise PayloadTooLarge
        if not message["more_body"]:
            return True
    return False
