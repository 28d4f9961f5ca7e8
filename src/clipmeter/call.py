"""The path: one paid call from key to receipt. The API, the command line, MCP and batch all take it.

key (401) → parameters (400) → admit (402 403 429) → answer (404 429 502 504) → post or void, exactly once
"""

import asyncio
import hashlib
import time
from collections.abc import Callable, Mapping
from functools import lru_cache
from random import getrandbits
from typing import Any, NamedTuple, Protocol

import structlog

from clipmeter.answers import Got
from clipmeter.billing.keys import Caller, Keys
from clipmeter.billing.ledger import Charge, Ending, Hold, Kept, Ledger, Replay, Standing
from clipmeter.billing.replays import Repeat, read_repeat
from clipmeter.endpoints.base import Endpoint, Parameters, read_query
from clipmeter.errors import InternalError, Problem

log = structlog.get_logger()

_PIECE, _ETAGS = 2_000, 4_000


class Source(Protocol):
    """What answers the queries of an endpoint."""

    def remembered(self, query: Any) -> Got[Any] | None:  # noqa: ANN401 - the endpoint's
        """The answer, if it is at hand and fresh enough."""

    async def __call__(self, query: Any) -> Got[Any]:  # noqa: ANN401 - the endpoint's
        """The answer. Raises a Problem."""


Sources = Mapping[tuple[str, str], Source]
"""(endpoint's name, key's mode) → what answers its queries."""
Links = Callable[[Any, str | None, Caller, str], Any]
"""An answer, the links asked for, who asks, the address callers use → the answer with those links."""


def new_request_id() -> str:
    """A name for one request, never given twice: 48 bits of the time in milli-seconds, then 80 bits of chance.

    Ids that were given at about the same time lie side by side in the databases' indexes. They are no secrets.
    """
    return f"req_{time.time_ns() // 1_000_000:012x}{getrandbits(80):020x}"


class Asked(NamedTuple):
    """What came in, before anything of it was looked at."""

    key: str | None
    """The API key as presented; None when there was none."""
    query: bytes
    """The query string, not decoded yet."""
    request_id: str
    base_url: str = ""
    """Where this server is reached, for links to it."""
    etag: str = ""
    """What the caller has already: `If-None-Match`."""
    idempotency_key: str = ""
    """"" for none."""
    caller: Caller | None = None
    """Who asks, where that is known without a key being sent: somebody who is logged in."""


class Done(NamedTuple):
    """How a call ended: with a body or a problem; `standing` once the key is known."""

    body: bytes = b""
    """The JSON of a 200; empty when the caller has it already (`not_modified`)."""
    got: Got[Any] | None = None
    etag: str = ""
    not_modified: bool = False
    problem: Problem | None = None
    standing: Standing | None = None
    replay: Replay | None = None
    """The answer to an earlier request with the same Idempotency-Key; then `body` is its body."""


class Finished(NamedTuple):
    """A call that has ended, for those who watch."""

    endpoint: Endpoint[Any]
    asked: Asked
    caller: Caller | None
    """None: the key is not known."""
    video_id: str
    """As far as the query says it."""
    done: Done | None
    """None: the caller left."""
    began: float
    """By `time.monotonic()`."""
    stages: Mapping[str, float]
    """Seconds by stage: admit (with key and parameters), source, settle, total; those that were reached."""


Watch = Callable[[Finished], None]
"""Told of every call that has ended. Quick, and raises nothing."""


Then = Callable[[Done | None], None]
"""Is told how a call ended. None: it has not begun, and has to take the whole path."""


class _Course:
    """What is known of a call under way."""

    __slots__ = ("asked", "began", "caller", "done", "endpoint", "last", "stages", "video_id")

    def __init__(self, endpoint: Endpoint[Any], asked: Asked) -> None:
        self.endpoint, self.asked = endpoint, asked
        self.began = self.last = time.monotonic()
        self.stages: dict[str, float] = {}
        self.caller: Caller | None = None
        self.done: Done | None = None
        self.video_id = ""

    def passed(self, stage: str) -> None:
        """A stage has ended."""
        now = time.monotonic()
        self.stages[stage], self.last = now - self.last, now

    def finished(self) -> Finished:
        """All of it."""
        self.stages["total"] = time.monotonic() - self.began
        return Finished(self.endpoint, self.asked, self.caller, self.video_id, self.done, self.began, self.stages)


class Call:
    """One paid call. Never raises but for cancellation; then nothing stays held."""

    def __init__(  # noqa: PLR0913 - the parts of the path
        self, keys: Keys, ledger: Ledger, sources: Sources, links: Links, *, patience: float, watch: Watch
    ) -> None:
        """`patience`: seconds to wait for the account's own last free requests to end, before a 429."""
        self.in_flight = 0
        """Calls under way."""
        self._keys, self._ledger, self._sources, self._links = keys, ledger, sources, links
        self._patience, self._watch = patience, watch
        self._tasks: set[asyncio.Task[Any]] = set()

    async def __call__(self, endpoint: Endpoint[Any], asked: Asked) -> Done:
        """Take the whole path."""
        course = _Course(endpoint, asked)
        self.in_flight += 1
        try:
            course.done = await self._taken(course)
            return course.done
        finally:
            self.in_flight -= 1
            self._watch(course.finished())

    def quick(self, endpoint: Endpoint[Any], asked: Asked, then: Then) -> bool:
        """Begin a call of one step, whose key was seen before and whose answer is at hand; whether there is such a one.

        `then` is called once, later, with its end; with None: take the whole path after all, nothing has happened. A
        caller who leaves meanwhile is charged: the answer was there already.
        """
        if asked.idempotency_key or asked.etag:
            return False
        caller = self._keys.seen(asked.key)
        if caller is None:
            return False
        try:
            query = endpoint.asks(asked.query)
            got = self._sources[endpoint.name, caller.mode].remembered(query)
            if got is None:
                return False
            course = _Course(endpoint, asked)
            course.caller, course.video_id = caller, query.video_id
            body = self._rendered(course, caller, query, got)
            charge = self._ledger.begin_charge(
                caller, endpoint.name, video_id=got.answer.video.video_id, request_id=asked.request_id
            )
        except Exception:  # noqa: BLE001 - the whole path finds it too, and what has to be said first
            return False
        done = Done(body, got, _etag(body))
        charge.future.add_done_callback(lambda _: self._charged(course, charge, done, then))
        return True

    def _charged(self, course: _Course, charge: Charge, done: Done, then: Then) -> None:
        """The charge has ended: nearly always well, and then there is nothing to wait for."""
        future = charge.future
        ending = None if future.cancelled() or future.exception() else future.result()
        if isinstance(ending, Ending) and ending.state == "posted":
            # `_replace` takes three times as long.
            then(self._ended(course, Done(done.body, done.got, done.etag, standing=ending.standing)))
            return
        task = asyncio.create_task(self._charged_late(course, charge, done, then))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _charged_late(self, course: _Course, charge: Charge, done: Done, then: Then) -> None:
        """It has to wait for others, or it is not known, or a Problem says why not."""
        try:
            standing = await self._ledger.charged(charge)
            if standing is None:
                then(None)
                return
            done = done._replace(standing=standing)
        except Problem as problem:
            done = Done(problem=problem, standing=await self._standing(course.caller, course.endpoint))
        except Exception as error:  # noqa: BLE001 - it is logged and told
            done = await self._crashed(error, course)
        then(self._ended(course, done))

    def _ended(self, course: _Course, done: Done) -> Done:
        course.done = done
        course.passed("settle")
        self._watch(course.finished())
        return done

    async def _taken(self, course: _Course) -> Done:
        endpoint, asked = course.endpoint, course.asked
        try:
            course.caller = caller = asked.caller or await self._keys.find(asked.key)
            parameters = read_query(asked.query)
            query = endpoint.read(parameters)
            course.video_id = query.video_id
            hold = await self._ledger.admit(
                caller,
                endpoint.name,
                video_id=query.video_id,
                request_id=asked.request_id,
                within=self._patience,
                repeat=_repeat(endpoint, asked, caller, parameters),
            )
            course.passed("admit")
            if isinstance(hold, Replay):
                return Done(hold.body, replay=hold, standing=await self._standing(caller, endpoint))
            return await self._answered(course, caller, query, hold)
        except Problem as problem:
            return Done(problem=problem, standing=await self._standing(course.caller, endpoint))
        except Exception as error:  # noqa: BLE001 - it is logged and told
            return await self._crashed(error, course)

    async def _crashed(self, error: Exception, course: _Course) -> Done:
        log.error("call crashed", request_id=course.asked.request_id, exc_info=error)
        standing = await self._standing(course.caller, course.endpoint)
        return Done(problem=InternalError(sign=repr(error)), standing=standing)

    async def _answered(self, course: _Course, caller: Caller, query: Any, hold: Hold) -> Done:  # noqa: ANN401 - the endpoint's
        endpoint, asked = course.endpoint, course.asked
        try:
            async with self._ledger.holding(hold):
                got = await self._sources[endpoint.name, caller.mode](query)
            body = self._rendered(course, caller, query, got)
            video_id = got.answer.video.video_id
        except BaseException as error:  # cancellation too: whatever happens, the hold ends
            course.passed("source")
            await self._ledger.void(hold, error.code if isinstance(error, Problem) else type(error).__name__)
            course.passed("settle")
            raise
        course.passed("source")
        etag = _etag(body)
        done = await self._settled(hold, video_id, Done(body, got, etag, got.remembered and etag in asked.etag))
        course.passed("settle")
        return done

    def _rendered(self, course: _Course, caller: Caller, query: Any, got: Got[Any]) -> bytes:  # noqa: ANN401 - the endpoint's
        base_url = course.asked.base_url
        return course.endpoint.render(
            got.answer, query, lambda answer, links: self._links(answer, links, caller, base_url)
        )

    async def _settled(self, hold: Hold, video_id: str, done: Done) -> Done:
        """Charge a success. Free are a stopgap, and the word that what the caller has is still what is remembered."""
        if done.not_modified:
            return done._replace(body=b"", standing=await self._ledger.void(hold, "not_modified"))
        if done.got and done.got.answer.partial:
            return done._replace(standing=await self._ledger.void(hold, "partial"))
        kept = Kept(done.body, int(done.got.answer.fetched_at)) if done.got and hold.repeat else None
        return done._replace(standing=await self._ledger.post(hold, video_id=video_id, kept=kept))

    async def _standing(self, caller: Caller | None, endpoint: Endpoint[Any]) -> Standing | None:
        """What the headers say of the account; None when it is unknown or cannot be read."""
        if caller is None:
            return None
        try:
            return await self._ledger.standing(caller, endpoint.name)
        except Problem:
            return None


def _repeat(endpoint: Endpoint[Any], asked: Asked, caller: Caller, parameters: Parameters) -> Repeat | None:
    if not asked.idempotency_key:
        return None
    return read_repeat(f"{caller.mode} {endpoint.name}", asked.idempotency_key, parameters)


@lru_cache(_ETAGS)
def _etag(body: bytes) -> str:
    # In pieces, since for more than 2 KB the library lets other threads go first, which under load takes far longer.
    hashed = hashlib.blake2b(digest_size=16)
    for at in range(0, len(body), _PIECE):
        hashed.update(body[at : at + _PIECE])
    return f'"{hashed.hexdigest()}"'
