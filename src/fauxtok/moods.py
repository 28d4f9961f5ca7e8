"""What can be set while the emulator runs: moods, the delay, how long links last; and what it counts."""

from dataclasses import dataclass, field
from typing import Any

from fauxtok.ids import DOCUMENTED, FOUND, OUTCOMES, Outcome

HOURS = 4 * 3_600


@dataclass(slots=True)
class Mood:
    """Makes pages answer with one outcome: those of `ids` (all when empty), the next `count` (no end when None)."""

    outcome: Outcome
    ids: frozenset[int]
    count: int | None
    everywhere: bool

    def takes(self, number: int) -> bool:
        if self.ids and number not in self.ids:
            return False
        if self.count is None:
            return True
        self.count -= 1
        return self.count >= 0


@dataclass(slots=True)
class Moods:
    """The state of one emulator. `delay` in seconds before each video page; `link_seconds` until a link expires."""

    first_delay: float = 0.0
    delay: float = field(init=False)
    link_seconds: int = HOURS
    mood: Mood | None = None
    requests: int = 0
    in_flight: int = 0
    max_in_flight: int = 0

    def __post_init__(self) -> None:
        self.delay = self.first_delay

    def reset(self) -> None:
        """Back to the state at start; requests still under way stay counted as in flight."""
        self.delay, self.link_seconds, self.mood = self.first_delay, HOURS, None
        self.requests, self.max_in_flight = 0, self.in_flight

    def set(self, wish: dict[str, Any]) -> None:
        """Take a mood as JSON gives it. KeyError, TypeError or ValueError: no such mood."""
        if wish["mood"] is None:
            self.mood = None
            return
        ids = frozenset(int(number) for number in wish.get("ids") or ())
        count = wish.get("count")
        self.mood = Mood(
            OUTCOMES[wish["mood"]], ids, None if count is None else int(count), bool(wish.get("everywhere"))
        )

    def page(self, number: int) -> Outcome:
        """What the video page of an id answers now."""
        if self.mood is not None and self.mood.takes(number):
            return self.mood.outcome
        return DOCUMENTED.get(number, FOUND)

    def elsewhere(self, number: int) -> Outcome:
        """What the other sources (embed, oEmbed, app) answer: a mood reaches them only when it is meant everywhere."""
        if self.mood is not None and self.mood.everywhere and self.mood.takes(number):
            return self.mood.outcome
        return DOCUMENTED.get(number, FOUND)

    def arrive(self) -> None:
        self.requests += 1
        self.in_flight += 1
        self.max_in_flight = max(self.max_in_flight, self.in_flight)

    def leave(self) -> None:
        self.in_flight -= 1

    def stats(self) -> dict[str, int]:
        return {"requests": self.requests, "in_flight": self.in_flight, "max_in_flight": self.max_in_flight}
