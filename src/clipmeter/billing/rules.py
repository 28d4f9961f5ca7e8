"""The rules of money: pure decisions from facts. Nothing here waits, reads or writes.

Rule 1: the free requests of a month go first, card or not, in the order in which requests succeed.
Rule 2: a refusal says why, and only what is true now: 402 only when all free requests have succeeded and nothing pays.
Rule 3: what is decided at admission is decided again when a success is posted.
Rule 4: what is spent and what is reserved never pass a spending limit together, whoever asks first.
"""

from calendar import timegm
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal, NamedTuple

from clipmeter.errors import (
    AccountBlocked,
    ConcurrencyLimitExceeded,
    DailyLimitExceeded,
    InvalidApiKey,
    MonthlyLimitExceeded,
    PaymentRequired,
    Problem,
    TooManyRequests,
)

Mode = Literal["live", "test"]
Kind = Literal["free", "paid", "own", "test"]
TEST_CONCURRENCY = 3

# What is made anew for each request is a NamedTuple: a frozen dataclass takes more than twice as long to make.


@dataclass(frozen=True, slots=True)
class Terms:
    """What an endpoint costs: micro-dollars per success, free successes per calendar month, requests in flight."""

    price_micros: int
    free_requests: int
    concurrency: int


class Standing(NamedTuple):
    """Where an account stands at an endpoint."""

    free_remaining: int
    """Free successes left this month."""
    running: int
    """Requests in flight, of live keys or of test keys."""
    limit: int | None
    """How many may be; None: any number."""
    charge_micros: int
    """What this request cost."""


class Spending(NamedTuple):
    """What an account may spend and has spent, reservations included, in micro-dollars.

    A limit of None: there is none, and what was spent is not counted.
    """

    daily_limit: int | None
    monthly_limit: int | None
    key_limit: int | None
    """Of the key that was sent, in a month."""
    today: int
    this_month: int
    by_key: int
    now: int
    """Micro-seconds since 1970, UTC."""

    @property
    def limited(self) -> bool:
        """Whether there is any limit."""
        return not (self.daily_limit is None and self.monthly_limit is None and self.key_limit is None)


UNLIMITED = Spending(None, None, None, 0, 0, 0, 0)


class Facts(NamedTuple):
    """What the database knows when a request asks to be admitted."""

    account_kind: Literal["user", "operator"]
    account_status: Literal["active", "blocked"]
    payment: Literal["none", "invoice", "card"]
    key_status: Literal["active", "revoked", "deleted"]
    free_posted: int
    pending: int
    """Requests in flight that may still take a free one: live, admitted this month."""
    running: int
    day: str = "1970-01-01"
    """`YYYY-MM-DD`, UTC."""
    spending: Spending = UNLIMITED


class Grant(NamedTuple):
    """Yes: at this kind and price."""

    kind: Kind
    price_micros: int


@dataclass(frozen=True, slots=True)
class Wait:
    """Not yet: requests in flight may use up the free ones, or fail and give theirs back."""

    running: int
    limit: int
    """How many may be in flight."""


@dataclass(frozen=True, slots=True)
class Outlook:
    """What would become of a request that came now."""

    verdict: Grant | Wait | Problem
    free_left: int
    """Free successes left this month."""
    terms: Terms
    """In force for the account."""


class Reserved(NamedTuple):
    """What the database knows when a request has ended."""

    state: Literal["reserved", "posted", "voided", "expired"]
    kind: Kind
    price_micros: int
    payment: Literal["none", "invoice", "card"]
    free_posted: int
    """In the month of the request."""
    others_running: int
    spending: Spending = UNLIMITED
    """In the day and month of the request."""


def in_force(terms: Terms, price_micros: int | None, free_requests: int | None, concurrency: int | None) -> Terms:
    """The terms with what differs from them; None: that does not."""
    if price_micros is None and free_requests is None and concurrency is None:
        return terms
    return Terms(
        terms.price_micros if price_micros is None else price_micros,
        terms.free_requests if free_requests is None else free_requests,
        terms.concurrency if concurrency is None else concurrency,
    )


def limit_of(kind: str, mode: str, terms: Terms) -> int | None:
    """How many requests may be in flight; None: any number (the operator's live keys)."""
    if mode == "test":
        return TEST_CONCURRENCY
    return None if kind == "operator" else terms.concurrency


def unwelcome(facts: Facts) -> Problem | None:
    """Why this caller gets nothing at all; None: nothing is against it."""
    if facts.key_status != "active":
        return InvalidApiKey()
    return AccountBlocked() if facts.account_status != "active" else None


def decide(facts: Facts, mode: Mode, terms: Terms, *, waiting: int = 0) -> Grant | Wait | Problem:
    """Whether to admit a request. `waiting`: requests of the account that wait for a place and come before this one."""
    if problem := unwelcome(facts):
        return problem
    limit = limit_of(facts.account_kind, mode, terms)
    if limit is not None and facts.running + waiting >= limit:
        return ConcurrencyLimitExceeded(limit, facts.running + waiting)
    if mode == "test":
        return Grant("test", 0)
    if facts.account_kind == "operator":
        return Grant("own", 0)
    return _free_or_paid(facts, terms)


def _free_or_paid(facts: Facts, terms: Terms) -> Grant | Wait | Problem:
    if facts.free_posted + facts.pending < terms.free_requests:
        return Grant("free", 0)
    if facts.payment != "none" or not terms.price_micros:
        return over_limit(facts.spending, terms.price_micros, facts.running) or Grant("paid", terms.price_micros)
    if facts.free_posted < terms.free_requests:
        return Wait(facts.running, terms.concurrency)
    return PaymentRequired()


def over_limit(spending: Spending, price_micros: int, running: int) -> TooManyRequests | None:
    """Which spending limit stands against one more charge; None: it fits.

    While others are in flight some of the money may be given back soon; else it takes until the limit resets.
    """
    problem: TooManyRequests
    if spending.daily_limit is not None and spending.today + price_micros > spending.daily_limit:
        problem = DailyLimitExceeded()
        problem.retry_after = 1 if running else _until_tomorrow(spending.now)
    elif spending.monthly_limit is not None and spending.this_month + price_micros > spending.monthly_limit:
        problem = MonthlyLimitExceeded()
        problem.retry_after = 1 if running else _until_next_month(spending.now)
    elif spending.key_limit is not None and spending.by_key + price_micros > spending.key_limit:
        problem = MonthlyLimitExceeded("The monthly limit of this API key is reached; your other keys still work.")
        problem.retry_after = 1 if running else _until_next_month(spending.now)
    else:
        return None
    return problem


def _until_tomorrow(now_micros: int) -> int:
    return 86_400 - now_micros // 1_000_000 % 86_400


def _until_next_month(now_micros: int) -> int:
    now = datetime.fromtimestamp(now_micros // 1_000_000, UTC)
    first = (now.year + now.month // 12, now.month % 12 + 1, 1, 0, 0, 0)
    return timegm(first) - now_micros // 1_000_000


def settle(row: Reserved, terms: Terms) -> Grant | Problem:
    """As what a success counts, in the order of successes; a Problem: the free ones are gone and nothing pays."""
    if row.kind in ("own", "test"):
        return Grant(row.kind, 0)
    if row.free_posted < terms.free_requests:
        return Grant("free", 0)
    if row.payment == "none" and terms.price_micros:
        return PaymentRequired()
    price = row.price_micros or terms.price_micros
    return over_limit(row.spending, price - row.price_micros, row.others_running) or Grant("paid", price)
