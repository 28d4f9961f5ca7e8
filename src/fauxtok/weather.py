"""Pages in bad weather, as moods make them: too slow, too large, cut, moved, led astray. No documented id is here."""

import zlib
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import lru_cache

from fauxtok import odd, pages
from fauxtok.asgi import HTML, Answer, Request
from fauxtok.bulk import AFTER, BEFORE, HEAD, SCRIPT
from fauxtok.item import item
from fauxtok.item_video import Json
from fauxtok.links import Signer
from fauxtok.world import post

Maker = Callable[[int, Signer, Request], Answer]

TRAP = "/__fauxtok/trap"
"""Where redirect_loopback leads: who comes here is counted."""
STILL_POSTS = frozenset({"bad_utf8", "foreign_cookies"})
"""Odd pages that are a post all the same: the other sources have it as ever."""
DEPTH = 10_000
HUGE = 100_000_000
BOMB = 1 << 30

_DROP, _DROP_SECONDS = 512, 0.25
_CHUNK = 1 << 16
_RENAMED = {
    "id": "itemId",
    "desc": "caption",
    "video": "media",
    "stats": "counters",
    "statsV2": "countersV2",
    "author": "creator",
    "music": "sound",
}
_FOREIGN = (
    "session=of-another-host; Domain=.example.org; Path=/; Secure",
    "tt_chain_token=AAAAAAAAAAAAAAAAAAAAAA==; Domain=.example.org; Path=/; Secure",
    "everybody=1; Domain=.com; Path=/",
    "here=1; Domain=localhost; Path=/",
)


def _whole(number: int, signer: Signer) -> Answer:
    return pages.whole(pages.found(number, "", signer, mobile=False), signer.token, zipped=False)


def _slow_drip(number: int, signer: Signer, _request: Request) -> Answer:
    page = b"".join(_whole(number, signer).pieces)
    drops = (page[at : at + _DROP] for at in range(0, len(page), _DROP))
    return Answer(200, (HTML, *pages.cookies(signer.token)), drops, len(page), pause=_DROP_SECONDS)


def _cut_middle(number: int, signer: Signer, _request: Request) -> Answer:
    page = b"".join(_whole(number, signer).pieces)
    headers = (HTML, *pages.cookies(signer.token))
    return Answer(200, headers, (page[: len(page) // 2],), len(page), is_cut=True)


def _script_renamed(number: int, signer: Signer, _request: Request) -> Answer:
    before = BEFORE.replace(SCRIPT, SCRIPT.replace(b"__UNIVERSAL_DATA_FOR_REHYDRATION__", b"__APP_STATE__"))
    middle = pages.found(number, "", signer, mobile=False)
    return Answer(200, (HTML, *pages.cookies(signer.token)), (before, middle, AFTER))


def _detail(number: int, signer: Signer, detail: Json) -> Answer:
    middle = pages.scopes(number, "", {"statusCode": 0, "statusMsg": "", **detail}, mobile=False)
    return pages.whole(middle, signer.token, zipped=False)


def _item_moved(number: int, signer: Signer, _request: Request) -> Answer:
    moved = {"item": {"struct": item(post(number), signer)}}
    return _detail(number, signer, {"postInfo": moved})


def _fields_renamed(number: int, signer: Signer, _request: Request) -> Answer:
    renamed = {_RENAMED.get(name, name): value for name, value in item(post(number), signer).items()}
    return _detail(number, signer, {"itemInfo": {"itemStruct": renamed}})


def _refuse(_number: int, _signer: Signer, _request: Request) -> Answer:
    return odd.small("Access Denied", "<h1>Access Denied</h1>This browser is not welcome.", 403)


def _redirect(to: Callable[[Request], str]) -> Maker:
    return lambda _number, _signer, request: odd.redirect(to(request))


def _asked(request: Request) -> str:
    """Path and query: without its query the app's address is another one."""
    query = request.scope["query_string"].decode("latin-1")
    return f"{request.path}?{query}" if query else request.path


def _loopback(request: Request) -> str:
    host, port = request.scope["server"]
    return f"http://{host}:{port}{TRAP}"


def _huge(number: int, signer: Signer, _request: Request) -> Answer:
    """The post stands at the end, so that only who reads it all finds it."""
    return Answer(200, (HTML, *pages.cookies(signer.token)), _stuffed(number, signer), is_chunked=True)


def _stuffed(number: int, signer: Signer) -> Iterator[bytes]:
    yield HEAD
    stuffing = b"<!--" + b"x" * (_CHUNK - 7) + b"-->"
    for _ in range(HUGE // _CHUNK):
        yield stuffing
    yield from _whole(number, signer).pieces


def _bomb(_number: int, signer: Signer, _request: Request) -> Answer:
    headers = (HTML, *pages.cookies(signer.token), (b"content-encoding", b"gzip"))
    return Answer(200, headers, bomb())


_BLOCK = 1 << 24
_BOMB_CHECK = 0x9AC47FA6  # the CRC of all that the bomb holds; to reckon it takes a second


@lru_cache(maxsize=1)
def bomb() -> tuple[bytes, ...]:
    """A gzip file of BOMB bytes, all of them blanks, in pieces. One stretch is packed once and said again and again."""
    blanks = pages.deflated(b" " * _BLOCK, 9, zlib.Z_FULL_FLUSH)
    end = pages.deflated(b"", 9, zlib.Z_FINISH)
    trailer = _BOMB_CHECK.to_bytes(4, "little") + (BOMB % (1 << 32)).to_bytes(4, "little")
    return (pages.GZIP, *[blanks] * (BOMB // _BLOCK), end + trailer)


def _deep(number: int, signer: Signer, _request: Request) -> Answer:
    middle = pages.found(number, "", signer, mobile=False)
    nest = b'"itemStruct":{"nest":' + b"[" * DEPTH + b"]" * DEPTH + b","
    return pages.whole(middle.replace(b'"itemStruct":{', nest, 1), signer.token, zipped=False)


def _bad_utf8(number: int, signer: Signer, _request: Request) -> Answer:
    middle = pages.found(number, "", signer, mobile=False)
    broken = middle.replace(b'"desc":"', b'"desc":"\xc3\x28 \xff\xfe \xf0\x9f\x8c ', 1)
    return pages.whole(broken, signer.token, zipped=False)


def _foreign(number: int, signer: Signer, _request: Request) -> Answer:
    page = _whole(number, signer)
    more: tuple[tuple[bytes, bytes], ...] = tuple((b"set-cookie", line.encode()) for line in _FOREIGN)
    return replace(page, headers=(*page.headers, *more))


PAGES: dict[str, Maker] = {
    "slow_drip": _slow_drip,
    "cut_middle": _cut_middle,
    "script_renamed": _script_renamed,
    "item_moved": _item_moved,
    "fields_renamed": _fields_renamed,
    "refuse_chrome": _refuse,
    "redirect_loop": _redirect(lambda request: f"https://www.tiktok.com{_asked(request)}"),
    "redirect_away": _redirect(lambda request: f"https://www.example.org{request.path}"),
    "redirect_loopback": _redirect(_loopback),
    "redirect_http": _redirect(lambda request: f"http://www.tiktok.com{request.path}"),
    "huge_page": _huge,
    "gzip_bomb": _bomb,
    "deep_json": _deep,
    "bad_utf8": _bad_utf8,
    "foreign_cookies": _foreign,
}


def page(name: str, number: int, signer: Signer, request: Request) -> Answer:
    """The page of an outcome that is no post, of whatever sort. `name` may be a documented one too."""
    if name in PAGES:
        return PAGES[name](number, signer, request)
    return odd.PAGES[name](number, signer)
