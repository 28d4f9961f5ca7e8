"""An SQLite file as a whole: its schema, a copy of it while others write, and whether a copy is sound."""

import os
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import apsw

from clipmeter.errors import ServiceUnavailable
from clipmeter.store.named import statements
from clipmeter.store.session import in_our_words

PAGES = 256
"""Pages that are copied between two reports."""
_BUSY_MILLISECONDS = 5_000
_HAS_SCHEMA = "SELECT 1 FROM sqlite_schema WHERE name = 'schema_version'"


def schema_of(path: Path) -> int:
    """The version of the schema; 0: there is no file, or none of ours. Raises ServiceUnavailable."""
    if not path.exists():
        return 0
    try:
        with closing(_opened(path, apsw.SQLITE_OPEN_READWRITE)) as connection:
            if not connection.execute(_HAS_SCHEMA).fetchall():
                return 0
            ((version,),) = connection.execute(statements()["schema_version"].sql).fetchall()
            return int(str(version))
    except (apsw.Error, OSError) as error:
        raise in_our_words(error) from error


def copy(source: Path, target: Path, told: Callable[[int, int], None]) -> None:
    """Copy a database as it is at this moment to a new file, durably. `told`: pages copied, of how many.

    Others may write meanwhile and are not kept waiting. Raises ServiceUnavailable or OSError; then there is no target.
    """
    descriptor = os.open(target, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        _copied(source, target, told)
        os.fsync(descriptor)
    except (apsw.Error, OSError) as error:
        target.unlink(missing_ok=True)
        raise in_our_words(error) from error
    except BaseException:
        target.unlink(missing_ok=True)
        raise
    finally:
        os.close(descriptor)


def _copied(source: Path, target: Path, told: Callable[[int, int], None]) -> None:
    with (
        closing(_opened(source, apsw.SQLITE_OPEN_READWRITE)) as there,
        closing(_opened(target, apsw.SQLITE_OPEN_READWRITE)) as here,
    ):
        # One snapshot for the whole copy: else each write of a server would make it begin anew, and it would never end.
        there.execute("BEGIN")
        there.execute(_HAS_SCHEMA).fetchall()
        here.execute(
            "PRAGMA synchronous=OFF"
        ).fetchall()  # a half copy is thrown away; a whole one is fsynced at its end
        with here.backup("main", there, "main") as work:
            while not work.done:
                work.step(PAGES)
                told(work.page_count - work.remaining, work.page_count)
        here.execute("PRAGMA journal_mode=DELETE").fetchall()  # one file that stands alone, without a log beside it


def check(path: Path) -> None:
    """Read the whole file. Raises ServiceUnavailable when it is not sound."""
    try:
        with closing(_opened(path, apsw.SQLITE_OPEN_READWRITE)) as connection:
            said = connection.execute("PRAGMA integrity_check").fetchall()
    except (apsw.Error, OSError) as error:
        raise in_our_words(error) from error
    if said != [("ok",)]:
        raise ServiceUnavailable(f"{path} is not sound: {'; '.join(str(row[0]) for row in said[:3])}.")


def place(draft: Path, target: Path) -> None:
    """Give a finished file its name, durably. Raises FileExistsError rather than overwrite anything."""
    try:
        os.link(draft, target)
    except FileExistsError:
        raise
    except OSError:  # a file system without links
        if target.exists():
            raise FileExistsError(f"{target} is there already") from None
        draft.replace(target)
    draft.unlink(missing_ok=True)
    descriptor = os.open(target.parent, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _opened(path: Path, flags: int) -> apsw.Connection:
    connection = apsw.Connection(str(path), flags=flags)
    connection.set_busy_timeout(_BUSY_MILLISECONDS)
    return connection
