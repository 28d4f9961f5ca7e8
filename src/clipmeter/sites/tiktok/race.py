"""The sources of one post, one after the other: who is asked next, with how much time, and when it is enough.

Every source has a breaker. It counts a failure only when another source could tell of the same post: when nobody can,
the post, the network or this address is the reason, and leaving a source out would help no one.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

import structlog

from clipmeter.errors import Problem, UpstreamError, UpstreamTimeout
from clipmeter.sites.breaker import Breaker
from clipmeter.sites.fetching import Fetching

from . import judge
from .budget import SPENT, Budget
from .found import Found
from .judge import Tried
from .ref import VideoRef

log = structlog.get_logger()

SHARE = 0.6
"""Of the time left, what a source may take while others wait behind it."""
TRIAL = 2.0
"""Seconds at most for a source that is tried again after it had failed."""
SLOW = 0.5
"""Seconds after which a failure has cost so much that one is enough for the breaker."""


class Source(Protocol):
    """One way to a post."""

    async def video(self, ref: VideoRef, within: float) -> Found:
        """The post; raises the Problem that keeps it from being had this way."""


Maker = Callable[[Fetching], Source]


class Sources:
    """What all calls share: the sources by name, and a breaker for each."""

    def __init__(self, makers: Mapping[str, Maker], *, solver: str, hedge_after: float) -> None:
        """`solver` gets past challenges. `hedge_after`: seconds until the next source is asked beside; 0: never."""
        self.makers, self.solver, self.hedge_after = makers, solver, hedge_after
        self.breakers = {name: Breaker() for name in makers}


class Race:
    """One call's way through the sources."""

    def __init__(self, sources: Sources, ref: VideoRef, budget: Budget, tried: list[Tried]) -> None:
        """`tried` gets what each source said, in the order in which they said it."""
        self._sources, self._ref, self._budget = sources, ref, budget
        self._waiting: list[str] = []
        self._left_out: list[str] = []
        self._running: dict[asyncio.Task[Found], tuple[str, float]] = {}
        self._loop = asyncio.get_running_loop()
        self.tried = tried

    async def run(self, order: Sequence[str], last_resort: Sequence[str] = ()) -> Found:
        """The post. Raises NotFound as soon as that is settled, else the most telling Problem when all have failed.

        Who is left out by a breaker is asked all the same before giving up; `last_resort` comes after even those.
        """
        self._waiting = list(order)
        try:
            if found := await self._until_settled():
                return found
            self._waiting = [*self._left_out, *last_resort]
            if found := await self._until_settled(forced=True):
                return found
        finally:
            await self._end()
        raise judge.telling(self.tried)

    async def _until_settled(self, *, forced: bool = False) -> Found | None:
        """The post; None when nobody is left to ask."""
        is_due = True
        while (is_due and self._start_next(forced=forced)) or self._running:
            is_due = await self._wait()
            if found := judge.post(self.tried):
                return found
            if problem := judge.gone(self.tried):
                raise problem
            if judge.is_challenged(self.tried) and self._sources.solver in self._waiting:
                self._waiting.remove(self._sources.solver)
                self._waiting.insert(0, self._sources.solver)
        return None

    def _start_next(self, *, forced: bool) -> bool:
        while self._waiting:
            name = self._waiting.pop(0)
            breaker = self._sources.breakers[name]
            is_trial = not forced and breaker.state != "closed"
            if not breaker.admits() and not forced:
                self._left_out.append(name)
                continue
            task = asyncio.create_task(self._ask(name, most=TRIAL if is_trial else None))
            self._running[task] = (name, self._loop.time())
            return True
        return False

    async def _ask(self, name: str, *, most: float | None) -> Found:
        """What a source finds. Raises a Problem, whatever happens inside."""
        left = self._budget.left()
        others_wait = self._waiting and not self._sources.hedge_after
        within = min(left * (SHARE if others_wait else 1), most or left)
        try:
            async with asyncio.timeout(within):
                found = await self._sources.makers[name](self._budget).video(self._ref, within)
        except TimeoutError:
            raise UpstreamTimeout(sign=f"nothing within {within:.2f} s") from None
        except Problem:
            raise
        except Exception as error:
            log.exception("source crashed", source=name, video_id=self._ref.id)
            raise UpstreamError(sign=f"crashed: {error!r:.150}") from error
        if judge.is_hollow(found):
            raise UpstreamError(sign="a post with nothing in it")
        return found

    async def _wait(self) -> bool:
        """Wait for whoever is first; whether the next may start: when one has failed, or all are slow."""
        patience = self._sources.hedge_after if self._waiting else 0
        done, _ = await asyncio.wait(self._running, timeout=patience or None, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            name, started = self._running.pop(task)
            error = task.exception()
            outcome = error if isinstance(error, Problem) else task.result()
            self.tried.append(Tried(name, outcome, self._loop.time() - started))
        return not done or not self._running

    async def _end(self) -> None:
        """Nobody goes on asking, and the breakers learn what there was to learn."""
        self._learn([(name, self._loop.time() - started) for name, started in self._running.values()])
        for task in self._running:
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)
        self._running.clear()

    def _learn(self, outrun: Sequence[tuple[str, float]]) -> None:
        """`outrun`: who was still at it, and for how long."""
        could_be_told = any(judge.is_settling(one) for one in self.tried)
        for one in self.tried:
            breaker = self._sources.breakers[one.source]
            if judge.is_alive(one):
                breaker.success()
            elif could_be_told and not _for_want_of_requests(one):
                breaker.failure(self._ref.id, at_once=one.seconds >= SLOW)
            else:
                breaker.release()
        for name, seconds in outrun:
            breaker = self._sources.breakers[name]
            if could_be_told and 0 < self._sources.hedge_after <= seconds:
                breaker.failure(self._ref.id)
            else:
                breaker.release()


def _for_want_of_requests(tried: Tried) -> bool:
    return isinstance(tried.outcome, Problem) and tried.outcome.sign == SPENT
