"""The days that a page of statistics is about."""

from dataclasses import dataclass
from datetime import date, timedelta

LENGTHS = (7, 30, 90)
USUAL = 30
_MONTHS = 13
"""As many as sums are kept for."""


@dataclass(frozen=True, slots=True)
class Span:
    """Some days on end, both ends included. `name`: as the address has it, `30` or `2026-11`."""

    name: str
    label: str
    first: date
    last: date

    @property
    def days(self) -> tuple[date, ...]:
        """All of them, oldest first."""
        return tuple(self.first + timedelta(days=day) for day in range((self.last - self.first).days + 1))


def span_of(name: str, today: date) -> Span:
    """The span of that name; the usual one for a name that is none."""
    known = (*lengths(today), *months(today, date.min))
    return next((span for span in known if span.name == name), _length(USUAL, today))


def lengths(today: date) -> tuple[Span, ...]:
    """The last so many days, today included."""
    return tuple(_length(days, today) for days in LENGTHS)


def months(today: date, since: date) -> tuple[Span, ...]:
    """This month until today and those before it, the newest first, back to the one of `since`."""
    found = [_month(today.replace(day=1), today)]
    while len(found) < _MONTHS and found[-1].first > since:
        ends = found[-1].first - timedelta(days=1)
        found.append(_month(ends.replace(day=1), ends))
    return tuple(found)


def _length(days: int, today: date) -> Span:
    return Span(str(days), f"{days} days", today - timedelta(days=days - 1), today)


def _month(first: date, last: date) -> Span:
    return Span(f"{first:%Y-%m}", f"{first:%b %Y}", first, last)
