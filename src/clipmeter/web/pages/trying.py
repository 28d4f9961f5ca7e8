"""One request from the playground: the same path as any other, with a key of who is logged in, and what came of it."""

import asyncio
import hashlib
import time
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode
from weakref import WeakValueDictionary

import msgspec
from markupsafe import Markup

from clipmeter.billing.keys import Caller
from clipmeter.billing.money import short_dollars
from clipmeter.call import Asked, Done, new_request_id
from clipmeter.endpoints.base import Endpoint
from clipmeter.errors import IdempotencyInProgress, Problem
from clipmeter.web.api import reply_of
from clipmeter.web.docs.highlight import coloured
from clipmeter.web.envelope import Reply
from clipmeter.web.pages.blanks import Query
from clipmeter.web.pages.showing import Shown, shown
from clipmeter.web.pages.visit import Visit

TWIN_SECONDS = 30.0
"""For which the second of two clicks waits for the answer to the first."""
_BORING = {b"content-type", b"content-length"}
_turns: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
"""By wish: the second of two clicks waits for its turn here, so that it is no request that fails."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What came of a request."""

    request_id: str
    status: int
    ms: float
    """From the request to the answer."""
    headers: tuple[tuple[str, str], ...]
    body: Markup
    """The JSON in lines and colours."""
    charge: str
    """What it cost, as a sentence."""
    problem: Problem | None
    shown: Shown | None

    @property
    def phrase(self) -> str:
        """The status in words."""
        return HTTPStatus(self.status).phrase


async def outcome_of(visit: Visit, endpoint: Endpoint[Any], caller: Caller, query: Query, once: str) -> Outcome:
    """Ask, and tell what came of it. The same form sent twice asks once: `once` is its name."""
    asked = Asked(
        key=None,
        query=urlencode(query).encode(),
        request_id=new_request_id(),
        base_url=visit.base_url,
        idempotency_key=_name_of(visit.token, once, caller.key_id, endpoint.name, query),
        caller=caller,
    )
    began = time.monotonic()
    async with _turns.setdefault(asked.idempotency_key or "", asyncio.Lock()):
        done, request_id = await _done(visit, endpoint, asked)
    ms = (time.monotonic() - began) * 1000
    reply = reply_of(done)
    body = await asyncio.to_thread(_coloured, reply.body)  # a long one takes some time
    return Outcome(
        request_id=request_id,
        status=reply.status,
        ms=ms,
        headers=(("x-request-id", request_id), *_headers(reply)),
        body=body,
        charge=_charge(done, caller),
        problem=done.problem,
        shown=shown(endpoint, done, visit.site.links, caller),
    )


async def _done(visit: Visit, endpoint: Endpoint[Any], asked: Asked) -> tuple[Done, str]:
    """The answer, and the id of the request that got it; of a twin that runs on another node, once that has ended."""
    give_up = time.monotonic() + TWIN_SECONDS
    while True:
        done = await visit.site.call(endpoint, asked)
        problem = done.problem
        if not isinstance(problem, IdempotencyInProgress) or time.monotonic() > give_up:
            return done, done.replay.request_id if done.replay else asked.request_id
        await asyncio.sleep(problem.retry_after or 1)
        asked = asked._replace(request_id=new_request_id())


def _headers(reply: Reply) -> list[tuple[str, str]]:
    """Those that say something of the answer."""
    return [(name.decode(), value.decode()) for name, value in reply.headers if name not in _BORING]


def _coloured(body: bytes) -> Markup:
    return coloured(msgspec.json.format(body, indent=2).decode(), "json")


def _charge(done: Done, caller: Caller) -> str:
    if done.problem:
        return "Not charged: only successes are."
    if done.replay:
        return "This form was sent before: here is its answer again, not charged a second time."
    if done.got and done.got.answer.partial:
        return "Free: only a stopgap could be had."
    if caller.mode == "test":
        return "Free: a test key."
    if done.standing and done.standing.charge_micros:
        return f"Charged {short_dollars(done.standing.charge_micros)}."
    return "Free."


def _name_of(token: str, once: str, *parts: object) -> str:
    """A name for this wish, which nobody else can know: the back button and another link are another wish."""
    wish = repr((token, once, parts)).encode("utf8", "surrogatepass")
    return f"playground-{hashlib.blake2b(wish, digest_size=16).hexdigest()}"
