"""The exact ledger: admit a request, then post or void it, exactly once, whatever dies in between.

    admit ─► RESERVED ─► POSTED    a success: counted, durable before `post` returns
                     ├─► VOIDED    a failure: nothing charged
                     └─► EXPIRED   its process died, or its deadline passed: nothing charged
    refused ─► no row

Rule 1: the database decides, in the transaction that writes; nothing here remembers a count.
Rule 2: cancelling a caller loses no money and no slot: what is under way is finished, what nobody took is given back.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Coroutine, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any

from clipmeter.billing import plans
from clipmeter.billing.history import LedgerRow, rows_of
from clipmeter.billing.keys import Caller
from clipmeter.billing.replays import Kept, Repeat, Replay, prune
from clipmeter.billing.rules import Mode, Outlook, Standing, Terms, Wait
from clipmeter.billing.tickets import Asked, Charge, Ending, Hold
from clipmeter.billing.verify import Told, Violation, violations
from clipmeter.billing.waiting import Place, WaitingRoom
from clipmeter.errors import ConcurrencyLimitExceeded, Problem, ServiceUnavailable
from clipmeter.store.base import CommitUnknown, Plan, Store, T

__all__ = ["Charge", "Ending", "Hold", "Kept", "Ledger", "LedgerRow", "Replay", "Standing", "Terms", "Violation"]

SWEEP_SECONDS = 0.5
POLL_SECONDS = 0.25
"""How often one who waits looks for what other processes ended; this process's own are told at once."""
LEASE_SECONDS = 0.25
"""How often a node looks whether the others may take it for dead."""
VOID_SECONDS = 3.0
"""How long a caller who gets nothing waits until that is saved."""
_PRUNE_EVERY = 120
"""Sweeps between two prunings of stored answers."""
_PAUSES = (0.01, 0.05, 0.1, 0.25, 0.5, 1.0)


class Ledger:
    """The ledger of a store. `start` it before use."""

    def __init__(self, store: Store, terms: Mapping[str, Terms], *, hold_seconds: float = 60.0) -> None:
        """`terms` by endpoint; `hold_seconds`: how long a request may take from admission to its end."""
        self._store = store
        self._terms = terms
        self._hold_seconds = hold_seconds
        self._node_id = ""
        self._stopping = False
        self._room = WaitingRoom()
        self._tasks: set[asyncio.Task[Any]] = set()
        self._sweeper: asyncio.Task[None] | None = None
        self._lease_watch: asyncio.TimerHandle | None = None
        self._holding: set[asyncio.Timeout] = set()

    async def start(self) -> None:
        """Join as a new node and expire what dead ones have left. Raises ServiceUnavailable."""
        self._stopping = False
        await self._join()
        await self.sweep()
        self._sweeper = asyncio.create_task(self._sweep_forever())
        self._watch_lease()

    async def stop(self) -> None:
        """Finish what is under way, give back what is still held, and leave."""
        self._stopping = True
        for watch in (self._sweeper, self._lease_watch):
            if watch:
                watch.cancel()
        while self._tasks:
            await asyncio.wait(self._tasks)
        if self._node_id:
            node_id, self._node_id = self._node_id, ""
            with suppress(Problem):  # without a database the others find out that it is dead
                await self._store.write(plans.sweep([node_id]))
                await self._store.leave(node_id)

    async def admit(  # noqa: PLR0913 - what a row says of its beginning
        self,
        caller: Caller,
        endpoint: str,
        *,
        video_id: str | None,
        request_id: str,
        within: float,
        repeat: Repeat | None = None,
    ) -> Hold | Replay:
        """Reserve a place and a free request or its price; waits up to `within` seconds while that is undecided.

        With an Idempotency-Key (`repeat`) that was answered before: that answer, and nothing is reserved.
        Raises InvalidApiKey, UserNotFound, AccountBlocked, ConcurrencyLimitExceeded, PaymentRequired,
        DailyLimitExceeded, MonthlyLimitExceeded, IdempotencyInProgress, InvalidParameter or ServiceUnavailable; then
        there is no row and no charge.
        """
        give_up = time.monotonic() + within
        asked = self._asked(caller, endpoint, video_id, request_id, repeat)
        verdict = await self._try(asked, self._waiting(asked))
        return await self._wait(asked, verdict, give_up) if isinstance(verdict, Wait) else verdict

    async def charge(self, caller: Caller, endpoint: str, *, video_id: str | None, request_id: str) -> Standing | None:
        """Reserve and post in one step a success that is at hand; durable when this returns.

        None: whether it is free is undecided while others are in flight; admit and post it. Raises as `admit` does.
        """
        return await self.charged(self.begin_charge(caller, endpoint, video_id=video_id, request_id=request_id))

    def begin_charge(self, caller: Caller, endpoint: str, *, video_id: str | None, request_id: str) -> Charge:
        """`charge`, begun: it goes on whether its caller stays or not, and what it saves is right."""
        asked = self._asked(caller, endpoint, video_id, request_id, None)
        self._check_lease()
        return Charge(asked, self._store.submit(self._charging(asked, again=False)))

    async def charged(self, charge: Charge) -> Standing | None:
        """The end of a charge that was begun, as `charge` has it."""
        try:
            ending = await charge.future
        except CommitUnknown:
            ending = await self._settle(charge.asked, self._charging(charge.asked, again=True))
            if isinstance(ending, Ending) and ending.refusal:
                raise ending.refusal from None
        return None if isinstance(ending, Wait) else _standing(ending)

    async def post(self, hold: Hold, *, video_id: str | None = None, kept: Kept | None = None) -> Standing:
        """Count a success; durable when this returns. Repeating it changes nothing. `kept`: the answer for a repeat.

        Raises ServiceUnavailable when the reservation has expired and PaymentRequired, DailyLimitExceeded or
        MonthlyLimitExceeded when nothing can pay any more; then nothing is charged and the reservation has ended.
        """
        ending = await self._settle(hold, plans.post(hold, self._terms[hold.endpoint], video_id, kept))
        if ending.refusal:
            raise ending.refusal
        return _standing(ending)

    async def void(self, hold: Hold, reason: str) -> Standing:
        """Give the reservation back; nothing is charged. Does nothing when it has ended already.

        Without its database it returns all the same after a while, and goes on trying.
        """
        trying = self._keep(
            self._finish((hold.account_id, hold.endpoint), plans.void(hold, self._terms[hold.endpoint], reason))
        )
        with suppress(TimeoutError, ServiceUnavailable):
            async with asyncio.timeout(VOID_SECONDS):
                return (await asyncio.shield(trying)).standing
        return Standing(0, 0, hold.limit, 0)

    @asynccontextmanager
    async def holding(self, hold: Hold) -> AsyncIterator[None]:
        """What is done for a reservation. It is cut off when the slot may be given to another.

        Raises ServiceUnavailable then: this process was stopped, or without its database, for too long.
        """
        self._check_lease()
        limit = asyncio.timeout(self._hold_seconds)
        try:
            async with limit:
                self._holding.add(limit)
                yield
        except TimeoutError as error:
            if not limit.expired():
                raise
            raise ServiceUnavailable(sign=f"the lease on {hold.request_id} ended") from error
        finally:
            self._holding.discard(limit)

    async def standing(self, caller: Caller, endpoint: str) -> Standing:
        """Where the caller's account stands now."""
        terms = self._terms[endpoint]
        return await self._store.read(plans.standing(caller.account_id, caller.key_id, caller.mode, endpoint, terms))

    async def outlooks(self, account_id: str, keys: Sequence[tuple[str, Mode]], endpoint: str) -> list[Outlook]:
        """What a request with each of the account's keys, by id and mode, would get if it came now; nothing is done."""
        return await self._store.read(plans.outlooks(account_id, keys, endpoint, self._terms[endpoint]))

    async def sweep(self) -> int:
        """Expire what dead nodes hold and what is overdue: how many reservations."""
        nodes, overdue = await self._store.read(plans.suspects())
        dead = await self._store.dead([node_id for node_id in nodes if node_id != self._node_id])
        if not dead and not overdue:
            return 0
        freed = await self._store.write(plans.sweep(dead))
        for node_id in dead:
            await self._store.leave(node_id)
        for place in freed:
            self._room.wake(place)
        return len(freed)

    async def verify(self, told: Told = lambda _: None) -> list[Violation]:
        """What in the database breaks an invariant; an empty list is the proof. Safe while the server runs."""
        return await self._store.survey(violations(told))

    def show(self, account_id: str | None = None, month: str = "") -> AsyncIterator[LedgerRow]:
        """The rows of an account, or of all accounts one after another, oldest first. `month`: YYYY-MM, "" for all."""
        return rows_of(self._store, account_id, month)

    def _asked(
        self, caller: Caller, endpoint: str, video_id: str | None, request_id: str, repeat: Repeat | None
    ) -> Asked:
        return Asked(
            caller.account_id,
            caller.key_id,
            caller.mode,
            endpoint,
            request_id,
            video_id,
            self._node_id,
            int(self._hold_seconds * 1_000_000),
            repeat,
        )

    def _waiting(self, asked: Asked) -> int:
        return self._room.idle((asked.account_id, asked.endpoint)) if asked.mode == "live" else 0

    def _charging(self, asked: Asked, *, again: bool) -> Plan[Ending | Wait]:
        return plans.charge(asked, self._terms[asked.endpoint], waiting=self._waiting(asked), again=again)

    async def _try(self, asked: Asked, waiting: int) -> Hold | Wait | Replay:
        self._check_lease()
        if self._node_id != asked.node_id:
            raise ServiceUnavailable(sign="this node was taken for dead")
        future = self._store.submit(plans.admit(asked, self._terms[asked.endpoint], waiting=waiting))
        try:
            return await asyncio.shield(future)
        except asyncio.CancelledError:
            future.add_done_callback(lambda done: self._give_back(asked, done))
            raise
        except CommitUnknown:
            self._keep(self._cancel(asked))
            raise

    async def _wait(self, asked: Asked, verdict: Wait, give_up: float) -> Hold | Replay:
        place = (asked.account_id, asked.endpoint)
        limit, current = verdict.limit, verdict.running + self._room.count(place)
        if current >= limit:
            raise ConcurrencyLimitExceeded(limit, current)
        with self._room.enter(place) as waiter:
            while (left := give_up - time.monotonic()) > 0:
                again = await self._try(asked, 0)
                if not isinstance(again, Wait):
                    return again
                await waiter.for_news(min(left, POLL_SECONDS))
        raise ConcurrencyLimitExceeded(limit, current, message=plans.UNDECIDED)

    def _give_back(self, asked: Asked, done: asyncio.Future[Hold | Wait | Replay]) -> None:
        error = done.exception()
        if isinstance(error, CommitUnknown) or (not error and isinstance(done.result(), Hold)):
            self._keep(self._cancel(asked))

    async def _cancel(self, asked: Asked) -> None:
        """Void what its caller never got, if it exists."""
        with suppress(Problem):  # the database is gone for long: the deadline will free it
            await self._finish((asked.account_id, asked.endpoint), plans.cancel(asked))

    async def _settle(self, whose: Hold | Asked, plan: Plan[T]) -> T:
        return await asyncio.shield(self._keep(self._finish((whose.account_id, whose.endpoint), plan)))

    async def _finish(self, place: Place, plan: Plan[T]) -> T:
        """Run an idempotent plan that may free a slot; repeat it while the database may or may not have saved it."""
        give_up = time.monotonic() + self._hold_seconds
        pauses = iter(_PAUSES)
        while True:
            try:
                result = await self._store.submit(plan)
            except ServiceUnavailable:
                if time.monotonic() > give_up or self._stopping:
                    raise
                await asyncio.sleep(next(pauses, _PAUSES[-1]))
            else:
                self._room.wake(place)
                return result

    def _keep(self, work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        """A task that lives on when nobody waits for it."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def _sweep_forever(self) -> None:
        turns = 0
        while True:
            await asyncio.sleep(SWEEP_SECONDS)
            turns += 1
            with suppress(Problem, OSError):  # the next one may work; until then requests say what is wrong
                if not self._node_id:
                    await self._join()
                await self.sweep()
                while turns % _PRUNE_EVERY == 0 and await self._store.write(prune()):
                    pass

    async def _join(self) -> None:
        self._node_id = await self._store.join()

    def _watch_lease(self) -> None:
        """A timer and no task: it must come before whatever else wakes up after this process was stopped."""
        if not self._stopping:
            self._lease_watch = asyncio.get_running_loop().call_later(LEASE_SECONDS, self._watch_lease)
            with suppress(ServiceUnavailable):
                self._check_lease()

    def _check_lease(self) -> None:
        """Nothing new is begun, and what runs is cut off, once the others may take this node for dead."""
        if self._node_id and self._store.lease(self._node_id) > 0:
            return
        self._node_id = ""
        for limit in self._holding:
            limit.reschedule(0)
        self._holding.clear()
        raise ServiceUnavailable(sign="the ledger does not run, or was stopped for too long")


def _standing(ending: Ending) -> Standing:
    if ending.state != "posted":
        raise ServiceUnavailable(sign=f"the reservation was {ending.state}")
    return ending.standing
