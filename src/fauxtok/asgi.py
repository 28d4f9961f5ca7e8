"""Requests and answers over raw ASGI: a header looked up once, bytes written in few pieces."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Headers = tuple[tuple[bytes, bytes], ...]

TRANSPORT = "fauxtok.transport"
"""Under this key of the scope lies the connection itself, for the outcome that cuts it."""

HTML = (b"content-type", b"text/html; charset=utf-8")
JSON = (b"content-type", b"application/json; charset=utf-8")


class Request:
    """What the handlers ask of a request."""

    __slots__ = ("headers", "host", "method", "path", "scope")

    def __init__(self, scope: Scope) -> None:
        self.scope = scope
        self.method: str = scope["method"]
        self.path: str = scope["path"]
        self.headers: dict[bytes, bytes] = dict(scope["headers"])
        self.host = self.header(b"host").partition(":")[0].lower()

    def header(self, name: bytes) -> str:
        return self.headers.get(name, b"").decode("latin-1")

    def query(self) -> dict[str, str]:
        """The query, the first value of each name."""
        fields = parse_qs(self.scope["query_string"].decode("latin-1"), keep_blank_values=True)
        return {name: values[0] for name, values in fields.items()}

    def cookie(self, name: str) -> str:
        for pair in self.header(b"cookie").split(";"):
            key, _, value = pair.strip().partition("=")
            if key == name:
                return value
        return ""


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole answer. `length` overrides the announced length where the pieces come one by one."""

    status: int = 200
    headers: Headers = ()
    pieces: Iterable[bytes] = ()
    length: int | None = None
    pause: float = 0.0
    """Seconds after each piece."""
    is_cut: bool = False
    """The connection is closed after the last piece, however much was announced."""
    is_chunked: bool = False
    """No length is announced."""

    @classmethod
    def of(cls, body: bytes, status: int = 200, *headers: tuple[bytes, bytes]) -> "Answer":
        return cls(status, headers or (HTML,), (body,), len(body))


async def give(answer: Answer, request: Request, send: Send) -> None:
    """Write an answer, no further than its reader stays. The body is left out when only the head was asked for."""
    pieces, line = answer.pieces, request.scope[TRANSPORT]
    headers = list(answer.headers)
    if not answer.is_chunked:
        if (size := answer.length) is None:
            pieces = tuple(pieces)
            size = sum(map(len, pieces))
        headers.append((b"content-length", str(size).encode()))
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    for piece in pieces if request.method != "HEAD" else ():
        await send({"type": "http.response.body", "body": piece, "more_body": True})
        if answer.pause:
            await asyncio.sleep(answer.pause)
        if line.is_closing():
            return
    if answer.is_cut and request.method != "HEAD":
        line.close()  # what was written before still goes out
        return
    await send({"type": "http.response.body"})


async def body(receive: Receive, limit: int = 1 << 20) -> bytes:
    """The body of a request, up to a limit."""
    whole = b""
    while len(whole) < limit:
        message = await receive()
        whole += message.get("body", b"")
        if not message.get("more_body"):
            break
    return whole


async def gone(receive: Receive) -> None:
    """Returns when the client has left."""
    while (await receive())["type"] != "http.disconnect":
        pass


async def stays(receive: Receive, seconds: float, stopping: asyncio.Event) -> bool:
    """Wait; False as soon as the client has left or the server stops."""
    watch = {asyncio.ensure_future(gone(receive)), asyncio.ensure_future(stopping.wait())}
    try:
        done, _ = await asyncio.wait(watch, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        return not done
    finally:
        for task in watch:
            task.cancel()


async def cut(scope: Scope, receive: Receive) -> None:
    """Close the connection without an answer."""
    scope[TRANSPORT].abort()
    await gone(receive)
