"""What becomes of every finished call: a line of the request log, and numbers. All of it off the paid path.

A call hands over a `Finished` and goes on; a moment later, in pieces, these become log rows and metrics.
"""

import asyncio
import logging
from collections import defaultdict, deque
from collections.abc import Awaitable, Callable
from typing import Any, ParamSpec, TypeVar

import structlog

from clipmeter.billing.keys import PREFIXES, Caller
from clipmeter.call import Finished
from clipmeter.endpoints.base import Endpoint, read_query
from clipmeter.errors import Attempt, Problem
from clipmeter.observe.metrics import Metrics
from clipmeter.records.flusher import Flusher
from clipmeter.records.recorder import Recorder
from clipmeter.records.requests import LONGEST_ASKED, LogEntry

log = structlog.get_logger()

QUEUE = 5_000
FOLD_SECONDS = 0.05
FOLD_CALLS, FOLD_SHARE = 15, 4
"""In one go: so many, or that part of what waits when it is more."""
UPSTREAMS = 500
"""From this status on something is wrong on this side, or on TikTok's."""
SHORT = 250
SHOWN = 4_000
"""What short queries ask for, in bytes of the query, is remembered for so many of them."""
LEFT = (499, "caller_left")
"""Status and code of a call whose caller hung up; nobody got them."""
_Kind = tuple[str, str, str, int, str, bool]
"""Endpoint, mode, lane, status, code, whether from memory: calls that have all of it in common are counted at once."""
A = TypeVar("A")
P = ParamSpec("P")


class Watch:
    """Sees every call that ends."""

    def __init__(self, recorder: Recorder, metrics: Metrics) -> None:
        self._recorder, self._metrics = recorder, metrics
        self._waiting: deque[Finished] = deque()
        self._dropped = 0
        self._shown: dict[tuple[str, bytes], str] = {}
        self._flusher = Flusher(self._fold_all, seconds=FOLD_SECONDS)
        metrics.show(
            "clipmeter_log_rows_dropped",
            "Calls that are not in the request log: its database was away for long, or its process was killed.",
            lambda: [({}, self._dropped + recorder.dropped)],
            counts_up=True,
        )

    def __call__(self, finished: Finished) -> None:
        """A call has ended. Takes well under a micro-second, and never raises."""
        if len(self._waiting) < QUEUE:
            self._waiting.append(finished)
        else:
            self._dropped += 1

    def start(self) -> None:
        """Work off what comes in from now on. The database must be there."""
        self._recorder.start()
        self._flusher.start()

    async def stop(self) -> None:
        """Work off what is left; when this returns it is in the database, if that is there."""
        await self._flusher.stop()
        await self._recorder.stop()

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
        self._recorder.tried(lane, attempts)
        self._metrics.tried(lane, attempts)

    async def _fold_all(self) -> None:
        """In pieces, so that what is asked meanwhile waits for a milli-second at most."""
        while self._waiting:
            # Under load the event loop's turns are long, and in each of them more comes in.
            self._fold(max(FOLD_CALLS, len(self._waiting) // FOLD_SHARE))
            await asyncio.sleep(0)

    def _fold(self, most: int) -> None:
        quiet = not log.is_enabled_for(logging.INFO)
        ended: defaultdict[_Kind, list[float]] = defaultdict(list)
        stages: defaultdict[tuple[str, str], list[float]] = defaultdict(list)
        for _ in range(min(most, len(self._waiting))):
            finished = self._waiting.popleft()
            status, code, problem = end = _end(finished)
            name, caller = finished.endpoint.name, finished.caller
            mode = caller.mode if caller else "unknown"
            ended[name, mode, _lane(finished), status, code, _from_memory(finished)].append(finished.stages["total"])
            for stage, seconds in finished.stages.items():
                stages[name, stage].append(seconds)
            if status >= UPSTREAMS or not quiet:
                _say(finished, status, code, problem)
            if caller is not None:
                self._recorder.note(_entry(finished, caller, self._asked(finished.endpoint, finished.asked.query), end))
        for kind, totals in ended.items():
            self._count(kind, totals)
        for where, times in stages.items():
            self._metrics.stage(*where, times)

    def _count(self, kind: _Kind, totals: list[float]) -> None:
        name, mode, lane, status, code, from_memory = kind
        self._metrics.finished(name, mode, status, code, len(totals))
        if from_memory:
            self._metrics.remembered(name, mode, len(totals))
        self._recorder.served(lane, name, code, [seconds * 1000 for seconds in totals])

    def _asked(self, endpoint: Endpoint[Any], query: bytes) -> str:
        if len(query) > SHORT:
            return asked_text(endpoint, query)
        shown = self._shown.get((endpoint.name, query))
        if shown is None:
            if len(self._shown) >= SHOWN:
                self._shown.clear()
            shown = self._shown[endpoint.name, query] = asked_text(endpoint, query)
        return shown


def _lane(finished: Finished) -> str:
    """Whether a call was live or a test, also where its key could not be looked up."""
    if finished.caller:
        return finished.caller.mode
    return "test" if (finished.asked.key or "").startswith(PREFIXES["test"]) else "live"


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


def _entry(finished: Finished, caller: Caller, asked: str, end: tuple[int, str, Problem | None]) -> LogEntry:
    done, (status, code, problem) = finished.done, end
    got, standing = (done.got, done.standing) if done else (None, None)
    answer, from_memory = (got.answer, got.remembered) if got else (None, False)
    # By place, not by name, which takes half of the time.
    return LogEntry(
        caller.account_id,
        caller.key_id,
        caller.mode,
        finished.asked.request_id,
        finished.began,
        finished.endpoint.name,
        asked,
        answer.video.video_id if answer else finished.video_id,
        answer.source if answer else "",
        () if from_memory else getattr(problem or answer, "attempts", ()),
        problem.sign if problem else "",
        status,
        code,
        standing.charge_micros if standing else 0,
        {stage: round(seconds * 1000, 3) for stage, seconds in finished.stages.items()},
        from_memory,
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
