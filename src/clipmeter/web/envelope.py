"""Answers and problems as HTTP: the JSON of the contract and its headers."""

import time
from typing import Any

import msgspec
from litestar import Response

from clipmeter.answers import LINK_MARGIN, Got
from clipmeter.billing.ledger import Replay, Standing
from clipmeter.errors import Problem

JSON = "application/json"
MOST_FRESH = 60
"""Seconds for which a caller's own cache may keep an answer."""
_encode = msgspec.json.Encoder().encode


def failure(problem: Problem, headers: dict[str, str]) -> Response[bytes]:
    """A problem in the contract's shape."""
    return Response(
        _encode(problem.body()),
        status_code=problem.status,
        media_type=JSON,
        headers={**headers, **problem_headers(problem)},
    )


def problem_headers(problem: Problem) -> dict[str, str]:
    """`Retry-After` where a repeat makes sense."""
    return {} if problem.retry_after is None else {"Retry-After": str(problem.retry_after)}


def standing_headers(standing: Standing | None) -> dict[str, str]:
    """What the account may still do; nothing while the key is unknown."""
    if standing is None:
        return {}
    headers = {
        "X-Charge": str(standing.charge_micros),
        "X-Free-Remaining": str(standing.free_remaining),
    }
    if standing.limit is not None:
        left = max(0, standing.limit - standing.running)
        headers["RateLimit"] = f'"concurrency";r={left}'
        headers["RateLimit-Policy"] = f'"concurrency";q={standing.limit};qu="concurrent-requests"'
    return headers


def freshness_headers(got: Got[Any], etag: str) -> dict[str, str]:
    """How old an answer is, how long it may be kept, and whether it came from memory (RFC 9211)."""
    expires = got.answer.expires_at
    left = MOST_FRESH if expires is None else int(expires - got.answer.fetched_at) - got.age - LINK_MARGIN
    headers = {
        "Age": str(got.age),
        "Cache-Control": f"private, max-age={got.age + min(left, MOST_FRESH)}" if left > 0 else "private, no-store",
        "ETag": etag,
        "Cache-Status": "clipmeter; hit" if got.remembered else "clipmeter; fwd=miss",
    }
    return {**headers, "X-Partial": "true"} if got.answer.partial else headers


def replay_headers(replay: Replay) -> dict[str, str]:
    """An answer that was stored under an Idempotency-Key."""
    age = max(0, int(time.time()) - replay.fetched_at)
    return {"Idempotency-Replayed": "true", "Age": str(age), "Cache-Control": "private, no-store"}


def problem_bytes(problem: Problem) -> bytes:
    """The JSON of a problem."""
    return _encode(problem.body())
