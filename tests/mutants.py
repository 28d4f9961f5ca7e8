"""Spoiling of TikTok's answers, and what every reader has to stand whatever it is given. For tests and bench/fuzz.py.

A `Change` spoils bytes by chance, given a source of chance and another answer to mix in; it knows nothing of readers.
"""

import json
import random
import re
import resource
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import msgspec

from clipmeter.errors import InvalidParameter, Problem
from clipmeter.model import Extras, Video
from clipmeter.sites.tiktok.full import read_app_full, read_page_full, read_saved_full
from clipmeter.sites.tiktok.page import read_app, read_page
from clipmeter.sites.tiktok.ref import ShortLink, VideoRef, read_link
from clipmeter.sites.tiktok.saved import read_saved
from invented import VIDEO_ID, app_item, basic_item, next_page, old_item, page, sigi_page, web_item

SECONDS = 5.0
"""Of processor time that one reader may take for one answer."""
MEGABYTES = 500
"""That the process may grow by over all answers; an answer has at most MOST_BYTES."""
MOST_BYTES = 4_000_000
DEEP = 10_000

Change = Callable[[random.Random, bytes, bytes], bytes]
_SCRIPT = re.compile(rb"<script[^>]*>\s*(\{.*?)</script>", re.DOTALL)
_NUMBER = re.compile(rb"-?\d+(?:\.\d+)?")
_ODD: tuple[Any, ...] = (
    *(None, True, False, 0, -1, 1, 2**63, -(2**63), 1.5, 1e308, "", "x", "0", "-5", "1" * 30, "NaN", " 7 "),
    *([], [[]], [None], [""], {}, {"x": 1}, {"url_list": [1, "https://v/x"]}, "https://v/x", "http://[", "a" * 10_000),
    *("\u202eright to left\u2066", "\x00\x1f", "🪁" * 300, "\ufffd", "\u2028"),
)
_NUMBERS = (b"1" + b"0" * 30, b"-1", b"1e999", b"-0", b"0.5", b"9" * 5_000, b"NaN", b"Infinity", b"01", b"2147483648")
_TEXTS = (
    rb"\ud800",
    rb"\udc00\ud800",
    b"\xff\xfe",
    b"\xc0\x80",
    "\u202e\u2066عربي".encode(),
    b"\x00",
    rb"\u0000",
    b"\\",
)
_LINKS = (
    f"https://www.tiktok.com/@anna.kite/video/{VIDEO_ID}?lang=en#x",
    f"https://m.tiktok.com/v/{VIDEO_ID}.html",
    "Check out Anna's video! https://vm.tiktok.com/ZM8abcdef/ #tiktok",
    "https://www.tiktok.com/t/ZT8abcdef",
    f"//tiktok.com/embed/v2/{VIDEO_ID}",
)


def small_answers() -> list[bytes]:
    """A page of every generation and an answer of the app, invented, a few kilobytes each."""
    photo = {"images": [{"imageURL": {"urlList": ["https://p16/1"]}, "imageWidth": 1080, "imageHeight": 1440}]}
    words = [{"LanguageCodeName": "eng-US", "Url": "https://v/w", "Format": "webvtt", "Source": "ASR", "Size": "9"}]
    more = {
        "video": {**web_item()["video"], "subtitleInfos": words, "claInfo": {"captionInfos": [{"url": "https://v/w"}]}},
        "authorStatsV2": {"followerCount": "784"},
        "challenges": [{"title": "wind"}],
        "IsAigc": False,
    }
    return [
        page(web_item(**more)),
        page(web_item(imagePost=photo), scope="webapp.reflow.video.detail"),
        page(code=10204, message="item doesn't exist"),
        sigi_page(web_item(), web_item(id="1"), own=VIDEO_ID),
        next_page({"videoData": old_item()}),
        json.dumps({"aweme_list": [app_item(), app_item(aweme_id="1")]}).encode(),
        json.dumps({"itemList": [web_item(), basic_item(), old_item(), app_item()]}).encode(),
    ]


def flip(chance: random.Random, body: bytes, _: bytes) -> bytes:
    """A few bytes become others."""
    spoiled = bytearray(body)
    for _ in range(chance.randint(1, 16) if body else 0):
        spoiled[chance.randrange(len(spoiled))] = chance.randrange(256)
    return bytes(spoiled)


def cut(chance: random.Random, body: bytes, _: bytes) -> bytes:
    """The end, the beginning or something in between is missing."""
    start, end = sorted(chance.randint(0, len(body)) for _ in range(2))
    return chance.choice((body[:end], body[start:], body[:start] + body[end:]))


def splice(chance: random.Random, body: bytes, other: bytes) -> bytes:
    """A part of another answer stands in this one, in place of a part or beside it."""
    start, end = sorted(chance.randint(0, len(body)) for _ in range(2))
    first, last = sorted(chance.randint(0, len(other)) for _ in range(2))
    return chance.choice((body[:start] + other[first:], body[:start] + other[first:last] + body[end:], body + other))


def retype(chance: random.Random, body: bytes, _: bytes) -> bytes:
    """Values of the JSON are of another type, missing, or somewhere else."""
    return _with_json(body, lambda value: _retyped(chance, value))


def repeat(chance: random.Random, body: bytes, _: bytes) -> bytes:
    """A list of the JSON has thousands of entries, an object thousands of keys."""
    return _with_json(body, lambda value: _repeated(chance, value))


def renumber(chance: random.Random, body: bytes, _: bytes) -> bytes:
    """Numbers are negative, huge, or none at all."""
    return _some_replaced(chance, body, [match.span() for match in _NUMBER.finditer(body)], _NUMBERS)


def retext(chance: random.Random, body: bytes, _: bytes) -> bytes:
    """Texts hold halves of surrogate pairs, right-to-left marks, bytes that are no UTF-8."""
    places = [(at, at) for at in (chance.randint(0, len(body)) for _ in range(chance.randint(1, 8)))]
    return _some_replaced(chance, body, places, _TEXTS)


def nest(chance: random.Random, body: bytes, _: bytes) -> bytes:
    """A value stands in thousands of lists or objects."""
    deep = chance.choice((10, 500, DEEP))
    before, after = chance.choice(((b"[", b"]"), (b'{"a":', b"}"), (b'{"data":', b"}"), (b"[", b"")))
    spans = [match.span() for match in _NUMBER.finditer(body)] or [(0, len(body))]
    start, end = chance.choice(spans)
    return body[:start] + before * deep + body[start:end] + after * deep + body[end:]


CHANGES: tuple[Change, ...] = (retype, retype, retype, renumber, repeat, retext, flip, nest, cut, splice)
"""Those that leave JSON whole come oftener: what breaks it is seen by one line of the readers, and soon known."""


def _some_replaced(chance: random.Random, body: bytes, spans: Sequence[tuple[int, int]], by: Sequence[bytes]) -> bytes:
    chosen = sorted(chance.sample(spans, min(len(spans), chance.randint(1, 8))), reverse=True)
    for start, end in chosen:
        body = body[:start] + chance.choice(by) + body[end:]
    return body


def _with_json(body: bytes, change: Callable[[Any], Any]) -> bytes:
    """The answer with its JSON changed; as it is when there is none."""
    match = _SCRIPT.search(body)
    start, end = match.span(1) if match else (0, len(body))
    try:
        value = msgspec.json.decode(body[start:end])
        return body[:start] + msgspec.json.encode(change(value)).replace(b"/", b"\\u002F") + body[end:]
    except (ValueError, RecursionError):
        return body


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Every container with each of its keys, without recursion."""
    waiting = [value]
    while waiting:
        container = waiting.pop()
        keys = range(len(container)) if isinstance(container, list) else list(container)
        for key in keys:
            yield container, key
            if isinstance(container[key], (dict, list)):
                waiting.append(container[key])


def _retyped(chance: random.Random, value: Any) -> Any:
    places = list(_places(value)) if isinstance(value, (dict, list)) else []
    for container, key in chance.sample(places, min(len(places), chance.randint(1, 6))):
        if isinstance(container, dict) and chance.random() < 0.2:
            container.pop(key, None)
        else:
            container[key] = chance.choice(_ODD)
    return value


def _repeated(chance: random.Random, value: Any) -> Any:
    containers = [value, *(inner[key] for inner, key in _places(value))] if isinstance(value, (dict, list)) else []
    containers = [inner for inner in containers if isinstance(inner, (dict, list)) and inner]
    if containers:
        chosen, times = chance.choice(containers), chance.choice((2, 100, 5_000))
        if isinstance(chosen, list):
            entry = chosen[0]
            chosen.extend(entry for _ in range(min(times, MOST_BYTES // (len(msgspec.json.encode(entry)) + 1))))
        else:
            chosen.update({f"{next(iter(chosen))}{n}": n for n in range(times)})
    return value


def survive(body: bytes) -> str:
    """Every reader answers this with what the contract promises or with a Problem, in time. Raises AssertionError.

    What the first post or Problem in it was: "post", or the Problem's code.
    """
    body = body[:MOST_BYTES]
    for asked in (None, VIDEO_ID):
        plain = _outcome(lambda asked=asked: read_page(body, asked))
        _same(plain, _outcome(lambda asked=asked: read_page_full(body, asked)))
    _same(_outcome(lambda: read_app(body, VIDEO_ID)), _outcome(lambda: read_app_full(body, VIDEO_ID)))
    saved, full = _timed(lambda: read_saved(body)), _timed(lambda: read_saved_full(body))
    assert len(saved.answers) == len(full.answers)
    for one, other in zip(saved.answers[:50], full.answers[:50], strict=True):
        _same(one, other)
    first = next(iter(saved.answers), None)
    return "post" if isinstance(first, Video) else getattr(first, "code", "nothing")


def survive_link(link: str) -> None:
    """A link leads to a post or a short link of TikTok's, or to the one Problem that a bad parameter is."""
    try:
        found = _timed(lambda: read_link(link))
    except InvalidParameter as problem:
        msgspec.json.encode(problem.body())
        return
    assert isinstance(found, VideoRef | ShortLink)
    if isinstance(found, VideoRef):
        assert re.fullmatch(r"[0-9]{1,25}", found.id)
    else:
        assert re.fullmatch(r"https://(vm|vt|www|m)\.tiktok\.com/(t/)?[A-Za-z0-9_-]+/", found.url), found.url


def spoiled_link(chance: random.Random) -> str:
    """A link with pieces of it, of other links or of chance changed."""
    one, other = (link.encode() for link in chance.choices(_LINKS, k=2))
    for change in chance.choices((flip, cut, splice, retext), k=chance.randint(1, 3)):
        one = change(chance, one, other)
    return one.decode("utf-8", chance.choice(("replace", "surrogateescape", "ignore")))


def grown_by() -> float:
    """Megabytes that the process has at most held since this module was loaded, beyond what it held then."""
    return (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - _AT_FIRST) / 1024


def stay_small() -> None:
    """The process has not grown beyond what is allowed. Raises AssertionError."""
    assert grown_by() < MEGABYTES, f"the process has grown by {grown_by():.0f} MB"


def _timed(read: Callable[[], Any]) -> Any:
    begun = time.thread_time()
    try:
        return read()
    finally:
        took = time.thread_time() - begun
        assert took < SECONDS, f"took {took:.2f} s"


def _outcome(read: Callable[[], Any]) -> Any:
    try:
        return _timed(read)
    except Problem as problem:
        return problem


def _same(plain: Any, full: Any) -> None:
    """The Video is of the contract's types, and the same with extras as without; so is the Problem."""
    if isinstance(plain, Problem):
        assert isinstance(full, Problem), full
        assert (plain.code, plain.message) == (full.code, full.message)
        assert plain.code
        msgspec.json.encode(plain.body())
        return
    video, extras = full
    assert video == plain
    for value, kind in ((video, Video), (extras, Extras)):
        encoded = msgspec.json.encode(value)  # refuses half surrogate pairs
        assert msgspec.json.decode(encoded, type=kind) == value
    assert re.fullmatch(r"[0-9]{1,25}", video.video_id)
    assert all(number is None or number >= 0 for number in (video.play_count, video.likes, video.size, video.saves))
    assert all(stream.url.startswith(("https://", "http://")) for stream in extras.streams)


_AT_FIRST = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
