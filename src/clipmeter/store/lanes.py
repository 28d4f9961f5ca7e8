"""The connections that plans run on, each with one transaction at a time.

While one is at work, what comes waits to go together: until that one is done, or there is enough for a full batch, or
the first has waited for long enough. So batches grow with the load, and what they have in common costs each plan less.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from clipmeter.errors import ServiceUnavailable
from clipmeter.store.base import CommitUnknown, Plan, Redo, T, lost
from clipmeter.store.lockstep import Run
from clipmeter.store.wire import AGAIN, OURS, Wire, in_our_words, is_lost

MOST = 128
"""Plans in one transaction at most: it bounds how long the first of them waits, and others for their accounts."""
FULL = 16
"""So many plans do not wait for more."""
GATHER_SECONDS = 0.01
"""How long a plan waits for others while transactions are under way on all connections; less while on fewer."""
TRIES = 4
"""How often a transaction that others undid is run."""


@dataclass(slots=True)
class Job:
    """A plan and who waits for its result."""

    run: Run
    future: "asyncio.Future[Any]"


@dataclass(slots=True)
class Counts:
    """Transactions and plans that were saved."""

    batches: int = 0
    plans: int = 0


class Redone(Redo):
    """`wire`: the connection, if it is still good."""

    def __init__(self, wire: Wire | None) -> None:
        self.wire = wire


class Lanes:
    """A queue of plans and `size` connections that empty it."""

    def __init__(
        self,
        connect: Callable[[], Awaitable[Wire]],
        work: Callable[[Wire, list[Run]], Awaitable[None]],
        *,
        size: int,
        together: Callable[[Run], bool],
        ahead: Callable[[Wire, list[Run]], Awaitable[list[Run]]] | None = None,
    ) -> None:
        """`work` runs plans in one transaction; `together`: whether a plan may share one with others.

        `ahead` comes before it: it ends those plans for which there is a shorter way, and says which these are.
        """
        self._ahead = ahead
        self.counts = Counts()
        self._connect, self._work, self._together = connect, work, together
        self._waiting: deque[Job] = deque()
        self._news = asyncio.Event()
        self._shared = 0
        """Batches under way that others could have joined."""
        self._gathering: asyncio.TimerHandle | None = None
        self._late = False
        """The first that waits has waited for long enough."""
        self._closed = False
        self._tasks = [asyncio.create_task(self._lane()) for _ in range(size)]

    def submit(self, plan: Plan[T]) -> "asyncio.Future[T]":
        """The future result; the plan runs whatever happens to it. Raises ServiceUnavailable after `close`."""
        if self._closed:
            raise ServiceUnavailable
        future: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._waiting.append(Job(Run(plan), future))
        if self._is_time():
            self._news.set()
        elif not self._gathering:
            wait = GATHER_SECONDS * self._shared / len(self._tasks)
            self._gathering = asyncio.get_running_loop().call_later(wait, self._enough)
        return future

    async def close(self) -> None:
        """Finish what waits, then let go of the connections."""
        self._closed = True
        self._news.set()
        await asyncio.gather(*self._tasks)

    async def _lane(self) -> None:
        wire: Wire | None = None
        while batch := await self._take():
            shared = self._together(batch[0].run)
            self._shared += shared
            if self._is_time():
                self._news.set()
            wire, left = await self._go_ahead(wire, batch)
            wire = await self._save(wire, left) if left else wire
            self._shared -= shared
        if wire:
            wire.cut()

    async def _take(self) -> list[Job]:
        """What waits and may go together; nothing: that was the last."""
        while not self._is_time():
            if self._closed:
                return []
            self._news.clear()
            await self._news.wait()
        if self._gathering:
            self._gathering.cancel()
            self._gathering = None
        batch: list[Job] = []
        while self._waiting and len(batch) < MOST:
            alone = not self._together(self._waiting[0].run)
            if not (alone and batch):
                batch.append(self._waiting.popleft())
            if alone:
                break
        self._late = bool(self._waiting)  # what could not go with these has waited as long: the next lane takes it
        return batch

    def _is_time(self) -> bool:
        """Whether what waits is to go now."""
        count = len(self._waiting)
        return count >= FULL or (count > 0 and (self._closed or self._late or not self._shared))

    def _enough(self) -> None:
        self._gathering, self._late = None, True
        self._news.set()

    async def _go_ahead(self, wire: Wire | None, batch: list[Job]) -> tuple[Wire | None, list[Job]]:
        """Save what goes in a shorter way, and tell those who wait; the connection, if it is good, and what is left."""
        if wire is None or self._ahead is None:
            return wire, batch
        runs = [job.run for job in batch]
        try:
            ended = set(await self._ahead(wire, runs))
        except Exception as error:  # noqa: BLE001 - whatever it is, every caller must hear of it
            ended = set(runs)
            for run in runs:
                run.error = lost(in_our_words(error), CommitUnknown)
        if any(run.error for run in ended):
            wire.cut()
            wire = None
        elif ended:
            self.counts.batches += 1
            self.counts.plans += len(ended)
        _tell([job for job in batch if job.run in ended])
        return wire, [job for job in batch if job.run not in ended]

    async def _save(self, wire: Wire | None, batch: list[Job]) -> Wire | None:
        """Save a batch and tell those who wait; the connection, if it is still good."""
        try:
            wire = await self._tried(wire, [job.run for job in batch])
        except Redone as redo:
            wire = redo.wire
            if len(batch) > 1:
                for job in batch:
                    job.run.start()
                    wire = await self._save(wire, [job])
                return wire
            run = batch[0].run
            run.error = run.error or _as_exception(redo.__cause__)
        except Exception as error:  # noqa: BLE001 - whatever it is, every caller must hear of it
            wire = None
            for job in batch:
                job.run.error = _failed(error)
        else:
            self.counts.batches += 1
            self.counts.plans += len(batch)
        _tell(batch)
        return wire

    async def _tried(self, wire: Wire | None, runs: list[Run]) -> Wire:
        """Run plans in one transaction, once more when others undid it or an old connection was found dead.

        Raises Redone; after any other error the connection is cut.
        """
        for again in range(TRIES, -1, -1):
            was_old = wire is not None
            try:
                wire = wire or await self._connect()
                await self._work(wire, runs)
            except Exception as error:
                wire = await _undone(wire, error)
                if isinstance(error, Redo) or (wire and isinstance(error, OURS) and not is_lost(error)):
                    raise Redone(wire) from error
                others = isinstance(error, AGAIN) and wire is not None
                stale = was_old and wire is None and not isinstance(error, (CommitUnknown, TimeoutError))
                if not again or not (others or stale):
                    if wire:
                        wire.cut()
                    raise
                for run in runs:
                    run.start()
            else:
                return wire
        raise AssertionError("not reached")


def _as_exception(cause: BaseException | None) -> Exception:
    return cause if isinstance(cause, Exception) else ServiceUnavailable(sign=repr(cause))


async def _undone(wire: Wire | None, error: Exception) -> Wire | None:
    """The connection without its transaction; None when it is of no use any more."""
    if wire is None:
        return None
    if not is_lost(error):
        with suppress(Exception):
            await wire.undo()
            return wire
    wire.cut()
    return None


def _failed(error: Exception) -> Exception:
    ours = in_our_words(error)
    return lost(ours, CommitUnknown if isinstance(ours, CommitUnknown) else ServiceUnavailable)


def _tell(batch: list[Job]) -> None:
    for job in batch:
        if job.future.cancelled():
            continue
        if job.run.error:
            job.future.set_exception(in_our_words(job.run.error))
        else:
            job.future.set_result(job.run.result)
