"""The CDN: who may have a file, and which bytes of it."""

import re
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Literal

from fauxtok.asgi import Answer, Headers, Request
from fauxtok.links import File, file_of, picture_signature, same, signature
from fauxtok.media import Media, media
from fauxtok.moods import CdnMood

Guard = Literal["cookie", "path", "picture", "open", "session"]

_NAME = r"(?P<name>o[0-9A-Za-z]{13,60})"
_SHAPES: tuple[tuple[Guard, re.Pattern[str]], ...] = (
    ("cookie", re.compile(rf"/video/tos/[^/]+/[^/]+/{_NAME}/")),
    (
        "path",
        re.compile(
            rf"/(?P<sign>[0-9a-f]{{32}})/(?P<expires>[0-9a-f]{{1,12}})(?P<path>/video/tos/[^/]+/[^/]+/{_NAME}/)"
        ),
    ),
    ("picture", re.compile(rf"/tos-[^/]+/{_NAME}~[^/]+")),
    ("open", re.compile(rf"/obj/[^/]+/{_NAME}")),
    ("session", re.compile(r"/aweme/v1/play/(?P<name>)")),
)
_RANGE = re.compile(r"bytes=(\d*)-(\d*)")
_CHUNK = 1 << 16


@dataclass(frozen=True, slots=True)
class Asked:
    """A request for a file: `file` is None when no file has this name."""

    guard: Guard
    match: re.Match[str]
    file: File | None


def asked(request: Request) -> Asked | None:
    """What a path asks of the CDN; None when it is none of the CDN's paths."""
    for guard, shape in _SHAPES:
        if match := shape.fullmatch(request.path):
            return Asked(guard, match, file_of(match["name"]))
    return None


async def answer(request: Request, want: Asked, mood: CdnMood | None = None) -> Answer:
    """403 without the right signature, cookie and Referer; 404 for no file; else the bytes, as the mood lets them."""
    if mood is not None and mood.name in _REFUSALS:
        return _REFUSALS[mood.name]
    given = await _given(request, want)
    return given if mood is None or given.status not in {200, 206} else _hampered(given, mood)


def _hampered(given: Answer, mood: CdnMood) -> Answer:
    """A file that comes too slowly, or whose second half does not come."""
    length = given.length or 0
    if mood.name == "cut":
        return replace(given, pieces=_up_to(given.pieces, length // 2), is_cut=True)
    rate = max(1, mood.rate // 10)
    drops = (piece[at : at + rate] for piece in given.pieces for at in range(0, len(piece), rate))
    return replace(given, pieces=drops, pause=0.1)


def _up_to(pieces: Iterable[bytes], size: int) -> Iterator[bytes]:
    for piece in pieces:
        yield piece[:size]
        size -= len(piece)
        if size <= 0:
            return


async def _given(request: Request, want: Asked) -> Answer:
    if (refusal := _refusal(request, want)) is not None:
        return _plain(403, refusal)
    found = None if want.file is None else await media(want.file)
    if found is None:
        return _plain(404, "no such file")
    if request.method not in {"GET", "HEAD"}:
        return _plain(405, "only GET and HEAD")
    return _bytes(request, found)


def _refusal(request: Request, want: Asked) -> str | None:
    """Why a file is not given; None when it is."""
    refusal: str | None = None
    match want.guard:
        case "cookie":
            refusal = _visitor(request)
        case "path":
            wanted = signature(want.match["path"], want.match["expires"])
            refusal = _judged(want.match["sign"], wanted, int(want.match["expires"], 16))
        case "picture":
            query = request.query()
            expires = query.get("x-expires", "")
            given = query.get("x-signature", "")
            refusal = _judged(given, picture_signature(request.path, expires), _number(expires))
        case "session":
            refusal = "this link needs a session"
        case "open":
            pass
    return refusal


def _visitor(request: Request) -> str | None:
    """Why a file of a web page is not given: it wants the page's cookie, TikTok as Referer and a signature for both."""
    query, token = request.query(), request.cookie("tt_chain_token")
    if not token:
        return "no cookie tt_chain_token"
    if not request.header(b"referer").startswith("https://www.tiktok.com/"):
        return "no Referer of https://www.tiktok.com/"
    expires = query.get("expire", "")
    return _judged(query.get("signature", ""), signature(request.path, expires, token), _number(expires))


def _judged(given: str, wanted: str, expires: int) -> str | None:
    if not same(given, wanted):
        return "wrong signature, or another visitor's cookie"
    return "expired" if expires < time.time() else None


def _number(text: str) -> int:
    return int(text) if text.isdecimal() and text.isascii() else 0


def _plain(status: int, text: str) -> Answer:
    return Answer.of(text.encode(), status, (b"content-type", b"text/plain"), (b"x-fauxtok", text.encode()))


_REFUSALS = {
    "forbidden": _plain(403, "the CDN is in a mood"),
    "missing": _plain(404, "no such file"),
    "expired": _plain(403, "expired"),
    "wrong_type": Answer.of(b"<!doctype html><title>TikTok</title><p>Sorry, something went wrong."),
}


def _bytes(request: Request, found: Media) -> Answer:
    tag = f'"{found.tag}"'
    common: Headers = (
        (b"content-type", found.type.encode()),
        (b"accept-ranges", b"bytes"),
        (b"etag", tag.encode()),
        (b"cache-control", b"max-age=3600"),
    )
    if request.header(b"if-none-match") == tag:
        return Answer(304, common)
    if request.header(b"if-range") not in {"", tag}:
        return _part(200, found, common, 0, found.size)
    match = _RANGE.fullmatch(request.header(b"range"))
    if match is None or not (match[1] or match[2]):
        return _part(200, found, common, 0, found.size)
    start, stop = _span(match[1], match[2], found.size)
    if start >= stop:
        return Answer(416, (*common, (b"content-range", f"bytes */{found.size}".encode())))
    told = (b"content-range", f"bytes {start}-{stop - 1}/{found.size}".encode())
    return _part(206, found, (*common, told), start, stop)


def _span(first: str, last: str, size: int) -> tuple[int, int]:
    """Where a range starts and stops; an empty one cannot be satisfied."""
    if not first:
        return max(0, size - int(last)), size
    if last and int(last) < int(first):
        return 0, size
    return int(first), min(size, int(last) + 1) if last else size


def _part(status: int, found: Media, headers: Headers, start: int, stop: int) -> Answer:
    pieces = (found.read(at, min(stop, at + _CHUNK)) for at in range(start, stop, _CHUNK))
    return Answer(status, headers, pieces, stop - start)
