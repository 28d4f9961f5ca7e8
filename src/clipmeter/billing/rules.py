"""The rules of money: pure decisions from facts. Nothing here waits, reads or writes.

Rule 1: the free requests of a month go first, card or not, in the order in which requests succeed.
Rule 2: a refusal says why, and only what is true now: 402 only when all free requests have succeeded and nothing pays.
Rule 3: what is decided at admission is decided again when a success is posted.
"""

from dataclasses import dataclass
from typing import Literal

from clipmeter.errors import (
    AccountBlocked,
    ConcurrencyLimitExceeded,
    InvalidApiKey,
    PaymentRequired,
    Problem,
)

Mode = Literal["live", "test"]
Kind = Literal["free", "paid", "own", "test"]
TEST_CONCURRENCY = 3


@dataclass(frozen=True, slots=True)
class Terms:
    """What an endpoint costs: micro-dollars per success, free successes per calendar month, requests in flight."""

    price_micros: int
    free_requests: int
    concurrency: int


@dataclass(frozen=True, slots=True)
class Standing:
    """Where an account stands at an endpoint."""

    free_remaining: int
    """Free successes left this month."""
    running: int
    """Requests in flight, of live keys or of test keys."""
    limit: int | None
    """How many may be; None: any number."""
    charge_micros: int
    """What this request cost."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What the database knows when a request asks to be admitted."""

    account_kind: Literal["user", "operator"]
    account_status: Literal["active", "blocked"]
    payment: Literal["none", "invoice", "card"]
    key_status: Literal["active", "revoked", "deleted"]
    free_posted: int
    pending: int
    """Requests in flight that may still take a free one: live, admitted this month."""
    running: int


@dataclass(frozen=True, slots=True)
class Grant:
    """Yes: at this kind and price."""

    kind: Kind
    price_micros: int


@dataclass(frozen=True, slots=True)
class Wait:
    """Not yet: requests in flight may use up the free ones, or fail and give theirs back."""

    running: int


@dataclass(frozen=True, slots=True)
class Reserved:
    """What the database knows when a request has ended."""

    state: Literal["reserved", "posted", "voided", "expired"]
    kind: Kind
    price_micros: int
    payment: Literal["none", "invoice", "card"]
    free_posted: int
    """In the month of the request."""
    others_running: int


def limit_of(kind: str, mode: str, terms: Terms) -> int | None:
    """How many requests may be in flight; None: any number (the operator's live keys)."""
    if mode == "test":
        return TEST_CONCURRENCY
    return None if kind == "operator" else terms.concurrency


def decide(facts: Facts, mode: Mode, terms: Terms, *, waiting: int = 0) -> Grant | Wait | Problem:
    """Whether to admit a request. `waiting`: requests of the account that wait for a place and come before this one."""
    if facts.key_status != "active":
        return InvalidApiKey()
    if facts.account_status != "active":
        return AccountBlocked()
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
    if facts.payment != "none":
        return Grant("paid", terms.price_micros)
    if facts.free_posted < terms.free_requests:
        return Wait(facts.running)
    return PaymentRequired()


def settle(row: Reserved, terms: Terms) -> Grant | None:
    """As what a success counts, in the order of successes; None: the free ones are gone and nothing pays."""
    if row.kind in ("own", "test"):
        return Grant(row.kind, 0)
    if row.free_posted < terms.free_requests:
        return Grant("free", 0)
    if row.payment == "none":
        return None
    return Grant("paid", row.price_micros if row.kind == "paid" else terms.price_micros)
