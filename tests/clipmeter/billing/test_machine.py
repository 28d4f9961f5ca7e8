"""The ledger against a model of it in a few lines: any sequence of events, same answers, same books."""

import asyncio
import shutil
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from uuid import uuid4

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, initialize, invariant, precondition, rule

from clipmeter.billing.accounts import Accounts
from clipmeter.billing.keys import Keys
from clipmeter.billing.ledger import Ledger, Terms
from clipmeter.errors import Problem
from clipmeter.store.sqlite import SqliteStore

TERMS = {"video": Terms(6_000, 3, 3), "search": Terms(10_000, 2, 1)}
MONTH = 31 * 86_400
HOLD_SECONDS = 60.0


@dataclass
class Model:
    """What the books must say. Rows are [account, endpoint, month number, state, mode, price]."""

    payment: dict[str, str] = field(default_factory=dict)
    blocked: set[str] = field(default_factory=set)
    revoked: set[tuple[str, str]] = field(default_factory=set)
    rows: dict[str, list] = field(default_factory=dict)
    month: int = 0

    def count(self, account, endpoint, *, month=None, state="reserved", mode="live", price=None):
        """How many rows are like this."""
        return sum(
            row[:2] == [account, endpoint]
            and row[3:5] == [state, mode]
            and (month is None or row[2] == month)
            and (price is None or (row[5] == 0) == (price == 0))
            for row in self.rows.values()
        )

    def admit(self, account, endpoint, mode):  # noqa: PLR0911 - a row per answer
        """The answer to a request that does not wait: a kind or a code."""
        terms = TERMS[endpoint]
        if (account, mode) in self.revoked:
            return "invalid_api_key"
        if account in self.blocked:
            return "account_blocked"
        limit = 3 if mode == "test" else terms.concurrency
        if self.count(account, endpoint, mode=mode) >= limit:
            return "concurrency_limit_exceeded"
        if mode == "test":
            return "test"
        posted = self.count(account, endpoint, month=self.month, state="posted", price=0)
        if posted + self.count(account, endpoint, month=self.month) < terms.free_requests:
            return "free"
        if self.payment[account] != "none":
            return "paid"
        return "payment_required" if posted >= terms.free_requests else "concurrency_limit_exceeded"

    def post(self, request):
        """The charge, or a code."""
        account, endpoint, month, state, mode, price = row = self.rows[request]
        if state == "posted":
            return price
        if state != "reserved":
            return "service_unavailable"
        free = self.count(account, endpoint, month=month, state="posted", price=0) < TERMS[endpoint].free_requests
        if mode == "live" and not free and self.payment[account] == "none":
            row[3] = "voided"
            return "payment_required"
        row[3:] = ["posted", mode, 0 if free or mode == "test" else TERMS[endpoint].price_micros]
        return row[5]

    def end(self, state, requests):
        """Void or expire what is still reserved."""
        for request in requests:
            if self.rows[request][3] == "reserved":
                self.rows[request][3] = state


class LedgerMachine(RuleBasedStateMachine):
    """I1, I2, I5, I8, I9, I10."""

    holds = Bundle("holds")

    @initialize()
    def begin(self):
        self.loop = asyncio.new_event_loop()
        self.folder = Path(tempfile.mkdtemp())
        self.model = Model()
        self.shift = 0.0
        self.run(self.open())
        self.callers = {name: self.run(self.sign_up(payment)) for name, payment in (("a", "none"), ("b", "card"))}
        self.model.payment = {"a": "none", "b": "card"}

    def run(self, work):
        return self.loop.run_until_complete(work)

    async def open(self):
        self.store = SqliteStore(self.folder / "clipmeter.db")
        await self.store.open()
        self.store.clock_shift = self.shift
        self.keys = Keys(self.store, "x" * 32)
        self.accounts = Accounts(self.store, self.keys)
        self.ledger = Ledger(self.store, TERMS, hold_seconds=HOLD_SECONDS)
        await self.ledger.start()

    async def sign_up(self, payment):
        made = await self.accounts.create(f"{uuid4().hex}@example.com", payment=payment)
        return {"live": await self.keys.find(made.key), "test": await self.keys.find(made.test_key)}

    def answer(self, work):
        try:
            return self.run(work)
        except Problem as problem:
            return problem.code

    @rule(target=holds, who=st.sampled_from("ab"), endpoint=st.sampled_from([*TERMS, "video"]), test=st.booleans())
    def admit(self, who, endpoint, test):
        mode = "test" if test else "live"
        expected = self.model.admit(who, endpoint, mode)
        request = uuid4().hex
        caller = self.callers[who][mode]
        got = self.answer(self.ledger.admit(caller, endpoint, video_id="1", request_id=request, within=0))
        assert getattr(got, "kind", got) == expected
        if isinstance(got, str):
            return None
        self.model.rows[request] = [who, endpoint, self.model.month, "reserved", mode, 0]
        return got

    @rule(hold=holds)
    def post(self, hold):
        if hold:
            got = self.answer(self.ledger.post(hold))
            assert getattr(got, "charge_micros", got) == self.model.post(hold.request_id)

    @rule(hold=consumes(holds))
    def void(self, hold):
        if hold:
            self.answer(self.ledger.void(hold, "not_found"))
            self.model.end("voided", [hold.request_id])

    @rule(who=st.sampled_from("ab"), payment=st.sampled_from(["none", "card", "invoice"]))
    def change_payment(self, who, payment):
        self.run(self.accounts.set_payment(self.callers[who]["live"].account_id, payment))
        self.model.payment[who] = payment

    @rule(who=st.sampled_from("ab"))
    def block_or_unblock(self, who):
        change = self.accounts.unblock if who in self.model.blocked else self.accounts.block
        self.run(change(self.callers[who]["live"].account_id))
        self.model.blocked ^= {who}

    @rule(who=st.sampled_from("ab"), mode=st.sampled_from(["live", "test"]))
    def revoke_or_enable(self, who, mode):
        change = self.keys.enable if (who, mode) in self.model.revoked else self.keys.revoke
        self.run(change(self.callers[who][mode].key_id))
        self.model.revoked ^= {(who, mode)}

    @rule()
    def next_month(self):
        self.shift += MONTH
        self.store.clock_shift = self.shift
        self.model.month += 1
        self.run(self.ledger.sweep())
        self.model.end("expired", self.model.rows)

    @precondition(lambda self: self.model.rows)
    @rule()
    def crash(self):
        self.run(self.kill())
        self.run(self.open())
        self.model.end("expired", self.model.rows)

    async def kill(self):
        self.ledger._sweeper.cancel()
        await self.store.close()

    async def rows(self):
        return {row.request_id: row async for row in self.ledger.show()}

    @invariant()
    def books_agree(self):
        rows = self.run(self.rows())
        got = {request: (row.state, row.price_micros if row.state == "posted" else 0) for request, row in rows.items()}
        assert got == {request: (row[3], row[5]) for request, row in self.model.rows.items()}
        for name, callers in self.callers.items():
            for endpoint in TERMS:
                running = self.run(self.ledger.standing(callers["live"], endpoint)).running
                assert running == self.model.count(name, endpoint)
        assert self.run(self.ledger.verify()) == []

    def teardown(self):
        if hasattr(self, "loop"):
            self.run(self.ledger.stop())
            self.run(self.store.close())
            self.run(self.loop.shutdown_default_executor())
            self.loop.close()
            shutil.rmtree(self.folder)


TestLedgerMachine = LedgerMachine.TestCase
TestLedgerMachine.settings = settings(
    max_examples=40, stateful_step_count=30, deadline=None, suppress_health_check=list(HealthCheck)
)
