"""SQLite: what happened (log, sums, health) lies in a file of its own beside the database, written by another process.

The two files have the same schema, so that each query is written once; the tables below are filled only in this one.
Versions before there was such a file filled them in the database: what is there is moved, while servers work.

Rule: SQLite commits the two files of a transaction one after the other, this one first. So what was interrupted between
is in both: a row of the log is then known by its key, and the sums by a token that was written before.
"""

import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from uuid import uuid4

import apsw

from clipmeter.store.session import in_our_words

SUMS = ("daily", "failures", "source_health", "endpoint_health")
ROWS = 200
"""Of the log in one transaction: others who write wait for it."""
SHARE = 0.2
"""Of the time; the rest is for the others."""
LONGEST_REST = 1.0
"""Seconds: after a piece that had to wait for the lock for long, too, since a server that ends waits for it."""
_MARK = "moved "
_LARGEST = frozenset(("max_ms", "last_at"))
"""Columns that are no sums."""
_BUSY_MILLISECONDS = 10_000
_COUNT = "SELECT COUNT(*) FROM old.request_log"
_FIRST_ROWS = "SELECT rowid FROM old.request_log ORDER BY rowid LIMIT ?"
_MOVE_ROWS = """INSERT OR IGNORE INTO main.request_log
SELECT * FROM old.request_log
WHERE rowid <= ? AND account_id NOT IN (SELECT account_id FROM old.accounts WHERE deleted_at IS NOT NULL)"""


def records_file(database: Path) -> Path:
    """Where that file is."""
    return database.with_name(f"{database.name}-records")


def move_records(database: Path, *, told: Callable[[int, int], None], stopped: Callable[[], bool]) -> None:
    """Move what is in the database; both files have the newest schema.

    `told`: rows of the log that were moved, of how many; `stopped`: whether to leave the rest for another time. Nothing
    is lost or counted twice, wherever it is interrupted and whoever writes meanwhile. Raises ServiceUnavailable.
    """
    try:
        with closing(apsw.Connection(str(records_file(database)), flags=apsw.SQLITE_OPEN_READWRITE)) as connection:
            connection.set_busy_timeout(_BUSY_MILLISECONDS)
            connection.execute("ATTACH ? AS old", (str(database),))
            _move_rows(connection, told, stopped)
            if not stopped() and any(connection.execute(f"SELECT 1 FROM old.{table} LIMIT 1").get for table in SUMS):  # noqa: S608 - our own
                _move_sums(connection)
    except (apsw.Error, OSError) as error:
        raise in_our_words(error) from error


def _move_rows(connection: apsw.Connection, told: Callable[[int, int], None], stopped: Callable[[], bool]) -> None:
    moved, of = 0, int(connection.execute(_COUNT).get)
    while moved < of and not stopped():
        began = time.monotonic()
        with _Both(connection):
            rows = connection.execute(_FIRST_ROWS, (ROWS,)).fetchall()
            if not rows:
                return  # another process has moved them
            ((last,),) = rows[-1:]
            connection.execute(_MOVE_ROWS, (last,))
            connection.execute("DELETE FROM old.request_log WHERE rowid <= ?", (last,))
        moved = min(of, moved + len(rows))
        told(moved, of)
        time.sleep(min(LONGEST_REST, (time.monotonic() - began) * (1 / SHARE - 1)))


def _move_sums(connection: apsw.Connection) -> None:
    with _Both(connection):
        token = connection.execute("SELECT writer FROM old.tally_marks WHERE writer LIKE ?", (f"{_MARK}%",)).get
        if not token:
            token = f"{_MARK}{uuid4().hex}"
            connection.execute("INSERT INTO old.tally_marks VALUES (?, 0, 0)", (token,))
    with _Both(connection):
        connection.execute("INSERT OR IGNORE INTO main.tally_marks VALUES (?, 0, ?)", (token, time.time_ns() // 1000))
        is_new = connection.changes() > 0
        for table in SUMS:
            if is_new:
                connection.execute(_added(connection, table))
            connection.execute(f"DELETE FROM old.{table}")  # noqa: S608 - our own
        connection.execute("DELETE FROM old.tally_marks")


def _added(connection: apsw.Connection, table: str) -> str:
    """What adds the sums of a table to those that are there."""
    columns = [(name, key) for _, name, _, _, _, key in connection.execute(f"PRAGMA old.table_info({table})")]
    keys = ", ".join(name for name, key in columns if key)
    sums = ", ".join(
        f"{name} = MAX({name}, excluded.{name})" if name in _LARGEST else f"{name} = {name} + excluded.{name}"
        for name, key in columns
        if not key
    )
    names = ", ".join(name for name, _ in columns)
    return (
        f"INSERT INTO main.{table} ({names}) SELECT {names} FROM old.{table} WHERE true "  # noqa: S608 - our own
        f"ON CONFLICT ({keys}) DO UPDATE SET {sums}"
    )


class _Both:
    """A transaction that may write to both files from its beginning: a reader that began to write would be refused."""

    def __init__(self, connection: apsw.Connection) -> None:
        self._connection = connection

    def __enter__(self) -> None:
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            self._connection.execute("DELETE FROM old.tally_marks WHERE false")
        except BaseException:
            self._connection.execute("ROLLBACK")
            raise

    def __exit__(self, kind: type[BaseException] | None, error: object, trace: object) -> None:
        self._connection.execute("ROLLBACK" if kind else "COMMIT")
