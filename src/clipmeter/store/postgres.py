"""The store for many nodes: PostgreSQL."""

import asyncio
from collections.abc import Sequence
from importlib.resources import files
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit
from uuid import uuid4

import asyncpg

from clipmeter.errors import Problem, ServiceUnavailable
from clipmeter.store.base import OlderSchema, Plan, T, refuse_newer
from clipmeter.store.foresight import Foresight
from clipmeter.store.heartbeat import STALE_SECONDS, Heartbeat, living
from clipmeter.store.lanes import Lanes
from clipmeter.store.lockstep import Run
from clipmeter.store.named import migrations, statements
from clipmeter.store.nodes import join
from clipmeter.store.wire import Wire, in_our_words

LANES = 4
"""Connections that write: while one commits, the next batch is under way on another."""
_MIGRATION_LOCK = 0x636C6970_6D657465
_STATE = "SELECT to_regclass('schema_version')::text"


class PostgresStore:
    """A `Store` in a PostgreSQL database, for any number of processes on any number of machines.

    It connects anew by itself after a failure.
    """

    def __init__(
        self, url: str, *, pooled: bool = False, stale_seconds: float = STALE_SECONDS, relaxed: bool = False
    ) -> None:
        """`url`: postgresql://…; `pooled`: behind a pooler that gives a connection for each transaction.

        `stale_seconds`: how long a process may be silent before it counts as dead; the same for all of a database.
        `relaxed`: a crash of the database may take the last moments of what was written, for records that are not the
        books; and one connection is enough to write them.
        """
        self.clock_shift = 0.0
        """Seconds to add to the database's clock; only tests change it."""
        self._url, self._pooled, self._stale_seconds, self._relaxed = url, pooled, stale_seconds, relaxed
        self._foresight = Foresight()
        self._writers: Lanes | None = None
        self._readers: Lanes | None = None
        self._beats: Lanes | None = None
        self._heartbeat = Heartbeat(self._beat, stale_seconds)

    async def __aenter__(self) -> Self:
        await self.open()
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: object, trace: TracebackType | None) -> None:
        await self.close()

    async def open(self) -> None:
        """Make the tables in an empty database; one that has them must have the newest schema.

        Raises OlderSchema, NewerSchema, ServiceUnavailable.
        """
        have, newest = await self.schema()
        if have == 0:
            await self.migrate()
        elif have < newest:
            raise OlderSchema(
                f"This database has schema {have}, this clipmeter needs {newest}: run `clipmeter migrate` once; the "
                "servers of the version before may run on meanwhile."
            )
        lanes = 1 if self._relaxed else LANES
        self._writers = Lanes(
            self._connect, _write, size=lanes, together=lambda run: bool(run.account_id), ahead=_run_ahead
        )
        self._readers = Lanes(self._connect, _look, size=1, together=lambda _: True)
        self._beats = Lanes(self._connect, _write, size=1, together=lambda _: True)

    @property
    def is_open(self) -> bool:
        """Whether it was opened and not closed."""
        return self._writers is not None

    async def close(self) -> None:
        """Finish what was submitted, then let go of the connections."""
        await self._heartbeat.stop()
        for lanes in (self._writers, self._readers, self._beats):
            if lanes:
                await lanes.close()
        self._writers = self._readers = self._beats = None

    async def migrate(self) -> tuple[int, int]:
        """Bring the schema up to date, all missing steps together or none; the schema before and after.

        Safe while servers run. Raises NewerSchema, ServiceUnavailable.
        """
        wire = await self._connected()
        try:
            await wire.script("BEGIN; SET LOCAL lock_timeout = '10s'; SET LOCAL client_min_messages = 'warning'")
            await wire.rows("SELECT 1 FROM (SELECT pg_advisory_xact_lock($1)) AS locked", _MIGRATION_LOCK)
            await wire.script(statements()["schema_create"].sql)
            ((have,),) = await wire.rows(statements()["schema_version"].sql)
            steps = migrations()
            refuse_newer(have, steps[-1][0])
            for version, text in steps[have:]:
                await wire.script(text)
                await wire.rows("INSERT INTO schema_version (version) VALUES ($1)", version)
            await wire.script((files("clipmeter.store") / "schema" / "postgres.sql").read_text(encoding="utf8"))
            await wire.script("COMMIT")
        except (asyncpg.PostgresError, OSError, TimeoutError) as error:
            raise _in_a_sentence(error, self._url) from error
        finally:
            wire.cut()
        return have, steps[-1][0]

    def submit(self, plan: Plan[T]) -> "asyncio.Future[T]":
        """Start a plan that may write; it runs whatever happens to the future. Raises ServiceUnavailable if closed."""
        if self._writers is None:
            raise ServiceUnavailable
        return self._writers.submit(plan)

    async def write(self, plan: Plan[T]) -> T:
        """The plan's result, durable."""
        return await asyncio.shield(self.submit(plan))

    async def read(self, plan: Plan[T]) -> T:
        """The result of a short plan that only reads."""
        if self._readers is None:
            raise ServiceUnavailable
        return await asyncio.shield(self._readers.submit(plan))

    async def survey(self, plan: Plan[T]) -> T:
        """The result of a long plan that only reads, on a connection of its own."""
        run = Run(plan)
        wire = await self._connected()
        try:
            await wire.look([run], within=None)
        except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError) as error:
            raise in_our_words(error) from error
        finally:
            wire.cut()
        if run.error:
            raise in_our_words(run.error)
        return run.result  # type: ignore[no-any-return]

    def saved(self) -> tuple[int, int]:
        """Transactions that were committed since `open`, and plans in them."""
        return (self._writers.counts.batches, self._writers.counts.plans) if self._writers else (0, 0)

    async def join(self) -> str:
        """A new node id for this process; it is alive while it says so."""
        node_id = uuid4().hex
        await self._heartbeat.start(node_id, lambda: self.write(join(node_id)))
        return node_id

    async def leave(self, node_id: str) -> None:
        """Stop being that node."""
        if self._heartbeat.lease(node_id) > 0:
            await self._heartbeat.stop()

    async def dead(self, node_ids: Sequence[str]) -> list[str]:
        """Those of the nodes that were silent for too long."""
        if not node_ids:
            return []
        alive = await self.read(living(self._stale_seconds))
        return [node_id for node_id in node_ids if node_id not in alive]

    def lease(self, node_id: str) -> float:
        """Seconds for which the others surely count this node among the living."""
        return self._heartbeat.lease(node_id)

    async def _beat(self, plan: Plan[bool]) -> bool:
        if self._beats is None:
            raise ServiceUnavailable
        return await self._beats.submit(plan)

    async def _connect(self) -> Wire:
        return await Wire.connect(
            self._url,
            pooled=self._pooled,
            shift=lambda: self.clock_shift,
            relaxed=self._relaxed,
            foresight=self._foresight,
        )

    async def _connected(self) -> Wire:
        try:
            return await self._connect()
        except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError, TimeoutError, ValueError) as error:
            raise _in_a_sentence(error, self._url) from error

    async def schema(self) -> tuple[int, int]:
        """The schema that the database has, 0 for an empty one, and the newest. Raises NewerSchema."""
        wire = await self._connected()
        newest = migrations()[-1][0]
        try:
            ((exists,),) = await wire.rows(_STATE)
            have = (await wire.rows(statements()["schema_version"].sql))[0][0] if exists else 0
        except (asyncpg.PostgresError, OSError, TimeoutError) as error:
            raise _in_a_sentence(error, self._url) from error
        finally:
            wire.cut()
        refuse_newer(have, newest)
        return have, newest


async def _write(wire: Wire, runs: list[Run]) -> None:
    await wire.run_all(runs)


async def _run_ahead(wire: Wire, runs: list[Run]) -> list[Run]:
    return await wire.run_ahead(runs)


async def _look(wire: Wire, runs: list[Run]) -> None:
    await wire.look(runs)


def _in_a_sentence(error: Exception, url: str) -> Problem:
    """Why the database cannot be used, for the operator."""
    parts = urlsplit(url)
    where = f"{parts.hostname or 'the local socket'}:{parts.port or 5432}{parts.path}"
    reason = str(error) or type(error).__name__
    if isinstance(error, TimeoutError):
        reason = "no answer in time"
    return ServiceUnavailable(f"PostgreSQL at {where} cannot be used: {reason}.", sign=repr(error))
