"""What the ledger writes: the values of its queries, and what a success on the same facts has in common."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from clipmeter.billing.rules import Facts, Grant, Mode, Spending, Standing, Terms, limit_of
from clipmeter.billing.tickets import Asked, Ending, Hold
from clipmeter.store.base import Query


class Entry(NamedTuple):
    """What is written for a success of one step, but for whose it is; the same for every one on the same facts."""

    name: str
    """Of the queries."""
    values: Mapping[str, Any]
    ending: Ending


def entry_of(facts: Facts, grant: Grant, mode: Mode, terms: Terms) -> Entry:
    """How a success is written that counts as `grant`."""
    limit = limit_of(facts.account_kind, mode, terms)
    values = {
        **_granted(grant, terms, limit),
        **limit_values(facts.spending),
        **_counted((facts.day[:7], facts.day), grant),
    }
    left = free_left(terms, facts.free_posted + (grant.kind == "free"))
    ending = Ending("posted", Standing(left, facts.running, limit, grant.price_micros))
    return Entry("charge_row+" + _sums(grant), values, ending)


def whose(asked: Asked) -> dict[str, str | None]:
    """The request of a row."""
    return {
        "account_id": asked.account_id,
        "request_id": asked.request_id,
        "endpoint": asked.endpoint,
        "key_id": asked.key_id,
        "video_id": asked.video_id,
        "node_id": asked.node_id,
    }


def new_row(asked: Asked, grant: Grant, terms: Terms, slot_limit: int | None) -> dict[str, str | int | None]:
    """A new row, but for its state."""
    return {**whose(asked), **_granted(grant, terms, slot_limit)}


def row_name(account_id: str, request_id: str) -> dict[str, str]:
    """Which row."""
    return {"account_id": account_id, "request_id": request_id}


def limit_values(spending: Spending) -> dict[str, int | None]:
    """The spending limits in force for a row."""
    return {
        "daily_limit": spending.daily_limit,
        "monthly_limit": spending.monthly_limit,
        "key_limit": spending.key_limit,
    }


def counting(hold: Hold, grant: Grant) -> Query:
    """Add one posted row to the sums of its period."""
    named = {"account_id": hold.account_id, "endpoint": hold.endpoint, "key_id": hold.key_id}
    price = {"price_micros": grant.price_micros}
    return Query(_sums(grant), {**named, **price, **_counted((hold.month, hold.day), grant)})


def passing_on(account_id: str, endpoint: str, key_id: str, period: tuple[str, str], money: Grant) -> Query:
    """A charged request that became free leaves its money to the free one in flight that will be charged for it."""
    month, day = period
    values = {"account_id": account_id, "endpoint": endpoint, "key_id": key_id, "row_month": month, "row_day": day}
    return Query("pass_on", {**values, "price_micros": money.price_micros})


def free_left(terms: Terms, free_posted: int) -> int:
    """Free successes left this month."""
    return max(0, terms.free_requests - free_posted)


def _granted(grant: Grant, terms: Terms, slot_limit: int | None) -> dict[str, str | int | None]:
    return {
        "kind": grant.kind,
        "price_micros": grant.price_micros,
        "free_limit": terms.free_requests,
        "slot_limit": slot_limit,
    }


def _sums(grant: Grant) -> str:
    """The queries that add one posted row to the sums of its month and, when it was charged, of its day."""
    return "settle_usage+settle_spend" if grant.price_micros else "settle_usage"


def _counted(period: tuple[str, str], grant: Grant) -> dict[str, str | int]:
    month, day = period
    kind = grant.kind
    return {
        "row_month": month,
        "row_day": day,
        "free": int(kind == "free"),
        "paid": int(kind == "paid"),
        "own": int(kind == "own"),
        "test": int(kind == "test"),
    }
