"""Webhooks in disorder: a history of cards and invoices at Stripe, told to a real server shuffled, doubled and partly
forged, while Stripe fails now and then. For tests and measurements.

In the end the books must say what Stripe says, and what a second server says that was told of each event once and in
order.
"""

import random
import shutil
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import apsw

from bank import SECRET
from billed import FAILS_LATER, GOOD, opened
from fauxstripe.running import FauxStripe
from served import Served

NUMBERS = (GOOD, GOOD, GOOD, FAILS_LATER, "5555555555554444", "378282246310005")
TABLES = {
    "cards": "SELECT account_id, customer_id, payment_method, brand, last4, exp_month, exp_year FROM cards",
    "accounts": "SELECT account_id, payment, status FROM accounts WHERE kind = 'user'",
    "invoices": "SELECT account_id, invoice_id, state, stripe_id, stripe_number, pay_url FROM invoices",
    "events": "SELECT event_id, kind, outcome FROM stripe_events",
}


@dataclass
class Result:
    """What happened."""

    accounts: int
    seed: int
    events: int = 0
    deliveries: int = 0
    seconds: float = 0.0
    answers: Counter[str] = field(default_factory=Counter)
    deviations: list[str] = field(default_factory=list)

    def add(self, told: dict[str, Any], seconds: float) -> None:
        """One more burst."""
        self.deliveries += told["deliveries"]
        self.answers.update(told["answers"])
        self.seconds += seconds


async def drill(
    folder: Path, fake: FauxStripe, *, accounts: int, rounds: int, copies: int, forged: int, seed: int
) -> Result:
    """The whole of it. `copies` of each event, `forged` deliveries besides in each round."""
    dice, result = random.Random(seed), Result(accounts, seed)  # noqa: S311 - not for secrets
    fake.control("webhooks", hold=True, url="http://127.0.0.1:9/")  # nobody is there yet
    home, twin = folder / "home", folder / "twin"
    home.mkdir(parents=True)
    await _begin(home / "clipmeter.db", fake, accounts, dice)
    shutil.copytree(home, twin)
    served = Served(home, {**fake.settings, "secret": SECRET}).start()
    try:
        fake.control("webhooks", url=f"{served.url}/stripe/webhook")
        for number in range(rounds):
            _fail(fake, dice)
            with ThreadPoolExecutor(1) as beside:
                changing = beside.submit(_change, fake, dice, accounts // 2)
                _burst(fake, result, shuffle=True, copies=copies, forged=forged, callers=16, seed=seed + number)
            changing.result()
            fake.control("clear")
        _burst(fake, result, shuffle=True, everything=True, callers=16, seed=seed)
        while not fake.control("idle")["idle"]:
            _burst(fake, result, shuffle=True, callers=16, seed=seed)
    finally:
        served.stop()
    events = fake.control("events")
    result.events = len(events)
    books, told = _books(home), await _told_in_order(twin, fake)
    result.deviations += _unlike_stripe(books, fake) + _unlike(books, told) + _badly_noted(books, events, result)
    return result


async def _begin(database: Path, fake: FauxStripe, accounts: int, dice: random.Random) -> None:
    """Accounts with cards, and an invoice each, some of them not paid."""
    async with opened(str(database), fake) as office:
        for _ in range(accounts):
            caller = await office.customer(dice.choice(NUMBERS))
            await office.use(caller, dice.randint(9, 12))
        await office.invoices.run(await office.over())


def _change(fake: FauxStripe, dice: random.Random, times: int) -> None:
    """What people do with their cards and invoices, on Stripe's pages or its dashboard's."""
    customers = [one["id"] for one in fake.control("things", kind="customer")]
    methods = [one["id"] for one in fake.control("things", kind="payment_method") if one["customer"]]
    unpaid = [one["hosted_invoice_url"] for one in fake.control("things", kind="invoice") if one["status"] == "open"]
    dice.shuffle(methods)
    for _ in range(times):
        chance = dice.random()
        if chance < 0.5:
            fake.control("card", customer=dice.choice(customers), number=dice.choice(NUMBERS))
        elif chance < 0.8 and methods:
            fake.control("detach", method=methods.pop())
        elif unpaid:
            fake.fill_in(dice.choice(unpaid))
    if dice.random() < 0.3:
        fake.control("try_again")


def _fail(fake: FauxStripe, dice: random.Random) -> None:
    """Stripe fails now and then while it is asked."""
    for kind in ("rate_limit", "error", "lost", "cut"):
        fake.control("fault", kind=kind, after=dice.randint(5, 50), times=dice.randint(1, 5))


def _burst(fake: FauxStripe, result: Result, **how: Any) -> None:
    began = time.monotonic()
    result.add(fake.control("deliver", **how), time.monotonic() - began)


async def _told_in_order(home: Path, fake: FauxStripe) -> dict[str, set[tuple[Any, ...]]]:
    """The books of the twin, which is told of each event once, in order."""
    served = Served(home, {**fake.settings, "secret": SECRET}).start()
    try:
        fake.control("webhooks", url=f"{served.url}/stripe/webhook")
        told = fake.control("deliver", everything=True, callers=1)
        while not fake.control("idle")["idle"]:
            fake.control("deliver", callers=1)
        assert set(told["answers"]) == {"true 200"}, told
    finally:
        served.stop()
    return _books(home)


def _books(home: Path) -> dict[str, set[tuple[Any, ...]]]:
    with closing(apsw.Connection(str(home / "clipmeter.db"))) as connection:
        return {table: set(connection.execute(select)) for table, select in TABLES.items()}


def _unlike(books: dict[str, set[tuple[Any, ...]]], told: dict[str, set[tuple[Any, ...]]]) -> list[str]:
    """Where the books are not as those of the twin."""
    return [
        f"{table}: {row} is {where} in the books told in disorder"
        for table in ("cards", "accounts", "invoices")
        for where, rows in (("only", books[table] - told[table]), ("not", told[table] - books[table]))
        for row in rows
    ]


def _unlike_stripe(books: dict[str, set[tuple[Any, ...]]], fake: FauxStripe) -> list[str]:
    """Where the books are not as Stripe."""
    found = []
    cards = {row[1]: row for row in books["cards"]}
    accounts = {row[0]: row for row in books["accounts"]}
    kept: dict[str, list[str]] = {}
    for method in fake.control("things", kind="payment_method"):
        kept.setdefault(method["customer"], []).append(method["id"])
    for customer_id, row in cards.items():
        have = kept.get(customer_id, [])
        if have != [row[2]] * bool(row[2]):
            found.append(f"{row[0]} has {row[2] or 'no card'}, at Stripe {have}")
        if accounts[row[0]][1] != ("card" if have else "none"):
            found.append(f"{row[0]} pays by {accounts[row[0]][1]}, at Stripe it has {have}")
    states = {one["id"]: one["status"] for one in fake.control("things", kind="invoice")}
    failed = set()
    for account_id, invoice_id, state, stripe_id, *_ in books["invoices"]:
        if state != {"paid": "paid", "open": "failed"}[states[stripe_id]]:
            found.append(f"{invoice_id} is {state}, at Stripe {states[stripe_id]}")
        if state == "failed":
            failed.add(account_id)
    blocked = {account_id for account_id, _, status in books["accounts"] if status == "blocked"}
    return found + [f"{account_id} is wrongly blocked or not" for account_id in blocked ^ failed]


def _badly_noted(books: dict[str, set[tuple[Any, ...]]], events: list[Any], result: Result) -> list[str]:
    """Where the list of events is wrong, and answers that should not be."""
    noted, true = {row[0] for row in books["events"]}, {event["id"] for event in events}
    found = [f"{event_id} was noted though forged" for event_id in noted - true]
    found += [f"{event_id} was never noted" for event_id in true - noted]
    right = {"true 200", "true 503", "forged 400"}
    return found + [f"{count} answers: {kind}" for kind, count in result.answers.items() if kind not in right]
