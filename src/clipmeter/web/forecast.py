"""What GET /v1/forecast answers."""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from clipmeter.billing.forecast import MICROS, Expected, Forecast
from clipmeter.model import utc_text


class EndpointForecast(msgspec.Struct, frozen=True):
    """What is expected of one endpoint by the end of the month."""

    endpoint: str
    price_micros: Annotated[int, Meta(description="Price of one more success past the free ones, in micro-dollars")]
    free_limit: Annotated[int, Meta(description="Free successes per calendar month")]
    free_used: int
    paid: Annotated[int, Meta(description="Charged successes so far")]
    charged_micros: Annotated[int, Meta(description="Charged so far, in micro-dollars")]
    successes_per_day: Annotated[float, Meta(description="The rate so far this month, rounded to a tenth")]
    expected_free: Annotated[int, Meta(description="Free successes by the end of the month")]
    expected_paid: Annotated[int, Meta(description="Charged successes by the end of the month")]
    expected_micros: Annotated[int, Meta(description="What they cost, in micro-dollars")]


class MonthForecast(msgspec.Struct, frozen=True):
    """What this month costs if it goes on as it has gone so far. Money in micro-dollars."""

    month: Annotated[str, Meta(description="Calendar month, UTC, YYYY-MM", examples=["2026-10"])]
    as_of: Annotated[str, Meta(description="The time of this forecast, UTC, YYYY-MM-DD HH:MM:SS")]
    as_of_timestamp: Annotated[int, Meta(description="The same as Unix seconds")]
    charged_micros: Annotated[int, Meta(description="Charged so far this month")]
    expected_micros: Annotated[int, Meta(description="Expected by the end of the month, at the rate so far")]
    at_most_micros: Annotated[
        int, Meta(description="The same, as far as the spending limits and the payment method let it come")
    ]
    payment: Annotated[
        Literal["none", "invoice", "card"], Meta(description="How the account pays; none: paid requests are refused")
    ]
    daily_limit_micros: Annotated[int | None, Meta(description="The account's limit per day; null: none")]
    monthly_limit_micros: Annotated[int | None, Meta(description="The account's limit per month; null: none")]
    endpoints: tuple[EndpointForecast, ...]


def shown(forecast: Forecast) -> MonthForecast:
    """A forecast as callers get it."""
    return MonthForecast(
        month=forecast.month,
        as_of=utc_text(forecast.now // MICROS),
        as_of_timestamp=forecast.now // MICROS,
        charged_micros=forecast.charged_micros,
        expected_micros=forecast.expected_micros,
        at_most_micros=forecast.at_most_micros,
        payment=forecast.bounds.payment,
        daily_limit_micros=forecast.bounds.daily_limit,
        monthly_limit_micros=forecast.bounds.monthly_limit,
        endpoints=tuple(_endpoint(one) for one in forecast.endpoints),
    )


def _endpoint(one: Expected) -> EndpointForecast:
    return EndpointForecast(
        endpoint=one.endpoint,
        price_micros=one.price_micros,
        free_limit=one.free_limit,
        free_used=one.so_far.free,
        paid=one.so_far.paid,
        charged_micros=one.so_far.charged_micros,
        successes_per_day=one.per_day,
        expected_free=one.free,
        expected_paid=one.paid,
        expected_micros=one.micros,
    )
