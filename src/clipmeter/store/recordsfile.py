"""SQLite: what happened (log, sums, health) lies in a file of its own beside the database, written by another process.

The two files have the same schema, so that each query is written once; the tables below are filled only in this one.
Which were filled in the database, by versions before there was such a file, is moved.
"""

from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import apsw

from clipmeter.store.session import in_our_words

SUMS = ("daily", "tally_marks", "failures", "source_health", "endpoint_health")
ROWS = 5_000
"""Of the log in one transaction."""
_BUSY_MILLISECONDS = 10_000
_ANY = " OR ".join(f"EXISTS (SELECT 1 FROM old.{table})" for table in ("request_log", *SUMS))  # noqa: S608 - our own
_MOVE_ROWS = """INSERT OR IGNORE INTO main.request_log
SELECT * FROM old.request_log
WHERE rowid > ? AND rowid <= ?
    AND account_id NOT IN (SELECT account_id FROM old.accounts WHERE deleted_at IS NOT NULL)"""


def records_file(database: Path) -> Path:
    """Where that file is."""
    return database.with_name(f"{database.name}-records")


def move_records(database: Path, told: Callable[[int, int], None]) -> None:
    """Move what is in the database; both files have the newest schema. `told`: rows of the log, of how many.

    Nothing is lost or counted twice, wherever it is interrupted: what was moved is deleted at the very end, and until
    then no process has added to it. Raises ServiceUnavailable.
    """
    try:
        with closing(apsw.Connection(str(records_file(database)), flags=apsw.SQLITE_OPEN_READWRITE)) as connection:
            connection.set_busy_timeout(_BUSY_MILLISECONDS)
            connection.execute("ATTACH ? AS old", (str(database),))
            if connection.execute(f"SELECT {_ANY}").get:
                _move(connection, told)
    except (apsw.Error, OSError) as error:
        raise in_our_words(error) from error


def _move(connection: apsw.Connection, told: Callable[[int, int], None]) -> None:
    last = int(connection.execute("SELECT COALESCE(MAX(rowid), 0) FROM old.request_log").get)
    for first in range(0, last, ROWS):
        with connection:
            connection.execute(_MOVE_ROWS, (first, first + ROWS))
        told(min(first + ROWS, last), last)
    with connection:
        for table in SUMS:
            connection.execute(f"INSERT OR IGNORE INTO main.{table} SELECT * FROM old.{table}")  # noqa: S608 - ours
        for table in ("request_log", *SUMS):
            connection.execute(f"DELETE FROM old.{table}")  # noqa: S608 - our own
