"""What the callers saw: a file of JSON lines, each on the disk before what it announces is done.

A request is two lines: `asked` before its first byte is sent, and `told` after the last byte of its answer was read, or
`lost` when there was no whole answer. Changes of keys, accounts and limits are lines too.
"""

import asyncio
import itertools
import os
import time
from pathlib import Path
from typing import Any

import msgspec


class Asked(msgspec.Struct, frozen=True, tag="asked", omit_defaults=True):
    """A request that is about to be sent. `at`: Unix time."""

    n: int
    at: float
    account: str
    """The account's id."""
    key_id: str
    node: int
    video_id: str
    idempotency_key: str = ""


class Told(msgspec.Struct, frozen=True, tag="told", omit_defaults=True):
    """The whole answer to request `n`."""

    n: int
    at: float
    status: int
    request_id: str
    code: str = ""
    charge: int | None = None
    """Micro-dollars by X-Charge; None: the header was not there."""
    replayed: bool = False
    body: str = ""
    """A hash of it."""


class Lost(msgspec.Struct, frozen=True, tag="lost", omit_defaults=True):
    """There was no whole answer to request `n`: anything may have come of it."""

    n: int
    at: float
    why: str


class Did(msgspec.Struct, frozen=True, tag="did", omit_defaults=True):
    """Something else: `what` was done to `subject` between `began` and `at`. A fault, or a key that was revoked."""

    at: float
    began: float
    what: str
    subject: str
    value: int | None = None


Line = Asked | Told | Lost | Did
_decode = msgspec.json.Decoder(Line).decode


class Journal:
    """Append-only. Many writers share one fsync."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.lines: list[Line] = []
        """All lines of this journal's process, in order."""
        self.numbers = itertools.count(1)
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        self._waiting: list[tuple[Line, asyncio.Future[None]]] = []
        self._flushing: asyncio.Task[None] | None = None

    async def write(self, line: Line) -> None:
        """Return once the line is on the disk."""
        future = asyncio.get_running_loop().create_future()
        self._waiting.append((line, future))
        self.lines.append(line)
        if self._flushing is None:
            self._flushing = asyncio.create_task(self._flush())
        await asyncio.shield(future)

    async def did(self, what: str, subject: str, began: float, value: int | None = None) -> None:
        """Note something other than a request; it ends now."""
        await self.write(Did(time.time(), began, what, subject, value))

    def close(self) -> None:
        """Nothing is written any more."""
        os.close(self._file)

    async def _flush(self) -> None:
        while self._waiting:
            batch, self._waiting = self._waiting, []
            await asyncio.to_thread(self._save, b"".join(msgspec.json.encode(line) + b"\n" for line, _ in batch))
            for _, future in batch:
                if not future.done():
                    future.set_result(None)
        self._flushing = None

    def _save(self, data: bytes) -> None:
        os.write(self._file, data)
        os.fsync(self._file)


def read(path: Path) -> list[Line]:
    """The lines of a journal that was kept."""
    return [_decode(line) for line in path.read_bytes().splitlines()]


def shown(line: Any) -> str:
    """A line as it stands in the file."""
    return msgspec.json.encode(line).decode()
