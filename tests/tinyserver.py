"""A server of a few lines for tests: it says exactly the bytes a test wants, and remembers who came and who left."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Asked:
    """One request's head."""

    method: str
    target: str
    headers: dict[str, str]
    writer: asyncio.StreamWriter

    async def say(self, *pieces: bytes) -> None:
        for piece in pieces:
            self.writer.write(piece)
            await self.writer.drain()


Answering = Callable[[Asked], Awaitable[None]]


@dataclass
class Tiny:
    """What a running server knows."""

    url: str = ""
    port: int = 0
    asked: list[Asked] = field(default_factory=list)
    connections: int = 0
    open_now: int = 0
    came: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when a request has come."""
    left: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when a client has closed its connection."""


def answer(body: bytes = b"", *lines: str, status: str = "200 OK") -> bytes:
    """A whole HTTP/1.1 answer."""
    head = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *lines]
    return "\r\n".join(head).encode() + b"\r\n\r\n" + body


@asynccontextmanager
async def tiny(answering: Answering, tls: ssl.SSLContext | None = None) -> AsyncIterator[Tiny]:
    """Serve on loopback; `answering` is called for every request, the connection closed when it raises."""
    state, tasks = Tiny(), set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        tasks.add(task)
        state.connections += 1
        state.open_now += 1
        try:
            with suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
                await _conversation(reader, writer, answering, state)
        finally:
            state.open_now -= 1
            writer.close()
            tasks.discard(task)

    server = await asyncio.start_server(serve, "127.0.0.1", 0, limit=1 << 20, ssl=tls)
    state.port = server.sockets[0].getsockname()[1]
    state.url = f"http://127.0.0.1:{state.port}"
    try:
        yield state
    finally:
        server.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _conversation(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, answering: Answering, state: Tiny
) -> None:
    first = b""  # of the next request, when it came before we were done with the last
    while True:
        asked = _asked(first + await reader.readuntil(b"\r\n\r\n"), writer)
        state.asked.append(asked)
        state.came.set()
        work = asyncio.ensure_future(answering(asked))
        more = asyncio.ensure_future(reader.read(1))  # ends at the next request, or when the client leaves
        try:
            await asyncio.wait({work, more}, return_when=asyncio.FIRST_COMPLETED)
            if not work.done():
                state.left.set()
                return
            await work
            first = more.result() if more.done() else b""
        except ConnectionError:
            state.left.set()
            return
        finally:
            for task in (work, more):
                task.cancel()
            await asyncio.gather(work, more, return_exceptions=True)
        if writer.is_closing() or (more.done() and not more.cancelled() and not first):
            return


def _asked(head: bytes, writer: asyncio.StreamWriter) -> Asked:
    first, *lines = head.decode("latin-1").split("\r\n")
    method, target, _ = first.split(" ", 2)
    pairs = (line.partition(":") for line in lines if line)
    return Asked(method, target, {name.lower(): value.strip() for name, _, value in pairs}, writer)
