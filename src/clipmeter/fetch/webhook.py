"""Messages to addresses that people gave, signed, and never to this machine or its neighbours.

Rule 1: the address is checked where the socket is made, so that no name, however it resolves and whenever it changes,
leads anywhere but to the public internet.
Rule 2: no redirect is followed, no proxy is used, no cookie is kept, and nothing of the answer but its status is read.
"""

import hashlib
import hmac
import socket
import time
from typing import Any

import aiohttp
from yarl import URL

from clipmeter.public import is_public, url_problem

WITHIN = 10.0
"""Seconds for one message, from the name to the status."""
SIGNATURE = "X-Clipmeter-Signature"
MESSAGE = "X-Clipmeter-Message"
_NOT_PUBLIC = "the address is not on the public internet"


class WebhookRefused(Exception):
    """Nothing is sent to this address, now or later."""


class WebhookFailed(Exception):
    """It did not take the message; it may later."""


class Webhooks:
    """Use it in one event loop, and close it there."""

    def __init__(self, *, anywhere: bool = False, within: float = WITHIN) -> None:
        """`anywhere`: private addresses and plain http are right too. `within`: seconds for one message."""
        self._anywhere = anywhere
        self._timeout = aiohttp.ClientTimeout(total=within)
        self._session: aiohttp.ClientSession | None = None

    async def post(self, url: str, body: bytes, *, key: str, message_id: str) -> None:
        """Send JSON, signed with `key`. Raises WebhookRefused or WebhookFailed, which say why."""
        if problem := url_problem(url, anywhere=self._anywhere):
            raise WebhookRefused(f"the address {problem}")
        headers = {
            "Content-Type": "application/json",
            "User-Agent": "clipmeter",
            MESSAGE: message_id,
            SIGNATURE: signature(key, int(time.time()), body),
        }
        try:
            async with self._opened().post(
                URL(url, encoded=True), data=body, headers=headers, allow_redirects=False
            ) as answer:
                status = answer.status
        except (aiohttp.ClientError, OSError, ValueError) as error:  # TimeoutError is an OSError
            raise _failed(error) from error
        if not 200 <= status < 300:
            raise WebhookFailed(f"it answered with status {status}")

    async def aclose(self) -> None:
        """Close every connection."""
        if self._session is not None:
            await self._session.close()

    def _opened(self) -> aiohttp.ClientSession:
        if self._session is None:  # made at first use, as it wants a running loop
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(socket_factory=self._socket, force_close=True),
                cookie_jar=aiohttp.DummyCookieJar(),
                timeout=self._timeout,
            )
        return self._session

    def _socket(self, address: tuple[Any, ...]) -> socket.socket:
        """A socket for an address as getaddrinfo gives it: the very one that is connected to."""
        if not (self._anywhere or is_public(str(address[4][0]))):
            raise OSError(_NOT_PUBLIC)
        made = socket.socket(*address[:3])
        made.setblocking(False)
        return made


def signature(key: str, now: int, body: bytes) -> str:
    """What stands in the header: the time in Unix seconds, and the HMAC-SHA256 of time, dot and body in hex."""
    digest = hmac.new(key.encode(), f"{now}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={now},v1={digest}"


def _failed(error: Exception) -> Exception:
    """The client wraps what `_socket` raises, and joins it when a name has several addresses; its words stay."""
    cause: BaseException | None = error
    while cause:
        if _NOT_PUBLIC in str(cause):
            return WebhookRefused(_NOT_PUBLIC)
        cause = cause.__cause__
    return WebhookFailed(f"{type(error).__name__}: {error}")
