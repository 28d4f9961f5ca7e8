"""What the heads of requests say. A caller sends the same headers again and again, so they are read once.

Rule 1: the server's parser reads each block of headers first. Known again is only what equals it, byte for byte.
Rule 2: known again is only what a connection is read on after as if it had never been: a GET of HTTP/1.1 that has no
body, wants no other protocol, and leaves the connection open.
"""

import re
from collections.abc import Sequence
from typing import NamedTuple

Headers = Sequence[tuple[bytes, bytes]]
"""As the server has them: names in small letters."""
MOST = 10_000
LONGEST = 1024
"""Bytes of a request that is remembered."""
_END = b"\r\n\r\n"
_LINE = re.compile(rb"GET (/[A-Za-z0-9._~/-]*)\?([A-Za-z0-9._~:/?@!$&'()*+,;=%\[\]-]*) HTTP/1\.1")
"""A request line of which path and query can be read off. Others are for the parser."""
_FRAMING = frozenset((b"content-length", b"transfer-encoding", b"expect", b"upgrade", b"trailer", b"te"))


class Head(NamedTuple):
    """What a block of headers says that a paid endpoint listens to. Of one that is given twice the first counts."""

    size: int
    """Bytes of names and values, about as sent."""
    is_plain: bool
    """Whether the request has no body and wants nothing of the connection but its answer."""
    key: str | None
    """The API key as presented; None when there is none."""
    host: str
    """As the caller names this server; "" when it does not."""
    origin: str
    """Where it was reached, as far as that is sure: "" without a host, and when a proxy says that it was asked."""
    etag: str
    idempotency_key: str


class Get(NamedTuple):
    """A request that only asks for something."""

    path: str
    query: bytes
    """Not decoded yet."""
    head: Head


def head_of(headers: Headers) -> Head:
    """What the headers of a request say."""
    its = dict(reversed(headers))
    key, host = its.get(b"x-api-key"), its.get(b"host", b"").decode("latin-1")
    return Head(
        size=sum(len(name) + len(value) + 4 for name, value in headers),
        is_plain=_FRAMING.isdisjoint(its),
        key=None if key is None else key.decode("latin-1").strip(" \t"),
        host=host,
        origin=f"http://{host}" if host and b"x-forwarded-proto" not in its else "",
        etag=its.get(b"if-none-match", b"").decode("latin-1"),
        idempotency_key=its.get(b"idempotency-key", b"").decode("latin-1"),
    )


class Heads:
    """The blocks of headers that came lately, and what they say."""

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._known: dict[bytes, Head] = {}

    def learn(self, data: bytes, head: Head) -> None:
        """What the parser has made of `data`, a request or more: its head, and that the connection stays open."""
        end = data.find(b"\r\n")
        is_one = len(data) <= LONGEST and data.find(_END) == len(data) - len(_END)
        if is_one and head.is_plain and _LINE.fullmatch(data, 0, end):
            self._known[data[end:]] = head
            if len(self._known) > self._most:
                del self._known[next(iter(self._known))]

    def read(self, data: bytes) -> Get | None:
        """The request that `data` is, if it is nothing else and its headers are known."""
        end = data.find(b"\r\n")
        head = self._known.get(data[end:])
        line = head and _LINE.fullmatch(data, 0, end)
        return Get(line[1].decode(), line[2], head) if head and line else None
