"""Has what happened written by a process of its own (recording.py), so that the server's has no work with it.

Rule 1: nothing here waits or fails. What cannot be handed over is dropped, and what was dropped is counted.
Rule 2: the process is started anew when it ends; what it had not written by then counts as dropped.
"""

import asyncio
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import suppress

import structlog

from clipmeter.errors import Attempt
from clipmeter.records.line import IGNORED, PROGRESS, Batch, Order, Progress, clean, framed
from clipmeter.records.requests import LogEntry
from clipmeter.restarts import next_pause

log = structlog.get_logger()

SEND_SECONDS = 0.05
PENDING = 5_000
"""Entries that wait for the process while it is being started."""
BUFFER = 8 << 20
"""Bytes on their way to it; when it takes none for so long, the rest is dropped."""
STOP_SECONDS = 15.0
"""That it gets to write what is left, before it is killed."""
COMMAND = (sys.executable, "-m", "clipmeter.records.recording")


class _Line(asyncio.Protocol):
    """This end of the line to the process, which says how far it has come."""

    def __init__(self) -> None:
        self.progress = Progress(0, 0)
        self.ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._heard = b""

    def data_received(self, data: bytes) -> None:
        """Only the last word counts."""
        heard = self._heard + data
        whole = len(heard) - len(heard) % PROGRESS.size
        if whole:
            self.progress = Progress(*PROGRESS.unpack(heard[whole - PROGRESS.size : whole]))
        self._heard = heard[whole:]

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's
        """It has ended."""
        if not self.ended.done():
            self.ended.set_result(None)


class _Process:
    """The process while it runs."""

    def __init__(self, order: Order) -> None:
        """Starts it."""
        self.sent = 0
        """Entries."""
        self._order = order
        self._is_told = False  # to end
        # A socket and no pipes: uvloop closes those a second time, when the number may be somebody else's.
        self._socket, theirs = socket.socketpair()
        try:
            self._popen = _started(theirs)
        except BaseException:
            self._socket.close()
            raise
        finally:
            theirs.close()

    async def connect(self) -> None:
        """Be heard, and hear."""
        loop = asyncio.get_running_loop()
        self._out, self.line = await loop.create_unix_connection(_Line, sock=self._socket)
        self._out.write(framed(self._order))

    def send(self, batch: Batch) -> bool:
        """Whether it is on its way."""
        if self._is_told or self._out.is_closing() or self._out.get_write_buffer_size() > BUFFER:
            return False
        try:
            message = framed(batch)
        except UnicodeEncodeError:  # half characters, as nearly never
            message = framed(clean(batch))
        self._out.write(message)
        self.sent += len(batch.entries)
        return True

    async def end(self) -> None:
        """Let it write what it has, within so many seconds."""
        self._is_told = True
        self._out.write_eof()  # after all that is on its way
        with suppress(TimeoutError):
            await asyncio.wait_for(asyncio.shield(self.line.ended), STOP_SECONDS)

    async def bury(self) -> int:
        """Surely its end: the status."""
        self._popen.kill()
        await self.line.ended
        return await asyncio.to_thread(self._popen.wait)

    @property
    def lost(self) -> int:
        """Entries that it did not write, or was not done with when it ended."""
        return self.line.progress.dropped + (self.sent - self.line.progress.done if self.line.ended.done() else 0)


def _started(line: socket.socket) -> subprocess.Popen[bytes]:
    """With the signals blocked that it will ignore, so that it cannot be hit before it does."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, IGNORED)
    try:
        return subprocess.Popen(COMMAND, stdin=line.fileno(), stdout=subprocess.DEVNULL, process_group=0)  # noqa: S603 - ourselves
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


class Recorder:
    """Takes what has happened, for the process."""

    def __init__(self, order: Order) -> None:
        """`order`: where that writes to, and what it keeps."""
        self._order = order
        self._process: _Process | None = None
        self._task: asyncio.Task[None] | None = None
        self._stopping = asyncio.Event()
        self._timer: asyncio.TimerHandle | None = None
        self._batch = Batch([], [], [])
        self._dropped = 0

    @property
    def dropped(self) -> int:
        """Entries that are not in the log and will not be."""
        return self._dropped + (self._process.lost if self._process else 0)

    def start(self) -> None:
        """From now on. The database has the newest schema."""
        self._stopping.clear()
        self._task = asyncio.create_task(self._keep())

    async def stop(self) -> None:
        """Hand over what is left; when this returns it is in the database, if that is there."""
        self._stopping.set()
        if self._task:
            await self._task
        self._task = None

    def note(self, entry: LogEntry) -> None:
        """A request, for the log and its sums."""
        if len(self._batch.entries) < PENDING:
            self._batch.entries.append(entry)
            self._soon()
        else:
            self._dropped += 1

    def served(self, lane: str, endpoint: str, code: str, times: list[float]) -> None:
        """Calls that have ended alike. `code`: "" for successes; `times`: milliseconds of each."""
        if len(self._batch.served) < PENDING:
            self._batch.served.append((lane, endpoint, code, times))
            self._soon()

    def tried(self, lane: str, attempts: Sequence[Attempt]) -> None:
        """What the sources did for one answer. `lane`: `live` or `test`."""
        if attempts and len(self._batch.tried) < PENDING:
            self._batch.tried.append((lane, tuple(attempts)))
            self._soon()

    def _soon(self) -> None:
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(SEND_SECONDS, self._send)

    def _send(self) -> None:
        if self._timer:
            self._timer.cancel()
        self._timer = None
        if self._process is None or self._process.line.ended.done():
            return  # what there is waits for the next one
        batch, self._batch = self._batch, Batch([], [], [])
        if not self._process.send(batch):
            self._dropped += len(batch.entries)

    async def _keep(self) -> None:
        """Keep the process running until `stop`; one runs even when that comes first, for what there is to write."""
        pause = 0.0
        while True:
            is_last, began = self._stopping.is_set(), time.monotonic()
            said = await self._one()
            if is_last or (self._stopping.is_set() and not self._batch.entries):
                break
            pause = next_pause(time.monotonic() - began, pause)
            log.warning("the recorder has ended, a new one starts", how=said, seconds=pause, dropped=self.dropped)
            with suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), pause)
        self._dropped += len(self._batch.entries)
        self._batch = Batch([], [], [])

    async def _one(self) -> str:
        """A process, from its start to its end; how it ended."""
        try:
            process = _Process(self._order)
        except OSError as error:
            return str(error)
        await process.connect()
        self._process = process
        self._send()
        stop = asyncio.ensure_future(self._stopping.wait())
        await asyncio.wait((process.line.ended, stop), return_when=asyncio.FIRST_COMPLETED)
        stop.cancel()
        if not process.line.ended.done():
            self._send()
            await process.end()
        status = await process.bury()
        self._dropped += process.lost
        self._process = None
        return f"status {status}"
