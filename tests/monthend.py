"""A month's end that is killed at each of its steps. `bench/monthend.py` does it at length, a test in short.

The run is a process of its own, and the fault is here, not in the package: the child gives `Invoices` a store and a
Stripe that end the process by kill -9 before, during or after the n-th time that a step is taken.

    python monthend.py WHERE STRIPE_URL STRIPE_KEY MONTH STEP WHEN NTH    such a child
"""

import asyncio
import os
import random
import signal
import sys
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import apsw

from bank import Bank, store_at
from billed import FAILS_LATER, GOOD, PRICES, Office
from clipmeter.billing.invoices import Invoices
from clipmeter.billing.stripe import Stripe
from forked import run

DRAFTS = (("draft_of_month", "before", 1), ("draft_of_month", "before", 9), ("draft_of_month", "during", 5))
DONE = (
    ("draft_of_month", "after", 3),
    ("month_done", "before", 1),
    ("month_done", "during", 1),
    ("month_done", "after", 1),
)
SENT = ("sending", "new_invoice", "at_stripe", "add_item", "invoice", "ticket", "finalize", "pay", "apply")
"""The steps of the outbox, in order: plans of the store and calls of Stripe."""
LATE = ("ticket", "finalize", "pay", "apply")
WHEN = ("before", "during", "after")


@dataclass(frozen=True)
class Kill:
    """One death: at which step, when, and the how manieth of that step in the process."""

    step: str
    when: str
    nth: int


def every_kill(dice: random.Random, most: int = 2) -> Iterator[Kill]:
    """Before, during and after each step of a run, at one of its first invoices."""
    for kill in (*DRAFTS, *DONE):
        yield Kill(*kill)
    for when in WHEN:
        for step in SENT:
            yield Kill(step, when, dice.randint(1, most))
            if step == "new_invoice":  # what it left is looked for first
                yield Kill("find_invoice", when, 1)


@dataclass
class Fault:
    """Counts a step, and kills this process at the n-th."""

    kill: Kill
    seen: int = 0

    async def around(self, step: str, work: Callable[[], Awaitable[Any]]) -> Any:
        """Do it, unless it is deadly."""
        if step != self.kill.step:
            return await work()
        self.seen += 1
        is_now = self.seen == self.kill.nth
        if is_now and self.kill.when == "before":
            _die()
        if is_now and self.kill.when == "during":
            threading.Timer(random.uniform(0, 0.004), _die).start()  # noqa: S311
        done = await work()
        if is_now:
            _die()
        return done


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


class DeadlyStore:
    """A store with a fault in what it writes."""

    def __init__(self, store: Any, fault: Fault) -> None:
        self._store, self._fault = store, fault

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    async def write(self, plan: Any) -> Any:
        return await self._fault.around(plan._function.__name__, lambda: self._store.write(plan))


class DeadlyStripe:
    """A Stripe with a fault in what it is asked."""

    def __init__(self, stripe: Stripe, fault: Fault) -> None:
        self._stripe, self._fault = stripe, fault

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._stripe, name)
        if not callable(found):
            return found

        async def asked(*args: Any, **kwargs: Any) -> Any:
            return await self._fault.around(name, lambda: found(*args, **kwargs))

        return asked


async def child(where: str, url: str, key: str, month: str, kill: Kill) -> None:
    """Run a month until death."""
    fault = Fault(kill)
    store, stripe = store_at(where), Stripe(key, url=url, timeout=10)
    await store.open()
    invoices: Any = Invoices(DeadlyStore(store, fault), DeadlyStripe(stripe, fault))  # type: ignore[arg-type]
    await invoices.run(month)
    await stripe.aclose()
    await store.close()


def die_at(where: str, fake: Any, month: str, kill: Kill) -> bool:
    """Start such a child: whether it died of it; False: it never came to that step."""
    words = [where, fake.url, fake.key, month, kill.step, kill.when, str(kill.nth)]
    done = run([__file__, *words], timeout=120)
    assert done.returncode in {0, -signal.SIGKILL}, done.stderr
    return done.returncode != 0


async def prepare(where: str, fake: Any, accounts: int, dice: random.Random) -> str:
    """Fill last month's ledger: accounts of every kind, amounts in no whole cents; which month that is."""
    bank = Bank(where, terms=dict(PRICES))
    await bank.open()
    bank.store.clock_shift = -(datetime.now(UTC).day * 86_400.0)
    stripe = Stripe(fake.key, url=fake.url)
    office = Office(bank, fake, stripe)
    for number in range(accounts):
        kind = number % 20
        if kind == 1:
            caller = await bank.caller(payment="invoice")
        else:
            caller = await office.customer({2: FAILS_LATER, 3: ""}.get(kind, GOOD))
        few = kind == 4
        times = (dice.randint(1, 4), 0) if few else (dice.randint(9, 20), dice.randint(0, 5))
        await asyncio.gather(office.use(caller, times[0]), office.use(caller, 0, times[1]))
        if kind == 5:
            await office.invoices.credit(caller.account_id, dice.randint(1, 3_000_000), "An apology")
    month = await office.month()
    await stripe.aclose()
    await bank.close()
    return month


async def rows(where: str, sql: str) -> list[tuple[Any, ...]]:
    """Rows, past everything of the package."""
    if not where.startswith("postgresql:"):
        with closing(apsw.Connection(where, flags=apsw.SQLITE_OPEN_READONLY)) as connection:
            return list(connection.execute(sql))
    import asyncpg  # noqa: PLC0415 - not always there

    connection = await asyncpg.connect(where)
    try:
        return [tuple(row) for row in await connection.fetch(sql)]
    finally:
        await connection.close()


TABLES = ("accounts", "cards", "usage", "invoices", "invoice_lines", "credits", "marks")


async def snapshot(where: str, fake: Any) -> dict[str, Any]:
    """Everything that a run may change, here and at Stripe."""
    here = {table: sorted(map(str, await rows(where, f"SELECT * FROM {table}"))) for table in TABLES}  # noqa: S608
    return {**here, "stripe": fake.control("things"), "calls": len(fake.control("requests"))}


@dataclass(frozen=True)
class Sums:
    """What came of a month. Micro-dollars."""

    accounts: int
    invoices: int
    states: dict[str, int]
    ledger: int
    asked: int
    credited: int
    carried: int
    paid_cents: int
    """What Stripe's cards paid."""


LEDGER = """SELECT account_id, CAST(SUM(price_micros) AS BIGINT) FROM requests
WHERE state = 'posted' AND month = '{}' GROUP BY account_id"""
INVOICES = "SELECT account_id, invoice_id, state, amount_cents, credit_micros, stripe_id FROM invoices"
LINES = """SELECT account_id, endpoint, CAST(SUM(charged_micros) AS BIGINT), CAST(SUM(cents) AS BIGINT),
CAST(SUM(credit_micros) AS BIGINT), CAST(SUM(carried_out_micros) AS BIGINT), COUNT(*)
FROM invoice_lines GROUP BY account_id, endpoint"""


async def check(where: str, fake: Any, month: str) -> Sums:
    """Exactly one invoice each, here and at Stripe; each account's sums are its ledger's. Raises AssertionError."""
    ledger = dict(await rows(where, LEDGER.format(month)))
    invoices = await rows(where, INVOICES)
    lines = await rows(where, LINES)
    assert sorted(row[0] for row in invoices) == sorted(ledger), "not one invoice for each account"
    assert {row[6] for row in lines} == {1}, "not one line for each endpoint"
    at_stripe: dict[str, list[Any]] = {}
    for one in fake.control("things", kind="invoice"):
        at_stripe.setdefault(one["metadata"]["invoice_id"], []).append(one)
    paid_cents = 0
    for account_id, invoice_id, state, cents, credit, stripe_id in invoices:
        its = [row for row in lines if row[0] == account_id]
        assert sum(row[2] for row in its) == ledger[account_id]
        assert ledger[account_id] == cents * 10_000 + credit + sum(row[5] for row in its)
        assert (cents, credit) == (sum(row[3] for row in its), sum(row[4] for row in its))
        there = at_stripe.pop(invoice_id, [])
        assert len(there) == bool(stripe_id), (invoice_id, state, there)
        if there:
            assert (there[0]["id"], there[0]["total"], len(there[0]["lines"]["data"])) == (
                stripe_id,
                cents,
                sum(row[3] > 0 for row in its),
            )
            assert state == {"paid": "paid", "open": "failed"}[there[0]["status"]]
            paid_cents += there[0]["amount_paid"]
    assert not at_stripe, "Stripe has invoices that nobody knows"
    charged: dict[str, list[int]] = {}
    for one in fake.control("things", kind="charge"):
        charged.setdefault(one["customer"], []).append(one["amount_captured"])
    assert all(sum(amount > 0 for amount in amounts) <= 1 for amounts in charged.values()), "a card was charged twice"
    assert sum(map(sum, charged.values())) == paid_cents
    states = [row[2] for row in invoices]
    return Sums(
        len(ledger),
        len(invoices),
        {state: states.count(state) for state in sorted(set(states))},
        sum(ledger.values()),
        sum(row[3] for row in invoices) * 10_000,
        sum(row[4] for row in invoices),
        sum(row[5] for row in lines),
        paid_cents,
    )


def environ(where: str, fake: Any, home: Path) -> dict[str, str]:
    """For commands on the same books."""
    from bank import SECRET  # noqa: PLC0415 - only here
    from served import clean_environ  # noqa: PLC0415

    url = where if where.startswith("postgresql:") else f"sqlite:///{where}"
    return clean_environ(home, database_url=url, secret=SECRET, **fake.settings)


if __name__ == "__main__":
    _where, _url, _key, _month, _step, _when, _nth = sys.argv[1:]
    asyncio.run(child(_where, _url, _key, _month, Kill(_step, _when, int(_nth))))
