"""Answers and problems as HTTP: the JSON of the contract and its headers."""

import msgspec
from litestar import Response

from clipmeter.billing.ledger import Standing
from clipmeter.errors import Problem

JSON = "application/json"
_encode = msgspec.json.Encoder().encode


def success(body: msgspec.Struct, headers: dict[str, str]) -> Response[bytes]:
    """A 200."""
    return Response(_encode(body), media_type=JSON, headers=headers)


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


def problem_bytes(problem: Problem) -> bytes:
    """The JSON of a problem."""
    return _encode(problem.body())
