"""What a request would cost if it was sent now, in words: as the ledger would decide, and nothing rounded."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

from clipmeter.billing.money import short_dollars
from clipmeter.billing.rules import Grant, Mode, Outlook, Terms, Wait
from clipmeter.errors import Problem

_DECEMBER = 12


@dataclass(frozen=True, slots=True)
class Cost:
    """What a request would cost."""

    short: str
    """In a word or two."""
    sentence: str
    mood: Literal["good", "note", "bad"]
    code: str = ""
    """Of the error that it would get; "" for none."""


def cost_of(outlook: Outlook, mode: Mode, month: str) -> Cost:
    """The cost of a request with a key of this mode. `month`: which one it is, YYYY-MM."""
    verdict, terms = outlook.verdict, outlook.terms
    if isinstance(verdict, Problem):
        said = f"It would be refused with {verdict.status} and cost nothing: {verdict.message}"
        return Cost(f"refused: {verdict.status}", said, "bad", verdict.code)
    if mode == "test":
        return Cost("free", "Free: test keys get invented answers and are never charged.", "good")
    if isinstance(verdict, Wait):
        said = "Free, if it comes to it: your last free requests are in flight, and this one waits for their end."
        return Cost("free, or refused", said, "note")
    return _granted(verdict, outlook.free_left, terms, month)


def _granted(grant: Grant, free_left: int, terms: Terms, month: str) -> Cost:
    if grant.kind == "own":
        return Cost("free", "Free: the operator's own requests cost nothing.", "good")
    if not grant.price_micros and not terms.price_micros:
        return Cost("free", "Free: successful requests cost nothing here.", "good")
    if not grant.price_micros:
        left = f"{free_left:,} of {terms.free_requests:,} free requests are left"
        return Cost("free", f"Free: {left} this month. They reset {reset(month)}.", "good")
    price = short_dollars(grant.price_micros)
    used = f" The free requests of this month are used up; they reset {reset(month)}." if terms.free_requests else ""
    return Cost(price, f"{price} if it succeeds, nothing if it fails.{used}", "note")


def reset(month: str) -> str:
    """When a month (YYYY-MM) is over: 1 Dec 00:00 UTC."""
    at = datetime.strptime(month, "%Y-%m").replace(tzinfo=UTC)
    after = at.replace(year=at.year + 1, month=1) if at.month == _DECEMBER else at.replace(month=at.month + 1)
    return f"{after.day} {after:%b} 00:00 UTC"
