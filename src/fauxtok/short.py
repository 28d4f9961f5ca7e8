"""Short links: a code is the id itself in other digits, so every post has one and the same code for ever."""

import re

from fauxtok.asgi import Answer, Request
from fauxtok.ids import DOCUMENTED, FOUND, Kind
from fauxtok.odd import redirect
from fauxtok.world import post

_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_CODE = re.compile(r"Z([0-9A-Z]{1,16})")
_HOSTS = frozenset({"vm.tiktok.com", "vt.tiktok.com"})
LEADS = {
    "ZLoop": "https://vt.tiktok.com/ZLoopBack/",
    "ZLoopBack": "https://vm.tiktok.com/ZLoop/",
    "ZAway": "https://www.example.org/@_/video/7516594811734854943",
    "ZLocal": "http://127.0.0.1/__fauxtok/trap",
    "ZLive": "https://www.tiktok.com/@tiktok/live",
}
"""Codes that lead to no post, and where they lead instead. Letters in lower case keep them apart from those of ids."""
_PATH = re.compile(r"/t/([^/]+)/?")


def short_code(number: int) -> str:
    """The code of an id: Z, then the id in base 36, then a digit that guards it."""
    digits, rest = "", number
    while rest:
        rest, value = divmod(rest, 36)
        digits = _DIGITS[value] + digits
    return f"Z{digits}{_DIGITS[number % 35]}"


def id_of_code(code: str) -> int | None:
    """The id of a code; None when no post has it."""
    match = _CODE.fullmatch(code)
    if match is None or len(code) < 3:
        return None
    number = int(match[1][:-1], 36)
    return number if short_code(number) == code else None


def is_host(host: str) -> bool:
    return host in _HOSTS


def is_short(request: Request) -> bool:
    return is_host(request.host) or _PATH.fullmatch(request.path) is not None


def answer(request: Request) -> Answer:
    """A redirect to the post, or to the front page where the code means nothing, as TikTok does."""
    match = _PATH.fullmatch(request.path)
    code = match[1] if match else request.path.strip("/")
    if code in LEADS:
        return redirect(LEADS[code])
    number = id_of_code(code)
    if number is None:
        return redirect("https://www.tiktok.com/", 302)
    it = post(number)
    folder = "photo" if it.is_photo else "video"
    shown = DOCUMENTED.get(number, FOUND).kind is Kind.POST
    name = it.author.unique_id if shown else ""
    return redirect(
        f"https://www.tiktok.com/@{name}/{folder}/{number}?_r=1&_t=ZP-{request.host.partition('.')[0]}", 301
    )
