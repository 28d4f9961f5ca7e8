"""What a CDN's answer means for a caller who asked for a file. Pure: decided here, done in `relay`."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from clipmeter.errors import NotFound, Problem, UpstreamError, UpstreamRateLimit
from clipmeter.media.files import family

ENDINGS = {
    "video/mp4": "mp4",
    "video/webm": "webm",
    "video/quicktime": "mov",
    "audio/mpeg": "mp3",
    "audio/mp4": "m4a",
    "audio/x-m4a": "m4a",
    "audio/aac": "aac",
    "audio/ogg": "ogg",
    "audio/wav": "wav",
    "image/jpeg": "jpg",
    "image/png": "png",
    "image/webp": "webp",
    "image/gif": "gif",
    "image/avif": "avif",
    "image/heic": "heic",
    "text/vtt": "vtt",
}
"""The types that are passed on, with the ending of a file's name. A closed list: a browser runs what is in others."""

_NO_TYPE = {"", "application/octet-stream", "binary/octet-stream"}
_BY_KIND = {
    "video": "video/mp4",
    "hd": "video/mp4",
    "watermarked": "video/mp4",
    "stream": "video/mp4",
    "music": "audio/mpeg",
    "subtitle": "text/vtt",
}
_ASKED = re.compile(r"bytes=([0-9]{1,25})-([0-9]{0,25})|bytes=-([0-9]{1,25})")
_SAID = re.compile(r"bytes (?:([0-9]{1,15})-([0-9]{1,15})|\*)/([0-9]{1,15}|\*)")
_STRONG = re.compile(r'"[\x21\x23-\x7e]*"')


@dataclass(frozen=True, slots=True)
class Head:
    """What a caller is told before the bytes come."""

    status: int
    """200, 206, or 416: there are no such bytes."""
    type: str
    length: int | None
    """Bytes that follow; None: the CDN does not say."""
    start: int
    """Where in the file they begin."""
    total: int | None
    """Bytes of the whole file."""
    validator: Mapping[str, str]
    """`ETag` and `Last-Modified`, as far as they serve for If-Range."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """The CDN does not give the file by this link; `problem` is what a caller is told when no new link helps."""

    problem: Problem


def forwarded(method: str, asked: Mapping[str, str]) -> dict[str, str]:
    """What of a caller's headers (names in lower case) goes on to the CDN: one range of bytes, and its condition.

    A range means nothing with HEAD, and several or unreadable ones may be ignored (RFC 9110, 14.2): all is sent then.
    """
    wanted = asked.get("range", "").strip()
    if method != "GET" or not _ASKED.fullmatch(wanted):
        return {}
    condition = asked.get("if-range", "").strip()
    if not condition:
        return {"Range": wanted}
    return {"Range": wanted, "If-Range": condition} if condition.isascii() and condition.isprintable() else {}


def head_of(kind: str, sent: Mapping[str, str], status: int, headers: Mapping[str, str]) -> Head | Refusal:
    """What the CDN's status and headers mean. `sent`: what `forwarded` gave. Raises Problem: no new link can help."""
    if status in {401, 403}:
        return Refusal(UpstreamError("TikTok's file server refuses this file.", sign=f"CDN {status}"))
    if status in {404, 410}:
        return Refusal(NotFound("TikTok's file server does not have this file any more.", sign=f"CDN {status}"))
    if status == 429:
        raise UpstreamRateLimit(sign="CDN 429")
    if status == 416 and sent:
        return _none(headers)
    if status not in {200, 206}:
        raise UpstreamError("TikTok's file server failed.", sign=f"CDN {status}")
    type_ = _type(kind, headers)
    if type_ is None:
        said = headers.get("content-type", "")[:100]
        return Refusal(UpstreamError("TikTok's file server sent no media file.", sign=f"content-type {said!r}"))
    return _part(type_, sent, headers) if status == 206 else _whole(type_, headers)


def _type(kind: str, headers: Mapping[str, str]) -> str | None:
    """The type of the file; None when it is none of a media file."""
    if headers.get("content-encoding", "identity").lower() != "identity":
        return None
    said = headers.get("content-type", "").partition(";")[0].strip().lower()
    if said in _NO_TYPE:
        return _BY_KIND.get(family(kind), "image/jpeg")
    return said if said in ENDINGS else None


def _whole(type_: str, headers: Mapping[str, str]) -> Head | Refusal:
    said = headers.get("content-length", "")
    length = int(said) if said.isascii() and said.isdigit() else None
    if length == 0:
        return Refusal(UpstreamError("TikTok's file server sent an empty file.", sign="CDN: no bytes"))
    return Head(200, type_, length, 0, length, _validator(headers))


def _part(type_: str, sent: Mapping[str, str], headers: Mapping[str, str]) -> Head:
    asked = _ASKED.fullmatch(sent.get("Range", ""))
    said = _SAID.fullmatch(headers.get("content-range", "").strip())
    if not asked or not said or said[1] is None:
        raise UpstreamError("TikTok's file server failed.", sign="CDN 206 without a range that was asked for")
    start, end = int(said[1]), int(said[2])
    if end < start or (asked[1] and int(asked[1]) != start):
        # What is put behind bytes that a caller has already must be what follows them.
        raise UpstreamError("TikTok's file server failed.", sign=f"asked {asked[0]}, got {said[0]}")
    total = None if said[3] == "*" else int(said[3])
    return Head(206, type_, end - start + 1, start, total, _validator(headers))


def _none(headers: Mapping[str, str]) -> Head:
    said = _SAID.fullmatch(headers.get("content-range", "").strip())
    total = int(said[3]) if said and said[3] != "*" else None
    return Head(416, "", 0, 0, total, {})


def _validator(headers: Mapping[str, str]) -> dict[str, str]:
    etag, modified = headers.get("etag", ""), headers.get("last-modified", "")
    found = {"ETag": etag} if _STRONG.fullmatch(etag) else {}
    return found | ({"Last-Modified": modified} if modified and modified.isascii() and modified.isprintable() else {})
