"""Signed links to this server's relay: made, and read back. Pure.

    /media/SIGNATURE/EXPIRES/LANE/ACCOUNT/VIDEO_ID/KIND/NAME

Rule 1: a link says all that is needed to honour it. Nothing is stored, and every server with the secret honours it.
Rule 2: nothing in a link is believed before its signature is, and that covers every part.
Rule 3: a link is made with the first secret and honoured with each of them.
"""

import hmac
import time
from base64 import urlsafe_b64encode
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple, TypeAlias
from urllib.parse import quote

from clipmeter.errors import NotFound
from clipmeter.mac import Mac
from clipmeter.media.files import File, file_of, with_urls
from clipmeter.sites.tiktok.found import Answer

PREFIX = "/media"
NOT_OURS = "This link is not one of this server's, or it was changed."
REMEMBERED = 16_000
"""Pairs of account and answer whose signatures are kept, and accounts' names; each pair takes some 700 bytes."""
SIGNATURE_LENGTH = 32
"""Characters."""
_LINK, _ACCOUNT, _DERIVED = b"clipmeter link 1/", b"clipmeter account/", b"clipmeter link secret"
_SIGNATURE_BYTES = 24  # of the 32: 192 bits, 32 characters in a link
_TAG_BYTES = 9


@dataclass(frozen=True, slots=True)
class Wanted:
    """A file that a link names."""

    expires: int
    """Unix seconds."""
    lane: str
    """`live` or `test`: which TikTok the post is on."""
    account: str
    """Stands for the account the link was made for, without naming it."""
    video_id: str
    kind: str
    name: str
    """The file's name when it is saved."""


def link_keys(main: str, current: str, old: str) -> tuple[bytes, ...]:
    """The secrets that links are signed with, the one for new links first.

    `main`: the secret of the API keys, of which the default is made, so that nothing more must be stored; `current` and
    `old`: the operator's own, "" for none.
    """
    first = current.encode() or hmac.digest(main.encode(), _DERIVED, "sha256")
    return (first, old.encode()) if old else (first,)


class Signed(NamedTuple):
    """What links to files of one answer consist of, for one account."""

    middle: bytes
    """Between a signature and the file."""
    signatures: bytes
    """One after another, of SIGNATURE_LENGTH each."""

    def signature(self, number: int) -> bytes:
        """That of a file."""
        return self.signatures[number * SIGNATURE_LENGTH : (number + 1) * SIGNATURE_LENGTH]


_Sign: TypeAlias = Callable[[tuple[str, ...], tuple[File, ...]], Signed]


class Signer(NamedTuple):
    """Makes the links to the files of one answer, for one account."""

    root: str
    """How each link begins, before its signature."""
    parts: tuple[str, ...]
    """Expires, lane, account and video id, which all of its links share."""
    sign: "_Sign"
    remembered: "_Sign"

    def signed(self, files: tuple[File, ...]) -> Signed:
        """What the links to these files consist of; remembered, as most of the work is here."""
        return self.remembered(self.parts, files)

    def link(self, file: File) -> str:
        """The link to a file."""
        signed = self.sign(self.parts, (file,))
        return f"{self.root}{signed.signature(0).decode()}{signed.middle.decode()}{file.shown}"


class Links:
    """Makes links that play for a time, and tells which of them are its own."""

    def __init__(self, keys: tuple[bytes, ...], *, seconds: int, clock: Callable[[], float] = time.time) -> None:
        """`keys` as `link_keys` gives them; a link lives `seconds` from when TikTok was asked."""
        self._keys, self._seconds, self._clock = keys, seconds, clock
        self._mac = Mac(keys[0])
        self._remembered = lru_cache(REMEMBERED)(self._sign)
        self.account = lru_cache(REMEMBERED)(self._account)
        """What stands for an account in links: only this server can tell which it is."""

    def signer(self, answer: Answer, account_id: str, lane: str, base_url: str) -> Signer:
        """What makes this server's links to the answer's files, to stand in place of the CDN's.

        The same answer gives the same links to the same account for half of their time, so that an ETag can hold.
        """
        parts = (str(self.expires(answer)), lane, self.account(account_id), answer.video.video_id)
        return Signer(f"{base_url}{PREFIX}/", parts, self._sign, self._remembered)

    def relayed(self, answer: Answer, account_id: str, lane: str, base_url: str) -> Answer:
        """The answer with this server's links in place of the CDN's, its extras' too; sizes stay, "" stays ""."""
        signer, video = self.signer(answer, account_id, lane, base_url), answer.video
        return with_urls(answer, lambda kind: signer.link(file_of(video, kind)))

    def expires(self, answer: Answer) -> int:
        """When links to the answer's files die, if they are made now; in Unix seconds."""
        now = self._clock()
        is_old = not 0 <= now - answer.fetched_at < self._seconds / 2
        return int(now if is_old else answer.fetched_at) + self._seconds

    def _sign(self, parts: tuple[str, ...], files: tuple[File, ...]) -> Signed:
        begun = self._mac.begun(_message((*parts, "")))
        digests = b"".join([self._mac.digest(file.signed, begun)[:_SIGNATURE_BYTES] for file in files])
        middle = "".join(f"/{quote(part, safe='')}" for part in parts)
        # 24 bytes are 32 characters and no rest, so all of them are written at once.
        return Signed(f"{middle}/".encode(), urlsafe_b64encode(digests))

    def _account(self, account_id: str) -> str:
        return _text(hmac.digest(self._keys[0], _ACCOUNT + account_id.encode(), "sha256")[:_TAG_BYTES])

    def path(self, wanted: Wanted) -> str:
        """The link, without the server's address."""
        signature = _sign(self._keys[0], _parts(wanted))
        return "/".join([PREFIX, signature, *(quote(part, safe="") for part in _parts(wanted))])

    def read(self, signature: str, wanted: Wanted) -> Wanted:
        """The file of a link that is ours and still lives. Raises NotFound with the reason."""
        parts = _parts(wanted)
        # All are compared, whether the first fits or not, so that the time tells nothing.
        fits = [hmac.compare_digest(_sign(key, parts).encode(), signature.encode()) for key in self._keys]
        if not any(fits):
            raise NotFound(NOT_OURS)
        if wanted.expires <= self._clock():
            raise NotFound("This link has expired; ask for the video again to get a new one.")
        return wanted

    def seconds_left(self, wanted: Wanted) -> int:
        """How long the link still lives."""
        return max(0, int(wanted.expires - self._clock()))


def _parts(wanted: Wanted) -> tuple[str, ...]:
    return str(wanted.expires), wanted.lane, wanted.account, wanted.video_id, wanted.kind, wanted.name


def _sign(key: bytes, parts: tuple[str, ...]) -> str:
    return _text(hmac.digest(key, _message(parts), "sha256")[:_SIGNATURE_BYTES])


def _message(parts: tuple[str, ...]) -> bytes:
    """What is signed. No part has a slash in it, so that two links never sign the same bytes."""
    return _LINK + "/".join(parts).encode("utf8", "surrogatepass")


def _text(data: bytes) -> str:
    return urlsafe_b64encode(data).decode().rstrip("=")
