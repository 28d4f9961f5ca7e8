"""How the service does, for everybody: from the server's own records, for people and as JSON for programs.

Nothing here names an account, a key, a post or an address.
"""

from dataclasses import dataclass, replace
from typing import Any

import msgspec

from clipmeter.errors import Problem, ServiceUnavailable
from clipmeter.model import utc_text
from clipmeter.records.board import DAYS, Look
from clipmeter.records.statistics import day_of
from clipmeter.web.envelope import JSON, problem_bytes
from clipmeter.web.pages.uptime import HEIGHT, Line, Outcome, lines, outcome
from clipmeter.web.pages.visit import Answer, Visit, public

_HOUR = 3_600
_encode = msgspec.json.Encoder().encode


class Sums(msgspec.Struct, frozen=True):
    """Some requests, or tries of a source. Bounds and the longest in milliseconds; null: there were none."""

    counted: int
    answered: int
    failed: dict[str, int]
    half_within_ms: int | None
    most_within_ms: int | None
    slowest_ms: int | None


class DaySums(Sums, frozen=True):
    """The same of a day."""

    day: str


class Told(msgspec.Struct, frozen=True):
    """An endpoint or a source. `days`: those on which anything was asked, the newest first."""

    name: str
    state: str | None
    """Of a source, at the process that answers: closed (it is asked), open (left out) or half-open (being tried)."""
    recent: Sums
    whole: Sums
    days: tuple[DaySums, ...]


class Status(msgspec.Struct, frozen=True):
    """All of the page. Times are UTC."""

    at: str
    recent_from: str
    first_day: str
    last_day: str
    endpoints: tuple[Told, ...]
    sources: tuple[Told, ...]


@dataclass(frozen=True, slots=True)
class Sheet:
    """What both forms are made of."""

    look: Look
    endpoints: list[Line]
    sources: list[Line]
    states: dict[str, str]

    @property
    def now(self) -> Outcome:
        """All endpoints in the last hours."""
        return outcome(self.look.recent.endpoints)

    @property
    def recent_from(self) -> str:
        """When the last hours begin: 13:00."""
        return utc_text(self.look.recent_hour * _HOUR)[11:16]

    @property
    def at(self) -> str:
        """When this was read, to the minute."""
        return utc_text(self.look.at)[:16]

    @property
    def is_empty(self) -> bool:
        """Nothing was asked of this server in all these days, as far as it knows."""
        return not any(line.whole.counted for line in (*self.endpoints, *self.sources))


async def _sheet(visit: Visit) -> Sheet:
    site = visit.site
    if not site.ready():
        raise ServiceUnavailable
    look, states = await site.board.look(), dict(site.breakers())
    endpoints = lines((one.name for one in site.endpoints), look, look.days.endpoints, look.recent.endpoints)
    return Sheet(look, endpoints, lines(states, look, look.days.sources, look.recent.sources), states)


async def show(visit: Visit) -> Answer:
    """The page; without a database it says so."""
    try:
        sheet = await _sheet(visit)
    except Problem as problem:
        return replace(visit, problem=problem).render("status.html", sheet=None)
    titles = {endpoint.name: endpoint.title for endpoint in visit.site.endpoints}
    return visit.render("status.html", sheet=sheet, titles=titles, count=DAYS, height=HEIGHT)


async def tell(visit: Visit) -> Answer:
    """The same for programs."""
    try:
        sheet = await _sheet(visit)
    except Problem as problem:
        return replace(visit, problem=problem).answer(problem_bytes(problem), JSON)
    return visit.answer(_encode(_told(sheet)), JSON)


def _told(sheet: Sheet) -> Status:
    look = sheet.look
    return Status(
        at=utc_text(look.at),
        recent_from=utc_text(look.recent_hour * _HOUR),
        first_day=day_of(look.first_day).isoformat(),
        last_day=day_of(look.today).isoformat(),
        endpoints=tuple(_told_line(line, None) for line in sheet.endpoints),
        sources=tuple(_told_line(line, sheet.states.get(line.name)) for line in sheet.sources),
    )


def _told_line(line: Line, state: str | None) -> Told:
    days = tuple(DaySums(**_sums(spot.outcome), day=spot.day.isoformat()) for spot in line.asked)
    return Told(line.name, state, Sums(**_sums(line.recent)), Sums(**_sums(line.whole)), days)


def _sums(outcome: Outcome) -> dict[str, Any]:
    return {
        "counted": outcome.counted,
        "answered": outcome.answered,
        "failed": dict(outcome.failures),
        "half_within_ms": outcome.half_ms,
        "most_within_ms": outcome.most_ms,
        "slowest_ms": outcome.latency.max_ms if outcome.counted else None,
    }


PAGES = (public("/status", show), public("/status.json", tell))
