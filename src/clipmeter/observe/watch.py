"""What becomes of every finished call: a line of the request log, and numbers. All of it off the paid path.

A call hands over a `Finished` and goes on; a moment later, in pieces, these become log rows and metrics.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Any, ParamSpec, TypeVar

import structlog

from clipmeter.call import Finished
from clipmeter.endpoints.base import Endpoint, read_query
from clipmeter.errors import Attempt, Problem
from clipmeter.observe.metrics import Metrics
from clipmeter.records.flusher import Flusher
from clipmeter.records.health import HealthLog
from clipmeter.records.requests import LONGEST_ASKED, LogEntry, RequestLog

log = structlog.get_logger()

QUEUE = 5_000
FOLD_SECONDS = 0.25
FOLD_CALLS = 100
UPSTREAMS = 500
"""From this status on something is wrong on this side, or on TikTok's."""
LEFT = (499, "caller_left")
"""Status and code of a call whose caller hung up; nobody got them."""
A = TypeVar("A")
P = ParamSpec("P")


class Watch:
    """Sees every call that ends."""

    def __init__(self, log: RequestLog, health: HealthLog, metrics: Metrics) -> None:
        self._log, self._health, self._metrics = log, health, metrics
        self._waiting: deque[Finished] = deque()
        self._dropped = 0
        self._flusher = Flusher(self._fold_all, seconds=FOLD_SECONDS)
        metrics.show(
            "clipmeter_log_rows_dropped",
            "Calls that are not in the request log, because the database was away for too long.",
            lambda: [({}, self._dropped + log.dropped)],
            counts_up=True,
        )

    def __call__(self, finished: Finished) -> None:
        """A call has ended. Takes well under a micro-second, and never raises."""
        if len(self._waiting) < QUEUE:
            self._waiting.append(finished)
        else:
            self._dropped += 1

    def start(self) -> None:
        """Work off what comes in from now on. The store must be open until `stop`."""
        for part in (self._log, self._health, self._flusher):
            part.start()

    async def stop(self) -> None:
        """Work off what is left; when this returns it is in the database, if that is there."""
        for part in (self._flusher, self._health, self._log):
            await part.stop()

    def source(self, lane: str, ask: Callable[P, Awaitable[A]]) -> Callable[P, Awaitable[A]]:
        """`ask` with its tries counted: once for each time the sources are asked, however many wait for the answer."""

        async def asked(*args: P.args, **kwargs: P.kwargs) -> A:
            try:
                answer = await ask(*args, **kwargs)
            except Problem as problem:
                self._tried(lane, problem.attempts)
                raise
            self._tried(lane, getattr(answer, "attempts", ()))
            return answer

        return asked

    def text(self) -> bytes:
        """/metrics, with everything that has ended until now."""
        self._fold(len(self._waiting))
        return self._metrics.text()

    def _tried(self, lane: str, attempts: tuple[Attempt, ...]) -> None:
        self._health.note(lane, attempts)
        self._metrics.tried(lane, attempts)

    async def _fold_all(self) -> None:
        """In pieces, so that what is asked meanwhile waits for a milli-second at most."""
        while self._waiting:
            self._fold(FOLD_CALLS)
            await asyncio.sleep(0)

    def _fold(self, most: int) -> None:
        for _ in range(min(most, len(self._waiting))):
            finished = self._waiting.popleft()
            status, code, problem = _end(finished)
            self._count(finished, status, code)
            _say(finished, status, code, problem)
            if finished.caller is not None:
                self._log.note(_entry(finished, status, code, problem))

    def _count(self, finished: Finished, status: int, code: str) -> None:
        name, mode = finished.endpoint.name, finished.caller.mode if finished.caller else "unknown"
        self._metrics.finished(name, mode, status, code)
        for stage, seconds in finished.stages.items():
            self._metrics.stage(name, stage, seconds)
        if _from_memory(finished):
            self._metrics.remembered(name, mode)


def _say(finished: Finished, status: int, code: str, problem: Problem | None) -> None:
    """A line of the server's log: what is not the caller's doing as a warning."""
    log.log(
        logging.WARNING if status >= UPSTREAMS else logging.INFO,
        "request",
        status=status,
        code=code,
        request_id=finished.asked.request_id,
        mode=finished.caller.mode if finished.caller else "",
        video_id=finished.video_id,
        ms=round(finished.stages["total"] * 1000, 1),
        **({"sign": problem.sign} if problem and problem.sign else {}),
    )


def _end(finished: Finished) -> tuple[int, str, Problem | None]:
    done = finished.done
    if done is None:
        return *LEFT, None
    if done.problem is not None:
        return done.problem.status, done.problem.code, done.problem
    return 304 if done.not_modified else 200, "", None


def _from_memory(finished: Finished) -> bool:
    return bool(finished.done and finished.done.got and finished.done.got.remembered)


def _entry(finished: Finished, status: int, code: str, problem: Problem | None) -> LogEntry:
    caller, done = finished.caller, finished.done
    assert caller is not None  # noqa: S101 - who calls this has looked
    answer = done.got.answer if done and done.got else None
    standing = done.standing if done else None
    return LogEntry(
        account_id=caller.account_id,
        key_id=caller.key_id,
        mode=caller.mode,
        request_id=finished.asked.request_id,
        began=finished.began,
        endpoint=finished.endpoint.name,
        asked=asked_text(finished.endpoint, finished.asked.query),
        video_id=answer.video.video_id if answer else finished.video_id,
        source=answer.source if answer else "",
        attempts=() if _from_memory(finished) else getattr(problem or answer, "attempts", ()),
        sign=problem.sign if problem else "",
        status=status,
        code=code,
        charge_micros=standing.charge_micros if standing else 0,
        timings={stage: round(seconds * 1000, 3) for stage, seconds in finished.stages.items()},
        from_memory=_from_memory(finished),
    )


def asked_text(endpoint: Endpoint[Any], query: bytes) -> str:
    """What a query asks for, as given: the first of the endpoint's parameters that is there, and nothing else of it."""
    try:
        given = dict(read_query(query))
    except Problem:
        return ""
    return next((value for parameter in endpoint.parameters if (value := given.get(parameter.name))), "")[
        :LONGEST_ASKED
    ]
