"""Requests that wait until others of the same account have ended. They hold no slot, but a place in the queue."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TypeAlias

Place: TypeAlias = tuple[str, str]
"""An account and an endpoint."""


class Waiter:
    """One who waits. `idle`: really waits, and does not just try; who tries may have been admitted already."""

    def __init__(self) -> None:
        self.idle = False
        self._news = asyncio.Event()

    def wake(self) -> None:
        """Something ended: look again."""
        self._news.set()

    async def for_news(self, seconds: float) -> None:
        """Wait until something has ended since the last time, at most so long."""
        self.idle = True
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._news.wait()
        self._news.clear()
        self.idle = False


class WaitingRoom:
    """Who waits where, in this process."""

    def __init__(self) -> None:
        self._waiters: dict[Place, set[Waiter]] = {}

    def count(self, place: Place) -> int:
        """How many are in the room."""
        return len(self._waiters.get(place, ()))

    def idle(self, place: Place) -> int:
        """How many of them surely hold nothing."""
        return sum(waiter.idle for waiter in self._waiters.get(place, ()))

    @contextmanager
    def enter(self, place: Place) -> Iterator[Waiter]:
        """Be in the room."""
        waiter = Waiter()
        self._waiters.setdefault(place, set()).add(waiter)
        try:
            yield waiter
        finally:
            self._waiters[place].discard(waiter)
            if not self._waiters[place]:
                del self._waiters[place]

    def wake(self, place: Place) -> None:
        """Something ended: let those who wait look again."""
        for waiter in self._waiters.get(place, ()):
            waiter.wake()
