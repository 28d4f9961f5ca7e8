"""The “Please wait…” page and its riddle: find n with sha256(a + n) = c. A browser's script does; so does yt-dlp."""

import json
from base64 import b64decode, b64encode
from hashlib import sha256

COOKIE = "_wafchallengeid"
SECOND_COOKIE = "waforiginalreid"
_HARDEST = 30_000

_SITE = "https://sf16-website-login.neutral.ttwstatic.com/obj/tiktok_web_login_static/obj/waf-aiso/fauxtok.js"
_PAGE = (
    '<!DOCTYPE html> <html lang="en"> <head> <link rel="icon" href="data:;base64,="> '
    '<script id="slardar-config" type="application/json"> {"slardarClient":"SlardarWAF"} </script> '
    '</head> <body> Please wait... <p id="wci" class="%s"></p> <p id="cs" class="%s"></p> <p id="rci" class="%s"></p> '
    '<p id="rs" class="%s"></p> <p id="place_hold" class="support original referer"></p> '
    f'<script tpye="text/javascript" src="{_SITE}"></script> </body> </html>'
)


def page(number: int) -> bytes:
    """The page for one id; its riddle is always the same."""
    riddle = _b64(json.dumps(_riddle(number), separators=(",", ":")).encode()).rstrip("=")
    return (_PAGE % (COOKIE, riddle, SECOND_COOKIE, f"rs{number:x}")).encode()


def is_solved(number: int, cookie: str) -> bool:
    """Whether this value of the cookie holds the answer to the riddle of this id."""
    try:
        told = json.loads(b64decode(cookie))
        answer = b64decode(told["d"])
        return bool(told["v"] == _riddle(number)["v"]) and answer == str(_answer(number)).encode()
    except (ValueError, KeyError, TypeError):
        return False


def _riddle(number: int) -> dict[str, object]:
    salt = sha256(f"salt {number}".encode()).digest()
    wanted = sha256(salt + str(_answer(number)).encode()).digest()
    seal = _b64(sha256(f"seal {number}".encode()).digest())
    return {"v": {"a": _b64(salt), "b": 1795331000, "c": _b64(wanted)}, "s": seal}


def _answer(number: int) -> int:
    return number * 7_919 % _HARDEST


def _b64(data: bytes) -> str:
    return b64encode(data).decode()
