"""A TCP proxy between nodes and PostgreSQL that can do all that networks do.

One `Link` is one node's way to the server, on a port of its own. It lives in the event loop of whoever makes it; its
faults are plain attributes and methods, and `heal` takes all of them back.
"""

import asyncio
import contextlib
from collections import Counter
from dataclasses import dataclass, field
from typing import Literal

from chaos.wire import Commits, Messages, wants_bare_byte

CHUNK = 65_536
Lost = Literal["", "reply", "request"]


@dataclass(eq=False)
class _Pair:
    """One connection of a client and the proxy's own to the server."""

    link: "Link"
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    server_reader: asyncio.StreamReader
    server_writer: asyncio.StreamWriter
    from_client: Messages = field(default_factory=lambda: Messages(typed=False))
    from_server: Messages = field(default_factory=lambda: Messages(typed=True))
    commits: Commits = field(default_factory=Commits)
    swallowing: bool = False
    ended: asyncio.Event = field(default_factory=asyncio.Event)

    async def run(self) -> None:
        """Carry bytes both ways until one side ends."""
        ways = [asyncio.create_task(self._forth()), asyncio.create_task(self._back())]
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for way in ways:
                way.cancel()
            await asyncio.gather(*ways, return_exceptions=True)
            self.cut()

    def cut(self) -> None:
        """End it at once on both sides, as a router that forgets it does."""
        for writer in (self.writer, self.server_writer):
            writer.transport.abort()

    async def _forth(self) -> None:
        while data := await self.reader.read(CHUNK):
            await self.link.weather()
            for message in self.from_client.feed(data):
                if wants_bare_byte(message):
                    self.from_server.bare_bytes += 1
                if self.commits.asks(message) and self.link.commit_lost == "request":
                    self.link.lose("request")
                    return
                self.server_writer.write(message)
            await self.server_writer.drain()

    async def _back(self) -> None:
        while data := await self.server_reader.read(CHUNK):
            await self.link.weather()
            for message in self.from_server.feed(data):
                if self._drops(message):
                    return
                if not self.swallowing:
                    self.writer.write(message)
            await self.writer.drain()

    def _drops(self, message: bytes) -> bool:
        """Swallow the reply to a commit if that is wanted; True at its end, when the connection is to be cut."""
        if not self.commits.see(message):
            return False
        if self.link.commit_lost == "reply" and not self.swallowing:
            self.swallowing = True
            self.link.lose("reply")
        return self.swallowing and message[:1] == b"Z"


class Link:
    """A port of loopback from which everything goes to `server_port`."""

    def __init__(self, server_port: int) -> None:
        self.server_port = server_port
        self.port = 0
        self.delay = 0.0
        """Seconds that each piece takes, each way."""
        self.black_hole = False
        """Accept, read, forward nothing. Whoever was connected meanwhile is cut when it ends."""
        self.refusing = False
        """Cut every new connection at once."""
        self.commits_to_lose = 0
        self.commit_lost: Lost = ""
        """Of the next `commits_to_lose` commits the reply or the request is lost, and the connection with it."""
        self.counts: Counter[str] = Counter()
        """Faults that have happened: cut connections, lost replies and requests of commits, connections."""
        self._pairs: set[_Pair] = set()
        self._open = asyncio.Event()
        self._open.set()
        self._server: asyncio.Server | None = None

    async def start(self) -> "Link":
        """Listen; `port` is known from now on."""
        self._server = await asyncio.start_server(self._connected, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def stop(self) -> None:
        """Cut everything and listen no more."""
        if self._server:
            self._server.close()
        self.heal()
        self.cut()
        await asyncio.gather(*(pair.ended.wait() for pair in self._pairs))

    def cut(self) -> int:
        """Cut all connections: how many."""
        pairs = list(self._pairs)
        for pair in pairs:
            pair.cut()
        self.counts["cut"] += len(pairs)
        return len(pairs)

    def swallow(self) -> None:
        """Become a black hole until `heal`."""
        self.black_hole = True
        self._open.clear()

    def lose_commits(self, count: int, what: Lost = "reply") -> None:
        """Of the next `count` commits: lose the server's reply (they were done), or the request (they were not)."""
        self.commits_to_lose, self.commit_lost = count, what

    def lose(self, what: str) -> None:
        """One of them is lost."""
        self.counts[f"commit {what} lost"] += 1
        self.commits_to_lose -= 1
        if self.commits_to_lose <= 0:
            self.commit_lost = ""

    def heal(self) -> None:
        """Be transparent again."""
        swallowed, self.black_hole = self.black_hole, False
        self.delay, self.refusing = 0.0, False
        self.commits_to_lose, self.commit_lost = 0, ""
        if swallowed:
            self.cut()  # they have lost bytes
        self._open.set()

    async def weather(self) -> None:
        """Wait as long as the next piece has to."""
        await self._open.wait()
        if self.delay:
            await asyncio.sleep(self.delay)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.counts["connections"] += 1
        if self.refusing:
            writer.transport.abort()
            return
        try:
            await self.weather()
            far = await asyncio.open_connection("127.0.0.1", self.server_port)
        except OSError:
            writer.transport.abort()
            return
        pair = _Pair(self, reader, writer, *far)
        self._pairs.add(pair)
        try:
            with contextlib.suppress(OSError):
                await pair.run()
        finally:
            self._pairs.discard(pair)
            pair.ended.set()
