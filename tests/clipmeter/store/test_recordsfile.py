"""What an earlier version recorded in the database comes to the file of its own: all of it, once, whatever happens."""

import asyncio
import time

import apsw
import pytest

from clipmeter.errors import Attempt
from clipmeter.records.health import HealthLog
from clipmeter.records.requests import LogEntry, RequestLog
from clipmeter.store import recordsfile
from clipmeter.store.recordsfile import SUMS, move_records, records_file
from clipmeter.store.sqlite import SqliteStore

TABLES = ("request_log", *SUMS)  # marks are of processes that have ended


def move(path, told=lambda *_: None, stopped=lambda: False):
    """To the end."""
    move_records(path, told=told, stopped=stopped)


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
    move(old, told=lambda done, of: heard.append((done, of)))
    assert content(records_file(old)) == before
    assert not any(content(old).values())
    assert heard == [(done, 95) for done in (*range(10, 95, 10), 95)]
    move(old, told=pytest.fail)


async def test_left_for_another_time(old, monkeypatch):
    """Stopped after each piece, the next try goes on from there."""
    monkeypatch.setattr(recordsfile, "ROWS", 10)
    before, left = content(old), []
    while content(old)["request_log"]:
        told = []
        move(old, told=lambda *news, told=told: told.append(news), stopped=lambda told=told: bool(told))
        left.append(len(content(old)["request_log"]))
    assert left == [85, 75, 65, 55, 45, 35, 25, 15, 5, 0]
    move(old)
    assert content(records_file(old)) == before


@pytest.mark.parametrize("after", range(1, 6))
async def test_between_the_two_commits(old, monkeypatch, after):
    """When the power goes after the one file was committed and not the other, nothing is lost or counted twice."""
    monkeypatch.setattr(recordsfile, "ROWS", 40)
    before, saved = content(old), [old.read_bytes()]
    real, count = recordsfile._Both.__exit__, 0

    def end(self, kind, error, trace):
        nonlocal count
        real(self, kind, error, trace)
        count += 1
        if count == after:
            raise KeyboardInterrupt
        for _ in self._connection.execute("PRAGMA old.wal_checkpoint(TRUNCATE)"):
            pass
        saved.append(old.read_bytes())

    with monkeypatch.context() as patch:
        patch.setattr(recordsfile._Both, "__exit__", end)
        with pytest.raises(KeyboardInterrupt):
            move(old)
    for beside in old.parent.glob("clipmeter.db-[ws]*"):
        beside.unlink()
    old.write_bytes(saved[-1])
    move(old)
    assert content(records_file(old)) == before
    assert not any(content(old).values())


async def test_while_others_write(old):
    """A server that charges, and one of the version before that logs, are both served meanwhile; all rows are moved."""
    async with SqliteStore(old) as store:
        log, number = RequestLog(store, 30), 1000
        moving = asyncio.create_task(asyncio.to_thread(move, old))
        while not moving.done():
            log.note(some(number))
            await log.flush()
            number += 1
        await moving
        await log.flush()
    move(old)
    after = content(records_file(old))
    assert len(after["request_log"]) == 95 + number - 1000
    assert sum(row[6] for row in after["daily"]) == 95 + number - 1000
    assert not any(content(old).values())


async def test_nothing_of_those_who_left(old):
    """What an account asked for that is deleted now is not brought back by it."""
    with apsw.Connection(str(old)) as connection:
        connection.execute(
            "INSERT INTO accounts (account_id, email, kind, created_at, status, payment, deleted_at)"
            " VALUES ('acct_1', 'gone', 'user', 1, 'active', 'none', 2)"
        )
    before = content(old)
    move(old)
    after = content(records_file(old))
    assert after["request_log"] == []
    assert after["daily"] == before["daily"]


async def test_sums_are_added_up(old):
    """Sums that the file has already grow by those that come, also when a version before has run once more between."""
    async with SqliteStore(records_file(old)) as store:
        log, health = RequestLog(store, 30), HealthLog(store)
        for number in range(95, 120):
            log.note(some(number))
        health.note("live", [Attempt("webpage", "", "", 0.3)])
        await log.flush()
        await health.flush()
    move(old)
    async with SqliteStore(old) as store:
        log = RequestLog(store, 30)
        for number in range(120, 130):
            log.note(some(number))
        await log.flush()
    move(old)
    after = content(records_file(old))
    assert len(after["request_log"]) == 130
    assert sum(row[6] for row in after["daily"]) == 130
    assert sum(row[4] for row in after["failures"]) == len([number for number in range(130) if number % 3 == 0])
    (webpage,) = [row for row in after["source_health"] if row[2] == "webpage"]
    assert webpage[4:7] == (2, 400, 300)


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
    assert said.count("the request log moves to a file of its own") == 1


def test_without_the_records(new_served, emulator):
    """A file that is none of ours keeps nobody from being charged; it is named, and when it is gone all goes on."""
    served = new_served(upstream=emulator.url)
    assert served.stop() == 0
    file = records_file(served.home / "clipmeter.db")
    for one in served.home.glob("clipmeter.db-records*"):
        one.unlink()
    file.write_bytes(b"no database" * 1000)
    served.start()
    key = served.keys["test_key"]
    asked = served.get(key=key, video_id="7516594811734854943")
    assert asked.status == 200
    assert served.get("/v1/requests", key=key).status == 503
    assert served.run("accounts", "list").returncode == 0
    assert "clipmeter.db-records cannot be opened" in served.run("doctor").stdout
    file.unlink()
    give_up = time.monotonic() + 15
    while served.get("/v1/requests", key=key).status != 200 and time.monotonic() < give_up:
        time.sleep(0.1)
    assert served.logged(key)["requests"][0]["request_id"] == asked.request_id
    said = (served.home.parent / f"{served.home.name}.log").read_text()
    assert f"The database {file} cannot be used: it is no SQLite database" in said
