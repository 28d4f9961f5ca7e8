"""Spending limits: how much an account may be charged in a day and a month, and a key in a month. All UTC.

Rule: what is posted and what is reserved never pass a limit together, not even while it is lowered. So lowering one
takes the money from the reservations that no longer fit, newest first. They go on, and are asked again when they
succeed.
"""

from dataclasses import dataclass

from clipmeter.errors import InvalidParameter
from clipmeter.store.base import Lock, Query, Row, Step, Steps, Store, plan

MOST = 10**15
"""Micro-dollars: no limit can be higher."""


@dataclass(frozen=True, slots=True)
class Limits:
    """The limits of an account and what it was charged, in micro-dollars. None: no limit."""

    daily_micros: int | None
    monthly_micros: int | None
    today_micros: int
    this_month_micros: int


@dataclass(frozen=True, slots=True)
class KeyCap:
    """What one key may be charged in a month and was charged in this one, in micro-dollars. None: no cap."""

    key_id: str
    monthly_micros: int | None
    this_month_micros: int


class SpendingLimits:
    """The limits of all accounts."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def get(self, account_id: str) -> Limits:
        """The limits of an account. Raises InvalidParameter when it is unknown."""
        return await self._store.read(_get(account_id))

    async def set(self, account_id: str, *, daily_micros: int | None, monthly_micros: int | None) -> None:
        """Set both limits; None removes one. At once, for requests in flight too. Raises InvalidParameter."""
        for limit in (daily_micros, monthly_micros):
            _check(limit)
        await self._store.write(_set(account_id, daily_micros, monthly_micros))

    async def set_for_key(self, account_id: str, key_id: str, monthly_micros: int | None) -> None:
        """Cap what one key may be charged in a month; None removes the cap. Raises InvalidParameter."""
        _check(monthly_micros)
        await self._store.write(_set_for_key(account_id, key_id, monthly_micros))

    async def owner(self, key_id: str) -> str:
        """The account that a key belongs to. Raises InvalidParameter when it is unknown or deleted."""
        return await self._store.read(_owner(key_id))

    async def of_keys(self, account_id: str) -> list[KeyCap]:
        """The account's keys with their caps, oldest first, without deleted ones."""
        return await self._store.read(_of_keys(account_id))


def _check(limit: int | None) -> None:
    if limit is not None and not 0 <= limit <= MOST:
        raise InvalidParameter(f"A spending limit must be 0 to {MOST} micro-dollars, or none.")


@plan
def _get(account_id: str) -> Steps[Limits]:
    rows = yield Query("limits_get", {"account_id": account_id})
    if not rows:
        raise InvalidParameter("There is no such account.")
    ((today, this_month),) = yield Query("spent_of", {"account_id": account_id})
    daily, monthly = rows[0]
    return Limits(daily, monthly, today, this_month)


@plan
def _owner(key_id: str) -> Steps[str]:
    rows = yield Query("key_owner", {"key_id": key_id})
    if not rows:
        raise InvalidParameter("There is no such key.")
    return str(rows[0][0])


@plan
def _of_keys(account_id: str) -> Steps[list[KeyCap]]:
    rows = yield Query("key_caps", {"account_id": account_id})
    return [KeyCap(*row) for row in rows]


@plan
def _set(account_id: str, daily: int | None, monthly: int | None) -> Steps[None]:
    yield Lock(account_id)
    if not (yield Query("limits_set", {"account_id": account_id, "daily_limit": daily, "monthly_limit": monthly})):
        raise InvalidParameter("There is no such account.")
    if daily is not None:
        yield from _fit(account_id, "day", daily)
    if monthly is not None:
        yield from _fit(account_id, "month", monthly)


@plan
def _set_for_key(account_id: str, key_id: str, monthly: int | None) -> Steps[None]:
    yield Lock(account_id)
    if not (yield Query("key_limit_set", {"account_id": account_id, "key_id": key_id, "key_limit": monthly})):
        raise InvalidParameter("There is no such key.")
    if monthly is not None:
        yield from _fit(account_id, "month", monthly, key_id)


@plan
def _fit(account_id: str, span: str, limit: int, key_id: str = "") -> Steps[None]:
    """Take the money from reservations of each day or month (`span`) that pass the limit; of one key if it is named."""
    rows = yield Query("reserved_money", {"account_id": account_id})
    reserved = [row for row in rows if not key_id or row[3] == key_id]
    for period in sorted({_period(row, span) for row in reserved}):
        its = [row for row in reserved if _period(row, span) == period]
        ((posted,),) = yield _posted(account_id, period, key_id)
        over = posted + sum(row[4] for row in its) - limit
        for request_id, *_, price in its:
            if over <= 0:
                break
            yield Query("release_money", {"account_id": account_id, "request_id": request_id})
            over -= price


def _period(row: Row, span: str) -> str:
    return str(row[1] if span == "day" else row[2])


def _posted(account_id: str, period: str, key_id: str) -> Step:
    is_day = len(period) == len("2026-11-22")
    days = {"from_day": period if is_day else f"{period}-01", "until_day": period if is_day else f"{period}-31"}
    if key_id:
        return Query("posted_money_of_key", {"account_id": account_id, "key_id": key_id, **days})
    return Query("posted_money", {"account_id": account_id, **days})
