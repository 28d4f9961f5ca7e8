"""One PostgreSQL connection that runs plans: transactions, queries in both forms, and errors in our own words."""

import asyncio
import re
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import cache
from typing import Any

import asyncpg

from clipmeter.errors import BillingError, Problem, ServiceUnavailable
from clipmeter.store.ahead import Form, function_of
from clipmeter.store.base import CommitUnknown, Row, lost
from clipmeter.store.foresight import FORESEEABLE, Foresight
from clipmeter.store.lifting import LOCK, Lifted, lift
from clipmeter.store.lockstep import Run, take_turn, turns
from clipmeter.store.named import named, writes

CONNECT_SECONDS = 3.0
WORK_SECONDS = 5.0
"""For all of a transaction before its COMMIT, waiting for locks included; and again for the COMMIT."""
OURS = (
    asyncpg.IntegrityConstraintViolationError,
    asyncpg.DataError,
    asyncpg.SyntaxOrAccessError,
    asyncpg.InterfaceError,
)
"""The driver's errors that mean a mistake in a query or its values."""
AGAIN = (asyncpg.DeadlockDetectedError, asyncpg.SerializationError, asyncpg.LockNotAvailableError)
"""The transaction was undone because of others; it can be run again."""
LOST = (
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    OSError,
    TimeoutError,
)
"""The connection is of no use any more."""
_LOCK = f"SELECT {LOCK}"
_PLAIN = re.compile(r"[0-9A-Za-z_-]+")
"""Ids that may stand within a statement; all that we make are such."""
_SETTINGS = {"application_name": "clipmeter", "jit": "off", "default_transaction_isolation": "read committed"}
_LIMITS = (
    f"SET LOCAL statement_timeout = {int(WORK_SECONDS * 1000)}; "
    f"SET LOCAL idle_in_transaction_session_timeout = {int(WORK_SECONDS * 1000)}"
)
_CALL_LIMIT = f"SET statement_timeout = {int(WORK_SECONDS * 800)}"
"""A call locks and commits by itself: when we have given it up, it must not go on to wait for its locks."""


class Wire:
    """A connection; not usable any more after an error that `is_lost`."""

    def __init__(
        self,
        connection: "asyncpg.Connection[asyncpg.Record]",
        shift: Callable[[], float],
        *,
        relaxed: bool,
        foresight: Foresight | None = None,
    ) -> None:
        """`shift`: seconds to add to the database's clock, for tests; `relaxed`: do not wait for the disk.

        `foresight`: for plans to be run ahead; None: none are.
        """
        self._connection = connection
        self._foresight = foresight
        self._functions: set[Form] = set()
        """Those that this connection has."""
        self._shift = shift
        self._how = f"SET LOCAL synchronous_commit = {_synchronous(relaxed)}"

    @classmethod
    async def connect(
        cls,
        url: str,
        *,
        pooled: bool,
        shift: Callable[[], float],
        relaxed: bool = False,
        foresight: Foresight | None = None,
    ) -> "Wire":
        """Raises the driver's own errors. `pooled`: another connection may serve each transaction."""
        connection = await asyncpg.connect(
            url,
            timeout=CONNECT_SECONDS,
            statement_cache_size=0 if pooled else 200,
            max_cached_statement_lifetime=0,
            server_settings=None if pooled else _SETTINGS | {"synchronous_commit": _synchronous(relaxed)},
        )
        return cls(connection, shift, relaxed=relaxed, foresight=None if pooled else foresight)

    def cut(self) -> None:
        """Let go of it at once; an open transaction is undone by the server."""
        self._connection.terminate()

    async def run_all(self, runs: Sequence[Run]) -> None:
        """Run plans in one transaction, committed when this returns.

        Raises Redo or the driver's errors when it is not, and CommitUnknown when the commit may have happened or not.
        """
        async with asyncio.timeout(WORK_SECONDS):
            locked = sorted({run.account_id for run in runs if run.account_id})
            on_the_way = all(map(_PLAIN.fullmatch, locked))
            await self._begin(self._how, locked if on_the_way else ())
            if not on_the_way:
                await self._connection.fetch(_LOCK.format("$1::text[]"), locked)
            for turn in turns(runs):
                await self._drive(turn)
        await self._commit()

    async def run_ahead(self, runs: Sequence[Run]) -> list[Run]:
        """Run what can be foreseen; those that have ended, durably saved or with CommitUnknown as their error.

        The others stand at their beginning.
        """
        ended: list[Run] = []
        for form, guesses in self._foresight.guesses(runs).items() if self._foresight else ():
            right = await self._write_ahead(form, [guess.values for guess in guesses])
            for place, guess in enumerate(guesses, 1):
                if isinstance(right, Exception):
                    guess.run.error = lost(right, CommitUnknown)
                elif place not in right:
                    guess.run.start()
                    continue
                ended.append(guess.run)
        return ended

    async def _write_ahead(self, form: Form, batch: Sequence[Mapping[str, Any]]) -> set[int] | Exception:
        """The places of the sets, from 1, that were as expected and are written for; an error: that is not known."""
        function = function_of(form)
        arguments = function.arguments(batch, int(self._shift() * 1_000_000))
        if arguments is None:
            return set()
        try:
            async with asyncio.timeout(WORK_SECONDS):
                if form not in self._functions:
                    await self._connection.execute(f"{_CALL_LIMIT}; {function.create}")
                    self._functions.add(form)
                return {place for (place,) in await self._connection.fetch(function.call, *arguments)}
        except (asyncpg.PostgresError, *LOST) as error:
            if is_lost(error):
                return in_our_words(error)
            if form not in self._functions and isinstance(error, asyncpg.SyntaxOrAccessError):
                self._foresight = None  # this user may not make any; all goes in the usual way
            if isinstance(error, asyncpg.UndefinedFunctionError):
                self._functions.discard(form)
            return set()

    async def look(self, runs: Sequence[Run], *, within: float | None = WORK_SECONDS) -> None:
        """Run plans that only read, all on one snapshot."""
        async with asyncio.timeout(within):
            await self._begin("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY", limited=within is not None)
            await self._drive(runs)
            await self._connection.execute("COMMIT")

    async def undo(self) -> None:
        """End the open transaction, if there is one, as if it had never been."""
        if self._connection.is_in_transaction():
            async with asyncio.timeout(WORK_SECONDS):
                await self._connection.execute("ROLLBACK")

    async def script(self, sql: str) -> None:
        """Several statements without values."""
        await self._connection.execute(sql)

    async def rows(self, sql: str, *values: Any) -> list[Row]:  # noqa: ANN401 - values of the database
        """One statement of ours that has no name."""
        return [tuple(row) for row in await self._connection.fetch(sql, *values)]

    async def _begin(self, how: str, locked: Sequence[str] = (), *, limited: bool = True) -> None:
        """Start a transaction and, in the same round trip, lock accounts: their ids are plain and in order."""
        ids = "'{" + ",".join(locked) + "}'::text[]"
        locks = f"; {_LOCK.format(ids)}" if locked else ""
        limits = f"; {_LIMITS}" if limited else ""
        shift = int(self._shift() * 1_000_000)
        shifted = f"; SET LOCAL clipmeter.shift = '{shift}'" if shift else ""
        await self._connection.execute(f"BEGIN ISOLATION LEVEL READ COMMITTED; {how}{limits}{shifted}{locks}")

    async def _commit(self) -> None:
        try:
            async with asyncio.timeout(WORK_SECONDS):
                status = await self._connection.execute("COMMIT")
        except LOST as error:
            raise CommitUnknown(sign=repr(error)) from error
        if status != "COMMIT":
            raise ServiceUnavailable(sign=f"COMMIT was answered with {status}")

    async def _drive(self, runs: Sequence[Run]) -> None:
        asking = take_turn(runs, writes)
        with suppress(StopIteration):
            asked = next(asking)
            while True:
                asked = asking.send(await self._ask(*asked))

    async def _ask(self, name: str, batch: Sequence[Mapping[str, Any]], apart: bool) -> Sequence[list[Row]]:
        lifted = _lifted(name)
        columns = lifted.columns(batch) if len(batch) > 1 and lifted.many else None
        if columns is None:
            found = [await self._ask_one(lifted, values) for values in batch]
            self._remember(name, batch, found)
            return found if apart else [[row for rows in found for row in rows]]
        if lifted.returns:
            rows = await self._connection.fetch(lifted.many, *columns)
            told = [tuple(row) for row in rows]
            if not apart:  # the account or the place that tells them apart is of no interest
                return [[row[:-1] if lifted.by_account else row[1:] for row in told]]
            found = lifted.sort(batch, told)
            self._remember(name, batch, found)
            return found
        await self._connection.execute(lifted.many, *columns)
        return [[] for _ in batch] if apart else [[]]

    def _remember(self, name: str, batch: Sequence[Mapping[str, Any]], found: Sequence[list[Row]]) -> None:
        if self._foresight and name in FORESEEABLE:
            self._foresight.remember(name, batch, found)

    async def _ask_one(self, lifted: Lifted, values: Mapping[str, Any]) -> list[Row]:
        return await self.rows(lifted.one, *(values[name] for name in lifted.values))


@cache
def _lifted(name: str) -> Lifted:
    return lift(*named(name))


def _synchronous(relaxed: bool) -> str:
    return "off" if relaxed else "on"


def is_lost(error: BaseException) -> bool:
    """Whether the connection is of no use after this error."""
    return isinstance(error, (*LOST, CommitUnknown))


def in_our_words(error: Exception) -> Exception:
    """What a caller gets: for a driver's error one of ours, which has it as `__cause__`; any other as it is."""
    if isinstance(error, Problem) or not isinstance(
        error, (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError, OSError)
    ):
        return error
    kind = BillingError if isinstance(error, OURS) and not is_lost(error) else ServiceUnavailable
    problem = kind(sign=repr(error))
    problem.__cause__ = error
    return problem
