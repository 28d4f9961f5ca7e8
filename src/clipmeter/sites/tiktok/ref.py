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

_HOSTS = re.compile(r"(?:(?:www|m|t|us|vm|vt)\.)?tiktok\.com|(?:(?:www|m)\.)?tiktokv\.(?:com|us|eu)")
_SHORT_HOSTS = {"vm.tiktok.com", "vt.tiktok.com"}
_SHORT_PATH_HOSTS = {"tiktok.com", "www.tiktok.com", "m.tiktok.com", "vm.tiktok.com", "vt.tiktok.com"}
_LINK = re.compile(
    r"(?:(?P<scheme>[a-z][a-z0-9+.-]*):)?(?://)?(?P<host>[^/?#\\]*)(?P<path>[^?#]*)", re.IGNORECASE | re.DOTALL
)
_POST = re.compile(
    r"/(?:(?:(?:@|%40)[^/]*/)?(?:video|photo)|embed(?:/v[0-9])?|player/v[0-9]|(?:i18n/)?share/(?:video|photo)|v)/(?P<id>[^/]*)/?",
    re.IGNORECASE | re.DOTALL,
)
_CODE = re.compile(r"(?:/t)?/(?P<code>[A-Za-z0-9_-]{4,32})/?")
_NAMED_CODE = re.compile(r"/t/(?P<code>[A-Za-z0-9_-]{4,32})/?", re.IGNORECASE)
_LIVE = re.compile(r"/(?:@|%40)[^/]*/live(?:/|$)|/live(?:/|$)", re.IGNORECASE)
_PROFILE = re.compile(r"/(?:embed/)?(?:@|%40)[^/]*/?", re.IGNORECASE)
_IN_TEXT = re.compile(r"(?<![a-z0-9._%@/?&=#:-])(?:https?://)?[a-z0-9.-]*tiktokv?\.[a-z]+[!-~]*", re.IGNORECASE)
_CLOSING = "\"'<>()[]{}.,;:!*"

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
    link = text.strip()
    if not link:
        raise InvalidParameter(f"The url is empty; {_EXAMPLE}.")
    if any(not character.isprintable() and not character.isspace() for character in link if character < "\xa0"):
        raise InvalidParameter(f"The url has a control character in it; {_EXAMPLE}.")
    return _read_one(next(_links_in(link), None) or link)


def _links_in(text: str) -> Iterator[str]:
    """The TikTok links in a shared text; none when the text is one link itself."""
    if (
        not any(character.isspace() for character in text)
        and text[0].isascii()
        and not text.startswith(tuple(_CLOSING))
    ):
        return
    for match in _IN_TEXT.finditer(text):
        after = text[match.end() : match.end() + 1]
        # A digit of another script right behind an id could be meant as a part of it.
        yield match[0] + after if after.isdigit() else match[0].rstrip(_CLOSING)


def _read_one(link: str) -> VideoRef | ShortLink:
    host, path = _parts(link)
    if match := _POST.fullmatch(path):
        digits = match["id"]
        return read_id(digits[:-5] if digits.lower().endswith(".html") else digits, name="The url: its id")
    short = _CODE if host in _SHORT_HOSTS else _NAMED_CODE
    if host in _SHORT_PATH_HOSTS and (match := short.fullmatch(path)):
        return ShortLink(f"https://{host}/{match['code']}/" if host in _SHORT_HOSTS else _named(match["code"]))
    raise InvalidParameter(_why_not(path))


def _named(code: str) -> str:
    return f"https://www.tiktok.com/t/{code}/"


def _parts(link: str) -> tuple[str, str]:
    """Host and path of a link to TikTok. Raises InvalidParameter for every other."""
    match = _LINK.fullmatch(link.partition("#")[0].partition("?")[0])
    if match is None:  # pragma: no cover - the expression takes any text
        raise InvalidParameter(f"The url is no link; {_EXAMPLE}.")
    scheme, host, path = (match["scheme"] or "https").lower(), match["host"].lower(), match["path"]
    if "\\" in link:
        raise InvalidParameter(f"The url has a backslash in it; {_EXAMPLE}.")
    if "://" not in link and match["scheme"] and not link[len(match["scheme"]) + 1 :].startswith("//"):
        host, scheme = link.partition("/")[0].lower(), "https"
    if scheme not in {"http", "https"}:
        raise InvalidParameter(f"The url must begin with https://; {_EXAMPLE}.")
    _check_host(host, link)
    return host, path


def _check_host(host: str, link: str) -> None:
    if _HOSTS.fullmatch(host):
        return
    if link.isascii() and link.isdigit():
        raise InvalidParameter("The url is a bare number; give it as video_id.")
    if "@" in host:
        raise InvalidParameter(f"The url has an @ before its host, which hides where it leads; {_EXAMPLE}.")
    if _HOSTS.match(host) and ":" in host:
        raise InvalidParameter(f"The url names a port; {_EXAMPLE}, without one.")
    if "%" in host:
        raise InvalidParameter(f"The url is percent-encoded once too often; {_EXAMPLE}.")
    raise InvalidParameter(f"The url is no link to TikTok; {_EXAMPLE}.")


def _why_not(path: str) -> str:
    if _LIVE.match(path):
        return f"The url is a link to a live stream, which is no post; {_EXAMPLE}."
    if _PROFILE.fullmatch(path):
        return f"The url is a link to a profile, not to one of its posts; {_EXAMPLE}."
    return f"The url is no link to one TikTok post; {_EXAMPLE}, or a short one like https://vm.tiktok.com/CODE/."


def read_id(text: str, name: str = "The video_id") -> VideoRef:
    """The post of an id. Raises InvalidParameter. `name`: what the sentence calls it.

    Zeros in front stay: an id is a text to those who join rows by it, and no id that TikTok gives begins with 0, so such a one is
    answered with 404 rather than with a post that has, to the letter, another id.
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
