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
from urllib.parse import quote

from clipmeter.errors import NotFound
from clipmeter.media.files import file_name, with_urls
from clipmeter.sites.tiktok.found import Answer

PREFIX = "/media"
NOT_OURS = "This link is not one of this server's, or it was changed."
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


class Links:
    """Makes links that play for a time, and tells which of them are its own."""

    def __init__(self, keys: tuple[bytes, ...], *, seconds: int, clock: Callable[[], float] = time.time) -> None:
        """`keys` as `link_keys` gives them; a link lives `seconds` from when TikTok was asked."""
        self._keys, self._seconds, self._clock = keys, seconds, clock

    def relayed(self, answer: Answer, account_id: str, lane: str, base_url: str) -> Answer:
        """The answer with this server's links in place of the CDN's, its extras' too; sizes stay, "" stays "".

        The same answer gives the same links to the same account for half of their time, so that an ETag can hold.
        """
        expires, account = self.expires(answer), self.account(account_id)
        video = answer.video

        def link(kind: str) -> str:
            wanted = Wanted(expires, lane, account, video.video_id, kind, file_name(video, kind))
            return base_url + self.path(wanted)

        return with_urls(answer, link)

    def expires(self, answer: Answer) -> int:
        """When links to the answer's files die, if they are made now; in Unix seconds."""
        now = self._clock()
        is_old = not 0 <= now - answer.fetched_at < self._seconds / 2
        return int(now if is_old else answer.fetched_at) + self._seconds

    def account(self, account_id: str) -> str:
        """What stands for an account in links: only this server can tell which it is."""
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
    # No part has a slash in it, so that two links never sign the same bytes.
    message = _LINK + "/".join(parts).encode("utf8", "surrogatepass")
    return _text(hmac.digest(key, message, "sha256")[:_SIGNATURE_BYTES])


def _text(data: bytes) -> str:
    return urlsafe_b64encode(data).decode().rstrip("=")
