"""Requests that wait until others of the same account have ended. They hold no slot, but a place in the queue."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TypeAlias

Place: TypeAlias = tuple[str, str]
"""An account and an endpoint."""


class WaitingRoom:
    """Who waits where, in this process."""

    def __init__(self) -> None:
        self._waiters: dict[Place, set[asyncio.Event]] = {}

    def count(self, place: Place) -> int:
        """How many wait."""
        return len(self._waiters.get(place, ()))

    @contextmanager
    def enter(self, place: Place) -> Iterator[asyncio.Event]:
        """Wait here: the event is set whenever something ends."""
        event = asyncio.Event()
        self._waiters.setdefault(place, set()).add(event)
        try:
            yield event
        finally:
            self._waiters[place].discard(event)
            if not self._waiters[place]:
                del self._waiters[place]

    def wake(self, place: Place) -> None:
        """Something ended: let those who wait look again."""
        for event in self._waiters.get(place, ()):
            event.set()


async def until(event: asyncio.Event, seconds: float) -> None:
    """Wait for the event, at most so long."""
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await event.wait()
