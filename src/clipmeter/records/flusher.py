"""A loop that empties something into the database every so often, through outages, and once more at the end."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress

import structlog

from clipmeter.errors import Problem

log = structlog.get_logger()


class Flusher:
    """Calls `flush` every `seconds`, and sooner when told. A Problem waits for the next time; nothing is raised."""

    def __init__(self, flush: Callable[[], Awaitable[None]], *, seconds: float) -> None:
        self._flush, self._seconds = flush, seconds
        self._soon = asyncio.Event()
        self.stopping = asyncio.Event()
        """The next time is the last one."""
        self._failing = False
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """From now on."""
        self.stopping.clear()
        self._task = asyncio.create_task(self._run())

    def hurry(self) -> None:
        """There is a lot: do not wait for the time, unless waiting for the database."""
        if not self._failing:
            self._soon.set()

    async def stop(self) -> None:
        """Flush what is left and end."""
        self.stopping.set()
        self._soon.set()
        if self._task:
            await self._task
        self._task = None

    async def _run(self) -> None:
        while not self.stopping.is_set():
            with suppress(TimeoutError):
                await asyncio.wait_for(self._soon.wait(), self._seconds)
            self._soon.clear()
            await self._flushed()
        await self._flushed()

    async def _flushed(self) -> None:
        try:
            await self._flush()
        except Problem as problem:
            if not self._failing:  # said once, not at every turn of a long outage
                log.warning("records wait for the database", problem=problem.code, sign=problem.sign)
            self._failing = True
        except Exception:
            log.exception("records were lost")
        else:
            self._failing = False


class Pace:
    """Steps that follow each other at least so many seconds apart, as long as there is time for that."""

    def __init__(self, seconds: float, stopping: asyncio.Event) -> None:
        """`stopping`: set when there is no time any more."""
        self._seconds, self._stopping = seconds, stopping
        self._next = time.monotonic()

    async def rest(self) -> None:
        """After a step: until the next one."""
        self._next += self._seconds
        wait = self._next - time.monotonic()
        if wait > 0:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), wait)
