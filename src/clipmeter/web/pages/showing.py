"""A post as the playground shows it: cover, video, words and counts. All files come by links of this server."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

import msgspec

from clipmeter.billing.keys import Caller
from clipmeter.call import Done
from clipmeter.endpoints.base import Endpoint
from clipmeter.endpoints.tiktok_video import VideoResult
from clipmeter.media.links import Links
from clipmeter.model import Extras, Subtitle, Video
from clipmeter.sites.tiktok.found import Answer

_COUNTS = {"play_count": "plays"} | {name: name for name in ("likes", "comments", "shares", "saves", "downloads")}
_FILES = {
    "video_url": ("Video", "size"),
    "video_url_hd": ("Best quality", "size_hd"),
    "video_url_watermarked": ("With watermark", "size_watermarked"),
    "music_url": ("Music", ""),
}
"""Fields with files to save, what they are called, and where their size stands."""
_VTT = "webvtt"
_MEGABYTE = 1_000_000


class Saved(NamedTuple):
    """A file to save."""

    name: str
    link: str
    size: str
    """"" when it is not known."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A post, with links that the browser may follow: paths on this server."""

    video: Video
    images: tuple[str, ...]
    captions: tuple[Subtitle, ...]
    """Those that browsers can read."""

    @property
    def counts(self) -> Iterator[tuple[str, int]]:
        """Name and value of those that are known."""
        for field, name in _COUNTS.items():
            value = getattr(self.video, field)
            if value is not None:
                yield name, value

    @property
    def files(self) -> Iterator[Saved]:
        """Those that the post has."""
        for field, (name, size) in _FILES.items():
            if link := getattr(self.video, field):
                yield Saved(name, f"{link}?download=1", _megabytes(getattr(self.video, size) if size else None))


class _WithVideo(msgspec.Struct):
    video: Video


class _WithExtras(msgspec.Struct):
    video: Extras


def shown(endpoint: Endpoint[Any], done: Done, links: Links, caller: Caller) -> Shown | None:
    """The post of an answer; None: there is none in it."""
    if done.problem or not issubclass(endpoint.result, VideoResult):
        return None
    answer = done.got.answer if done.got else _read_again(done)
    ours = links.relayed(answer, caller.account_id, caller.mode, "")
    captions = tuple(one for one in ours.extras.subtitles if one.format == _VTT and one.url)
    return Shown(ours.video, tuple(image.url for image in ours.extras.images if image.url), captions)


def _read_again(done: Done) -> Answer:
    """The answer of a stored body."""
    video = msgspec.json.decode(done.body, type=_WithVideo).video
    extras = msgspec.json.decode(done.body, type=_WithExtras).video
    fetched_at = done.replay.fetched_at if done.replay else 0
    return Answer(video, fetched_at=fetched_at, expires_at=None, source="", chain_token="", extras=extras)


def _megabytes(size: int | None) -> str:
    return "" if size is None else f"{size / _MEGABYTE:.1f} MB"
