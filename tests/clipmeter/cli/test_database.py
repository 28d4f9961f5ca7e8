"""`backup`, `migrate` and what is said of databases that cannot be used: from the command line, beside real servers."""

import asyncio
import contextlib
import http.client
import re
import shutil
import threading
import time

import apsw
import pytest

from clipmeter.store.named import migrations
from clipmeter.store.recordsfile import records_file
from served import CLIPMETER, Served, clean_environ, fresh_ids, run_clipmeter

NEWEST = migrations()[-1][0]


def rows_of(served):
    return {row["request_id"]: row for row in served.json("ledger", "show")}


class Callers:
    """Some who ask without pause, and what they were told."""

    def __init__(self, served, key, count=3):
        self.served, self.key = served, key
        self.told, self.stopping = [], False
        self.threads = [threading.Thread(target=self._ask, args=(number,)) for number in range(count)]

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.stopping = True
        for thread in self.threads:
            thread.join()

    def _ask(self, number):
        for video_id in fresh_ids(5_000, 200_000 + 10_000 * number):
            if self.stopping:
                return
            with contextlib.suppress(OSError, http.client.HTTPException):
                reply = self.served.get(key=self.key, video_id=video_id)
                self.told.append((reply.status, reply.headers["X-Request-Id"], time.monotonic()))


def test_backup_and_restore(new_served, emulator, tmp_path):
    """A backup made while callers are charged has every success told before it began, and each once.

    Put back after a crash, the same keys work with the same secret, the books are clean and charging goes on.
    """
    served = new_served(upstream=emulator.url, max_age="0")
    account, file = served.new_account("--invoice"), tmp_path / "books.db"
    with Callers(served, account["key"]) as callers:
        time.sleep(1.5)
        began = time.monotonic()
        done = served.run("backup", str(file))
        ended = time.monotonic()
        time.sleep(0.5)
        served.kill()
    assert done.returncode == 0, done.stderr
    assert re.search(r"books\.db: [\d.]+ MB, schema \d+, [\d,]+ rows?; the copy is sound, every invariant", done.stdout)
    assert re.search(r"books\.db-records: [\d.]+ MB, the request log and statistics; the copy is sound\.", done.stdout)
    assert str(served.home / "secret") in done.stdout
    before = {name for status, name, when in callers.told if status == 200 and when < began}
    after = {name for status, name, when in callers.told if status == 200 and when > ended}
    assert before
    assert after

    for old in served.home.glob("clipmeter.db*"):
        if old.is_file():
            old.unlink()
    shutil.copy(file, served.home / "clipmeter.db")
    shutil.copy(f"{file}-records", served.home / "clipmeter.db-records")
    served.start()
    logged = served.get("/v1/requests", key=account["key"], limit=100).json["requests"]
    assert logged
    assert {row["request_id"] for row in logged} <= {name for _, name, _ in callers.told} - after
    posted = {name for name, row in rows_of(served).items() if row["state"] == "posted"}
    assert before <= posted
    assert not after & posted
    reply = served.get(key=account["key"], video_id=fresh_ids(1, 300_000)[0])
    assert (reply.status, reply.headers["X-Free-Remaining"]) == (200, str(max(0, 49 - len(posted))))
    assert served.run("ledger", "verify").returncode == 0


def test_a_backup_needs_its_secret(new_served, emulator, tmp_path):
    """A server with another secret does not serve the restored database, and says why."""
    served = new_served(upstream=emulator.url)
    served.run("backup", str(tmp_path / "books.db"))
    served.stop()
    other = tmp_path / "other"
    other.mkdir()
    shutil.copy(tmp_path / "books.db", other / "clipmeter.db")
    (other / "secret").write_text("x" * 64)
    done = run_clipmeter(other, "accounts", "list")
    assert done.returncode == 1
    assert "hashed under another secret" in done.stderr


def test_backups_overwrite_nothing(tmp_path):
    """A file that is there stays; a folder that is not, and a home without a database, are sentences."""
    home, file = tmp_path / "home", tmp_path / "books.db"
    done = run_clipmeter(home, "backup", str(file))
    assert (done.returncode, done.stdout, file.exists()) == (1, "", False)
    assert "there is no database" in done.stderr
    run_clipmeter(home, "accounts", "create", "ann@example.org")
    file.write_text("mine")
    done = run_clipmeter(home, "backup", str(file))
    assert (done.returncode, file.read_text()) == (1, "mine")
    assert "overwrites nothing" in done.stderr
    file.rename(records_file(file))  # where the other copy would go
    done = run_clipmeter(home, "backup", str(file))
    assert (done.returncode, records_file(file).read_text(), file.exists()) == (1, "mine", False)
    assert "overwrites nothing" in done.stderr
    done = run_clipmeter(home, "backup", str(tmp_path / "nowhere" / "books.db"))
    assert (done.returncode, done.stdout) == (1, "")
    assert re.fullmatch(r"clipmeter: there is no folder .+\n", done.stderr)


def test_a_backup_of_an_older_schema(tmp_path):
    """A database of an earlier version is copied as it is, before it is migrated."""
    home = tmp_path / "home"
    home.mkdir()
    with contextlib.closing(apsw.Connection(str(home / "clipmeter.db"))) as connection:
        connection.execute("CREATE TABLE schema_version (version BIGINT NOT NULL, PRIMARY KEY (version))")
        connection.execute(migrations()[0][1])
        connection.execute("INSERT INTO schema_version (version) VALUES (1)")
    check = run_clipmeter(home, "migrate", "--check")
    assert check.returncode == 1
    assert f"schema 1; the newest is {NEWEST}." in check.stdout
    done = run_clipmeter(home, "backup", str(tmp_path / "books.db"))
    assert done.returncode == 0
    assert "schema 1; the copy is sound" in done.stdout
    done = run_clipmeter(home, "migrate")
    assert (done.returncode, f"schema 1; now schema {NEWEST}." in done.stdout) == (0, True)
    assert "nothing to do" in run_clipmeter(home, "migrate").stdout
    assert run_clipmeter(home, "migrate", "--check").returncode == 0


def test_postgres_has_its_own_backup(tmp_path):
    """For PostgreSQL the command names the means to use."""
    done = run_clipmeter(tmp_path, "backup", str(tmp_path / "x"), database_url="postgresql://u:secret@127.0.0.1:1/x")
    assert (done.returncode, done.stdout) == (2, "")
    assert "pg_dump" in done.stderr
    assert "archiving" in done.stderr
    assert "secret" not in done.stderr


def test_postgres_that_is_not_there(tmp_path):
    """A PostgreSQL that cannot be reached is a sentence without the password."""
    url = "postgresql://u:hidden@127.0.0.1:1/x"
    for command in (("accounts", "list"), ("migrate",), ("migrate", "--check")):
        done = run_clipmeter(tmp_path, *command, database_url=url)
        assert (done.returncode, done.stdout) == (1, "")
        assert re.fullmatch(r"clipmeter: PostgreSQL at 127\.0\.0\.1:1/x cannot be used: .+\n", done.stderr)
        assert "hidden" not in done.stderr


async def test_a_killed_migration_of_postgres(tmp_path, database_url):
    """kill -9 while a migration waits for a table that is in use: the old schema stays, and the next one succeeds."""
    import asyncpg  # noqa: PLC0415 - with a driver of the test's own

    connection = await asyncpg.connect(database_url)
    try:
        await connection.execute("CREATE TABLE schema_version (version BIGINT NOT NULL, PRIMARY KEY (version))")
        for version, text in migrations()[:2]:
            await connection.execute(text)
            await connection.execute("INSERT INTO schema_version (version) VALUES ($1)", version)
        home = tmp_path / "home"
        behind = run_clipmeter(home, "accounts", "list", database_url=database_url)
        assert behind.returncode == 1
        assert "run `clipmeter migrate`" in behind.stderr
        async with connection.transaction():
            await connection.execute("LOCK TABLE api_keys IN ACCESS SHARE MODE")  # the second table that it changes
            environ = clean_environ(home, database_url=database_url)
            migrating = await asyncio.create_subprocess_exec(*CLIPMETER, "migrate", env=environ)
            waiting = "SELECT COUNT(*) FROM pg_locks WHERE NOT granted AND relation = 'api_keys'::regclass"
            while not await connection.fetchval(waiting):
                assert migrating.returncode is None
            migrating.kill()
            await migrating.wait()
        assert await connection.fetchval("SELECT MAX(version) FROM schema_version") == 2
        columns = "SELECT COUNT(*) FROM information_schema.columns WHERE column_name = 'daily_limit_micros'"
        assert await connection.fetchval(columns) == 0
        done = run_clipmeter(home, "migrate", database_url=database_url)
        assert (done.returncode, f"schema 2; now schema {NEWEST}." in done.stdout) == (0, True)
        assert run_clipmeter(home, "accounts", "create", "ann@example.org", database_url=database_url).returncode == 0
    finally:
        await connection.close()


@pytest.mark.parametrize("command", [("accounts", "list"), ("migrate", "--check"), ("ledger", "verify")], ids=" ".join)
def test_a_newer_schema(tmp_path, command):
    """A database of a newer version is refused with a sentence."""
    home = tmp_path / "home"
    run_clipmeter(home, "accounts", "list")
    with contextlib.closing(apsw.Connection(str(home / "clipmeter.db"))) as connection:
        connection.execute("INSERT INTO schema_version (version) VALUES (99)")
    done = run_clipmeter(home, *command)
    assert (done.returncode, done.stdout) == (1, "")
    assert re.fullmatch(r"clipmeter: This database has schema 99.+\n", done.stderr)


def test_nodes_share_the_secret(tmp_path, database_url):
    """A second node with a secret of its own does not start, and is told what nodes have to share."""
    assert run_clipmeter(tmp_path / "one", "accounts", "list", database_url=database_url).returncode == 0
    done = run_clipmeter(tmp_path / "two", "accounts", "list", database_url=database_url)
    assert done.returncode == 1
    assert "same CLIPMETER_SECRET" in done.stderr


def test_a_server_waits_for_its_database(tmp_path):
    """A server whose database cannot be used says so in its log and with 503, and serves once it can be."""
    home = tmp_path / "home"
    home.mkdir()
    (home / "clipmeter.db").mkdir()
    (home / "secret").write_text("s" * 64)
    served = Served(home)
    threading.Timer(4.0, (home / "clipmeter.db").rmdir).start()
    served.start()
    try:
        assert served.get("/readyz").status == 200
        assert "cannot be opened" in (tmp_path / "home.log").read_text()
    finally:
        served.stop()
