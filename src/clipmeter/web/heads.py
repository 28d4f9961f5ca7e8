"""What the heads of requests say. A caller sends the same headers again and again, so they are read once.

Rule 1: the server's parser reads each block of headers first. Known again is only what equals it, byte for byte.
Rule 2: known again is only what a connection is read on after as if it had never been: a GET of HTTP/1.1 that has no
body, wants no other protocol, and leaves the connection open.
"""

import re
from collections import OrderedDict
from collections.abc import Sequence
from typing import NamedTuple

Headers = Sequence[tuple[bytes, bytes]]
"""As the server has them: names in small letters."""
MOST = 10_000
LONGEST = 1024
"""Bytes of a request whose headers are remembered."""
_END = b"\r\n\r\n"
_LINE = re.compile(rb"GET (/[A-Za-z0-9._~/-]*)\?([A-Za-z0-9._~:/?@!$&'()*+,;=%\[\]-]*) HTTP/1\.1")
"""A request line of which path and query can be read off. Others are for the parser."""
_FRAMING = frozenset((b"content-length", b"transfer-encoding", b"expect", b"upgrade"))


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


class Get:
    """A request that only asks for something. `query` is not decoded yet."""

    __slots__ = ("_head", "_headers", "path", "query")

    def __init__(self, path: str, query: bytes, headers: Headers = (), head: "Head | None" = None) -> None:
        """`head`: what the headers say; None: that is read when it is asked for."""
        self.path, self.query, self._headers, self._head = path, query, headers, head

    @property
    def head(self) -> Head:
        """What its headers say."""
        if self._head is None:
            self._head = head_of(self._headers)
        return self._head


def head_of(headers: Headers) -> Head:
    """What the headers of a request say."""
    its = dict(reversed(headers))
    key, host = its.get(b"x-api-key"), its.get(b"host", b"").decode("latin-1")
    return Head(
        size=sum(len(name) + len(value) + 4 for name, value in headers),
        is_plain=_FRAMING.isdisjoint(its),
        key=None if key is None else key.decode("latin-1").strip(" \t"),
        host=host,
        origin=f"http://{host}".rstrip("/") if host and b"x-forwarded-proto" not in its else "",
        etag=its.get(b"if-none-match", b"").decode("latin-1"),
        idempotency_key=its.get(b"idempotency-key", b"").decode("latin-1"),
    )


class Heads:
    """The blocks of headers that came lately, and what they say."""

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._known: OrderedDict[bytes, Head] = OrderedDict()

    def learn(self, data: bytes, head: Head) -> None:
        """What the parser has made of `data`, a request or more: its head, and that the connection stays open."""
        end = data.find(b"\r\n")
        is_one = len(data) <= LONGEST and data.find(_END) == len(data) - len(_END)
        if is_one and head.is_plain and _LINE.fullmatch(data, 0, end):
            self._known[data[end:]] = head
            if len(self._known) > self._most:
                self._known.popitem(last=False)

    def read(self, data: bytes) -> Get | None:
        """The request that `data` is; None: more or less than one, or one for the parser."""
        end = data.find(b"\r\n")
        block = data[end:]
        head = self._known.get(block)
        line = head and _LINE.fullmatch(data, 0, end)
        if not line:
            return None
        self._known.move_to_end(block)
        return Get(line[1].decode(), line[2], head=head)
