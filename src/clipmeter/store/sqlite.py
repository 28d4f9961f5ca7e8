"""The embedded store: one SQLite file, one connection that writes (writer.py), one connection to read."""

import asyncio
import threading
import time
from collections.abc import Sequence
from math import inf
from pathlib import Path
from types import TracebackType
from typing import Self

import apsw

from clipmeter.errors import Problem, ServiceUnavailable
from clipmeter.store.backup import schema_of
from clipmeter.store.base import Plan, T, refuse_newer
from clipmeter.store.named import migrations
from clipmeter.store.nodes import Nodes, join
from clipmeter.store.session import Session, in_our_words
from clipmeter.store.writer import Writer


class SqliteStore:
    """A `Store` in one file; other processes on the same machine may use the file at the same time.

    After a failure it opens the file anew by itself. A file that is gone is not made again: only `open` makes one.
    """

    def __init__(self, path: Path, *, busy_seconds: float = 5.0, vfs: str = "", relaxed: bool = False) -> None:
        """`busy_seconds`: how long to wait for another process that writes; `vfs`: SQLite's own, or a test's.

        `relaxed`: a power cut may take the last moments of what was written, for records that are not the books.
        """
        self.clock_shift = 0.0
        """Seconds to add to the database's clock; only tests change it."""
        self._path = path
        self._busy_seconds = busy_seconds
        self._vfs, self._relaxed = vfs, relaxed
        self._nodes = Nodes(path.with_name(path.name + "-nodes"))
        self._writer: Writer | None = None
        self._reader: Session | None = None
        self._reading = threading.Lock()

    async def __aenter__(self) -> Self:
        await self.open()
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: object, trace: TracebackType | None) -> None:
        await self.close()

    async def open(self) -> None:
        """Make the file if there is none and bring its schema up to date. Raises NewerSchema, ServiceUnavailable."""
        await asyncio.to_thread(self._prepare)
        self._writer = Writer(self._connect)

    @property
    def is_open(self) -> bool:
        """Whether it was opened and not closed."""
        return self._writer is not None

    async def migrate(self) -> tuple[int, int]:
        """Bring the schema up to date; before and after. `open` does it too. Raises NewerSchema, ServiceUnavailable."""
        return await asyncio.to_thread(self._prepare)

    async def schema(self) -> tuple[int, int]:
        """The schema that the file has, 0 for no file, and the newest. Raises NewerSchema, ServiceUnavailable."""
        have, newest = await asyncio.to_thread(schema_of, self._path), migrations()[-1][0]
        refuse_newer(have, newest)
        return have, newest

    async def close(self) -> None:
        """Finish what was submitted, then let go of the file. Nodes that did not leave are dead now."""
        if self._writer:
            self._writer.shut()
            await asyncio.to_thread(self._writer.close)
        with self._reading:
            self._writer = None
            self._forget_reader()
        self._nodes.release()

    def submit(self, plan: Plan[T]) -> asyncio.Future[T]:
        """Start a short plan that may write; it runs whatever happens. Raises ServiceUnavailable if closed."""
        if self._writer is None:
            raise ServiceUnavailable
        return self._writer.submit_short(plan)

    async def write(self, plan: Plan[T]) -> T:
        """The result of a plan of any length, durable."""
        if self._writer is None:
            raise ServiceUnavailable
        return await asyncio.shield(self._writer.submit(plan))

    async def read(self, plan: Plan[T]) -> T:
        """The result of a short plan that only reads."""
        with self._reading:
            if self._writer is None:
                raise ServiceUnavailable
            try:
                session = self._reader = self._reader or self._connect(busy_seconds=1.0)
                return _look(session, plan)
            except (apsw.Error, OSError, ServiceUnavailable) as error:
                self._forget_reader()
                ours = in_our_words(error)
                raise ours from ours.__cause__

    async def survey(self, plan: Plan[T]) -> T:
        """The result of a long plan that only reads, in a thread and on a connection of its own."""
        return await asyncio.to_thread(self._survey, plan)

    def saved(self) -> tuple[int, int]:
        """Transactions that were committed since `open`, and plans in them."""
        return (self._writer.batches, self._writer.plans) if self._writer else (0, 0)

    async def join(self) -> str:
        """A new node id for this process."""
        node_id = self._nodes.join()
        try:
            await self.write(join(node_id))
        except Problem:
            self._nodes.leave(node_id)
            raise
        return node_id

    async def leave(self, node_id: str) -> None:
        """Stop being that node, or forget a dead one."""
        self._nodes.leave(node_id)

    async def dead(self, node_ids: Sequence[str]) -> list[str]:
        """Those of the nodes whose process has ended, for certain."""
        return self._nodes.dead(node_ids)

    def lease(self, node_id: str) -> float:
        """As long as its lock is held."""
        return inf if self._nodes.holds(node_id) else 0.0

    def _connect(self, *, create: bool = False, busy_seconds: float | None = None) -> Session:
        busy_seconds = self._busy_seconds if busy_seconds is None else busy_seconds
        session = Session(
            self._path, create=create, busy_seconds=busy_seconds, shift=lambda: self.clock_shift, vfs=self._vfs
        )
        if self._relaxed:
            session.relax()
        return session

    def _prepare(self) -> tuple[int, int]:
        give_up = time.monotonic() + self._busy_seconds
        while True:
            try:
                return self._migrate()
            except apsw.BusyError as error:
                # Several processes that turn on write-ahead logging at once are told so without waiting.
                if time.monotonic() > give_up:
                    raise in_our_words(error) from error
                time.sleep(0.01)
            except (apsw.Error, OSError) as error:
                raise in_our_words(error) from error

    def _migrate(self) -> tuple[int, int]:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        session = self._connect(create=True)
        try:
            return session.migrate()
        finally:
            session.close()

    def _survey(self, plan: Plan[T]) -> T:
        try:
            session = self._connect()
        except (apsw.Error, OSError) as error:
            raise in_our_words(error) from error
        try:
            return _look(session, plan)
        except apsw.Error as error:
            raise in_our_words(error) from error
        finally:
            session.close()

    def _forget_reader(self) -> None:
        if self._reader:
            self._reader.close()
        self._reader = None


def _look(session: Session, plan: Plan[T]) -> T:
    session.begin("DEFERRED")
    try:
        return session.run(plan)
    finally:
        session.commit()
