"""The ledger against a model of it: any sequence of events, same answers, same books, on both stores."""

import asyncio
import os
import time
from datetime import UTC, date, datetime
from functools import partial
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from bank import PATIENT, Bank
from clipmeter.billing.ledger import Hold, Kept, Replay, Terms
from clipmeter.billing.replays import Repeat
from clipmeter.errors import Problem
from clipmeter.store import foresight
from ledgermodel import Model

TERMS = {"video": Terms(6_000, 1, 3), "search": Terms(10_000, 2, 2)}
NOON = datetime(2027, 1, 30, 12, tzinfo=UTC).timestamp()
DAY = 86_400
HOLD_SECONDS = 3.5 * DAY
EXAMPLES = int(os.environ.get("CLIPMETER_MACHINE_EXAMPLES", "14"))
"""`make fuzz` tries many more."""
MONEY = st.sampled_from([None, None, 6_000, 12_000, 25_000, "less"])
WHO = st.sampled_from("bbba")
KEYS = ("live", "other", "test")
KEY = st.sampled_from(["live", "live", "other", "test"])
ENDPOINT = st.sampled_from(["video", "video", "search"])


class LedgerMachine(RuleBasedStateMachine):
    """I1, I2, I5, I6, I7, I8, I9, I10."""

    def __init__(self, where):
        super().__init__()
        self.bank = Bank(where, TERMS, HOLD_SECONDS)
        self.looks, self.look_every = 0, 5 if where.startswith("postgresql:") else 1

    @initialize(limit=MONEY)
    def begin(self, limit):
        self.loop = asyncio.new_event_loop()
        terms = {name: (its.price_micros, its.free_requests, its.concurrency) for name, its in TERMS.items()}
        self.model = Model(terms, date(2027, 1, 30), {"a": "none", "b": "card"})
        self.shift = NOON - time.time()
        self.holds = {}
        self.run(self.open())
        self.callers = {name: self.run(self.sign_up(payment)) for name, payment in self.model.payment.items()}
        self.limit_one("b", limit, None, "")

    def run(self, work):
        return self.loop.run_until_complete(work)

    async def open(self):
        store_of = self.bank.store_of

        def shifted(where):
            store = store_of(where)
            store.clock_shift = self.shift
            return store

        self.bank.store_of = shifted
        await self.bank.open()
        self.bank.store_of = store_of

    async def sign_up(self, payment):
        made = await self.bank.accounts.create(f"{uuid4().hex}@example.com", payment=payment)
        other = await self.bank.keys.create(made.account_id, "other", "live")
        texts = zip(KEYS, (made.key, other.key, made.test_key), strict=True)
        return {key: await self.bank.keys.find(text) for key, text in texts}

    def answer(self, work):
        try:
            return self.run(work)
        except Problem as problem:
            return problem.code

    def account(self, who):
        return self.callers[who]["live"].account_id

    def new_request(self):
        """Ids in the order of time, also for rows of the same moment."""
        self.holds[f"{len(self.holds):06}"] = None
        return f"{len(self.holds) - 1:06}"

    @rule(who=WHO, key=KEY, endpoint=ENDPOINT, times=st.integers(1, 3))
    def admit(self, who, key, endpoint, times):
        for _ in range(times):
            self.admit_one(who, key, endpoint)

    def admit_one(self, who, key, endpoint):
        request = self.new_request()
        expected = self.model.ask(who, key, endpoint)
        got = self.answer(
            self.bank.ledger.admit(self.callers[who][key], endpoint, video_id="1", request_id=request, within=0)
        )
        self.admitted(request, expected, got)

    def admitted(self, request, expected, got):
        if isinstance(expected, str):
            assert got == expected.replace("undecided", "concurrency_limit_exceeded")
            return
        assert isinstance(got, Hold), got
        assert (got.kind, got.price_micros) == (expected.kind, expected.price)
        self.model.rows[request] = expected
        self.holds[request] = got

    @rule(who=WHO, key=KEY, name=st.sampled_from("xy"), asked=st.sampled_from(["1", "1", "1", "2"]))
    def admit_repeat(self, who, key, name, asked):
        """With an Idempotency-Key."""
        request, repeat = self.new_request(), Repeat("video", name, asked)
        told = self.model.repeated(who, key, name, asked)
        expected = told or self.model.ask(who, key, "video")
        got = self.answer(
            self.bank.ledger.admit(
                self.callers[who][key], "video", video_id="1", request_id=request, within=0, repeat=repeat
            )
        )
        if isinstance(told, bytes):
            assert isinstance(got, Replay), got
            assert (got.body, got.request_id) == (told, self.model.repeats[who, name][1])
            return
        self.admitted(request, expected, got)
        if self.holds[request]:
            self.model.repeats[who, name] = (asked, request, self.model.today)

    @rule(which=st.integers(0, 5), post=st.sampled_from([True, True, False]))
    def end(self, which, post):
        """End one of those in flight."""
        flying = [request for request, row in self.model.rows.items() if row.state == "reserved"]
        if flying:
            self.end_one(flying[which % len(flying)], post)

    @rule(which=st.integers(0, 50), post=st.booleans())
    def end_any(self, which, post):
        """End one that has ended already, most of the time."""
        known = [request for request, hold in self.holds.items() if hold]
        if known:
            self.end_one(known[which % len(known)], post)

    def end_one(self, request, post):
        hold = self.holds[request]
        if not post:
            self.answer(self.bank.ledger.void(hold, "not_found"))
            self.model.end("voided", [self.model.rows[request]])
            return
        body = request.encode() if hold.repeat else None
        got = self.answer(self.bank.ledger.post(hold, kept=body and Kept(body, 0)))
        assert getattr(got, "charge_micros", got) == self.model.post(request, body)

    @rule(who=WHO, key=KEY, endpoint=ENDPOINT, times=st.integers(1, 3))
    def charge(self, who, key, endpoint, times):
        for _ in range(times):
            self.charge_one(who, key, endpoint)

    def charge_one(self, who, key, endpoint):
        request = self.new_request()
        expected = self.model.charge(request, who, key, endpoint)
        got = self.answer(self.bank.ledger.charge(self.callers[who][key], endpoint, video_id="1", request_id=request))
        assert getattr(got, "charge_micros", got) == expected

    @rule(who=WHO, limit=MONEY, other=MONEY, key=st.sampled_from(["live", "other", ""]))
    def limit(self, who, limit, other, key):
        self.limit_one(who, limit, other, key)

    def limit_one(self, who, limit, other, key):
        """A cap for one key, or both limits of the account; "less" than what is spent and kept by now."""
        spent = max(0, self.model.money(account=who) - 1)
        limit, other = (spent if one == "less" else one for one in (limit, other))
        if key:
            self.run(self.bank.limits.set_for_key(self.account(who), self.callers[who][key].key_id, limit))
            self.model.caps[who, key] = limit
            self.model.lower(limit, "month", account=who, key=key)
        else:
            self.run(self.bank.limits.set(self.account(who), daily_micros=limit, monthly_micros=other))
            self.model.daily[who], self.model.monthly[who] = limit, other
            self.model.lower(limit, "day", account=who)
            self.model.lower(other, "month", account=who)

    @rule(who=WHO, what=st.sampled_from(["none", "card", "card", "invoice", "block", "live", "other", "test"]))
    def change(self, who, what):
        """How an account pays; block or unblock it; revoke or enable a key."""
        if what in {"none", "card", "invoice"}:
            self.run(self.bank.accounts.set_payment(self.account(who), what))
            self.model.payment[who] = what
        elif what == "block":
            is_blocked = who in self.model.blocked
            self.run((self.bank.accounts.unblock if is_blocked else self.bank.accounts.block)(self.account(who)))
            self.model.blocked ^= {who}
        else:
            is_revoked = (who, what) in self.model.revoked
            key_id = self.callers[who][what].key_id
            self.run((self.bank.keys.enable if is_revoked else self.bank.keys.revoke)(key_id))
            self.model.revoked ^= {(who, what)}

    @rule()
    def mend(self):
        """Nothing is blocked and nothing is revoked, so that there is something to see."""
        for who in list(self.model.blocked):
            self.change(who, "block")
        for who, key in list(self.model.revoked):
            self.change(who, key)

    @rule(days=st.sampled_from([1, 1, 1, 31]))
    def later(self, days):
        """Midnight and the end of a month pass; after four days what is in flight is overdue."""
        self.shift += days * DAY
        self.bank.store.clock_shift = self.shift
        self.model.tomorrow(days)
        self.run(self.bank.ledger.sweep())
        self.model.end("expired", [row for row in self.model.rows.values() if (self.model.today - row.day).days > 3])

    @precondition(lambda self: self.model.rows)
    @rule()
    def crash(self):
        self.run(self.bank.crash())
        self.shift += 2 * PATIENT  # so long nobody hears of the dead node
        self.run(self.open())
        self.model.end("expired", list(self.model.rows.values()))

    async def books(self):
        """Every row of ours, and what is in flight."""
        rows, running = {}, {}
        for who, callers in self.callers.items():
            rows |= {row.request_id: row async for row in self.bank.ledger.show(self.account(who))}
            for endpoint in TERMS:
                running[who, endpoint] = (await self.bank.ledger.standing(callers["live"], endpoint)).running
        return rows, running

    @invariant()
    def books_agree(self):
        rows, running = self.run(self.books())
        got = {request: (row.state, row.kind, row.price_micros, row.day) for request, row in rows.items()}
        assert got == {
            request: (row.state, row.kind, row.price, str(row.day)) for request, row in self.model.rows.items()
        }
        assert running == {place: self.model.in_flight(*place) for place in running}
        self.looks += 1
        if self.looks % self.look_every == 0:
            assert self.run(self.bank.ledger.verify()) == []

    def teardown(self):
        if hasattr(self, "loop"):
            assert self.run(self.bank.ledger.verify()) == []
            self.run(self.bank.close())
            self.run(self.loop.shutdown_default_executor())
            self.loop.close()


class MoneyMachine(LedgerMachine):
    """I1, I7: nothing but one account that pays, at its limits, so that money is passed on and taken away often."""

    admit_repeat = end_any = change = mend = later = crash = None

    @rule(key=st.sampled_from(["live", "live", "other"]), times=st.integers(1, 3))
    def admit(self, key, times):
        for _ in range(times):
            self.admit_one("b", key, "video")

    @rule(key=st.sampled_from(["live", "other"]))
    def charge(self, key):
        self.charge_one("b", key, "video")

    @rule(limit=st.sampled_from([12_000, 25_000, "less"]), key=st.sampled_from(["live", "", ""]))
    def limit(self, limit, key):
        self.limit_one("b", limit, None, key)


class RegularMachine(LedgerMachine):
    """I1, I2, I9: mostly charges, and no limits of money: what goes ahead on PostgreSQL while its facts change."""

    limit = admit_repeat = end_any = None

    @initialize()
    def begin(self):
        LedgerMachine.begin(self, None)

    @rule(key=st.sampled_from(["live", "live", "other"]), times=st.integers(2, 5))
    def charge_some(self, key, times):
        for _ in range(times):
            self.charge_one("b", key, "video")


@pytest.fixture
def ahead(where, monkeypatch):
    """The plans that were run ahead on PostgreSQL, on what the last look at the books told.

    A process has one connection that writes, so that it has soon been made.
    """
    ended = []
    if where.startswith("postgresql:"):
        from clipmeter.store import postgres, wire  # noqa: PLC0415 - asyncpg is not always there

        async def run_ahead(self, runs):
            found = await original(self, runs)
            ended.extend(found)
            return found

        original = wire.Wire.run_ahead
        monkeypatch.setattr(foresight, "STEADY", 1)
        monkeypatch.setattr(postgres, "LANES", 1)
        monkeypatch.setattr(wire.Wire, "run_ahead", run_ahead)
    return ended


@pytest.mark.timeout(max(300, 10 * EXAMPLES))
@pytest.mark.parametrize("machine", [LedgerMachine, MoneyMachine, RegularMachine])
def test_the_ledger_is_its_model(where, machine, ahead):
    """I1, I2, I5 to I10: whatever happens in whatever order, answers and books are those of the model."""
    examples = EXAMPLES // 2 if where.startswith("postgresql:") else EXAMPLES
    run_state_machine_as_test(
        partial(machine, where),
        settings=settings(
            max_examples=examples, stateful_step_count=30, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )
    if where.startswith("postgresql:") and machine is RegularMachine:
        assert len(ahead) > EXAMPLES
