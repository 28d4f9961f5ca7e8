"""A caller of the API that writes down what it sees: HTTP/1.1 over one kept connection, and nothing is asked twice."""

import asyncio
import hashlib
import json
import time
from dataclasses import dataclass
from urllib.parse import urlsplit

from chaos.journal import Asked, Journal, Lost, Told

PATIENCE = 30.0
"""Seconds after which a caller gives an answer up."""


@dataclass(frozen=True)
class Key:
    """A key and whose it is."""

    account: str
    key_id: str
    key: str


@dataclass(frozen=True)
class Answer:
    """A whole answer."""

    status: int
    headers: dict[str, str]
    """Names in lower case."""
    body: bytes

    @property
    def code(self) -> str:
        return "" if self.status == 200 else str(json.loads(self.body).get("code", ""))

    @property
    def left(self) -> int:
        """How many more requests may be in flight, by `RateLimit`; -1: it does not say."""
        return int(self.headers.get("ratelimit", "r=-1").rpartition("r=")[2])


class Caller:
    """One connection at a time, to one node at a time. `call` never raises but when it is cancelled."""

    def __init__(self, journal: Journal, nodes: list[str]) -> None:
        """`nodes`: their URLs."""
        self._journal = journal
        self._nodes = nodes
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None
        self._node = -1

    async def call(
        self, node: int, key: Key, video_id: str, *, idempotency_key: str = "", hang_up_after: float | None = None
    ) -> Answer | None:
        """Ask, and wait for the whole answer; None: there was none. `hang_up_after`: seconds, then leave."""
        n = next(self._journal.numbers)
        asked = Asked(n, time.time(), key.account, key.key_id, node, video_id, idempotency_key)
        await self._journal.write(asked)
        try:
            async with asyncio.timeout(PATIENCE if hang_up_after is None else hang_up_after):
                answer = await self._ask(node, key.key, video_id, idempotency_key)
        except (OSError, EOFError, TimeoutError, asyncio.IncompleteReadError) as error:
            self.hang_up()
            await self._journal.write(Lost(n, time.time(), type(error).__name__))
            return None
        except asyncio.CancelledError:
            self.hang_up()
            raise
        await self._journal.write(told(n, answer))
        return answer

    def hang_up(self) -> None:
        """Drop the connection, if there is one."""
        if self._streams:
            self._streams[1].transport.abort()
        self._streams = None

    async def _ask(self, node: int, key: str, video_id: str, idempotency_key: str) -> Answer:
        reader, writer = await self._connected(node)
        lines = [f"GET /v1/tiktok/video?video_id={video_id} HTTP/1.1", "Host: chaos", f"X-API-Key: {key}"]
        if idempotency_key:
            lines.append(f"Idempotency-Key: {idempotency_key}")
        writer.write("\r\n".join([*lines, "", ""]).encode())
        await writer.drain()
        return await _read(reader)

    async def _connected(self, node: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        if self._streams and (self._node != node or self._streams[0].at_eof() or self._streams[1].is_closing()):
            self.hang_up()
        if not self._streams:
            url = urlsplit(self._nodes[node])
            self._streams = await asyncio.open_connection(url.hostname, url.port)
            self._node = node
        return self._streams


async def _read(reader: asyncio.StreamReader) -> Answer:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:] if line)}
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    return Answer(int(head[0].split()[1]), headers, body)


def told(n: int, answer: Answer) -> Told:
    """The journal's line for an answer."""
    charge = answer.headers.get("x-charge")
    return Told(
        n,
        time.time(),
        answer.status,
        answer.headers.get("x-request-id", ""),
        answer.code,
        None if charge is None else int(charge),
        "idempotency-replayed" in answer.headers,
        hashlib.blake2b(answer.body, digest_size=8).hexdigest(),
    )
