"""Remembered answers: asked for once however many ask, never kept past what the links allow, failures never."""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

LINK_MARGIN = 300
"""Seconds that every link of a remembered answer must still live when it is served."""


class Dated(Protocol):
    """An answer that knows its age, both in Unix seconds."""

    @property
    def fetched_at(self) -> float:
        """When the source was asked."""

    @property
    def expires_at(self) -> float | None:
        """When the first of its links dies; None: they do not."""


A = TypeVar("A", bound=Dated)
K = TypeVar("K", bound=Hashable)


@dataclass(slots=True)
class _Flight(Generic[A]):
    """One question under way, and how many wait for it."""

    task: asyncio.Task[A]
    waiting: int = 0


class Answers(Generic[K, A]):
    """A memory in front of `ask`. Shared by all accounts; each of them is charged for what it got from here."""

    def __init__(
        self,
        ask: Callable[[K], Awaitable[A]],
        *,
        max_age: int,
        remember: int,
        clock: Callable[[], float],
    ) -> None:
        """`max_age` in seconds, 0 for no memory; at most `remember` answers are kept, the least used go first."""
        self._ask, self._max_age, self._remember, self._clock = ask, max_age, remember, clock
        self._kept: OrderedDict[K, A] = OrderedDict()
        self._flights: dict[K, _Flight[A]] = {}

    async def get(self, key: K) -> A:
        """The remembered answer, or the source's. Raises what the source raises."""
        kept = self._fresh(key)
        if kept is not None:
            return kept
        flight = self._flights.get(key) or self._take_off(key)
        flight.waiting += 1
        try:
            return await asyncio.shield(flight.task)
        finally:
            flight.waiting -= 1
            if not flight.waiting and not flight.task.done():
                await self._call_off(key, flight)

    def _fresh(self, key: K) -> A | None:
        kept = self._kept.get(key)
        if kept is None:
            return None
        now = self._clock()
        dead = kept.expires_at is not None and now > kept.expires_at - LINK_MARGIN
        if dead or not 0 <= now - kept.fetched_at < self._max_age:
            del self._kept[key]
            return None
        self._kept.move_to_end(key)
        return kept

    def _take_off(self, key: K) -> _Flight[A]:
        flight = _Flight(asyncio.ensure_future(self._fly(key)))
        self._flights[key] = flight
        flight.task.add_done_callback(lambda _: self._land(key, flight))
        return flight

    async def _fly(self, key: K) -> A:
        answer = await self._ask(key)
        if self._max_age and self._remember:
            self._kept[key] = answer
            self._kept.move_to_end(key)
            if len(self._kept) > self._remember:
                self._kept.popitem(last=False)
        return answer

    def _land(self, key: K, flight: _Flight[A]) -> None:
        self._leave_table(key, flight)
        if not flight.task.cancelled():
            flight.task.exception()  # Whoever waits has it; with nobody left it must not be reported as lost.

    async def _call_off(self, key: K, flight: _Flight[A]) -> None:
        # The caller's slot is given back only after the source really stopped, or more than three could be in flight
        # there. The flight leaves the table first: who asks now must not join a dying one.
        self._leave_table(key, flight)
        flight.task.cancel()
        await asyncio.wait({flight.task}, timeout=1)

    def _leave_table(self, key: K, flight: _Flight[A]) -> None:
        if self._flights.get(key) is flight:
            del self._flights[key]
