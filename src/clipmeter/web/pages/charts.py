"""Charts: as JSON for the script that draws them, as SVG where there is none, and as the rows of a table.

The SVG has neither styles nor text of its own, so that it fits any width, any colours and a strict policy.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, Literal, NamedTuple

import msgspec
from markupsafe import Markup

from clipmeter.billing.money import short_dollars
from clipmeter.web.pages.words import UNKNOWN, length, on_day

WIDTH, HEIGHT = 600.0, 100.0
"""Of the SVG, in units of its own."""
MOST = 4
"""Series of a chart: as many as there are colours."""
_FILLED = 0.78
"""How much of its day a bar takes."""
_encode = msgspec.json.Encoder().encode
Values = Sequence[int | None]


@dataclass(frozen=True, slots=True)
class Series:
    """A number of each day. `unit`: `micros` (of a dollar), `ms`, or "" for things that are counted."""

    label: str
    values: Values
    unit: str = ""

    def told(self, value: int | None) -> str:
        """One of the values, for people."""
        if value is None:
            return UNKNOWN
        if self.unit == "micros":
            return short_dollars(value)
        return length(value) if self.unit == "ms" else f"{value:,}"


class Bar(NamedTuple):
    """A rectangle of the SVG."""

    x: float
    y: float
    width: float
    height: float
    colour: int
    told: str


class Line(NamedTuple):
    """A line of the SVG through the days that have a value."""

    points: str
    colour: int


@dataclass(frozen=True, slots=True)
class Chart:
    """Some numbers by day."""

    name: str
    title: str
    said: str
    """All of it in a few words."""
    kind: Literal["bars", "lines"]
    """Bars of several series stand on one another."""
    days: Sequence[date]
    series: Sequence[Series]
    note: str = ""

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to be seen."""
        return not any(value for one in self.series for value in one.values)

    @property
    def json(self) -> Markup:
        """For the script, safe within an element of the page."""
        noons = [int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp()) for day in self.days]
        series = [{"label": one.label, "values": list(one.values), "unit": one.unit} for one in self.series]
        return script_json({"kind": self.kind, "x": noons, "series": series})

    @property
    def top(self) -> str:
        """The number at the upper end of the chart."""
        return self.series[0].told(self._most())

    @property
    def rows(self) -> Iterator[tuple[date, list[str]]]:
        """For the table: the days that have a value, the newest first."""
        for at in range(len(self.days) - 1, -1, -1):
            values = [one.values[at] for one in self.series]
            if any(values):
                yield self.days[at], [one.told(value) for one, value in zip(self.series, values, strict=True)]

    @property
    def bars(self) -> Iterator[Bar]:
        """Those of the SVG; the first series stands on all others, as the script draws it."""
        step, scale = WIDTH / len(self.days), HEIGHT / max(self._most(), 1)
        for at, day in enumerate(self.days):
            floor = HEIGHT
            for colour in range(len(self.series) - 1, -1, -1):
                one = self.series[colour]
                if value := one.values[at]:
                    tall = value * scale
                    floor -= tall
                    told = f"{on_day(day)}: {one.label} {one.told(value)}"
                    x = (at + (1 - _FILLED) / 2) * step
                    yield Bar(round(x, 2), round(floor, 2), round(step * _FILLED, 2), round(tall, 2), colour + 1, told)

    @property
    def lines(self) -> Iterator[Line]:
        """Those of the SVG: one for each run of days with values."""
        for colour, one in enumerate(self.series, 1):
            run: list[tuple[int, int]] = []
            for at, value in enumerate([*one.values, None]):
                if value is not None:
                    run.append((at, value))
                elif run:
                    yield Line(self._points(run), colour)
                    run = []

    def _points(self, run: list[tuple[int, int]]) -> str:
        step, scale = WIDTH / len(self.days), HEIGHT / max(self._most(), 1)
        points = [((at + 0.5) * step, HEIGHT - value * scale) for at, value in run]
        if len(points) == 1:  # a single day is seen too
            ((x, y),) = points
            points = [(x - step * _FILLED / 2, y), (x + step * _FILLED / 2, y)]
        return " ".join(f"{x:.2f},{y:.2f}" for x, y in points)

    def _most(self) -> int:
        if self.kind == "lines":
            return max((value or 0 for one in self.series for value in one.values), default=0)
        each_day = zip(*(one.values for one in self.series), strict=True)
        return max((sum(value or 0 for value in values) for values in each_day), default=0)


def script_json(value: Any) -> Markup:  # noqa: ANN401 - whatever a script reads
    """JSON that can stand within `<script type="application/json">`, whatever text is in it."""
    text = _encode(value).decode()
    return Markup(text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026"))  # noqa: S704
