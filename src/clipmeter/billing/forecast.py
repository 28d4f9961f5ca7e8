"""What this month would cost: what was counted so far, and the same daily rate until the month's end.

The rate is that of the month so far: its successes by the days that have passed since it began, or since there is such
an account, at least one day. Whole requests and micro-dollars, rounded down. All UTC, by the database's clock.
"""

from calendar import timegm
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from clipmeter.billing.accounts import Payment
from clipmeter.billing.rules import Terms
from clipmeter.billing.terms import terms_of
from clipmeter.errors import InvalidParameter
from clipmeter.store.base import Query, Steps, Store, plan

MICROS = 1_000_000
DAY = 86_400 * MICROS


@dataclass(frozen=True, slots=True)
class SoFar:
    """What an account has had of an endpoint this month. Money in micro-dollars."""

    free: int
    paid: int
    charged_micros: int


@dataclass(frozen=True, slots=True)
class Expected:
    """One endpoint's month: counted so far, and expected at its end. Money in micro-dollars."""

    endpoint: str
    price_micros: int
    """Of one more paid success."""
    free_limit: int
    so_far: SoFar
    per_day: float
    """Successes."""
    free: int
    paid: int
    micros: int


@dataclass(frozen=True, slots=True)
class Bounds:
    """What keeps an account from being charged more, in micro-dollars. None: no limit."""

    payment: Payment
    daily_limit: int | None
    monthly_limit: int | None
    today: int


@dataclass(frozen=True, slots=True)
class Forecast:
    """An account's month. Money in micro-dollars, times in micro-seconds since 1970, UTC."""

    now: int
    month_ends: int
    charged_micros: int
    expected_micros: int
    """At this rate, if nothing stood against it."""
    at_most_micros: int
    """The same as far as the account's limits, and its way to pay, let it come."""
    bounds: Bounds
    endpoints: Sequence[Expected]

    @property
    def month(self) -> str:
        """The calendar month it is: `YYYY-MM`."""
        return datetime.fromtimestamp(self.now // MICROS, UTC).strftime("%Y-%m")


async def forecast_of(store: Store, account_id: str, defaults: Mapping[str, Terms]) -> Forecast:
    """The forecast of an account, at its own terms. Raises InvalidParameter when it is unknown."""
    return await store.read(_forecast_of(account_id, defaults))


def expect(endpoint: str, terms: Terms, so_far: SoFar, now: int, since: int = 0) -> Expected:
    """One endpoint's month at the rate of its part so far. `since`: when the account was made."""
    begins, ends = month_of(now)
    passed = max(now - max(begins, since), DAY)
    had = so_far.free + so_far.paid
    coming = had * (ends - now) // passed
    free = min(coming, max(0, terms.free_requests - so_far.free))
    paid = coming - free
    micros = so_far.charged_micros + paid * terms.price_micros
    per_day = round(had * DAY / passed, 1)
    total_free, total_paid = so_far.free + free, so_far.paid + paid
    return Expected(endpoint, terms.price_micros, terms.free_requests, so_far, per_day, total_free, total_paid, micros)


def at_most(bounds: Bounds, charged: int, expected: int, now: int) -> int:
    """What of the expected charges can come about, in micro-dollars; never less than was charged already."""
    if bounds.payment == "none":
        return charged
    most = expected
    if bounds.monthly_limit is not None:
        most = min(most, bounds.monthly_limit)
    if bounds.daily_limit is not None:
        days_after_today = (month_of(now)[1] - now - 1) // DAY
        most = min(most, charged + max(0, bounds.daily_limit - bounds.today) + bounds.daily_limit * days_after_today)
    return max(charged, most)


def month_of(now: int) -> tuple[int, int]:
    """When the month of a moment begins and ends: micro-seconds since 1970, UTC."""
    at = datetime.fromtimestamp(now // MICROS, UTC)
    begins = timegm((at.year, at.month, 1, 0, 0, 0))
    ends = timegm((at.year + at.month // 12, at.month % 12 + 1, 1, 0, 0, 0))
    return begins * MICROS, ends * MICROS


@plan
def _forecast_of(account_id: str, defaults: Mapping[str, Terms]) -> Steps[Forecast]:
    facts = yield Query("forecast_facts", {"account_id": account_id})
    if not facts:
        raise InvalidParameter("There is no such account.")
    *bounds, created_at, now = facts[0]
    month = datetime.fromtimestamp(now // MICROS, UTC).strftime("%Y-%m")
    rows = yield Query("usage_of", {"account_id": account_id, "which_month": month})
    sums = {endpoint: SoFar(free, paid, charged) for endpoint, free, paid, _, _, charged in rows}
    terms = yield from terms_of(account_id, defaults)
    none = SoFar(0, 0, 0)
    endpoints = [expect(name, its, sums.get(name, none), now, created_at) for name, its in terms.items()]
    return _added_up(Bounds(*bounds), endpoints, now)


def _added_up(bounds: Bounds, endpoints: Sequence[Expected], now: int) -> Forecast:
    charged = sum(one.so_far.charged_micros for one in endpoints)
    expected = sum(one.micros for one in endpoints)
    most = at_most(bounds, charged, expected, now)
    return Forecast(now, month_of(now)[1], charged, expected, most, bounds, endpoints)
