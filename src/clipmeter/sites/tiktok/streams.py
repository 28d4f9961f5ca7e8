"""Every file that a post's source offers, as `Stream`s: one per file, however often the source names it. Pure."""

import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from clipmeter.model import Stream

from .loose import links, text, whole
from .rungs import NEEDS_SESSION, SILENT

_KEY = re.compile(r"_([a-z0-9]+)_[0-9]+p_([0-9]{1,12})$")
_MARK = re.compile(r"[?&]lr=(tiktok|tiktok_m|unwatermarked)(?:[&#]|$)")


class File(NamedTuple):
    """One file of a post, in one or more places; None and "" where the source does not say."""

    links: tuple[str, ...]
    codec: str = ""
    width: int | None = None
    height: int | None = None
    bitrate: int | None = None
    fps: int | None = None
    size: int | None = None

    def told_by(self, later: "File") -> "File":
        """This file with what another mention of it says, which wins."""
        return self._replace(**{name: new for name, new in later._asdict().items() if new and name != "links"})


def file(  # noqa: PLR0913 - what a source says of a file
    urls: object,
    *,
    size: object = None,
    width: object = None,
    height: object = None,
    codec: str = "",
    bitrate: object = None,
    fps: object = None,
    key: object = None,
) -> File:
    """A file of raw values, without the links that only a session may follow.

    `codec`: as TikTok names it. `key`: its `UrlKey`, like `v0904_h264_540p_1620672`, which ends in codec and bitrate.
    """
    found = tuple(url for url in links(urls) if NEEDS_SESSION not in url)
    named = _KEY.search(text(key))
    return File(
        found,
        _codec(codec or (named[1] if named else "")),
        whole(width) or None,
        whole(height) or None,
        whole(bitrate) or (int(named[2]) if named else 0) or None,
        whole(fps) or None,
        whole(size) or None,
    )


def _codec(named: str) -> str:
    """TikTok's name for a codec as players know it; one that they do not know stays as it is."""
    low = named.lower()
    if "h264" in low or low == "avc1":
        return "h264"
    if any(other in low for other in ("h265", "hevc", "hvc1", "bytevc1")):
        return "h265"
    return "bytevc2" if "bytevc2" in low else named


def streams(
    played: Sequence[File], ladder: Iterable[File], marked: Sequence[File], *, mark: bool | None = True
) -> tuple[Stream, ...]:
    """The files of a post that is a video: the plain one, the rungs, and those with the mark.

    `mark`: what the source says of `marked` as a whole; False: these are plain too; None: they are not said to be any.
    """
    with_mark = {link for entry in marked for link in entry.links}
    plain = next((entry for entry in played if entry.links), None)
    # 2019-22: where the plain file is the marked one, the rungs beside it carry the mark too.
    beside = mark if plain and plain.links[0] in with_mark else (False if with_mark or mark is False else None)
    return tuple(
        _stream(entry, mark if with_mark.intersection(entry.links) else beside)
        for entry in _merged((*played, *ladder, *marked))
    )


def _merged(files: Iterable[File]) -> list[File]:
    """Each file once, in order of its first mention: two mentions that share a link are one file."""
    merged: list[File] = []
    place: dict[str, int] = {}
    for entry in files:
        if not entry.links:
            continue
        at = next((place[link] for link in entry.links if link in place), len(merged))
        if at == len(merged):
            merged.append(entry)
        else:
            merged[at] = merged[at].told_by(entry)
        for link in entry.links:
            place.setdefault(link, at)
    return merged


def _stream(entry: File, watermark: bool | None) -> Stream:
    link = entry.links[0]
    said = _MARK.search(link)
    return Stream(
        url=link,
        codec=entry.codec,
        width=entry.width,
        height=entry.height,
        bitrate=entry.bitrate,
        fps=entry.fps,
        size=entry.size,
        audio=SILENT not in link,
        playable=entry.codec != "bytevc2",
        watermark=said[1] != "unwatermarked" if said else watermark,
    )
