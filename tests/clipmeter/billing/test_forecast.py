"""What this month would cost: exact arithmetic of whole requests, and the same from a real ledger."""

from calendar import timegm

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bank import SEARCH, VIDEO
from clipmeter.billing.forecast import DAY, MICROS, Bounds, SoFar, at_most, expect, forecast_of, month_of
from clipmeter.billing.rules import Terms
from clipmeter.billing.terms import TermsBook
from clipmeter.errors import InvalidParameter

PRICE = 6_000
TERMS = Terms(PRICE, 50, 3)
NO_LIMIT = Bounds("card", None, None, 0)


def at(*when):
    """A moment as micro-seconds."""
    return timegm((*when, 0, 0, 0)[:6]) * MICROS


def test_half_of_the_month():
    """300 successes in the first 15 of 30 days are 600 by the end: 50 free, 550 paid."""
    expected = expect(VIDEO, TERMS, SoFar(50, 250, 250 * PRICE), at(2026, 11, 16))
    assert (expected.free, expected.paid, expected.micros) == (50, 550, 550 * PRICE)
    assert expected.per_day == 20.0


def test_free_ones_go_first():
    """20 in 10 of 30 days are 60 by the end: the rest of the free ones, then 10 paid."""
    expected = expect(VIDEO, TERMS, SoFar(20, 0, 0), at(2026, 11, 11))
    assert (expected.free, expected.paid, expected.micros) == (50, 10, 10 * PRICE)


def test_the_first_minutes_of_a_month():
    """A burst on the first day counts as that day's, not as what every five minutes bring."""
    expected = expect(VIDEO, Terms(PRICE, 0, 3), SoFar(0, 10, 10 * PRICE), at(2026, 11, 1) + 300 * MICROS)
    assert 300 <= expected.paid <= 310
    assert expected.per_day == 10.0


def test_an_account_of_yesterday():
    """The rate of an account that was made within the month counts from then."""
    now = at(2026, 11, 21)
    expected = expect(VIDEO, TERMS, SoFar(50, 30, 30 * PRICE), now, now - 2 * DAY)
    assert (expected.per_day, expected.free, expected.paid) == (40.0, 50, 30 + 400)
    assert expect(VIDEO, TERMS, SoFar(50, 30, 0), now, now).per_day == 80.0
    assert expect(VIDEO, TERMS, SoFar(50, 30, 0), now, at(2026, 1, 1)).per_day == 4.0


def test_a_price_that_changed():
    """What was charged stays as it was charged; what comes costs the price of now."""
    expected = expect(VIDEO, Terms(1_000, 0, 3), SoFar(0, 15, 15 * PRICE), at(2026, 11, 16))
    assert (expected.paid, expected.micros) == (30, 15 * PRICE + 15 * 1_000)


@pytest.mark.parametrize(
    ("when", "begins", "ends"),
    [
        ((2026, 12, 31), (2026, 12, 1), (2027, 1, 1)),
        ((2027, 1, 1), (2027, 1, 1), (2027, 2, 1)),
        ((2028, 2, 29), (2028, 2, 1), (2028, 3, 1)),
    ],
)
def test_months(when, begins, ends):
    """A month ends where the next one begins, over New Year and in leap years."""
    assert month_of(at(*when)) == (at(*begins), at(*ends))
    assert month_of(at(*ends) - 1)[1] == at(*ends)


def test_limits_bound_it():
    """The monthly limit, and the daily one times the days left, keep the charges down; what was charged stays."""
    now = at(2026, 11, 29) + DAY // 2
    assert at_most(NO_LIMIT, 100, 900, now) == 900
    assert at_most(Bounds("card", None, 500, 0), 100, 900, now) == 500
    assert at_most(Bounds("card", None, 50, 0), 100, 900, now) == 100
    assert at_most(Bounds("card", 30, None, 10), 100, 900, now) == 100 + 20 + 30
    assert at_most(Bounds("card", 30, None, 40), 100, 900, now) == 100 + 30
    assert at_most(Bounds("none", None, None, 0), 0, 900, now) == 0


@given(
    free=st.integers(0, 50),
    paid=st.integers(0, 10**6),
    limit=st.integers(0, 10**4),
    now=st.integers(at(2024, 1, 1), at(2030, 1, 1)),
    age=st.integers(-DAY, 100 * DAY),
)
def test_it_only_grows(free, paid, limit, now, age):
    """Nothing is expected to be fewer than it is, and the free tier is never passed by what is to come."""
    so_far = SoFar(free, paid, paid * PRICE)
    expected = expect(VIDEO, Terms(PRICE, limit, 3), so_far, now, now - age)
    assert expected.paid >= paid
    assert free <= expected.free <= max(free, limit)
    assert expected.micros == expected.paid * PRICE
    if expected.paid > paid:
        assert expected.free >= limit


async def test_from_the_ledger(bank):
    """The account's own successes, terms and limits are what counts."""
    caller = await bank.caller(payment="card")
    book = TermsBook(bank.store, bank.terms)
    await bank.succeed(caller, 7, SEARCH)
    await bank.limits.set(caller.account_id, daily_micros=None, monthly_micros=25_000)
    await book.set(caller.account_id, VIDEO, {"free_requests": 10})
    forecast = await forecast_of(bank.store, caller.account_id, bank.terms)
    video, search = forecast.endpoints
    assert (video.endpoint, video.free_limit, video.so_far, video.micros) == (VIDEO, 10, SoFar(0, 0, 0), 0)
    assert search.so_far == SoFar(5, 2, 20_000)
    assert (forecast.charged_micros, forecast.expected_micros) == (20_000, search.micros)
    assert forecast.at_most_micros == min(25_000, search.micros)
    assert forecast.now < forecast.month_ends


async def test_nobody(bank):
    """An unknown account has no forecast."""
    with pytest.raises(InvalidParameter):
        await forecast_of(bank.store, "nobody", bank.terms)
