"""Admissions that race for the last place, from several processes at once: how many got in that should not have.

Two races on each store. In the first, accounts without a card have 49 of 50 free successes behind them; in the second,
accounts that pay have 2 of 3 requests in flight. Hundreds of callers from all processes ask each of them at the same
moment, by `admit` and now and then by `charge`. Who gets in stays a moment, then succeeds or fails by chance.

Who is inside is counted by the callers themselves, in memory that the processes share: up after the admission was
told, down before its end is asked for. So a count above the limit is a fault for certain. Meanwhile the ledger's own
`verify` looks at the live database again and again.

    python bench/races.py --admissions 100000 --store sqlite --store postgres
"""

import argparse
import asyncio
import multiprocessing
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing.synchronize import Barrier
from pathlib import Path
from typing import Any, Literal
from uuid import uuid4

import uvloop
from rich.console import Console
from rich.table import Table

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

from bank import TERMS, VIDEO, Bank
from clipmeter.billing.keys import Caller
from clipmeter.billing.ledger import Hold, Terms
from clipmeter.errors import Problem

Race = Literal["49 of 50", "2 of 3"]
RACES: tuple[Race, ...] = ("49 of 50", "2 of 3")
CALLERS = 200
"""Tries for each account, over all processes."""
AT_ONCE = 20
"""Accounts that are asked at the same time."""
PROCESSES = {"sqlite": 2, "postgres": 3}
ONE_MORE = {VIDEO: Terms(6_000, 51, 4)}
"""For the control: a ledger that lets in one more than it should."""
HOLD_SECONDS = 600.0
SPAWN = multiprocessing.get_context("spawn")


@dataclass
class Result:
    """How a race ended."""

    store: str
    race: Race
    tries: int = 0
    ends: Counter[str] = field(default_factory=Counter)
    """What callers were told: a kind of success, or a code."""
    over: int = 0
    """Callers who were inside when there was no place, and violations of the books."""
    looks: int = 0
    """How often the live database was verified."""
    seconds: float = 0.0


@dataclass
class Attack:
    """One process's part of a race. `inside`: who is inside, by account, shared by all processes."""

    bank: Bank
    race: Race
    inside: Any
    dice: random.Random
    tries: int = 0
    ends: Counter[str] = field(default_factory=Counter)
    over: int = 0

    async def once(self, place: int, caller: Caller) -> None:
        """Try to get in."""
        self.tries += 1
        try:
            if self.dice.random() < 0.1:
                standing = await self.bank.ledger.charge(caller, VIDEO, video_id="1", request_id=uuid4().hex)
                self.ends["charged at once" if standing else "undecided"] += 1
                return
            hold = await self.bank.admit(caller)
        except Problem as problem:
            self.ends[problem.code] += 1
            return
        self.ends["admitted"] += 1
        await self.stay(place, hold)

    async def stay(self, place: int, hold: Hold) -> None:
        """Be inside for a moment, then succeed or fail; a process that stood still is thrown out in time."""
        try:
            async with self.bank.ledger.holding(hold):
                self.count(place, 1)
                try:
                    await asyncio.sleep(self.dice.random() * 0.002)
                finally:
                    self.count(place, -1)
            if self.dice.random() < 0.2:
                await self.bank.ledger.post(hold)
                self.ends["posted"] += 1
            else:
                await self.bank.ledger.void(hold, "not_found")
        except Problem as problem:
            self.ends[f"{problem.code} when it ended"] += 1

    def count(self, place: int, step: int) -> None:
        """One more inside, or one less."""
        with self.inside.get_lock():
            self.inside[place] += step
            self.over += self.inside[place] > 1


async def attack(attack_: Attack, keys: Sequence[str], tries: int, barrier: Barrier) -> None:
    """Ask for each account so often, all processes at the same time."""
    callers = [await attack_.bank.keys.find(key) for key in keys]
    for first in range(0, len(callers), AT_ONCE):
        await asyncio.to_thread(barrier.wait, 120)
        group = list(enumerate(callers))[first : first + AT_ONCE]
        await asyncio.gather(*(attack_.once(place, caller) for _ in range(tries) for place, caller in group))


def work(  # noqa: PLR0913, PLR0917 - what a process needs to know
    where: str, terms: dict[str, Terms], race: Race, keys: Sequence[str], tries: int, shared: tuple[Any, Barrier, Any]
) -> None:
    """The life of a process."""
    inside, barrier, results = shared

    async def live() -> None:
        bank = await Bank(where, terms).open()
        mine = Attack(bank, race, inside, random.Random())  # noqa: S311 - no secret
        await attack(mine, keys, tries, barrier)
        await bank.close()
        results.put((mine.tries, mine.ends, mine.over))

    uvloop.run(live())


async def prepared(bank: Bank, race: Race, accounts: int) -> tuple[list[str], list[Hold]]:
    """Keys of accounts that have one place left, and what takes up the others."""
    payment: Any = "none" if race == "49 of 50" else "card"
    made = [await bank.accounts.create(f"{uuid4().hex}@example.com", payment=payment) for _ in range(accounts)]
    callers = [await bank.keys.find(one.key) for one in made]
    holds: list[Hold] = []

    async def one(caller: Caller) -> None:
        for _ in range(49 if race == "49 of 50" else 0):
            await bank.ledger.charge(caller, VIDEO, video_id="1", request_id=uuid4().hex)
        holds.extend([await bank.admit(caller) for _ in range(0 if race == "49 of 50" else 2)])

    await asyncio.gather(*(one(caller) for caller in callers))
    return [one.key for one in made], holds


async def run(where: str, store: str, race: Race, admissions: int, terms: dict[str, Terms]) -> Result:
    """One race."""
    result, processes = Result(store, race), PROCESSES[store]
    bank = await Bank(where, hold_seconds=HOLD_SECONDS).open()
    keys, holds = await prepared(bank, race, max(1, admissions // CALLERS))
    tries = -(-admissions // len(keys) // processes)
    results = SPAWN.Queue()
    shared = SPAWN.Array("i", len(keys)), SPAWN.Barrier(processes), results
    children = [SPAWN.Process(target=work, args=(where, terms, race, keys, tries, shared)) for _ in range(processes)]
    began = time.perf_counter()
    for child in children:
        child.start()
    looking = asyncio.create_task(look(bank, result))
    for _ in children:
        tried, ends, over = await asyncio.to_thread(results.get, timeout=1_800)
        result.tries += tried
        result.ends += ends
        result.over += over
    result.seconds = time.perf_counter() - began
    for child in children:
        child.join()
    looking.cancel()
    await asyncio.wait([looking])
    for hold in holds:
        await bank.ledger.post(hold)
    result.over += len(await bank.ledger.verify())
    await bank.close()
    return result


async def look(bank: Bank, result: Result) -> None:
    """Verify the live database, again and again."""
    while True:
        result.over += len(await bank.ledger.verify())
        result.looks += 1
        await asyncio.sleep(0.5)


@contextmanager
def database(store: str) -> Iterator[str]:
    """A new database: a file, or an address."""
    if store == "sqlite":
        with tempfile.TemporaryDirectory() as folder:
            yield str(Path(folder) / "clipmeter.db")
        return
    import postgres  # noqa: PLC0415 - not needed for SQLite

    server = postgres.started()
    try:
        yield server.new_database()
    finally:
        postgres.thrown_away(server)


def shown(results: Sequence[Result]) -> Table:
    """What happened, as a table."""
    table = Table("store", "race", "processes", "tries", "told", "verified", "seconds", "over")
    for one in results:
        told = ", ".join(f"{count:,} {what}" for what, count in one.ends.most_common())
        counts = (f"{one.tries:,}", told, str(one.looks), f"{one.seconds:.1f}", str(one.over))
        table.add_row(one.store, one.race, str(PROCESSES[one.store]), *counts)
    return table


def main(words: Sequence[str] | None = None) -> int:
    """1 if anybody was inside who should not have been."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--admissions", type=int, default=100_000, help="in each race")
    parser.add_argument("--store", action="append", choices=list(PROCESSES), help="default: both")
    parser.add_argument("--one-more", action="store_true", help="the control: let one more in, which must be found")
    chosen = parser.parse_args(words)
    terms = ONE_MORE if chosen.one_more else TERMS
    console = Console(width=None if sys.stdout.isatty() else 160)
    results = []
    for store in chosen.store or list(PROCESSES):
        for race in RACES:
            with database(store) as where:
                results.append(uvloop.run(run(where, store, race, chosen.admissions, terms)))
            console.print(shown(results[-1:]))
    return int(any(one.over for one in results))


if __name__ == "__main__":
    sys.exit(main())
