"""What an earlier version recorded in the database comes to the file of its own: all of it, once, whatever happens."""

import time

import apsw
import pytest

from clipmeter.errors import Attempt
from clipmeter.records.health import HealthLog
from clipmeter.records.requests import LogEntry, RequestLog
from clipmeter.store import recordsfile
from clipmeter.store.recordsfile import SUMS, move_records, records_file
from clipmeter.store.sqlite import SqliteStore

TABLES = ("request_log", *SUMS)


def told(_done, _of):
    """Nobody looks."""


def content(path):
    """All rows of all the tables, in order."""
    with apsw.Connection(str(path)) as connection:
        return {table: sorted(connection.execute(f"SELECT * FROM {table}")) for table in TABLES}  # noqa: S608 - ours


def some(number, account_id="acct_1"):
    """A request."""
    code = "" if number % 3 else "not_found"
    began, charge = time.monotonic() - number, 0 if code else 6000
    asked = ("video", f"https://example.org/{number}", str(number), "webpage", ())
    status = 404 if code else 200
    return LogEntry(
        account_id, "key_1", "live", f"req_{number:06}", began, *asked, "", status, code, charge, {"total": 7.5}, True
    )


@pytest.fixture
async def old(tmp_path):
    """A database as the version before left it, with an empty file beside it."""
    path = tmp_path / "clipmeter.db"
    async with SqliteStore(path) as store, SqliteStore(records_file(path)):
        log, health = RequestLog(store, 30), HealthLog(store)
        for number in range(95):
            log.note(some(number))
        health.note("live", [Attempt("webpage", "", "", 0.1), Attempt("embed", "upstream_error", "?", 0.2)])
        health.served("live", "video", "", [1.0, 700.0])
        await log.flush()
        await health.flush()
    return path


async def test_all_of_it_once(old, monkeypatch):
    """Every row of every table is moved, and none is left; what was heard meanwhile ends with all. Again: nothing."""
    monkeypatch.setattr(recordsfile, "ROWS", 10)
    before, heard = content(old), []
    assert all(before.values())
    move_records(old, lambda done, of: heard.append((done, of)))
    assert content(records_file(old)) == before
    assert not any(content(old).values())
    assert heard == [(done, 95) for done in (*range(10, 95, 10), 95)]
    move_records(old, pytest.fail)


async def test_wherever_it_is_interrupted(old, monkeypatch):
    """Ended after any of its transactions, also between the two files' parts of the last, the next try is right."""
    monkeypatch.setattr(recordsfile, "ROWS", 10)
    before = content(old)
    for last in range(10, 95, 10):

        def stop(done, _of, last=last):
            if done == last:
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            move_records(old, stop)
        assert content(old) == before
    copy = old.read_bytes()
    move_records(old, told)
    old.write_bytes(copy)  # as if the power had gone before the second file's commit
    move_records(old, told)
    assert content(records_file(old)) == before
    assert not any(content(old).values())


async def test_nothing_of_those_who_left(old):
    """What an account asked for that is deleted now is not brought back by it."""
    with apsw.Connection(str(old)) as connection:
        connection.execute(
            "INSERT INTO accounts (account_id, email, kind, created_at, status, payment, deleted_at)"
            " VALUES ('acct_1', 'gone', 'user', 1, 'active', 'none', 2)"
        )
    before = content(old)
    move_records(old, told)
    after = content(records_file(old))
    assert after["request_log"] == []
    assert after["daily"] == before["daily"]


async def test_what_came_after_stays(old):
    """Rows that the file has already are as they were: sums that grew since are not set back."""
    async with SqliteStore(records_file(old)) as store:
        log = RequestLog(store, 30)
        log.note(some(500, "acct_2"))
        await log.flush()
    new = content(records_file(old))
    move_records(old, told)
    after = content(records_file(old))
    assert all(set(rows) <= set(after[table]) for table, rows in new.items())


def test_a_server_moves_them(new_served, emulator):
    """The log of the version before is there after the first start, under the same account, and goes on."""
    served = new_served(upstream=emulator.url)
    first = served.get(key=served.keys["test_key"], video_id="7516594811734854943").request_id
    assert served.stop() == 0
    database = served.home / "clipmeter.db"
    with apsw.Connection(str(database)) as connection:  # as before there was such a file
        connection.execute("ATTACH ? AS records", (str(records_file(database)),))
        for table in TABLES:
            connection.execute(f"INSERT INTO main.{table} SELECT * FROM records.{table}")  # noqa: S608 - ours
    for file in served.home.glob("clipmeter.db-records*"):
        file.unlink()
    served.start()
    second = served.get(key=served.keys["test_key"], video_id="7516594811734854943").request_id
    assert served.stop() == 0
    served.start()
    logged = served.get("/v1/requests", key=served.keys["test_key"]).json["requests"]
    assert [row["request_id"] for row in logged] == [second, first]
    said = (served.home.parent / f"{served.home.name}.log").read_text()
    assert said.count("moving the request log to a file of its own") == 1
