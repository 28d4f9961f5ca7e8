"""What can be set while the emulator runs: moods, the delay, how long links last; and what it counts."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from fauxtok.asgi import Request
from fauxtok.browsers import claims
from fauxtok.ids import DOCUMENTED, FOUND, MOODS, Outcome

HOURS = 4 * 3_600
SOURCES = ("page", "embed", "oembed", "app")
CDN_MOODS = ("forbidden", "missing", "expired", "slow", "cut", "wrong_type")
COUNTED = ("page", "short", "embed", "oembed", "app", "file", "file_head", "trap", "other")


@dataclass(slots=True)
class Mood:
    """Makes pages answer with one outcome: those of `ids` (all when empty), the next `count` (no end when None).

    Who claims to be no browser but those of `allowed` is left alone.
    """

    outcome: Outcome
    ids: frozenset[int]
    count: int | None
    allowed: frozenset[str]

    def takes(self, number: int, request: Request) -> bool:
        if self.ids and number not in self.ids:
            return False
        if self.allowed and (claimed := claims(request)) and claimed <= self.allowed:
            return False
        return _taken(self)


@dataclass(slots=True)
class CdnMood:
    """Makes files answer otherwise: the next `count` requests with one of these `methods`. `rate`: bytes a second."""

    name: str
    count: int | None
    methods: frozenset[str]
    rate: int

    def takes(self, request: Request) -> bool:
        return request.method in self.methods and _taken(self)


def _taken(mood: Mood | CdnMood) -> bool:
    if mood.count is None:
        return True
    mood.count -= 1
    return mood.count >= 0


@dataclass(slots=True)
class Flights:
    """Video pages asked for, under way, and under way at once at most."""

    requests: int = 0
    in_flight: int = 0
    max_in_flight: int = 0

    def arrive(self) -> None:
        self.requests += 1
        self.in_flight += 1
        self.max_in_flight = max(self.max_in_flight, self.in_flight)

    def leave(self) -> None:
        self.in_flight -= 1

    def shown(self) -> dict[str, int]:
        return {"requests": self.requests, "in_flight": self.in_flight, "max_in_flight": self.max_in_flight}


@dataclass(slots=True)
class Moods:
    """The state of one emulator. `delay` in seconds before each video page; `link_seconds` until a link expires."""

    first_delay: float = 0.0
    delay: float = field(init=False)
    link_seconds: int = HOURS
    moods: dict[str, Mood] = field(default_factory=dict)
    cdn: CdnMood | None = None
    pages: Flights = field(default_factory=Flights)
    modulo: int = 0
    groups: dict[int, Flights] = field(default_factory=dict)
    seen: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self.delay = self.first_delay

    def reset(self) -> None:
        """Back to the state at start; requests still under way stay counted as in flight."""
        self.delay, self.link_seconds, self.moods, self.cdn = self.first_delay, HOURS, {}, None
        self.pages.requests, self.pages.max_in_flight = 0, self.pages.in_flight
        self.group(0)
        self.seen.clear()

    def set(self, wish: dict[str, Any]) -> None:
        """Take a mood as JSON gives it. KeyError, TypeError or ValueError: no such mood, or no such source."""
        where = _where(wish)
        kept = {name: mood for name, mood in self.moods.items() if name not in where} if "where" in wish else {}
        if wish["mood"] is not None:
            ids = frozenset(int(number) for number in wish.get("ids") or ())
            allowed = frozenset(str(browser) for browser in wish.get("allowed") or ())
            mood = Mood(MOODS[wish["mood"]], ids, _count(wish), allowed)
            kept |= dict.fromkeys(where, mood)
        self.moods = kept

    def set_cdn(self, wish: dict[str, Any]) -> None:
        """Take a mood of the CDN as JSON gives it. KeyError, TypeError or ValueError: no such mood."""
        name = wish["mood"]
        if name is not None and name not in CDN_MOODS:
            raise KeyError(name)
        methods = frozenset(str(method).upper() for method in wish.get("methods") or ("GET", "HEAD"))
        mood = CdnMood(str(name), _count(wish), methods, max(1, int(wish.get("rate", 65_536))))
        self.cdn = None if name is None else mood

    def answers(self, source: str, number: int, request: Request) -> Outcome:
        """What a source answers for an id now: the mood it is in, else what the id stands for."""
        mood = self.moods.get(source)
        if mood is not None and mood.takes(number, request):
            return mood.outcome
        return DOCUMENTED.get(number, FOUND)

    def cdn_answers(self, request: Request) -> CdnMood | None:
        """The mood that a file is asked for in; None: it is given."""
        return self.cdn if self.cdn is not None and self.cdn.takes(request) else None

    def group(self, modulo: int) -> None:
        """From now on count pages also by the rest of their id divided by `modulo`; 0: no more."""
        self.modulo, self.groups = modulo, {}

    @contextmanager
    def page(self, number: int) -> Iterator[None]:
        """A video page is asked for, until it is answered."""
        flights = [self.pages]
        if self.modulo:
            flights.append(self.groups.setdefault(number % self.modulo, Flights()))
        for flight in flights:
            flight.arrive()
        try:
            yield
        finally:
            for flight in flights:
                flight.leave()

    def stats(self) -> dict[str, int]:
        return self.pages.shown()

    def grouped(self) -> dict[str, dict[str, int]]:
        """The same of each group, by the rest that its ids have."""
        return {str(rest): flights.shown() for rest, flights in sorted(self.groups.items())}

    def counted(self) -> dict[str, int]:
        """All requests but those of control, by what was asked for."""
        return {kind: self.seen[kind] for kind in COUNTED}


def _where(wish: dict[str, Any]) -> tuple[str, ...]:
    """The sources that a mood is meant for."""
    if wish.get("everywhere"):
        return SOURCES
    where = tuple(wish.get("where", ("page",)))
    if unknown := set(where) - set(SOURCES):
        raise ValueError(f"no such source: {sorted(map(str, unknown))}")
    return where


def _count(wish: dict[str, Any]) -> int | None:
    count = wish.get("count")
    return None if count is None else int(count)
