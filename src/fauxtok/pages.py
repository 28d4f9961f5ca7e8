"""Video pages that carry the data script: the post's own scopes, spliced into the bulk that is always the same."""

import zlib
from functools import lru_cache

from fauxtok import jsons
from fauxtok.asgi import HTML, Answer, Headers
from fauxtok.bulk import AFTER, BEFORE
from fauxtok.ids import Outcome
from fauxtok.item import item, mobile_item
from fauxtok.item_video import Json
from fauxtok.links import Signer, Template, fill
from fauxtok.world import post

GZIP = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03"
"""What a gzip file begins with."""
_COMMON = "Domain=.tiktok.com; Path=/; Secure"


def found(number: int, shape: str, signer: Signer, *, mobile: bool) -> bytes:
    """The scopes of a post, its links bound to the visitor that `signer` speaks for."""
    return fill(_template(number, shape, signer.expires, mobile), signer)


def status(number: int, outcome: Outcome, *, mobile: bool) -> bytes:
    """The scopes of a post that is not shown. itemInfo is empty or missing: TikTok does both."""
    told = "statusMessage" if mobile else "statusMsg"
    empty: Json = {"itemInfo": {}} if number % 2 else {}
    return scopes(number, "", {**empty, "statusCode": outcome.number, told: outcome.message}, mobile=mobile)


def scopes(number: int, name: str, detail: object, *, mobile: bool) -> bytes:
    """The scopes that differ from page to page; without a detail the page is a shell."""
    address = f"https://www.tiktok.com/@{name}/video/{number}"
    seo = {"canonical": address, "pageId": str(number), "vidList": ["73675307", "74014084"], "parameters": {}}
    whole: Json = {"seo.abtest": seo}
    if detail is not None:
        whole["webapp.reflow.video.detail" if mobile else "webapp.video-detail"] = detail
    return b"," + jsons.script(whole)[1:-1]


def whole(middle: bytes, token: str, *, zipped: bool, after: bytes = AFTER) -> Answer:
    """A full page around its scopes."""
    headers = (HTML, *cookies(token))
    if zipped:
        return Answer(200, (*headers, (b"content-encoding", b"gzip")), _zip(middle, after))
    return Answer(200, headers, (BEFORE, middle, after))


def cookies(token: str) -> Headers:
    """The cookies every page sets; tt_chain_token is the one that its media links are bound to."""
    lines = (
        f"ttwid=1%7Cfauxtok%7C1795331000%7Cabcdef; {_COMMON}; HttpOnly; SameSite=None; Max-Age=31536000",
        f"tt_csrf_token=AbCdEfGh-fauxtok; {_COMMON}; HttpOnly; SameSite=Lax",
        f"tt_chain_token={token}; {_COMMON}; HttpOnly; Max-Age=15552000",
        f"msToken=fauxtok{'x' * 100}==; {_COMMON}; SameSite=None; Max-Age=864000",
    )
    return tuple((b"set-cookie", line.encode()) for line in lines)


@lru_cache(maxsize=512)
def _template(number: int, shape: str, expires: int, mobile: bool) -> tuple[bytes, ...]:
    """The scopes of a post, cut where the signatures of this visitor's links go."""
    gaps, it = Template("", expires), post(number, shape)
    inside = {"itemStruct": mobile_item(it, gaps) if mobile else item(it, gaps)}
    share = {"title": f"{it.author.name} on TikTok", "desc": it.text}
    said = {"statusMessage" if mobile else "statusMsg": ""}
    detail = {"itemInfo": inside, "shareMeta": share, "statusCode": 0, **said}
    return tuple(scopes(number, it.author.unique_id, detail, mobile=mobile).split(Template.MARK.encode()))


def deflated(data: bytes, level: int, end: int) -> bytes:
    """One stretch of a deflate stream that needs nothing of what went before."""
    packer = zlib.compressobj(level, zlib.DEFLATED, -15)
    return packer.compress(data) + packer.flush(end)


@lru_cache(maxsize=4)
def _end(after: bytes) -> bytes:
    return deflated(after, 6, zlib.Z_FINISH)


@lru_cache(maxsize=1)
def _start() -> tuple[bytes, int]:
    return GZIP + deflated(BEFORE, 6, zlib.Z_FULL_FLUSH), zlib.crc32(BEFORE)


def _zip(middle: bytes, after: bytes) -> tuple[bytes, ...]:
    """The page as gzip; the bulk around the scopes is compressed once and for all."""
    start, check = _start()
    check = zlib.crc32(after, zlib.crc32(middle, check))
    size = len(BEFORE) + len(middle) + len(after)
    trailer = check.to_bytes(4, "little") + size.to_bytes(4, "little")
    return start, deflated(middle, 1, zlib.Z_FULL_FLUSH), _end(after) + trailer
