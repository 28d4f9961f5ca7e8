"""One SQLite connection that runs plans: named queries, the clock, and errors in our own words."""

import os
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import date, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any

import apsw

from clipmeter.errors import BillingError, Problem, ServiceUnavailable
from clipmeter.store.base import Lock, Many, Plan, Query, Redo, Row, T, refuse_newer
from clipmeter.store.lockstep import Run, take_turn, turns
from clipmeter.store.named import migrations, named, writes
from clipmeter.store.recall import RECALLED, Recall
from clipmeter.store.widening import Wide, narrow, pieces, wide

OURS = (
    apsw.ConstraintError,
    apsw.SQLError,
    apsw.MismatchError,
    apsw.RangeError,
    apsw.BindingsError,
    apsw.TooBigError,
)
"""The driver's errors that mean a mistake in a query or its values; all others mean that the database is not usable."""

LOG_PAGES = 500
"""Of the write-ahead log, after which it should be copied into the database: 2 MB, since commits wait behind what the
disk has to take at once."""
RESTART_PAGES = 12_000
"""Of the write-ahead log, 48 MB, after which it should begin anew, for which those who write have to wait."""
STATEMENTS = 400
"""That are kept prepared: every query, in all of its forms."""
_DAY_MICROS = 86_400_000_000
_SETTINGS = """
PRAGMA synchronous=FULL;
PRAGMA journal_size_limit=67108864;
PRAGMA temp_store=MEMORY;
PRAGMA cache_size=-65536;
"""


class Session:
    """A connection, open until an error or `close`. One thread at a time."""

    def __init__(
        self, path: Path, *, create: bool, busy_seconds: float, shift: Callable[[], float], vfs: str = ""
    ) -> None:
        """`shift`: seconds to add to the database's clock; `vfs`: what SQLite reaches the file through. For tests."""
        flags = apsw.SQLITE_OPEN_READWRITE | (apsw.SQLITE_OPEN_CREATE if create else 0)
        self._name = str(path)
        self._shift = shift
        self._moment: dict[str, Any] = {}
        self._recall, self._checked = Recall(), False
        self._connection = apsw.Connection(self._name, flags=flags, vfs=vfs or None, statementcachesize=STATEMENTS)
        self._busy_ms = int(busy_seconds * 1000)
        self._connection.set_busy_timeout(self._busy_ms)
        # One plan per query whatever its values: else SQLite plans anew at each execution, ten times the work.
        self._connection.config(apsw.SQLITE_DBCONFIG_ENABLE_QPSG, 1)
        self._connection.execute(_SETTINGS).fetchall()
        self._connection.create_scalar_function("utc_day", _utc_day, 1, deterministic=True)
        self._inode = path.stat().st_ino
        self.log_pages = 0
        """Of the write-ahead log, at this connection's last commit."""
        self._connection.set_wal_hook(self._logged)  # in place of the copying by itself, in whoever's commit

    def relax(self) -> None:
        """From now on commit without waiting for the disk: a power cut may take the last moments, and nothing else."""
        self._connection.execute("PRAGMA synchronous=NORMAL").fetchall()

    def migrate(self) -> tuple[int, int]:
        """Write-ahead logging and the newest schema, all steps or none; before and after. Raises NewerSchema."""
        self._connection.execute("PRAGMA journal_mode=WAL").fetchall()
        with suppress(apsw.Error):  # what an earlier process left behind may be all that fills the disk
            self.fold()
        self.begin("IMMEDIATE")
        self._execute("schema_create")
        ((have,),) = self._execute("schema_version")
        steps = migrations()
        newest = steps[-1][0]
        refuse_newer(have, newest)
        for version, text in steps[have:]:
            self._connection.execute(text)
            self._execute("schema_step", version)
        self.commit()
        return have, newest

    def begin(self, how: str) -> None:
        """Start a transaction: `IMMEDIATE` to write, `DEFERRED` to read one snapshot."""
        if os.stat(self._name).st_ino != self._inode:  # noqa: PTH116 - a Path takes longer
            raise ServiceUnavailable(sign="the database file was replaced")
        self._moment, self._checked = {}, False
        self._connection.execute("BEGIN " + how)

    def begin_now(self) -> bool:
        """Start a transaction to write, if nobody else is writing and nothing is amiss; whether it has begun."""
        try:
            self._connection.set_busy_timeout(0)
            self.begin("IMMEDIATE")
        except (apsw.Error, OSError, ServiceUnavailable):
            return False
        finally:
            self._connection.set_busy_timeout(self._busy_ms)
        return True

    def fold(self) -> None:
        """Copy what it can of the write-ahead log into the database, without waiting for anybody."""
        self._connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()

    def commit(self) -> None:
        """End the transaction; durable when this returns."""
        self._connection.execute("COMMIT")

    def undo(self) -> None:
        """End the transaction as if it had never been."""
        self._recall.clear()
        self._connection.execute("ROLLBACK")

    def undone(self) -> bool:
        """After a failure: end the transaction, if there still is one; whether nothing is left of it."""
        with suppress(apsw.Error):
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
        return not self._connection.in_transaction

    def close(self) -> None:
        """Let go of the file; an open transaction is undone."""
        with suppress(apsw.Error):
            self._connection.close()

    def run(self, plan: Plan[T]) -> T:
        """The result of a plan within the open transaction."""
        steps = iter(plan)
        try:
            step = next(steps)
            while True:
                step = steps.send([] if isinstance(step, Lock) else self._answer(step))
        except StopIteration as stop:
            return stop.value  # type: ignore[no-any-return]
        finally:
            steps.close()

    def run_all(self, runs: Sequence[Run]) -> None:
        """Run several plans to their ends, those of different accounts together; some may be refused.

        Raises Redo when one raised after it had written, and the driver's own error when the transaction is lost.
        """
        try:
            for turn in turns(runs):
                self._drive(turn)
        except Redo:
            raise
        except Exception as error:
            if isinstance(error, apsw.Error) and not isinstance(error, OURS):
                raise
            raise Redo from error

    def _drive(self, runs: Sequence[Run]) -> None:
        asking = take_turn(runs, writes)
        with suppress(StopIteration):
            asked = next(asking)
            while True:
                asked = asking.send(self._ask(*asked))

    def _answer(self, step: Query | Many) -> list[Row]:
        if isinstance(step, Many):
            return self._all(step.name, step.batch)
        first, *_ = [self._one(query.name, step.values) for query in named(step.name)]
        return first

    def _ask(self, name: str, batch: Sequence[Mapping[str, Any]], apart: bool) -> list[list[Row]]:
        if writes(name):
            self._recall.written(name, batch)
        elif name in RECALLED:
            return self._recalled(name, batch)
        if not apart:
            return [self._all(name, batch)]
        first, *_ = [self._each(query.name, batch) for query in named(name)]
        return first

    def _recalled(self, name: str, batch: Sequence[Mapping[str, Any]]) -> list[list[Row]]:
        """What is remembered, and what is not as the database tells it."""
        self._check_recall()
        recall, pick, now = self._recall, narrow(name).pick, (self._moment["now"],)
        told = [recall.find(values["account_id"], pick(values)) for values in batch]
        found = [[row + now] if row else [] for row in told]
        unknown = [place for place, row in enumerate(told) if row is None]
        if unknown:
            its = [batch[place] for place in unknown]
            for place, values, rows in zip(unknown, its, self._each(name, its), strict=True):
                found[place] = rows
                for row in rows:
                    recall.remember(values["account_id"], pick(values), row)
        return found

    def _check_recall(self) -> None:
        """Once in each transaction: whether what is remembered is still so."""
        if not self._checked:
            ((version,),) = self._connection.execute("PRAGMA data_version").fetchall()
            self._checked = True
            self._recall.as_of(version, (self._moment or self._read_clock())["day"])

    def _each(self, name: str, batch: Sequence[Mapping[str, Any]]) -> list[list[Row]]:
        found: list[list[Row]] = []
        for size in pieces(len(batch)):
            its = batch[len(found) : len(found) + size]
            form = wide(name, size) if size > 1 else None
            found += self._many(form, its) if form else [self._one(name, values) for values in its]
        return found

    def _one(self, name: str, values: Mapping[str, Any]) -> list[Row]:
        form = narrow(name)
        return self._connection.execute(form.sql, (*self._now(form), *form.pick(values))).fetchall()

    def _all(self, name: str, batch: Sequence[Mapping[str, Any]]) -> list[Row]:
        form = narrow(name)
        clock = self._now(form)
        given = ((*clock, *form.pick(values)) for values in batch)
        return list(self._connection.executemany(form.sql, given))

    def _many(self, form: Wide, batch: Sequence[Mapping[str, Any]]) -> list[list[Row]]:
        given = self._now(form)
        for values in batch:
            given += form.pick(values)
        return form.sort(batch, self._connection.execute(form.sql, given).fetchall())

    def _logged(self, _connection: apsw.Connection, _name: str, pages: int) -> int:
        self.log_pages = pages
        return apsw.SQLITE_OK

    def _now(self, form: Wide) -> list[Any]:
        """What the clock gives to a query."""
        if not form.clock:
            return []
        moment = self._moment or self._read_clock()
        return [moment[name] for name in form.clock]

    def _read_clock(self) -> dict[str, Any]:
        # SQLite's clock is this machine's; to ask SQLite for it takes as long as a write.
        now = time.time_ns() // 1_000 + int(self._shift() * 1_000_000)
        day = _utc_day(now)
        self._moment = {"now": now, "day": day, "month": day[:7]}
        return self._moment

    def _execute(self, name: str, *values: Any) -> list[Row]:  # noqa: ANN401 - values of a query
        return self._connection.execute(narrow(name).sql, values).fetchall()


def _utc_day(*values: Any) -> str:  # noqa: ANN401 - values of the database
    return _day(values[0] // _DAY_MICROS)


@lru_cache(400)
def _day(number: int) -> str:
    return (date(1970, 1, 1) + timedelta(days=number)).isoformat()


def in_our_words(error: Exception) -> Exception:
    """What a caller gets: for a driver's error one of ours, which has it as `__cause__`; any other as it is."""
    if isinstance(error, Problem) or not isinstance(error, (apsw.Error, OSError)):
        return error
    problem = BillingError(sign=repr(error)) if isinstance(error, OURS) else ServiceUnavailable(sign=repr(error))
    problem.__cause__ = error
    return problem
