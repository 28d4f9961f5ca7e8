"""Plans that are run ahead on remembered facts: never on facts that are not so any more."""

import asyncio
import time
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import asyncpg
import pytest

from bank import VIDEO, Bank, store_at
from chaos.proxy import Link
from clipmeter.billing.ledger import Terms
from clipmeter.billing.terms import TermsBook
from clipmeter.call import new_request_id
from clipmeter.errors import Problem
from clipmeter.store import foresight
from clipmeter.store import postgres as postgres_store
from clipmeter.store.ahead import Form, function_of
from clipmeter.store.base import Lock, Query, plan
from clipmeter.store.foresight import STEADY, Foresight
from clipmeter.store.lockstep import Run
from clipmeter.store.postgres import PostgresStore
from clipmeter.store.wire import WORK_SECONDS, Wire

TERMS = {VIDEO: Terms(6_000, 1, 3)}
DAY = 86_400
NOON = datetime(2027, 1, 30, 12, tzinfo=UTC).timestamp()
CHARGE = Form("admit_facts", 15, "charge_row+settle_usage+settle_spend")
FACTS = ("active", "2027-01-30", 7)
"""As of a query of FORESEEABLE: the last is the time."""


@plan
def two_steps(account, *, number=1, written="charge_row", then=None, refused=False):
    yield Lock(account)
    ((status, day, _),) = yield Query("admit_facts", {"account_id": account})
    if refused:
        raise Problem
    yield Query(written, {"account_id": account, "request_id": f"r{number}", "day": day})
    if then:
        yield then
    return status


def known(*accounts, times=STEADY, facts=FACTS):
    """What was told so often of these accounts."""
    made = Foresight()
    for _ in range(times):
        made.remember("admit_facts", [{"account_id": account} for account in accounts], [[facts] for _ in accounts])
    return made


def guessed(made, *plans):
    runs = [Run(one) for one in plans]
    return runs, {guess.run: guess for its in made.guesses(runs).values() for guess in its}


def test_a_plan_ends_on_what_was_told():
    """A guess has the values of what is asked and of what is written, and says what must be so; the time is not."""
    (run,), guesses = guessed(known("a"), two_steps("a"))
    assert (run.step, run.result) == (None, "active")
    expected = "active\x1d2027-01-30"
    assert guesses[run].values == {
        "account_id": "a", "request_id": "r1", "day": "2027-01-30", "expected": expected, "turn": 1,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("made", "one"),
    [
        (known("b"), two_steps("a")),
        (known("a", times=STEADY - 1), two_steps("a")),
        (known("a"), two_steps("a", refused=True)),
        (known("a"), two_steps("a", written="admit_row")),
        (known("a"), two_steps("a", written="key_list")),
        (known("a"), two_steps("a", then=Query("settle_usage"))),
    ],
    ids=["never told", "told once", "a refusal", "what is written returns rows", "nothing is written", "goes on"],
)
def test_what_cannot_be_foreseen_stands_where_it_stood(made, one):
    """Everything but a plan that asks, writes and is done goes the usual way, from its beginning."""
    (run,), guesses = guessed(made, one)
    assert not guesses
    assert run.step == Lock("a")


def test_what_changes_is_not_taken_for_granted():
    """Facts count as steady only when the last tellings agree, in all but the time."""
    made = known("a")
    batch = [{"account_id": "a"}]
    for facts, steady in ((("active", "2027-01-30", 8), True), (("active", "2027-01-31", 9), False)):
        made.remember("admit_facts", batch, [[facts]])
        assert bool(guessed(made, two_steps("a"))[1]) is steady
    made.remember("admit_facts", batch, [[]])
    assert not guessed(made, two_steps("a"))[1]


def test_an_account_keeps_the_order():
    """Plans of one account are guessed up to the first that cannot be; each in a turn of its own."""
    made = known("a", "b")
    plans = [two_steps("a"), two_steps("b"), two_steps("a", number=2), two_steps("b", refused=True), two_steps("b")]
    runs, guesses = guessed(made, *plans)
    assert [guesses[run].values["turn"] if run in guesses else 0 for run in runs] == [1, 1, 2, 0, 0]


def test_it_forgets_what_was_told_first(monkeypatch):
    """However many accounts there are, what is remembered is bounded."""
    monkeypatch.setattr(foresight, "MOST", 2)
    _, guesses = guessed(known("a", "b", "c"), two_steps("a"), two_steps("b"), two_steps("c"))
    assert {run.account_id for run in guesses} == {"b", "c"}


class Ahead:
    """Counts the plans that were run ahead."""

    def __init__(self, monkeypatch):
        self.done = 0
        self._run_ahead = Wire.run_ahead
        ahead = self

        async def run_ahead(self, runs):
            ended = await ahead._run_ahead(self, runs)
            ahead.done += len(ended)
            return ended

        monkeypatch.setattr(Wire, "run_ahead", run_ahead)


@pytest.fixture
def ahead(monkeypatch):
    return Ahead(monkeypatch)


@pytest.fixture
def one_lane(monkeypatch):
    """A process has one connection that writes, so that the first write has made it."""
    monkeypatch.setattr(postgres_store, "LANES", 1)


@pytest.fixture
async def banks(database_url, one_lane):  # noqa: ARG001 - it has to come first
    """Two processes on one database."""
    made = [await Bank(database_url, dict(TERMS)).open() for _ in range(2)]
    yield made
    for bank in made:
        await bank.close()


async def charge(bank, caller):
    return await bank.ledger.charge(caller, VIDEO, video_id="1", request_id=new_request_id())


async def primed(bank, ahead, caller):
    """After the free request and so many charges they are run ahead."""
    for _ in range(TERMS[VIDEO].free_requests + STEADY):
        await charge(bank, caller)
    before = ahead.done
    await charge(bank, caller)
    assert ahead.done == before + 1


@asynccontextmanager
async def held(url, caller):
    """The account is locked by another: the connection that holds it."""
    holder = await asyncpg.connect(url)
    async with holder.transaction():
        await holder.execute("SELECT FROM accounts WHERE account_id = $1 FOR NO KEY UPDATE", caller.account_id)
        yield holder
    await holder.close()


async def outcome(work):
    try:
        return (await work).charge_micros
    except Problem as problem:
        return problem.code


async def take_all(bank, caller):
    for _ in range(3):
        await bank.admit(caller)


async def set_terms(bank, account_id, **given):
    await TermsBook(bank.store, TERMS).set(account_id, VIDEO, given)


CHANGES = {
    "the key is revoked": (lambda bank, it: bank.keys.revoke(it.key_id), "invalid_api_key"),
    "the account is blocked": (lambda bank, it: bank.accounts.block(it.account_id), "account_blocked"),
    "nothing pays": (lambda bank, it: bank.accounts.set_payment(it.account_id, "none"), "payment_required"),
    "all places are taken": (take_all, "concurrency_limit_exceeded"),
    "a daily limit": (
        lambda bank, it: bank.limits.set(it.account_id, daily_micros=18_000, monthly_micros=None),
        "daily_limit_exceeded",
    ),
    "a monthly limit": (
        lambda bank, it: bank.limits.set(it.account_id, daily_micros=None, monthly_micros=18_000),
        "monthly_limit_exceeded",
    ),
    "a limit of the key": (
        lambda bank, it: bank.limits.set_for_key(it.account_id, it.key_id, 18_000),
        "monthly_limit_exceeded",
    ),
    "another price": (lambda bank, it: set_terms(bank, it.account_id, price_micros=7_000), 7_000),
    "one more is free": (lambda bank, it: set_terms(bank, it.account_id, free_requests=2), 0),
}


@pytest.mark.parametrize("name", CHANGES)
async def test_a_fact_that_changed_is_not_acted_on(banks, ahead, name):
    """I1, I2, I7, I9: what another process changed counts for the very next charge, remembered or not."""
    here, there = banks
    caller = await here.caller(payment="invoice")
    await primed(here, ahead, caller)
    change, expected = CHANGES[name]
    await change(there, caller)
    assert await outcome(charge(here, caller)) == expected
    assert await here.ledger.verify() == []


@pytest.mark.parametrize(("days", "expected"), [(1, 6_000), (31, 0)], ids=["the next day", "the next month"])
async def test_a_new_day_is_not_the_old_one(banks, ahead, days, expected):
    """I1: a day and a month begin by the database's clock, also for what was remembered from the one before."""
    bank = banks[0]
    bank.store.clock_shift = NOON - time.time()
    caller = await bank.caller(payment="invoice")
    await primed(bank, ahead, caller)
    bank.store.clock_shift += days * DAY
    assert await outcome(charge(bank, caller)) == expected
    rows = await bank.rows(caller)
    assert len({row.day for row in rows}) == 2
    assert await bank.ledger.verify() == []


async def test_what_was_committed_while_it_waited_counts(banks, ahead, database_url):
    """I9: a charge that waits for its account sees what the one who held it did, in whichever table."""
    bank = banks[0]
    caller = await bank.caller(payment="invoice")
    await primed(bank, ahead, caller)
    async with held(database_url, caller) as holder:
        waiting = asyncio.create_task(outcome(charge(bank, caller)))
        await asyncio.sleep(0.3)
        assert not waiting.done()
        await holder.execute("UPDATE api_keys SET status = 'revoked' WHERE key_id = $1", caller.key_id)
    assert await asyncio.wait_for(waiting, 5) == "invalid_api_key"


async def test_many_of_one_account_at_once(banks, ahead):
    """I1, I6: they are all run ahead in one go, each counted, and the sums are right."""
    bank = banks[0]
    caller = await bank.caller(payment="invoice")
    await primed(bank, ahead, caller)
    before = ahead.done
    await asyncio.gather(*(charge(bank, caller) for _ in range(50)))
    assert ahead.done > before + 40
    assert sum(row.price_micros for row in await bank.rows(caller, "posted")) == (STEADY + 1 + 50) * 6_000
    assert await bank.ledger.verify() == []


async def test_each_of_them_sees_those_before_it(banks, ahead):
    """I1: of many at once that were foreseen as free only so many are."""
    bank = banks[0]
    caller = await bank.caller()
    for _ in range(STEADY):
        await bank.ledger.standing(caller, VIDEO)  # tells that none of the free ones is gone
    told = await asyncio.gather(*(outcome(charge(bank, caller)) for _ in range(5)))
    assert sorted(map(str, told)) == ["0", *["payment_required"] * 4]
    assert ahead.done == 1
    assert await bank.ledger.verify() == []


async def test_a_call_that_is_cut_off(banks, ahead, database_url):
    """I3: cut while it waits for its account, a charge is counted once."""
    bank = banks[0]
    caller = await bank.caller(payment="invoice")
    await primed(bank, ahead, caller)
    cut = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'SELECT pg_temp.ahead%'"
    cutter = await asyncpg.connect(database_url)
    async with held(database_url, caller):
        waiting = asyncio.create_task(outcome(charge(bank, caller)))
        async with asyncio.timeout(10):
            while not await cutter.fetch(cut + " AND wait_event_type = 'Lock'"):  # noqa: ASYNC110 - nobody tells when
                await asyncio.sleep(0.02)
    await cutter.close()
    assert await asyncio.wait_for(waiting, 10) == 6_000
    assert len(await bank.rows(caller, "posted")) == TERMS[VIDEO].free_requests + STEADY + 2


@pytest.mark.usefixtures("one_lane")
async def test_a_lost_reply_is_looked_up(postgres, database_url, ahead):
    """I3: when the database had written it, and only the answer was lost, a charge is counted once and told."""
    link = await Link(postgres.port).start()
    bank = await Bank(database_url.replace(f":{postgres.port}/", f":{link.port}/"), dict(TERMS)).open()
    caller = await bank.caller(payment="invoice")
    await primed(bank, ahead, caller)
    before = ahead.done
    link.lose_commits(1)
    assert await outcome(charge(bank, caller)) == 6_000
    assert (link.counts["commit reply lost"], ahead.done) == (1, before + 1)
    assert len(await bank.rows(caller, "posted")) == TERMS[VIDEO].free_requests + STEADY + 2
    await bank.close()
    await link.stop()


@pytest.fixture
def held_back(monkeypatch):
    """The next call is not sent, but kept in this list, and the connection is lost."""
    kept, fetch = [], asyncpg.Connection.fetch

    async def lose_call(self, query, *values, **options):
        if not kept and query.startswith("SELECT pg_temp.ahead"):
            kept.extend((query, values))
            raise ConnectionResetError
        return await fetch(self, query, *values, **options)

    def start():
        monkeypatch.setattr(asyncpg.Connection, "fetch", lose_call)
        return kept

    yield start
    monkeypatch.setattr(asyncpg.Connection, "fetch", fetch)


@pytest.mark.parametrize("name", ["all places are taken", "the key is revoked"])
async def test_a_call_that_comes_late(banks, ahead, held_back, name):
    """I4: who was refused is not charged, even if what he asked first reaches the database when it would be right."""
    here, there = banks
    caller = await here.caller(payment="invoice")
    await primed(here, ahead, caller)
    before = len(await here.rows(caller, "posted"))
    change, expected = CHANGES[name]
    await change(there, caller)
    kept = held_back()
    assert await outcome(charge(here, caller)) == expected
    if expected == "invalid_api_key":
        await there.keys.enable(caller.key_id)
    for row in await here.rows(caller, "reserved"):
        ended = "UPDATE requests SET state = 'voided', ended_at = admitted_at, price_micros = 0 WHERE request_id = '{}'"
        await here.raw(ended.format(row.request_id))
    query, values = kept
    late = await asyncpg.connect(here.where)
    await late.execute(function_of(CHARGE).create)
    with pytest.raises(asyncpg.UniqueViolationError):
        await late.fetch(query, *values)
    await late.close()
    assert len(await here.rows(caller, "posted")) == before
    assert await here.ledger.verify() == []


async def test_a_call_ends_when_nobody_waits_for_it(banks, ahead, database_url):
    """I4: while its account is held for long, a call ends by itself before its caller gives up, and frees others."""
    bank = banks[0]
    caller, other = [await bank.caller(payment="invoice") for _ in range(2)]
    for one in (caller, other):
        await primed(bank, ahead, one)
    first, second = sorted((caller, other), key=lambda one: one.account_id)
    looking = await asyncpg.connect(database_url)
    calls = "SELECT FROM pg_stat_activity WHERE query LIKE 'SELECT pg_temp.ahead%' AND state = 'active'"
    async with held(database_url, second):
        waiting = [asyncio.create_task(outcome(charge(bank, one))) for one in (first, second)]
        began = time.monotonic()
        await asyncio.sleep(0.5)
        async with asyncio.timeout(10):
            while await looking.fetch(calls):  # noqa: ASYNC110 - the same
                await asyncio.sleep(0.05)
        assert 2 < time.monotonic() - began < WORK_SECONDS
    await looking.close()
    assert await asyncio.wait_for(asyncio.gather(*waiting), 15) == [6_000, 6_000]
    assert await bank.ledger.verify() == []


@pytest.mark.parametrize(
    ("name", "value"), [("synchronous_commit", "on"), ("default_transaction_isolation", "read committed")]
)
async def test_what_a_call_relies_on(database_url, name, value):
    """I3: whatever is set for the database, a call that was answered is on the disk, and sees what is committed."""
    owner = await asyncpg.connect(database_url)
    other = {"on": "off", "read committed": "'repeatable read'"}[value]
    await owner.execute(f"ALTER DATABASE {database_url.rpartition('/')[2]} SET {name} = {other}")
    await owner.close()
    async with PostgresStore(database_url) as store:
        wire = await store._connect()
        assert await wire.rows(f"SHOW {name}") == [(value,)]
        wire.cut()


async def test_behind_a_pooler(database_url, ahead):
    """Where each transaction may have another connection, nothing is expected of the last one."""
    bank = await Bank(database_url, dict(TERMS), store_of=lambda where: store_at(where, pooled=True)).open()
    caller = await bank.caller(payment="invoice")
    for _ in range(STEADY + 5):
        assert await charge(bank, caller)
    assert (ahead.done, len(await bank.rows(caller, "posted"))) == (0, STEADY + 5)
    await bank.close()


async def test_without_the_right_to_make_functions(database_url, ahead):
    """A user who may make nothing of its own in the database is served in the usual way."""
    owner = await asyncpg.connect(database_url)
    name = database_url.rpartition("/")[2]
    await owner.execute(f"CREATE ROLE {name} LOGIN; REVOKE TEMPORARY ON DATABASE {name} FROM PUBLIC")
    await owner.execute(f"GRANT CREATE, USAGE ON SCHEMA public TO {name}")
    await owner.close()
    bank = await Bank(database_url.replace("postgres@", f"{name}@"), dict(TERMS)).open()
    caller = await bank.caller(payment="invoice")
    for _ in range(STEADY + 5):
        assert await charge(bank, caller)
    assert (ahead.done, len(await bank.rows(caller, "posted"))) == (0, STEADY + 5)
    await bank.close()
