"""How endpoints and sources did, as the status page tells it. Pure: counts go in, lines for people come out.

answered    successes, and posts that do not exist: saying so is an answer
failed      the server's own faults, and TikTok refusing, failing or keeping silent
left out    what says nothing of the service: wrong keys and parameters, limits, callers who hung up
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from math import floor

from clipmeter.errors import NotFound, Problem
from clipmeter.records.board import Look
from clipmeter.records.health import Spell
from clipmeter.records.latency import Latency, together
from clipmeter.records.statistics import day_of
from clipmeter.web.openapi import problems

GOOD, SOME, BAD, NONE = "good", "some", "bad", "none"
HEIGHT = 60
"""Of a bar, in units of its picture."""
_MOSTLY = 0.9
"""From this share of answers on only some have failed."""
_LEAST, _GAP, _STUB = 14, 4, 8
_FAULT = 500
_ANSWERS = frozenset(("", NotFound.code))
_FAULTS = frozenset(
    kind.code for kind in problems(Problem) if kind.status >= _FAULT or kind.code.startswith("upstream_")
)


@dataclass(frozen=True, slots=True)
class Bar:
    """A piece of a day's bar, for a picture that is HEIGHT high and has its zero at the top."""

    kind: str
    top: int
    height: int


@dataclass(frozen=True, slots=True)
class Outcome:
    """How some requests, or tries of a source, went."""

    answered: int
    failures: tuple[tuple[str, int], ...]
    """How often which code, the most frequent first."""
    latency: Latency
    """Of these, those that failed included."""

    @property
    def failed(self) -> int:
        """How many failed."""
        return sum(number for _, number in self.failures)

    @property
    def counted(self) -> int:
        """How many these words rest on."""
        return self.answered + self.failed

    @property
    def percent(self) -> str:
        """How many of a hundred were answered, never rounded up; "" when there were none."""
        if not self.counted:
            return ""
        return "100" if not self.failed else f"{floor(10_000 * self.answered / self.counted) / 100:.2f}"

    @property
    def kind(self) -> str:
        """In one word: nothing was asked, all were answered, some failed, many failed."""
        if not self.counted:
            return NONE
        if not self.failed:
            return GOOD
        return SOME if self.answered >= _MOSTLY * self.counted else BAD

    @property
    def half_ms(self) -> int | None:
        """Half of them took at most so many milliseconds."""
        return self.latency.at_most(0.5)

    @property
    def most_ms(self) -> int | None:
        """95 of 100 took at most so many milliseconds."""
        return self.latency.at_most(0.95)


@dataclass(frozen=True, slots=True)
class Spot:
    """One day."""

    day: date
    outcome: Outcome

    @property
    def bars(self) -> tuple[Bar, ...]:
        """The day as a picture: what failed above what was answered."""
        outcome = self.outcome
        if not outcome.counted:
            return (Bar(NONE, HEIGHT - _STUB, _STUB),)
        if not outcome.failed:
            return (Bar(GOOD, 0, HEIGHT),)
        failed = max(_LEAST, round(HEIGHT * outcome.failed / outcome.counted))
        rest = HEIGHT - failed - _GAP
        above = Bar(outcome.kind, 0, failed)
        return (above, Bar(GOOD, failed + _GAP, rest)) if outcome.answered and rest > 0 else (above,)


@dataclass(frozen=True, slots=True)
class Line:
    """An endpoint or a source."""

    name: str
    spots: tuple[Spot, ...]
    """Every day, the oldest first."""
    whole: Outcome
    recent: Outcome
    """The last hours."""

    @property
    def asked(self) -> tuple[Spot, ...]:
        """The days on which anything was asked, the newest first."""
        return tuple(spot for spot in reversed(self.spots) if spot.outcome.counted)


def lines(names: Iterable[str], look: Look, days: Sequence[Spell], recent: Sequence[Spell]) -> list[Line]:
    """A line for each name, and for each that is only in the records."""
    every = dict.fromkeys([*names, *sorted({spell.who for spell in days})])
    return [_line(name, look, days, recent) for name in every]


def outcome(spells: Iterable[Spell]) -> Outcome:
    """How it went, all together."""
    counted = [spell for spell in spells if spell.code in _ANSWERS or spell.code in _FAULTS]
    failures: Counter[str] = Counter()
    for spell in counted:
        if spell.code not in _ANSWERS:
            failures[spell.code] += spell.number
    answered = sum(spell.number for spell in counted if spell.code in _ANSWERS)
    return Outcome(answered, tuple(failures.most_common()), together(spell.latency for spell in counted))


def _line(name: str, look: Look, days: Sequence[Spell], recent: Sequence[Spell]) -> Line:
    by_day: dict[int, list[Spell]] = {day: [] for day in range(look.first_day, look.today + 1)}
    for spell in days:
        if spell.who == name and spell.day in by_day:
            by_day[spell.day].append(spell)
    spots = tuple(Spot(day_of(day), outcome(its)) for day, its in by_day.items())
    own = [spell for its in by_day.values() for spell in its]
    return Line(name, spots, outcome(own), outcome(spell for spell in recent if spell.who == name))
