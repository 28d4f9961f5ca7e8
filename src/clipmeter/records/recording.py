"""The process that keeps a server's records: it hears of every call over a line, and writes in its own time.

    python -m clipmeter.records.recording     started by recorder.py

It ends when its stdin does, that is with the server, however that ends; what has come until then is written first.
"""

import asyncio
import gc
import signal
import socket
import sys
from contextlib import suppress
from pathlib import Path

import msgspec
import structlog

from clipmeter.errors import Problem
from clipmeter.logs import set_up_logs
from clipmeter.records.health import HealthLog
from clipmeter.records.line import IGNORED, LENGTH, PROGRESS, Batch, Order
from clipmeter.records.requests import RequestLog
from clipmeter.store.base import Store

log = structlog.get_logger()

TELL_SECONDS = 0.5
OPEN_SECONDS = 1.0
"""Between attempts to open the database."""
_order = msgspec.msgpack.Decoder(Order).decode
_batch = msgspec.msgpack.Decoder(Batch).decode


class Recording:
    """The records of one server."""

    def __init__(self, store: Store, order: Order, line: asyncio.StreamWriter) -> None:
        """`line`: is told how far it has come."""
        self._store, self._line = store, line
        self._log = RequestLog(store, order.keep_days, has_file=bool(order.path))
        self._health = HealthLog(store)
        self._heard = 0
        self._told = b""
        self._ended = asyncio.Event()

    async def run(self, stream: asyncio.StreamReader) -> None:
        """Until the stream ends."""
        tasks = [asyncio.create_task(self._hear(stream)), asyncio.create_task(self._tell_on())]
        if await self._open():
            self._log.start()
            self._health.start()
            await self._ended.wait()
            await self._health.stop()
            await self._log.stop()
            await self._store.close()
        for task in tasks:
            task.cancel()
        self._tell()

    async def _open(self) -> bool:
        """Whether the database could be opened before the stream's end; what comes meanwhile waits in memory."""
        said = ""
        while True:
            try:
                await self._store.open()
            except Problem as problem:
                if problem.sign != said:  # once, not at every turn of a long outage
                    log.warning("records wait for the database", problem=problem.message, sign=problem.sign)
                said = problem.sign
            else:
                return True
            if self._ended.is_set():
                return False
            with suppress(TimeoutError):
                await asyncio.wait_for(self._ended.wait(), OPEN_SECONDS)

    async def _hear(self, stream: asyncio.StreamReader) -> None:
        try:
            while True:
                message = await _message(stream)
                try:
                    self._note(_batch(message))
                except msgspec.DecodeError:
                    log.exception("records were lost")
        except (asyncio.IncompleteReadError, OSError):
            pass  # that was all
        finally:
            self._ended.set()

    def _note(self, batch: Batch) -> None:
        self._heard += len(batch.entries)
        for entry in batch.entries:
            self._log.note(entry)
        for lane, endpoint, code, times in batch.served:
            self._health.served(lane, endpoint, code, times)
        for lane, attempts in batch.tried:
            self._health.note(lane, attempts)

    async def _tell_on(self) -> None:
        while True:
            await asyncio.sleep(TELL_SECONDS)
            self._tell()

    def _tell(self) -> None:
        news = PROGRESS.pack(self._heard - self._log.waiting, self._log.dropped)
        if news != self._told:
            self._told = news
            self._line.write(news)


async def _message(stream: asyncio.StreamReader) -> bytes:
    (size,) = LENGTH.unpack(await stream.readexactly(LENGTH.size))
    return await stream.readexactly(size)


def _store(order: Order) -> Store:
    if order.path:
        from clipmeter.store.sqlite import SqliteStore  # noqa: PLC0415 - only one of the drivers is needed

        return SqliteStore(Path(order.path), relaxed=True)
    from clipmeter.store.postgres import PostgresStore  # noqa: PLC0415

    return PostgresStore(order.url, pooled=order.pooled, relaxed=True)


async def _main() -> None:
    stream, line = await asyncio.open_unix_connection(sock=socket.socket(fileno=0))
    try:
        order = _order(await _message(stream))
        set_up_logs(order.log_level)
        await Recording(_store(order), order, line).run(stream)
    finally:
        line.close()
        with suppress(OSError):  # the server is gone
            await line.wait_closed()


def main() -> None:
    """Ends with its line only."""
    for signal_ in IGNORED:
        signal.signal(signal_, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, IGNORED)
    gc.freeze()
    sys.setswitchinterval(0.001)
    asyncio.run(_main())


if __name__ == "__main__":
    main()
