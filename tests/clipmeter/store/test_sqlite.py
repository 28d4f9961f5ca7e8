import asyncio
import subprocess
import sys
import time
from contextlib import closing

import apsw
import pytest

from clipmeter.errors import BillingError, InvalidParameter, ServiceUnavailable
from clipmeter.store.base import NewerSchema, Query, plan
from clipmeter.store.sqlite import SqliteStore


@plan
def add(account_id, fail=None):
    values = {"account_id": account_id, "email": f"{account_id}@example.com", "kind": "user", "payment": "none"}
    yield Query("account_add", values)
    if fail:
        raise fail
    return account_id


@plan
def names():
    rows = yield Query("account_list")
    return {row[0] for row in rows}


@pytest.fixture
async def store(tmp_path):
    async with SqliteStore(tmp_path / "clipmeter.db", busy_seconds=0.3) as store:
        yield store


async def test_write_then_read(store):
    """What write returned is there for every reader, here and in another store on the file."""
    assert await store.write(add("a")) == "a"
    assert await store.read(names()) == {"a"}
    assert await store.survey(names()) == {"a"}
    async with SqliteStore(store._path) as other:
        await other.write(add("b"))
        assert await store.read(names()) == {"a", "b"}


async def test_one_fails_alone(store):
    """Rule 2: of a batch, the plan that raises is undone alone and its caller alone hears of it."""
    plans = [add(str(n), InvalidParameter(str(n)) if n % 3 == 0 else None) for n in range(30)]
    ends = await asyncio.gather(*(store.write(plan) for plan in plans), return_exceptions=True)
    for n, end in enumerate(ends):
        assert end == str(n) if n % 3 else str(end) == str(n)
    assert await store.read(names()) == {str(n) for n in range(30) if n % 3}


async def test_a_bug_fails_alone(store):
    """Rule 2, rule 4: a mistake in one plan is its own, and the driver's error does not show."""
    missing = iter_query("account_add", {})
    unknown = iter_query("no such query", {})
    against = iter_query("account_add", {"account_id": "x", "email": "x", "kind": "wrong", "payment": "none"})
    plans = [add("a"), missing, unknown, against, add("b")]
    ends = await asyncio.gather(*(store.write(plan) for plan in plans), return_exceptions=True)
    assert [type(end) for end in ends] == [str, KeyError, KeyError, BillingError, str]
    assert isinstance(ends[3].__cause__, apsw.ConstraintError)
    assert await store.read(names()) == {"a", "b"}


@plan
def iter_query(name, values):
    yield Query(name, values)


async def test_told_after_commit(store):
    """Rule 3: whoever hears of a success finds it in the file, looking with other eyes."""
    with closing(apsw.Connection(str(store._path))) as eyes:
        for n in range(20):
            await asyncio.gather(*(store.write(add(f"{n}-{m}")) for m in range(n)))
            ((count,),) = eyes.execute("SELECT COUNT(*) FROM accounts")
            assert count == sum(range(n + 1))


async def test_told_after_the_disk(store):
    """Rule 3: every connection waits for the disk at each commit, and all of its settings are really set."""
    with closing(store._connect()) as session:
        values = {
            name: session._connection.execute(f"PRAGMA {name}").fetchall()[0][0]
            for name in ("synchronous", "journal_mode", "temp_store", "cache_size")
        }
    full, memory = 2, 2
    assert values == {
        "synchronous": full,
        "journal_mode": "wal",
        "temp_store": memory,
        "cache_size": -65536,
    }


async def test_cancelled_work_is_done(store):
    """A plan that was submitted runs, whoever stops waiting for it."""
    tasks = [asyncio.create_task(store.write(add(str(n)))) for n in range(10)]
    await asyncio.sleep(0)
    for task in tasks:
        task.cancel()
    ends = await asyncio.gather(*tasks, return_exceptions=True)
    assert {type(end) for end in ends} == {asyncio.CancelledError}
    await store.write(add("last"))
    assert len(await store.read(names())) == 11


async def test_close_finishes(tmp_path):
    """What was submitted before close is saved; what comes after is refused."""
    store = SqliteStore(tmp_path / "clipmeter.db")
    await store.open()
    futures = [store.submit(add(str(n))) for n in range(600)]
    await store.close()
    assert len(await asyncio.gather(*futures)) == 600
    with pytest.raises(ServiceUnavailable):
        store.submit(add("late"))
    with pytest.raises(ServiceUnavailable):
        await store.read(names())
    await store.open()
    assert len(await store.read(names())) == 600
    await store.close()


async def test_a_newer_database(store):
    """A database of a newer version is left alone, with a sentence that says why."""
    with closing(apsw.Connection(str(store._path))) as raw:
        raw.execute("INSERT INTO schema_version VALUES (99)")
    with pytest.raises(NewerSchema, match="schema 99"):
        await SqliteStore(store._path).open()


async def test_a_migration_that_fails(tmp_path):
    """A step of the schema that cannot be finished leaves the old schema as it was."""
    path = tmp_path / "clipmeter.db"
    with closing(apsw.Connection(str(path))) as raw:
        raw.execute("CREATE TABLE usage (a)")
        with pytest.raises(BillingError):
            await SqliteStore(path).open()
        assert raw.execute("SELECT name FROM sqlite_schema").fetchall() == [("usage",)]
        raw.execute("DROP TABLE usage")
    async with SqliteStore(path) as store:
        await store.write(add("a"))


async def test_no_database(tmp_path):
    """What is no database is refused in our words."""
    path = tmp_path / "clipmeter.db"
    path.write_bytes(b"no database at all, but long enough to look" * 100)
    with pytest.raises(ServiceUnavailable) as problem:
        await SqliteStore(path).open()
    assert isinstance(problem.value.__cause__, apsw.Error)


async def test_a_database_that_is_gone(store):
    """A file that is taken away is missed, not made anew; when it is back, work goes on without a restart."""
    await store.write(add("a"))
    away = store._path.with_name("away.db")
    store._path.rename(away)
    for _ in range(2):
        with pytest.raises(ServiceUnavailable) as problem:
            await store.write(add("b"))
        assert problem.value.__cause__
        with pytest.raises(ServiceUnavailable):
            await store.read(names())
    with pytest.raises(ServiceUnavailable):
        await store.survey(names())
    assert not store._path.exists()
    away.rename(store._path)
    await store.write(add("c"))
    assert await store.read(names()) == {"a", "c"}


async def test_locked_too_long(store):
    """Another process that writes is waited for, but not for ever; readers do not wait."""
    await store.write(add("a"))
    with closing(apsw.Connection(str(store._path))) as other:
        other.execute("BEGIN IMMEDIATE")
        started = time.monotonic()
        with pytest.raises(ServiceUnavailable) as problem:
            await store.write(add("b"))
        assert isinstance(problem.value.__cause__, apsw.BusyError)
        assert time.monotonic() - started < 2
        assert await store.read(names()) == {"a"}
        waiting = asyncio.create_task(store.write(add("c")))
        await asyncio.sleep(0.05)
        other.execute("COMMIT")
        assert await waiting == "c"


async def test_two_writers_share_one_file(store):
    """Writers of two stores take turns; nobody is refused."""
    async with SqliteStore(store._path) as other:
        work = [one.write(add(f"{name}{n}")) for n in range(200) for name, one in (("a", store), ("b", other))]
        await asyncio.gather(*work)
    assert len(await store.read(names())) == 400


OPEN = """
import asyncio, sys
from pathlib import Path
from clipmeter.store.sqlite import SqliteStore

async def main():
    async with SqliteStore(Path(sys.argv[1])):
        pass

asyncio.run(main())
"""

FULL = """
import asyncio, resource, signal, sys
from pathlib import Path
from clipmeter.errors import ServiceUnavailable
from clipmeter.store.base import Query, plan
from clipmeter.store.sqlite import SqliteStore

@plan
def add(name):
    yield Query("account_add", {"account_id": name, "email": name, "kind": "user", "payment": "none"})

async def main(path):
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    async with SqliteStore(Path(path)) as store:
        await store.write(add("before"))
        hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
        resource.setrlimit(resource.RLIMIT_FSIZE, (40_000, hard))
        refused = 0
        for n in range(10):
            try:
                await store.write(add(f"{n}" * 3000))
            except ServiceUnavailable as problem:
                assert problem.__cause__
                refused += 1
        assert refused, "the disk is full"
        resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
        await store.write(add("after"))

        @plan
        def count():
            return len((yield Query("account_list")))

        print(await store.read(count()) + refused)

asyncio.run(main(sys.argv[1]))
"""


def run_child(code, path):
    return subprocess.run([sys.executable, "-c", code, path], check=True, capture_output=True, text=True).stdout


async def test_many_open_at_once(tmp_path):
    """Processes that start together on a new file make one schema and none fails."""
    await asyncio.gather(*(asyncio.to_thread(run_child, OPEN, tmp_path / "clipmeter.db") for _ in range(4)))


async def test_disk_full(tmp_path):
    """When nothing more fits on the disk, writes are refused; when there is room again, work goes on."""
    printed = await asyncio.to_thread(run_child, FULL, tmp_path / "clipmeter.db")
    assert int(printed) == 12


async def test_one_thread_reads_while_others_write(store):
    """Readers do not wait for the writer and see whole transactions."""
    writes = asyncio.gather(*(store.write(add(str(n))) for n in range(300)))
    seen = []
    while not writes.done():
        seen.append(len(await store.read(names())))
        await asyncio.sleep(0)
    await writes
    assert seen == sorted(seen)


async def test_clock(store):
    """Times are the database's, in UTC; tests may shift them."""
    now, its_month = await store.read(moment())
    assert abs(now / 1e6 - time.time()) < 2
    assert its_month == time.strftime("%Y-%m", time.gmtime(now // 1_000_000))
    store.clock_shift = 40 * 86_400
    later, next_month = await store.read(moment())
    assert 39 * 86_400e6 < later - now < 41 * 86_400e6
    assert next_month > its_month


@plan
def moment():
    (now,), (month,) = *(yield Query("moment")), *(yield Query("this_month"))
    return now, month
