"""The addresses of files: what they name, how they are signed and how a signature is checked. Pure.

A file's name holds the id of its post and which file it is, so that the CDN needs no memory. Links of web pages are
signed for one value of the cookie tt_chain_token; those of pictures and of the app are signed without one.
"""

import hmac
from base64 import b64encode
from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b
from typing import NamedTuple

_SECRET = b"no secret of worth: links outlive a restart"
_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_VALUES = {digit: value for value, digit in enumerate(_DIGITS)}
_WIDTH = 11
_NAME = 13  # an id and which file

VIDEO, MARKED, SOUND, COVER, ORIGIN, DYNAMIC, PHOTO, AVATAR, DISC, WORDS = "rwmcodpvsk"


class File(NamedTuple):
    """Which file of which post: `kind` is one of the letters above, `at` counts rungs, photos or languages."""

    post: int
    kind: str
    at: int = 0


@lru_cache(maxsize=512)
def name(file: File) -> str:
    """The opaque name of a file, with a tail that makes it as long as TikTok's."""
    head = base62(file.post).rjust(_WIDTH, "0") + file.kind + _DIGITS[file.at]
    return f"o{head}{head[::-1]}{head[5:]}"


def file_of(opaque: str) -> File | None:
    """The file with this name; None when no file has it."""
    head = opaque[1 : 1 + _NAME]
    if len(head) != _NAME or not set(head) <= _VALUES.keys():
        return None
    file = File(from_base62(head[:_WIDTH]), head[_WIDTH], _VALUES[head[_WIDTH + 1]])
    return file if name(file) == opaque else None


@lru_cache(maxsize=64)
def base62(number: int) -> str:
    digits = ""
    while number:
        number, rest = divmod(number, 62)
        digits = _DIGITS[rest] + digits
    return digits


def from_base62(digits: str) -> int:
    """The number written as these digits. KeyError: something in it is no digit."""
    number = 0
    for digit in digits:
        number = number * 62 + _VALUES[digit]
    return number


def fill(template: tuple[bytes, ...], signer: "Signer") -> bytes:
    """What a Template has made, split at its marks, signed for one visitor."""
    parts, signed, expires = list(template), dict[bytes, bytes](), str(signer.expires)
    for at in range(1, len(parts), 2):
        path = parts[at]
        if path not in signed:  # a page tells most of its links two or three times
            signed[path] = signature(path.decode().replace("|", "/"), expires, signer.token).encode()
        parts[at] = signed[path]
    return b"".join(parts)


def signature(path: str, expires: str, token: str = "") -> str:
    """32 hexadecimal digits that only this path, this time of expiry and this cookie give."""
    return blake2b(f"{path}|{expires}|{token}".encode(), key=_SECRET, digest_size=16).hexdigest()


def picture_signature(path: str, expires: str) -> str:
    """The signature of a picture's link, in base64 as TikTok writes it (not yet quoted).

    It holds for every size of the picture: what follows the `~` of the path is not signed.
    """
    signed = f"{path.partition('~')[0]}|{expires}".encode()
    return b64encode(blake2b(signed, key=_SECRET, digest_size=20).digest()).decode()


@lru_cache(maxsize=512)
def _picture(file: File, expires: int) -> tuple[str, str]:
    """The link of a picture, around the word that says in which size."""
    bucket = "tos-useast5-avt-0068-tx" if file.kind in (AVATAR, DISC) else "tos-useast5-p-0068-tx"
    path = f"/{bucket}/{name(file)}~"
    signed = picture_signature(path, str(expires)).replace("+", "%2B").replace("/", "%2F").replace("=", "%3D")
    tail = f"?dr=9636&x-expires={expires}&x-signature={signed}&t=4d5b0474&ps=13740610&shp=81f88b70&shcp=43f4a2f9"
    return f"https://p16-common-sign.tiktokcdn-us.com{path}", f"{tail}&idc=useast5"


def same(given: str, wanted: str) -> bool:
    return hmac.compare_digest(given.encode(), wanted.encode())


@dataclass(frozen=True, slots=True)
class Signer:
    """Makes links for one visitor: bound to its cookie, good until `expires` (Unix seconds)."""

    token: str
    expires: int

    def video(self, file: File, *, bitrate: int, definition: int, mark: str = "unwatermarked") -> str:
        path = f"/video/tos/useast5/tos-useast5-ve-0068c001-tx/{name(file)}/"
        kilo = bitrate // 1000
        return (
            f"https://v16-webapp-prime.us.tiktok.com{path}?a=1988&bti=ODszNWYuMDE6&ch=0&cr=3&dr=0&lr={mark}"
            f"&cd=0%7C0%7C0%7C&cv=1&br={kilo * 2}&bt={kilo}&cs=0&ds={definition}"
            f"&ft=-Csk_m7nPD12NZZTqh-Ux_TvGY6e3wv25IcAp&mime_type=video_mp4&qs=0&rc=ZzVkNjY0ZWQ1NTlnOjxpOUBpM3lxdXY5cnl4NDMzODczNEAxYWJfLTMvX18xM2IuMDMuYSNtZ29j"
            f"&btag=e00088000&expire={self.expires}&l=20250803194627A24E6588D6434FF9EB51&ply_type=2&policy=2"
            f"&signature={self._bound(path)}&tk=tt_chain_token"
        )

    def sound(self, file: File, original: bool) -> str:
        """An author's own sound is signed as a video is; a song of the library lies open under /obj/."""
        if not original:
            return f"https://sf16-ies-music-va.tiktokcdn.com/obj/tos-useast2a-ve-2774/{name(file)}"
        path = f"/video/tos/useast8/tos-useast8-v-27dcd7-tx/{name(file)}/"
        return (
            f"https://v16-webapp-prime.us.tiktok.com{path}?a=1988&bti=ODszNWYuMDE6&ch=0&cr=3&dr=0&er=0&lr=default"
            f"&cd=0%7C0%7C0%7C0&br=250&bt=125&ds=5&mime_type=audio_mpeg&qs=13&vvpl=1&btag=e00088000"
            f"&expire={self.expires}&signature={self._bound(path)}&tk=tt_chain_token"
        )

    def picture(self, file: File, template: str = "tplv-tiktokx-origin.image") -> str:
        head, tail = _picture(file, self.expires)
        return head + template + tail

    def plain(self, file: File, host: str = "v16-webapp.tiktok.com", mime: str = "video_mp4") -> str:
        """A link signed in its path that asks for no cookie: subtitles, and what the app is given."""
        path = f"/video/tos/useast5/tos-useast5-pv-0068-tx/{name(file)}/"
        signed = signature(path, f"{self.expires:x}")
        return (
            f"https://{host}/{signed}/{self.expires:x}{path}?a=1988&ch=0&cr=3&dr=0&lr=all&ds=4&mime_type={mime}&qs=13"
        )

    def _bound(self, path: str) -> str:
        return signature(path, str(self.expires), self.token)


class Template(Signer):
    """Makes links for any visitor: between two marks stands the path that is to be signed for the one who comes."""

    MARK = "\x7f"

    def _bound(self, path: str) -> str:
        return f"{self.MARK}{path.replace('/', '|')}{self.MARK}"
