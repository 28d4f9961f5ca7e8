"""An account's requests by day, put together from the sums of the request log for pages and sheets."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

from clipmeter.records.latency import Latency, together
from clipmeter.records.statistics import ANY, Day, Only, Statistics
from clipmeter.web.pages.spans import Span

By = Literal["", "endpoint", "key"]
MODES = ("live", "test")


@dataclass(frozen=True, slots=True)
class Use:
    """Requests of a day, or of any days, that have a mode and perhaps an endpoint or a key (`part`) in common."""

    day: date
    part: str
    mode: str
    requests: int
    answered: int
    paid: int
    charged_micros: int
    latency: Latency
    """Of those that were answered."""

    @property
    def free(self) -> int:
        """Answered for live keys at no charge."""
        return self.answered - self.paid if self.mode == "live" else 0

    @property
    def test(self) -> int:
        """Answered for test keys."""
        return self.answered if self.mode == "test" else 0

    @property
    def failed(self) -> int:
        """Answered with an error."""
        return self.requests - self.answered


@dataclass(frozen=True, slots=True)
class Sums:
    """All of a span."""

    span: Span
    by: By
    uses: tuple[Use, ...]
    failures: tuple[Day, ...]
    """By day and code."""

    @property
    def parts(self) -> tuple[str, ...]:
        """The endpoints or keys, those with the most requests first."""
        found: dict[str, int] = {}
        for use in self.uses:
            found[use.part] = found.get(use.part, 0) + use.requests
        return tuple(sorted(found, key=lambda part: (-found[part], part)))

    @property
    def codes(self) -> tuple[str, ...]:
        """The codes of failures, the most frequent first."""
        found: dict[str, int] = {}
        for one in self.failures:
            found[one.part] = found.get(one.part, 0) + one.requests
        return tuple(sorted(found, key=lambda code: (-found[code], code)))

    def of(self, part: str) -> tuple[Use, ...]:
        """What one endpoint or key was used for."""
        return tuple(use for use in self.uses if use.part == part)

    def each_day(self, number: Callable[[Use], int], uses: Iterable[Use] | None = None) -> tuple[int, ...]:
        """A number of each day of the span, 0 where nothing was asked."""
        found = dict.fromkeys(self.span.days, 0)
        for use in self.uses if uses is None else uses:
            found[use.day] += number(use)
        return tuple(found.values())

    def failed_each_day(self, codes: Sequence[str]) -> tuple[int, ...]:
        """How many of each day were answered with one of these codes."""
        found = dict.fromkeys(self.span.days, 0)
        for one in self.failures:
            found[one.day] += one.requests if one.part in codes else 0
        return tuple(found.values())

    def latency_each_day(self, share: float) -> tuple[int | None, ...]:
        """Milliseconds within which that share of a day's successes was answered; None for a day without any."""
        by_day: dict[date, list[Latency]] = {day: [] for day in self.span.days}
        for use in self.uses:
            by_day[use.day].append(use.latency)
        return tuple(together(parts).at_most(share) for parts in by_day.values())


def total(uses: Iterable[Use], number: Callable[[Use], int]) -> int:
    """A number of all of them."""
    return sum(map(number, uses))


async def sums_of(statistics: Statistics, account_id: str, span: Span, *, by: By, mode: str) -> Sums:
    """An account's sums; `mode`: `live` or `test`, "" for both."""
    uses: list[Use] = []
    for one in (mode,) if mode else MODES:
        every = await statistics.daily(account_id, span.first, span.last, by=by, only=Only(mode=one))
        good = await statistics.daily(account_id, span.first, span.last, by=by, only=Only(mode=one, code=""))
        uses += _uses(one, every, {(day.day, day.part): day.latency for day in good})
    failures = await statistics.daily(account_id, span.first, span.last, by="code", only=Only(mode=mode or ANY))
    uses.sort(key=lambda use: (use.day, use.part, use.mode))
    return Sums(span, by, tuple(uses), tuple(day for day in failures if day.part))


def _uses(mode: str, every: Iterable[Day], good: dict[tuple[date, str], Latency]) -> list[Use]:
    none = Latency()
    return [
        Use(
            day.day,
            day.part,
            mode,
            day.requests,
            day.answered,
            day.charged,
            day.charged_micros,
            good.get((day.day, day.part), none),
        )
        for day in every
    ]
