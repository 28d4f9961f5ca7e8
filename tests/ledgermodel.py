"""What the books must say, in a few lines and with nothing of the ledger's: a list of rows, looked through each time.

One request at a time; nothing waits. Answers are a charge in micro-dollars, a kind (free, paid, test), a kept answer or
the code of a refusal.
"""

from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

TEST_LIMIT = 3


@dataclass
class Row:
    """An admitted request. `price`: while reserved the money kept for it, then what it cost."""

    account: str
    key: str
    endpoint: str
    day: date
    kind: str
    price: int
    state: str = "reserved"

    @property
    def month(self) -> str:
        """The month it counts in."""
        return f"{self.day:%Y-%m}"


@dataclass
class Model:
    """`terms`: endpoint → price, free requests, places. Keys are "live", "other" and "test" of each account."""

    terms: dict[str, tuple[int, int, int]]
    today: date
    payment: dict[str, str] = field(default_factory=dict)
    blocked: set[str] = field(default_factory=set)
    revoked: set[tuple[str, str]] = field(default_factory=set)
    daily: dict[str, int | None] = field(default_factory=dict)
    monthly: dict[str, int | None] = field(default_factory=dict)
    caps: dict[tuple[str, str], int | None] = field(default_factory=dict)
    rows: dict[str, Row] = field(default_factory=dict)
    """By request id, oldest first."""
    repeats: dict[tuple[str, str], tuple[str, str, date]] = field(default_factory=dict)
    """(account, scope) → what was asked, by which request, on which day."""
    kept: dict[str, bytes] = field(default_factory=dict)

    def those(self, **like: object) -> list[Row]:
        """The rows that are like this."""
        return [row for row in self.rows.values() if all(getattr(row, name) == want for name, want in like.items())]

    def in_flight(self, account: str, endpoint: str, *, test: bool = False) -> int:
        """Places that are taken."""
        rows = self.those(account=account, endpoint=endpoint, state="reserved")
        return sum((row.kind == "test") == test for row in rows)

    def used(self, account: str, endpoint: str, month: str) -> int:
        """Free successes of a month."""
        return len(self.those(account=account, endpoint=endpoint, month=month, state="posted", kind="free"))

    def money(self, **like: object) -> int:
        """What was charged or is kept for such requests."""
        return sum(row.price for row in self.those(**like) if row.state in {"posted", "reserved"})

    def too_dear(self, row: Row, price: int) -> str:
        """Which limit one more charge like this one would pass; "": none."""
        spans: list[tuple[str, int | None, dict[str, Any]]] = [
            ("daily_limit_exceeded", self.daily.get(row.account), {"day": row.day}),
            ("monthly_limit_exceeded", self.monthly.get(row.account), {"month": row.month}),
            ("monthly_limit_exceeded", self.caps.get((row.account, row.key)), {"month": row.month, "key": row.key}),
        ]
        for code, limit, like in spans:
            if limit is not None and self.money(account=row.account, **like) + price > limit:
                return code
        return ""

    def ask(self, account: str, key: str, endpoint: str) -> Row | str:
        """A row that is not in the books yet, a code, or "undecided"."""
        if (account, key) in self.revoked:
            return "invalid_api_key"
        if account in self.blocked:
            return "account_blocked"
        price, free, places = self.terms[endpoint]
        test = key == "test"
        if self.in_flight(account, endpoint, test=test) >= (TEST_LIMIT if test else places):
            return "concurrency_limit_exceeded"
        row = Row(account, key, endpoint, self.today, "test" if test else "free", 0)
        used = self.used(account, endpoint, row.month)
        pending = self.those(account=account, endpoint=endpoint, month=row.month, state="reserved")
        if test or used + sum(one.kind != "test" for one in pending) < free:
            return row
        if self.payment[account] == "none":
            return "payment_required" if used >= free else "undecided"
        row.kind, row.price = "paid", price
        return self.too_dear(row, price) or row

    def repeated(self, account: str, key: str, scope: str, asked: str) -> str | bytes:
        """What a repeat is told; "": it may run."""
        if (account, key) in self.revoked or account in self.blocked or (account, scope) not in self.repeats:
            return ""
        before, request, day = self.repeats[account, scope]
        if day < self.today:
            return ""
        if before != asked:
            return "invalid_parameter"
        if request in self.kept:
            return self.kept[request]
        return "idempotency_in_progress" if self.rows[request].state == "reserved" else ""

    def post(self, request: str, body: bytes | None = None) -> int | str:
        """A success."""
        row = self.rows[request]
        if row.state != "reserved":
            return row.price if row.state == "posted" else "service_unavailable"
        money, price = row.price, self.terms[row.endpoint][0]
        if row.kind != "test" and self.used(row.account, row.endpoint, row.month) < self.terms[row.endpoint][1]:
            row.kind, row.price, row.state = "free", 0, "posted"
            self.pass_on(row, money)
        elif row.kind != "test":
            refusal = "payment_required" if self.payment[row.account] == "none" else self.too_dear(row, price - money)
            if refusal:
                row.state, row.price = "voided", 0
                return refusal
            row.kind, row.price = "paid", price
        row.state = "posted"
        if body is not None:
            self.kept[request] = body
        return row.price

    def pass_on(self, row: Row, money: int) -> None:
        """What became free leaves its money to the oldest free one in flight, which will be charged instead."""
        account = row.account
        limits = (self.daily.get(account), self.monthly.get(account), self.caps.get((account, row.key)))
        if not money or limits == (None, None, None):
            return
        like = {"account": account, "key": row.key, "endpoint": row.endpoint, "day": row.day, "kind": "free"}
        for heir in self.those(**like, state="reserved")[:1]:
            heir.kind, heir.price = "paid", money

    def charge(self, request: str, account: str, key: str, endpoint: str) -> int | str | None:
        """A success in one step; None: undecided."""
        row = self.ask(account, key, endpoint)
        if isinstance(row, str):
            return None if row == "undecided" else row
        self.rows[request] = row
        return self.post(request)

    def end(self, state: str, rows: list[Row]) -> None:
        """Void or expire those that are still reserved."""
        for row in rows:
            if row.state == "reserved":
                row.state, row.price = state, 0

    def lower(self, limit: int | None, span: str, **whose: object) -> None:
        """Take the money from the newest in flight that do not fit any more, in each day or month (`span`)."""
        if limit is None:
            return
        rows = [row for row in self.those(**whose, state="reserved") if row.price]
        for row in reversed(rows):
            if self.money(**whose, **{span: getattr(row, span)}) > limit:
                row.price = 0

    def tomorrow(self, days: int = 1) -> None:
        """Time goes by."""
        self.today += timedelta(days)
