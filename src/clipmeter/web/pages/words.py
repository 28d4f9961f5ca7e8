"""Numbers, times and names as pages write them."""

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from types import MappingProxyType
from typing import Any

from markupsafe import Markup

from clipmeter.endpoints import ENDPOINTS
from clipmeter.records.latency import BOUNDS
from clipmeter.web.pages.agents import said_of

_MICROS = 1_000_000
_SECOND, _SHORT = 1_000, 10
UNKNOWN = "\u2013"
"""A dash, for what is not known."""
LEFT = "caller_left"
"""In the log, of a request whose caller hung up: no error code, since nobody was told one."""
SOURCES: Mapping[str, str] = MappingProxyType(
    {
        "webpage": "Video page",
        "embed": "Embed page",
        "appjson": "App JSON",
        "ytdlp": "yt-dlp",
        "oembed": "Official embed",
    }
)
"""What the sources are called."""


def when(micros: int) -> Markup:
    """A time to the minute, with its zone, that programs can read too."""
    return _time(micros, "%Y-%m-%d %H:%M UTC")


def exact(micros: int) -> Markup:
    """The same to the second."""
    return _time(micros, "%Y-%m-%d %H:%M:%S UTC")


def reset(micros: int) -> Markup:
    """When something begins anew: 1 Dec 00:00 UTC."""
    return _time(micros, f"{_at(micros).day} %b %H:%M UTC")


def on_day(day: date) -> str:
    """23 Nov 2026."""
    return f"{day.day} {day:%b %Y}"


def many(number: int | None) -> str:
    """With commas between thousands; a dash for what is not known."""
    return UNKNOWN if number is None else f"{number:,}"


def length(ms: float | None) -> str:
    """How long something took: 0.41 ms, 412 ms, 1.25 s; a dash for what is not known."""
    if ms is None:
        return UNKNOWN
    if ms >= _SECOND:
        return f"{ms / _SECOND:.2f} s"
    return f"{ms:.0f} ms" if ms >= _SHORT else f"{ms:.2g} ms"


def within(ms: int | None) -> str:
    """A bound of a latency: at most 400 ms; over 8 s where there is no bound."""
    if ms is None:
        return UNKNOWN
    return f"≤ {length(ms)}" if ms <= BOUNDS[-1] else f"over {length(BOUNDS[-1])}"


def source_of(source: str) -> str:
    """What a source is called; a dash for none."""
    return SOURCES.get(source, source or UNKNOWN)


def title_of(endpoint: str) -> str:
    """What an endpoint is called on its page; its own name for one that is not sold any more."""
    return next((one.title for one in ENDPOINTS if one.name == endpoint), endpoint)


def _time(micros: int, shape: str) -> Markup:
    at = _at(micros)
    return Markup('<time datetime="{}">{}</time>').format(f"{at:%Y-%m-%dT%H:%M:%SZ}", f"{at:{shape}}")


def _at(micros: int) -> datetime:
    return datetime.fromtimestamp(micros // _MICROS, UTC)


FILTERS: Mapping[str, Callable[..., Any]] = MappingProxyType(
    {
        "when": when,
        "exact": exact,
        "reset": reset,
        "on_day": on_day,
        "many": many,
        "took": length,
        "within": within,
        "browser": said_of,
        "source_of": source_of,
        "title_of": title_of,
    }
)
