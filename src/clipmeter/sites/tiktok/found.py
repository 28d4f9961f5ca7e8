"""What a source found, and what the sources together answer."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlsplit

from clipmeter.errors import Attempt
from clipmeter.model import Extras, Video

CHAIN_COOKIE = "tt_chain_token"
"""The cookie of a page that its media links are bound to."""

LINKS = (
    *("cover", "dynamic_cover", "origin_cover", "video_url", "video_url_hd", "video_url_watermarked"),
    *("author_avatar", "music_url", "music_cover"),
)
"""The fields that are temporary links."""

_UNIX = re.compile(r"[0-9]{10}")  # seconds between 2001 and 2286; anything else is no expiry


@dataclass(frozen=True, slots=True)
class Found:
    """What one source brought back."""

    video: Video
    chain_token: str
    """What CHAIN_COOKIE must say when the video's files are asked for; "" when the source set none."""
    source: str
    """The source's name."""
    extras: Extras = Extras()


@dataclass(frozen=True, slots=True)
class Answer:
    """A Video with what is known about how it came."""

    video: Video
    fetched_at: float
    """When TikTok answered, in Unix seconds."""
    expires_at: float | None
    """When the first of the links expires, in Unix seconds; None when none of them says."""
    source: str
    chain_token: str
    extras: Extras = Extras()
    partial: bool = False
    """Only what an official embed gives; free."""
    attempts: tuple[Attempt, ...] = ()
    """What was tried, in order, the source that answered last."""


def expires_at(video: Video) -> float | None:
    """The earliest expiry that a link of the video names."""
    links = (getattr(video, name) for name in LINKS)
    return min((expiry for link in links for expiry in _expiries(link)), default=None)


def _expiries(link: str) -> Iterator[float]:
    try:
        pairs = parse_qsl(urlsplit(link).query)
    except ValueError:
        return
    yield from (float(value) for name, value in pairs if name in {"expire", "x-expires"} and _UNIX.fullmatch(value))
