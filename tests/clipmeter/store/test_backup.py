"""Copies of a database that is in use, and migrations that are interrupted."""

import asyncio
import os
import signal
import subprocess
import sys
import threading
from contextlib import closing

import apsw
import pytest

from clipmeter.billing.history import rows_of
from clipmeter.errors import ServiceUnavailable
from clipmeter.store.backup import check, copy, place, schema_of
from clipmeter.store.base import NewerSchema
from clipmeter.store.named import migrations, statements
from clipmeter.store.sqlite import SqliteStore

NEWEST = migrations()[-1][0]
ROWS = 20_000
KILLED_SOON = """
import asyncio, os, signal, sys
from pathlib import Path
import apsw
from clipmeter.store.sqlite import SqliteStore

steps = 0
def step():
    global steps
    steps += 1
    if steps == int(sys.argv[2]):
        os.kill(os.getpid(), signal.SIGKILL)
    return False

apsw.connection_hooks.append(lambda connection: connection.set_progress_handler(step, 500))
print(asyncio.run(SqliteStore(Path(sys.argv[1])).migrate()))
"""


def older(path, version=2, rows=ROWS):
    """A database of an earlier schema, with posted rows in it."""
    with closing(apsw.Connection(str(path))) as connection:
        connection.execute("PRAGMA journal_mode=WAL").fetchall()
        connection.execute(statements()["schema_create"].sql)
        for number, text in migrations()[:version]:
            connection.execute(text)
            connection.execute("INSERT INTO schema_version (version) VALUES (?)", (number,))
        connection.execute("BEGIN")
        connection.execute("INSERT INTO accounts VALUES ('a', 'a@example.org', 'user', 'active', 'invoice', 0)")
        connection.executemany(
            "INSERT INTO requests VALUES ('a', ?, 'e', 'k', '1', 'paid', 6000, 0, 3, '2026-11', ?, 'posted', '', 'n',"
            " 0, 0, 0)",
            [(f"r{number}", f"2026-11-{number % 28 + 1:02}") for number in range(rows)],
        )
        connection.execute("COMMIT")


def one(path, sql):
    with closing(apsw.Connection(str(path))) as connection:
        ((value,),) = connection.execute(sql).fetchall()
        return value


def test_a_copy_of_a_database_in_use(tmp_path):
    """A copy is one moment of the database, sound and in one file, while another connection writes all the time."""
    source, target = tmp_path / "source.db", tmp_path / "copy.db"
    older(source)
    done, told = threading.Event(), []

    def write():
        with closing(apsw.Connection(str(source))) as connection:
            connection.set_busy_timeout(5_000)
            while not done.is_set():
                with connection:  # the two always together
                    connection.execute("UPDATE accounts SET created_at = created_at + 1")
                    connection.execute("UPDATE requests SET deadline = deadline + 1 WHERE request_id = 'r0'")

    writer = threading.Thread(target=write)
    writer.start()
    try:
        copy(source, target, lambda done, of: told.append((done, of)))
    finally:
        done.set()
        writer.join()
    check(target)
    assert one(target, "SELECT COUNT(*) FROM requests") == ROWS
    moment = one(target, "SELECT created_at FROM accounts")
    assert one(target, "SELECT deadline FROM requests WHERE request_id = 'r0'") == moment
    assert told[-1][0] == told[-1][1] == one(target, "PRAGMA page_count")
    assert len(told) > 1
    assert schema_of(target) == 2
    assert sorted(path.name for path in tmp_path.glob("copy*")) == ["copy.db"]
    assert target.stat().st_mode & 0o777 == 0o600


def test_what_is_there_stays(tmp_path):
    """Neither copying nor placing overwrites anything."""
    source, target = tmp_path / "source.db", tmp_path / "target.db"
    older(source, rows=1)
    target.write_text("mine")
    with pytest.raises(FileExistsError):
        copy(source, target, lambda *_: None)
    with pytest.raises(FileExistsError):
        place(source, target)
    assert (target.read_text(), source.exists()) == ("mine", True)


def test_a_copy_that_fails_leaves_nothing(tmp_path):
    """Of a file that is no database there is no copy."""
    source = tmp_path / "source.db"
    source.write_bytes(b"not a database" * 500)
    with pytest.raises(ServiceUnavailable):
        copy(source, tmp_path / "copy.db", lambda *_: None)
    assert [path.name for path in tmp_path.iterdir()] == ["source.db"]


def test_a_spoiled_copy_is_found(tmp_path):
    """A copy with a page of nonsense in it is refused."""
    source, target = tmp_path / "source.db", tmp_path / "copy.db"
    older(source)
    copy(source, target, lambda *_: None)
    with target.open("r+b") as file:
        file.seek(target.stat().st_size // 2)
        file.write(os.urandom(8192))
    with pytest.raises(ServiceUnavailable):
        check(target)


@pytest.mark.parametrize("at", [20, 100, 300, 500])
def test_a_killed_migration_leaves_the_old_schema(tmp_path, at):
    """kill -9 in the middle of a migration: the old schema is whole and usable, and the next migration succeeds."""
    path = tmp_path / "clipmeter.db"
    older(path)
    done = subprocess.run([sys.executable, "-c", KILLED_SOON, str(path), str(at)], check=False, capture_output=True)
    assert done.returncode == -signal.SIGKILL, (done.stdout, done.stderr)
    assert schema_of(path) == 2
    assert one(path, "SELECT COUNT(*) FROM requests WHERE state = 'posted'") == ROWS
    assert one(path, "SELECT COUNT(*) FROM sqlite_schema WHERE name = 'spend'") == 0
    check(path)
    assert asyncio.run(SqliteStore(path).migrate()) == (2, NEWEST)
    assert one(path, "SELECT SUM(charged_micros) FROM spend") == ROWS * 6000
    assert asyncio.run(SqliteStore(path).migrate()) == (NEWEST, NEWEST)


async def test_fewer_indexes_keep_every_row(tmp_path):
    """The step that drops an index keeps all rows of the ledger, and what is left of the indexes is sound."""
    path = tmp_path / "clipmeter.db"
    older(path)
    assert await SqliteStore(path).migrate() == (2, NEWEST)
    async with SqliteStore(path) as store:
        names = [row.request_id async for row in rows_of(store, None)]
    assert names == sorted(f"r{number}" for number in range(ROWS))
    check(path)


async def test_schema_changes_nothing(tmp_path):
    """Asking for the schema neither makes a file nor brings one up to date; a newer one is refused."""
    path = tmp_path / "clipmeter.db"
    assert await SqliteStore(path).schema() == (0, NEWEST)
    assert not path.exists()
    older(path, rows=1)
    assert await SqliteStore(path).schema() == (2, NEWEST)
    await SqliteStore(path).migrate()
    with closing(apsw.Connection(str(path))) as connection:
        connection.execute("INSERT INTO schema_version (version) VALUES (999)")
    with pytest.raises(NewerSchema, match="newer version"):
        await SqliteStore(path).schema()
