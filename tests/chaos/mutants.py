"""The mutation check: six bugs that are easily made, and for each the round that must catch it.

A harness that never fails proves nothing. Each patch here makes one promise untrue, from outside the package, and the
same round must find every promise kept by the program as it is.
"""

import asyncio
import contextvars
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from chaos.cluster import Shape
from chaos.faults import Fault, Script
from clipmeter.billing import plans
from clipmeter.billing.keys import Caller, Keys
from clipmeter.billing.ledger import Hold, Ledger
from clipmeter.billing.rules import Facts, Grant, Reserved, Terms
from clipmeter.billing.tickets import Ending
from clipmeter.store import lanes, writer
from clipmeter.store.base import plan
from clipmeter.store.lanes import Lanes
from clipmeter.store.postgres import PostgresStore
from clipmeter.store.session import Session
from clipmeter.store.sqlite import SqliteStore
from clipmeter.store.wire import Wire
from clipmeter.store.writer import Writer

STALE_SECONDS = 2.0
WINDOW_SECONDS = 0.5


@dataclass(frozen=True)
class Mutant:
    """A bug. `caught_by`: the invariant that shows it."""

    patch: Callable[[], None]
    caught_by: str
    script: Script
    nodes: int = 1

    def shape(self, store: Any, name: str = "") -> Shape:
        """What to start: the program with the bug of that name, or as it is."""
        command = ("-m", "chaos.mutant", name) if name else ("-m", "clipmeter")
        return Shape(store, self.nodes, command=command)


def swap(where: Any, name: str, new: Any) -> Any:
    """Put something in the place of what stands there; the old one."""
    old = getattr(where, name)
    setattr(where, name, new)
    return old


def charge_before_success() -> None:
    """The charge is made at admission, whatever comes of the request."""

    async def admit_and_post(self: Ledger, *args: Any, **kwargs: Any) -> Any:
        hold = await admit(self, *args, **kwargs)
        if isinstance(hold, Hold):
            await self.post(hold)
        return hold

    admit = swap(Ledger, "admit", admit_and_post)


def release_not_shielded() -> None:
    """When the caller leaves, the cancellation goes through the release too."""

    async def void_unless_cancelled(self: Ledger, hold: Hold, reason: str) -> Any:
        if reason == "CancelledError":
            raise asyncio.CancelledError
        return await void(self, hold, reason)

    void = swap(Ledger, "void", void_unless_cancelled)


def sweep_wins_over_post() -> None:
    """The sweep ends what living nodes hold, so that their slots are given to others while they run."""

    async def all_dead(_self: Any, node_ids: Sequence[str]) -> list[str]:
        return list(node_ids)

    swap(SqliteStore, "dead", all_dead)
    swap(PostgresStore, "dead", all_dead)


def counter_without_guard() -> None:
    """The free requests are counted in the process, now and then, and not again at settlement."""
    counted: dict[str, tuple[float, Facts]] = {}

    @plan
    def stale(account_id: str, key_id: str, mode: Any, endpoint: str, terms: Terms) -> Any:
        found, terms = yield from facts(account_id, key_id, mode, endpoint, terms)
        read_at, old = counted.get(account_id, (0.0, found))
        if time.monotonic() - read_at > STALE_SECONDS:
            counted[account_id] = (time.monotonic(), found)
            return found, terms
        return found._replace(free_posted=old.free_posted, pending=old.pending), terms

    def as_admitted(row: Reserved, _terms: Terms) -> Grant:
        return Grant(row.kind, row.price_micros)

    facts = swap(plans, "_facts", stale)
    swap(plans, "settle", as_admitted)


def non_durable_settle() -> None:
    """Who waits is told before the commit; then comes a moment in which the process may die."""
    _tell_first_on_sqlite()
    _tell_first_on_postgres()


def _tell_first_on_sqlite() -> None:
    """In the writing thread: the event loop cannot tell anybody while it commits."""
    here = threading.local()

    def take_and_note(self: Writer) -> Any:
        here.batch, more = take(self)
        return here.batch, more

    def commit_late(self: Session) -> None:
        batch: list[writer.Job] = getattr(here, "batch", [])
        writer._tell(batch)
        if any(isinstance(job.result, Ending) for job in batch):
            time.sleep(WINDOW_SECONDS)
        commit(self)

    def resolve(jobs: list[writer.Job]) -> None:
        whole([job for job in jobs if not job.future.done()])

    def not_here(_self: Writer, _batch: list[writer.Job]) -> bool:
        return False

    swap(Writer, "_save_here", not_here)
    take = swap(Writer, "_take", take_and_note)
    commit = swap(Session, "commit", commit_late)
    whole = swap(writer, "_resolve", resolve)


def _tell_first_on_postgres() -> None:
    now: contextvars.ContextVar[list[lanes.Job]] = contextvars.ContextVar("now")

    async def save_and_note(self: Lanes, wire: Wire | None, batch: list[lanes.Job]) -> Wire | None:
        now.set(batch)
        kept: Wire | None = await save(self, wire, batch)
        return kept

    async def commit_late(self: Wire) -> None:
        tell_new(now.get())
        if any(isinstance(job.run.result, Ending) for job in now.get()):
            await asyncio.sleep(WINDOW_SECONDS)
        await commit(self)

    def tell_new(batch: list[lanes.Job]) -> None:
        tell([job for job in batch if not job.future.done()])

    save = swap(Lanes, "_save", save_and_note)
    commit = swap(Wire, "_commit", commit_late)
    tell = swap(lanes, "_tell", tell_new)


def cached_revoked_key() -> None:
    """A key that was good is taken for good."""
    good: set[str] = set()

    async def find_once(self: Keys, presented: str | None) -> Caller:
        return self.seen(presented) or await find(self, presented)

    @plan
    def remembered(account_id: str, key_id: str, mode: Any, endpoint: str, terms: Terms) -> Any:
        found, terms = yield from facts(account_id, key_id, mode, endpoint, terms)
        if found.key_status == "active":
            good.add(key_id)
        return (found._replace(key_status="active") if key_id in good else found), terms

    find = swap(Keys, "find", find_once)
    facts = swap(plans, "_facts", remembered)


MUTANTS = {
    "charge_before_success": Mutant(charge_before_success, "I4", Script((), 5, ("invoice",))),
    "release_not_shielded": Mutant(release_not_shielded, "I5", Script((), 80, ("leaver",), rest_seconds=3)),
    "sweep_wins_over_post": Mutant(
        sweep_wins_over_post, "I2", Script((), 1_500, ("invoice",), 3.5, rest_seconds=5), nodes=2
    ),
    "counter_without_guard": Mutant(counter_without_guard, "I1", Script((), 5, ("free", "invoice"))),
    "non_durable_settle": Mutant(
        non_durable_settle,
        "I3",
        Script((Fault(1.0, "kill_on_success", 0, 0.0),), 5, ("invoice", "operator", "limited")),
    ),
    "cached_revoked_key": Mutant(cached_revoked_key, "I9", Script((), 5, ("keys",), seconds=1.5)),
}
"""By name."""
