"""Any link to one TikTok post to what it refers to. Pure: nothing is looked up.

Rule 1: only what is certain is taken. A link that could be read in two ways is refused with a sentence.
Rule 2: of a link nothing but digits of an id or letters of a short code is kept, so nobody can send us to another host.
"""

import re
from collections.abc import Iterator

from msgspec import Struct

from clipmeter.errors import InvalidParameter

LONGEST_LINK = 500
"""Code points of a link or shared text at most."""
LONGEST_ID = 25
_DAY = 86_400

_HOST = re.compile(r"(?:(?:www|m|t|us|vm|vt)\.)?tiktok\.com|(?:(?:www|m)\.)?tiktokv\.(?:com|us|eu)")
_SHORT_HOSTS = frozenset({"vm.tiktok.com", "vt.tiktok.com"})
_MAIN_HOSTS = frozenset({"tiktok.com", "www.tiktok.com", "m.tiktok.com"})
_SCHEME = re.compile(r"([a-z][a-z0-9+.-]*)://", re.IGNORECASE)
_POST = re.compile(
    r"/(?:(?:(?:@|%40)[^/]*/)?(?:video|photo)|embed(?:/v[0-9])?|player/v[0-9]|(?:i18n/)?share/(?:video|photo)|v)"
    r"/(?P<id>[^/@]*?)(?:\.html)?/?",
    re.IGNORECASE,
)
_CODE = re.compile(r"/(?P<code>[A-Za-z0-9_-]{4,32})/?")
_NAMED_CODE = re.compile(r"/t/(?P<code>[A-Za-z0-9_-]{4,32})/?", re.IGNORECASE)
_LIVE = re.compile(r"/(?:(?:@|%40)[^/]*/)?live(?:/|$)", re.IGNORECASE)
_PROFILE = re.compile(r"/(?:embed/)?(?:@|%40)[^/]*/?", re.IGNORECASE)
# No link to TikTok inside another link, which may be one that only looks like it.
_IN_TEXT = re.compile(r"(?<![a-z0-9._%@/?&=#:-])(?:https?://)?[a-z0-9.-]*tiktokv?\.[a-z]+[!-~]*", re.IGNORECASE)
_AROUND = "\"'<>()[]{}.,;:!*"
_INVISIBLE = "\u200b\u200e\u200f\u2060\ufeff"

_EXAMPLE = "give a link like https://www.tiktok.com/@NAME/video/ID"


class VideoRef(Struct, frozen=True):
    """A post, by its id: decimal digits."""

    id: str


class ShortLink(Struct, frozen=True):
    """A link whose redirect names the post: https, on one of TikTok's short hosts, nothing but its code."""

    url: str


def read_link(text: str) -> VideoRef | ShortLink:
    """What a link, or a shared text with a link in it, refers to. Raises InvalidParameter."""
    if len(text) > LONGEST_LINK:
        raise InvalidParameter(f"The url is too long: {len(text)} characters, at most {LONGEST_LINK} are allowed.")
    link = text.strip().strip(_INVISIBLE)
    if not link:
        raise InvalidParameter(f"The url is empty; {_EXAMPLE}.")
    if any(character < " " and not character.isspace() for character in link) or "\x7f" in link:
        raise InvalidParameter(f"The url has a control character in it; {_EXAMPLE}.")
    return _read_one(link if _is_bare(link) else next(_links_in(link), link))


def _is_bare(link: str) -> bool:
    """Whether it is a link alone, and not a text with a link in it."""
    return link[0].isascii() and link[0] not in _AROUND and not any(character.isspace() for character in link)


def _links_in(text: str) -> Iterator[str]:
    """The links to TikTok in a shared text, in order."""
    for match in _IN_TEXT.finditer(text):
        found, after = match[0].rstrip(_AROUND), text[match.end() : match.end() + 1]
        host, path = _parts(found)
        if _HOST.fullmatch(host) and (path or _SCHEME.match(found)):
            # A digit of another script right behind an id may be meant as a part of it: let it be refused.
            yield found + after if after.isdigit() else found


def _parts(link: str) -> tuple[str, str]:
    """Host, in lower case, and path of a link whose scheme may be missing."""
    scheme = _SCHEME.match(link)
    place = (link[scheme.end() :] if scheme else link.removeprefix("//")).partition("#")[0].partition("?")[0]
    host, slash, path = place.partition("/")
    return host.lower(), slash + path


def _read_one(link: str) -> VideoRef | ShortLink:
    host, path = _parts(link)
    _check(link, host)
    if match := _POST.fullmatch(path):
        return read_id(match["id"], name="The url is not right: the id in it")
    if host in _SHORT_HOSTS and (match := _CODE.fullmatch(path)):
        return ShortLink(f"https://{host}/{match['code']}/")
    if host in _MAIN_HOSTS and (match := _NAMED_CODE.fullmatch(path)):
        return ShortLink(f"https://www.tiktok.com/t/{match['code']}/")
    raise InvalidParameter(_why_not(path))


def _check(link: str, host: str) -> None:
    """Raise InvalidParameter for a link to another place than TikTok, however it is dressed up."""
    scheme = _SCHEME.match(link)
    if scheme and scheme[1].lower() not in {"http", "https"}:
        raise InvalidParameter(f"The url must begin with https://; {_EXAMPLE}.")
    if "\\" in link:
        raise InvalidParameter(f"The url has a backslash in it; {_EXAMPLE}.")
    if _HOST.fullmatch(host):
        return
    if link.isdigit():
        raise InvalidParameter("The url is a bare number; give an id as video_id.")
    if "%" in host:
        raise InvalidParameter(f"The url is percent-encoded once too often; {_EXAMPLE}.")
    if "@" in host:
        raise InvalidParameter(f"The url has an @ before its host, which hides where it leads; {_EXAMPLE}.")
    if _HOST.match(host) and ":" in host:
        raise InvalidParameter(f"The url names a port; {_EXAMPLE}, without one.")
    raise InvalidParameter(f"The url is no link to TikTok; {_EXAMPLE}.")


def _why_not(path: str) -> str:
    if _LIVE.match(path):
        return f"The url is a link to a live stream, which is no post; {_EXAMPLE}."
    if _PROFILE.fullmatch(path):
        return f"The url is a link to a profile, not to one of its posts; {_EXAMPLE}."
    return f"The url is no link to one TikTok post; {_EXAMPLE}, or a short one like https://vm.tiktok.com/CODE/."


def read_id(text: str, name: str = "The video_id") -> VideoRef:
    """The post of an id. Raises InvalidParameter. `name`: what the sentence calls it.

    Zeros in front stay: an id is a text to those who join rows by it, and no id that TikTok gives begins with 0, so
    such a one is answered with 404 rather than with a post that has, to the letter, another id.
    """
    if not text.isascii() or not text.isdigit():
        raise InvalidParameter(f"{name} must be decimal digits only, like 7516594811734854943.")
    if len(text) > LONGEST_ID:
        raise InvalidParameter(f"{name} is too long: {len(text)} digits, at most {LONGEST_ID} are allowed.")
    if not text.strip("0"):
        raise InvalidParameter(f"{name} is zero, which is no post's id.")
    return VideoRef(text)


def id_time(video_id: str) -> int:
    """When a post of this id was made, in Unix seconds; a small number for ids older than this scheme."""
    return int(video_id) >> 32


def is_from_the_future(video_id: str, now: float) -> bool:
    """Whether the id is dated after tomorrow, so that no such post can exist yet. `now`: Unix seconds."""
    return id_time(video_id) > now + _DAY
