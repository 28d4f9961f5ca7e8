"""Answers and problems as HTTP: the JSON of the contract and its headers."""

import time
from collections.abc import Awaitable, Callable
from functools import lru_cache
from typing import Any, NamedTuple, TypeAlias

import msgspec
from litestar import Response
from litestar.types import HTTPScope, Receive, Send

from clipmeter.answers import LINK_MARGIN, Got
from clipmeter.billing.ledger import Replay, Standing
from clipmeter.errors import Problem
from clipmeter.web.heads import Get

JSON = "application/json"
JSON_TYPE = (b"content-type", b"application/json")
BODY_LIMIT = 1_000_000
"""Bytes of a request's body at most."""
ERRORS = "/docs/errors"
"""Below it each error code has a page of its name."""
MOST_FRESH = 60
"""Seconds for which a caller's own cache may keep an answer."""
_encode = msgspec.json.Encoder().encode
Headers: TypeAlias = tuple[tuple[bytes, bytes], ...]
"""As they go out: names in small letters, values as bytes."""


class Reply(NamedTuple):
    """An answer, whole."""

    status: int
    headers: list[tuple[bytes, bytes]]
    body: bytes


Direct: TypeAlias = Callable[[HTTPScope, Receive], Awaitable[Reply | None]]
"""A handler without a framework around it; None: the caller has left. Raises Problems."""


Then: TypeAlias = Callable[[Reply | None], None]
Express: TypeAlias = Callable[[Get, Then], bool]
"""Begins to answer a GET that is whole, without a task for it; False: it does not, and nothing has happened.

Then the reply is handed over once, later; None: ask the application, nothing has happened."""


Begin: TypeAlias = Callable[[Get, str, Then], bool]
"""The same for one endpoint, with the id that the request was given."""


async def send_reply(reply: Reply | None, send: Send) -> None:
    """Send it; nothing for None."""
    if reply is not None:
        await send({"type": "http.response.start", "status": reply.status, "headers": reply.headers})
        await send({"type": "http.response.body", "body": reply.body, "more_body": False})


def failure(problem: Problem, headers: dict[str, str]) -> Response[bytes]:
    """A problem in the contract's shape."""
    return Response(
        problem_bytes(problem),
        status_code=problem.status,
        media_type=JSON,
        headers={**headers, **problem_headers(problem)},
    )


def failed(problem: Problem, headers: Headers = ()) -> Reply:
    """The same without the framework."""
    body = problem_bytes(problem)
    return Reply(
        problem.status, [JSON_TYPE, length(body), *headers, *_raw_headers(problem.code, problem.retry_after)], body
    )


def length(body: bytes) -> tuple[bytes, bytes]:
    """The header that says it."""
    return b"content-length", b"%d" % len(body)


def problem_headers(problem: Problem) -> dict[str, str]:
    """Where it is explained, and `Retry-After` where a repeat makes sense."""
    return {name.decode(): value.decode() for name, value in _raw_headers(problem.code, problem.retry_after)}


@lru_cache(200)
def _raw_headers(code: str, retry_after: int | None) -> Headers:
    explained = ((b"link", help_link(code).encode()),) if code else ()
    return explained if retry_after is None else (*explained, (b"retry-after", b"%d" % retry_after))


def help_link(code: str) -> str:
    """The value of the header Link that leads to the page of an error code."""
    return f'<{ERRORS}/{code}>; rel="help"'


def standing_headers(standing: Standing | None) -> Headers:
    """What the account may still do; nothing while the key is unknown."""
    if standing is None:
        return ()
    charge, left = (b"x-charge", b"%d" % standing.charge_micros), (b"x-free-remaining", b"%d" % standing.free_remaining)
    if standing.limit is None:
        return charge, left
    return charge, left, *_limits(standing.limit, max(0, standing.limit - standing.running))


@lru_cache(100)
def _limits(limit: int, left: int) -> Headers:
    return (
        (b"ratelimit", b'"concurrency";r=%d' % left),
        (b"ratelimit-policy", b'"concurrency";q=%d;qu="concurrent-requests"' % limit),
    )


def freshness_headers(got: Got[Any], etag: str) -> Headers:
    """How old an answer is, how long it may be kept, and whether it came from memory (RFC 9211)."""
    expires = got.answer.expires_at
    left = MOST_FRESH if expires is None else int(expires - got.answer.fetched_at) - got.age - LINK_MARGIN
    keep = b"private, max-age=%d" % (got.age + min(left, MOST_FRESH)) if left > 0 else b"private, no-store"
    headers = (
        (b"age", b"%d" % got.age),
        (b"cache-control", keep),
        (b"etag", etag.encode()),
        (b"cache-status", b"clipmeter; hit" if got.remembered else b"clipmeter; fwd=miss"),
    )
    return (*headers, (b"x-partial", b"true")) if got.answer.partial else headers


def replay_headers(replay: Replay) -> Headers:
    """An answer that was stored under an Idempotency-Key."""
    age = max(0, int(time.time()) - replay.fetched_at)
    return (
        (b"idempotency-replayed", b"true"),
        (b"age", b"%d" % age),
        (b"cache-control", b"private, no-store"),
    )


def problem_bytes(problem: Problem) -> bytes:
    """The JSON of a problem."""
    return _encode(problem.body())
