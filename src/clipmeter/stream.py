"""Files of any size from the CDN, in little memory: read no faster than the reader takes them.

Rule 1: the addresses are `request`'s, which checks each, those of redirects too; and only hosts of `allowed` are asked.
Rule 2: who leaves the context has ended the transfer. Nothing goes on in the background.
Rule 3: a body that ends before its announced length raises; it is never just short.
"""

import socket
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import urljoin, urlsplit

import aiohttp
from yarl import URL

from clipmeter.errors import Problem, UpstreamConnectionError, UpstreamError, UpstreamTimeout
from clipmeter.sites.fetching import Streamed

MAX_REDIRECTS = 5
CHUNK = 32 * 1024
FREELY = 32
"""How many files may be under way before the next ones get a small window."""
WINDOW = 64 * 1024
"""Bytes that the kernel takes in ahead of us for one of these: what it has is read all at once, into our memory."""
IDLE = 20.0
"""Seconds without a byte, while we would take one, after which a transfer is given up."""
_REDIRECTS = {301, 302, 303, 307, 308}

Request = Callable[[str, Mapping[str, str]], tuple[str, dict[str, str], str | None]]
"""A file's address and cookies → where to connect, the headers, the proxy. Raises UpstreamError: refused."""


class Streams:
    """Implements `sites.fetching.Streaming`. Use it in one event loop, and close it there."""

    def __init__(
        self, request: Request, *, allowed: Callable[[str], bool], connect_timeout: float = 4.0, idle: float = IDLE
    ) -> None:
        """`allowed` names the hosts that may be asked for files; times are in seconds."""
        self._request, self._allowed = request, allowed
        # A ClientTimeout's sock_read counts only while we read: a slow reader of ours is no stall of theirs.
        self._timeout = aiohttp.ClientTimeout(total=None, connect=connect_timeout, sock_read=idle)
        self._session: aiohttp.ClientSession | None = None
        self._under_way = 0

    @asynccontextmanager
    async def open(
        self, method: str, url: str, *, cookies: Mapping[str, str], headers: Mapping[str, str]
    ) -> AsyncIterator[Streamed]:
        """Ask for a file, following at most five redirects, each checked like the first address."""
        self._under_way += 1
        try:
            answer = await self._follow(method, url, cookies, headers)
            try:
                yield Streamed(answer.status, _plain(answer), _chunks(answer))
            finally:
                answer.close()
        finally:
            self._under_way -= 1

    async def aclose(self) -> None:
        """Close every connection."""
        if self._session is not None:
            await self._session.close()

    async def _follow(
        self, method: str, url: str, cookies: Mapping[str, str], headers: Mapping[str, str]
    ) -> aiohttp.ClientResponse:
        for _ in range(MAX_REDIRECTS + 1):
            answer = await self._ask(method, url, cookies, headers)
            target = answer.headers.get("location", "")
            if answer.status not in _REDIRECTS or not target:
                return answer
            answer.close()
            url = _joined(url, target)
        raise UpstreamError(sign=f"more than {MAX_REDIRECTS} redirects, the next to {url[:200]}")

    async def _ask(
        self, method: str, url: str, cookies: Mapping[str, str], headers: Mapping[str, str]
    ) -> aiohttp.ClientResponse:
        if not self._allowed(_host(url)):
            raise UpstreamError(sign=f"refused: {url[:200]!r} is not among the hosts that files lie on")
        target, ours, proxy = self._request(url, cookies)
        if proxy and proxy.startswith("socks"):
            raise UpstreamConnectionError(sign="files cannot be asked through a socks proxy")
        try:
            return await self._opened().request(
                method, URL(target, encoded=True), headers={**ours, **headers}, proxy=proxy, allow_redirects=False
            )
        except (aiohttp.ClientError, OSError, ValueError) as error:  # TimeoutError is an OSError
            raise _problem(error) from error

    def _opened(self) -> aiohttp.ClientSession:
        if self._session is None:  # made at first use, as it wants a running loop
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=0, socket_factory=self._socket),  # whoever opens limits how many
                cookie_jar=aiohttp.DummyCookieJar(),
                timeout=self._timeout,
                auto_decompress=False,
                read_bufsize=CHUNK,
            )
        return self._session

    def _socket(self, address: tuple[Any, ...]) -> socket.socket:
        """A socket for an address as getaddrinfo gives it."""
        made = socket.socket(*address[:3])
        made.setblocking(False)
        if self._under_way > FREELY:
            made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, WINDOW)
        return made


async def _chunks(answer: aiohttp.ClientResponse) -> AsyncIterator[bytes]:
    try:
        while chunk := await answer.content.read(CHUNK):
            yield chunk
    except (aiohttp.ClientError, OSError) as error:
        raise _problem(error) from error


def _plain(answer: aiohttp.ClientResponse) -> dict[str, str]:
    return {name.lower(): value for name, value in answer.headers.items()}


def _host(url: str) -> str:
    """In lower case; "" for what is no address, which no list allows."""
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


def _joined(url: str, target: str) -> str:
    try:
        return urljoin(url, target)
    except ValueError:  # not an address at all: as good as any that is refused
        return target


def _problem(error: Exception) -> Problem:
    if isinstance(error, aiohttp.ConnectionTimeoutError):
        return UpstreamConnectionError(sign=repr(error))
    if isinstance(error, TimeoutError):
        return UpstreamTimeout(sign=repr(error))
    if isinstance(error, aiohttp.ClientResponseError | aiohttp.InvalidURL):
        return UpstreamError(sign=repr(error))
    return UpstreamConnectionError(sign=repr(error))
