"""What an account is told of its spending: a letter for people, JSON for programs."""

import json
from dataclasses import dataclass

from clipmeter.billing.money import short_dollars

_SPANS = {"day": ("daily", "00:00 UTC"), "month": ("monthly", "the first of the month, 00:00 UTC")}


@dataclass(frozen=True, slots=True)
class Notice:
    """A share of a spending limit that is used. Money in micro-dollars."""

    account_id: str
    email: str
    span: str
    """`day` or `month`."""
    period: str
    """`YYYY-MM-DD` or `YYYY-MM`, UTC."""
    percent: int
    limit: int
    charged: int


def letter(notice: Notice) -> tuple[str, str]:
    """Subject and text of an e-mail."""
    name, resets = _SPANS[notice.span]
    used = "is reached" if notice.percent == 100 else f"is used to {notice.percent} %"
    then = (
        f"Requests that would be charged are refused until {resets}; free ones go on."
        if notice.percent == 100
        else f"When it is reached, requests that would be charged are refused until {resets}; free ones go on."
    )
    text = (
        f"The account {notice.email} was charged {short_dollars(notice.charged)} in {notice.period} (UTC).\n"
        f"Its {name} spending limit is {short_dollars(notice.limit)}.\n\n{then}\n\n"
        "You can change or remove the limit on the page of limits of your account.\n"
    )
    return f"Your {name} spending limit {used}", text


def payload(notice: Notice, now: int) -> str:
    """The JSON that is sent to a webhook. `now`: micro-seconds since 1970."""
    told = {
        "type": "spending_alert",
        "account_id": notice.account_id,
        "span": notice.span,
        "period": notice.period,
        "percent": notice.percent,
        "limit_micros": notice.limit,
        "charged_micros": notice.charged,
        "created_at": now // 1_000_000,
    }
    return json.dumps(told)
