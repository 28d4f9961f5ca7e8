"""Remembered answers: asked for once however many ask, never kept past what the links allow, failures never."""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass
from typing import Generic, NamedTuple, Protocol, TypeVar

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

    @property
    def partial(self) -> bool:
        """A stopgap, which is never remembered."""


A = TypeVar("A", bound=Dated)
K = TypeVar("K", bound=Hashable)


class Got(NamedTuple, Generic[A]):
    """An answer and how it came."""

    answer: A
    age: int
    """Whole seconds since the source was asked."""
    remembered: bool
    """From memory: the source was not asked for it now."""


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
        """`max_age`: seconds that an answer may be old when the caller does not say; at most `remember` are kept."""
        self._ask, self._max_age, self._remember, self._clock = ask, max_age, remember, clock
        self._kept: OrderedDict[K, A] = OrderedDict()
        self._flights: dict[K, _Flight[A]] = {}

    async def get(self, key: K, max_age: int | None = None) -> Got[A]:
        """The remembered answer if it is at most `max_age` seconds old, else the source's. Raises what that raises."""
        if got := self.remembered(key, max_age):
            return got
        flight = self._flights.get(key) or self._take_off(key)
        flight.waiting += 1
        try:
            answer = await asyncio.shield(flight.task)
            return Got(answer, self._age(answer), remembered=False)
        finally:
            flight.waiting -= 1
            if not flight.waiting and not flight.task.done():
                await self._call_off(key, flight)

    def remembered(self, key: K, max_age: int | None = None) -> Got[A] | None:
        """The remembered answer if it is at most `max_age` seconds old."""
        kept = self._fresh(key, self._max_age if max_age is None else max_age)
        return None if kept is None else Got(kept, self._age(kept), remembered=True)

    def _fresh(self, key: K, max_age: int) -> A | None:
        kept = self._kept.get(key)
        if kept is None:
            return None
        now = self._clock()
        if now < kept.fetched_at or (kept.expires_at is not None and now > kept.expires_at - LINK_MARGIN):
            del self._kept[key]
            return None
        if now - kept.fetched_at >= max_age:
            return None  # too old for this caller; the next may be content with it
        self._kept.move_to_end(key)
        return kept

    def _age(self, answer: A) -> int:
        return max(0, int(self._clock() - answer.fetched_at))

    def _take_off(self, key: K) -> _Flight[A]:
        flight = _Flight(asyncio.ensure_future(self._fly(key)))
        self._flights[key] = flight
        flight.task.add_done_callback(lambda _: self._land(key, flight))
        return flight

    async def _fly(self, key: K) -> A:
        answer = await self._ask(key)
        if self._remember and not answer.partial:
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
