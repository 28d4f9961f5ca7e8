"""Facts that are recalled on SQLite: never any that the database would not tell at that moment.

The stores of `bank` doubt what they recall, in these tests and in all others of the ledger.
"""

import asyncio
import re
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bank import VIDEO, Bank
from clipmeter.billing.keys import Caller
from clipmeter.billing.ledger import Hold, Terms
from clipmeter.billing.rules import Standing
from clipmeter.billing.terms import TermsBook
from clipmeter.call import new_request_id
from clipmeter.errors import InvalidParameter, Problem
from clipmeter.store import recall
from clipmeter.store.base import Lock, Query, plan
from clipmeter.store.named import named
from clipmeter.store.recall import MOST, OF_ONE, RECALLED, SPARING, Recall
from clipmeter.store.sqlite import SqliteStore

TERMS = {VIDEO: Terms(6_000, 2, 3)}
DAY = 86_400
FACTS = ("active", 2, 1_700_000_000)
"""The last is the time."""


def test_what_is_written_is_forgotten():
    """What others write, or a new day, forgets all; what this one writes what it may have changed, and no more."""
    known = Recall()
    known.as_of(1, "2027-01-30")

    def recalled(account):
        return known.find(account, (account, "k"))

    def told():
        for account in "abc":
            known.remember(account, (account, "k"), FACTS)

    told()
    assert [recalled(account) for account in "abcd"] == [FACTS[:-1]] * 3 + [None]
    assert known.find("a", ("a", "another key")) is None
    for name in SPARING:
        known.written(name, [{"account_id": "a"}])
    known.as_of(1, "2027-01-30")
    assert recalled("a") == FACTS[:-1]
    for name in OF_ONE:
        known.written(name, [{"account_id": "a"}, {"account_id": "d"}])
        assert [recalled(account) for account in "ab"] == [None, FACTS[:-1]]
        told()
    for forget in (
        lambda: known.written("terms_set", [{"account_id": "a"}]),
        lambda: known.as_of(2, "2027-01-30"),
        lambda: known.as_of(2, "2027-01-29"),
        known.clear,
    ):
        forget()
        assert [recalled(account) for account in "abc"] == [None] * 3
        told()


def test_only_so_many_are_remembered(monkeypatch):
    """Facts of any number of accounts take bounded memory; those that were told first go first."""
    assert MOST > 10_000
    monkeypatch.setattr(recall, "MOST", 3)
    known = Recall()
    for account in "abcde":
        known.remember(account, ("k1",), FACTS)
        known.remember(account, ("k2",), FACTS)
    assert [account for account in "abcde" if known.find(account, ("k2",))] == ["c", "d", "e"]


@pytest.mark.parametrize("name", sorted(OF_ONE | SPARING))
def test_written_for_one_account(name):
    """What forgets one account only writes rows of that account only."""
    for query in named(name):
        assert query.writes
        of_one = r"^INSERT INTO \w+ \(\s*account_id,[^)]*\)\s*VALUES \(\s*:account_id,"
        of_its = r"^UPDATE .*WHERE (\(account_id, request_id\) = \(.*|)(\w\.)?account_id( \|\| '')? = :account_id AND"
        assert re.match(of_one, query.sql) or re.match(of_its, query.sql, re.DOTALL), query.sql


def test_what_is_recalled_is_of_one_account():
    """Facts are found by the account that they are about, and their last column is the time."""
    for name in RECALLED:
        (query,) = named(name)
        assert query.sql.endswith("WHERE a.account_id = :account_id")
        assert re.search(r",\s*:now\s*FROM", query.sql)


@pytest.fixture
async def two(tmp_path):
    """Two ledgers on one file, as of a server and a command line."""
    where = str(tmp_path / "clipmeter.db")
    banks = [await Bank(where, TERMS).open() for _ in range(2)]
    yield banks
    for bank in banks:
        await bank.close()


async def charge(bank, caller, endpoint=VIDEO):
    return await bank.ledger.charge(caller, endpoint, video_id="1", request_id=new_request_id())


def watch_facts(store):
    """The times that the writer's connection is asked for facts, from now on: a list that grows."""
    asked = []
    session = store._writer._session
    each = session._each

    def counted(name, batch):
        if name in RECALLED:
            asked.append(len(batch))
        return each(name, batch)

    session._each = counted
    return asked


async def test_facts_are_asked_once(tmp_path):
    """Charges of paying accounts ask for facts that nothing has changed once; after a reservation once more."""
    bank = Bank(str(tmp_path / "clipmeter.db"), TERMS, store_of=lambda where: SqliteStore(Path(where)))
    await bank.open()
    callers = [await bank.caller(payment="invoice") for _ in range(5)]
    for _ in range(4):
        await asyncio.gather(*(charge(bank, caller) for caller in callers))
    asked = watch_facts(bank.store)
    for _ in range(4):
        await asyncio.gather(*(charge(bank, caller) for caller in callers))
    assert sum(asked) == 0
    hold = await bank.admit(callers[0])
    await asyncio.gather(*(charge(bank, caller) for caller in callers))
    assert sum(asked) == 1
    await bank.ledger.void(hold, "error")
    await asyncio.gather(*(charge(bank, caller) for caller in callers))
    assert sum(asked) == 2
    assert len(await bank.rows(callers[0], "posted")) == 10
    assert await bank.ledger.verify() == []
    await bank.close()


@plan
def undone(account_id, values):
    """Reads facts after a write of its own, and is undone."""
    yield Lock(account_id)
    yield Query("terms_set", {"account_id": account_id, "endpoint": VIDEO, **values})
    facts = {"account_id": account_id, "key_id": "none", "mode": "live", "endpoint": VIDEO}
    yield Query("admit_facts", facts)
    raise InvalidParameter


async def test_what_was_undone_is_not_recalled(two):
    """Facts that were told of what never was are forgotten with it."""
    bank = two[0]
    caller = await bank.caller(payment="invoice")
    for _ in range(3):
        await charge(bank, caller)
    values = {"price_micros": 1, "free_requests": 0, "concurrency": 1}
    with pytest.raises(InvalidParameter):
        await bank.store.write(undone(caller.account_id, values))
    key = (caller.account_id, VIDEO, "live", "none")
    assert bank.store._writer._session._recall.find(caller.account_id, key) is None
    assert (await charge(bank, caller)).charge_micros == 6_000


async def charge_all(bank, callers):
    """Twice each: facts that are recalled, and before that told."""
    for end in await asyncio.gather(
        *(charge(bank, caller) for caller in callers for _ in range(2)), return_exceptions=True
    ):
        assert isinstance(end, Standing | Problem | None), end


@dataclass
class Event:
    """Something happens to an account, by one of two processes."""

    banks: list[Bank]
    bank: Bank
    caller: Caller
    holds: list[tuple[Bank, Hold]]
    number: int

    async def admit(self):
        self.holds.append((self.bank, await self.bank.admit(self.caller)))

    async def held(self):
        """One of its reservations, and who has made it."""
        if not self.holds:
            await self.admit()
        return self.holds.pop()

    async def post(self):
        bank, hold = await self.held()
        await bank.ledger.post(hold)

    async def void(self):
        bank, hold = await self.held()
        await bank.ledger.void(hold, "error")

    async def revoke(self):
        await self.bank.keys.revoke(self.caller.key_id)

    async def enable(self):
        await self.bank.keys.enable(self.caller.key_id)

    async def block(self):
        await self.bank.accounts.block(self.caller.account_id)

    async def unblock(self):
        await self.bank.accounts.unblock(self.caller.account_id)

    async def pay(self):
        await self.bank.accounts.set_payment(self.caller.account_id, "invoice" if self.number % 2 else "none")

    async def outsider(self):
        await self.bank.raw(f"UPDATE accounts SET payment = 'none' WHERE account_id = '{self.caller.account_id}'")  # noqa: S608

    async def set_terms(self, account_id=""):
        given = {"price_micros": 1_000 * self.number, "free_requests": self.number % 4, "concurrency": 2}
        await TermsBook(self.bank.store, TERMS).set(account_id, VIDEO, given)

    async def set_its_terms(self):
        await self.set_terms(self.caller.account_id)

    async def limit(self):
        daily = 20_000 if self.number % 2 else None
        await self.bank.limits.set(self.caller.account_id, daily_micros=daily, monthly_micros=None)

    async def next_day(self, days=1):
        for bank in self.banks:
            bank.store.clock_shift += days * DAY

    async def day_before(self):
        await self.next_day(-1)


CHANGES = [
    *[Event.admit, Event.void] * 4,
    *(Event.post, Event.revoke, Event.enable, Event.block, Event.unblock, Event.pay),
    *(Event.outsider, Event.set_terms, Event.set_its_terms, Event.limit, Event.next_day, Event.day_before),
]
EVENTS = st.lists(st.tuples(st.integers(0, 1), st.sampled_from("ab"), st.sampled_from(CHANGES)), min_size=12)


@settings(max_examples=25, deadline=None)
@given(EVENTS)
def test_whatever_happens_by_whom(tmp_path_factory, events):
    """I1, I7, I9: whatever one of two processes changes, the next decision of each is on the facts as they are."""
    asyncio.run(happen(str(tmp_path_factory.mktemp("recall") / "clipmeter.db"), events))


async def happen(where, events):
    banks = [await Bank(where, TERMS).open() for _ in range(2)]
    callers = {who: await banks[0].caller(payment="invoice") for who in "ab"}
    holds = {who: [] for who in "ab"}
    for number, (at, who, what) in enumerate(events):
        with suppress(Problem):
            await what(Event(banks, banks[at], callers[who], holds[who], number))
        await asyncio.gather(*(charge_all(bank, callers.values()) for bank in banks))
    await banks[0].ledger.sweep()
    violations = await banks[0].ledger.verify()
    for bank in banks:
        await bank.close()
    assert violations == []
