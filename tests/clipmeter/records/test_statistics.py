"""Sums by day and key: that they are those of the log, each request once, and go when they are old."""

import asyncio
import time
from contextlib import closing
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import apsw
import asyncpg
import pytest

from bank import store_at
from clipmeter.records.health import HealthLog
from clipmeter.records.latency import BUCKETS
from clipmeter.records.requests import Filters, RequestLog
from clipmeter.records.statistics import Only, Statistics
from clipmeter.records.tally import BATCH, KEEP_DAYS
from clipmeter.store.base import CommitUnknown
from clipmeter.store.named import migrations

NOT_FOUND = {"status": 404, "code": "not_found", "video_id": None, "source": "", "charge_micros": 0}
ANY = Filters()
AS_BEFORE = "DROP TABLE daily; DROP TABLE endpoint_health; DROP TABLE tally_marks;" + "".join(
    f"ALTER TABLE source_health DROP COLUMN {bucket};" for bucket in BUCKETS
)
"""What the step of the schema has made, undone."""
NEVER, FOREVER = date(2000, 1, 1), date(2100, 1, 1)


@pytest.fixture
def log(store):
    return RequestLog(store, 30)


@pytest.fixture
def statistics(store):
    return Statistics(store)


def today(days=0):
    return datetime.now(UTC).date() + timedelta(days=days)


async def noted(log, *entries):
    for one in entries:
        log.note(one)
    await log.flush()


async def every(statistics, **asked):
    return await statistics.daily("acct_1", NEVER, FOREVER, **asked)


async def test_a_day_is_added_up(log, statistics, entry):
    """Requests, successes, charges and lengths of a day are those of its rows, over several flushes."""
    slow, quick = {"timings": {"total": 2_500.4}}, {"timings": {"total": 8.0}}
    await noted(log, entry(**slow), entry(charge_micros=0, **quick), entry(**NOT_FOUND, timings={}))
    await noted(log, entry(**quick), entry(account_id="acct_2"))
    (day,) = await every(statistics)
    assert (day.day, day.requests, day.answered, day.failed) == (today(), 4, 3, 1)
    assert (day.charged, day.free, day.charged_micros) == (2, 1, 12_000)
    assert (day.latency.total_ms, day.latency.max_ms, day.latency.counted) == (2_516, 2_501, 4)
    assert (day.latency.at_most(0.5), day.latency.at_most(0.95)) == (10, 2_501)
    rows = await log.page("acct_1", "", 10, ANY)
    assert abs(day.last_at - max(row.at for row in rows)) < 50_000


async def test_parts_of_a_day(log, statistics, entry):
    """By endpoint, key, mode and code, and of one of each only."""
    await noted(
        log,
        entry(),
        entry(key_id="key_2"),
        entry(endpoint="search", mode="test"),
        entry(**{**NOT_FOUND, "key_id": "key_2"}),
    )

    async def parts(by, **only):
        return {day.part: day.requests for day in await every(statistics, by=by, only=Only(**only))}

    assert await parts("endpoint") == {"search": 1, "video": 3}
    assert await parts("key") == {"key_1": 2, "key_2": 2}
    assert await parts("mode") == {"live": 3, "test": 1}
    assert await parts("code") == {"": 3, "not_found": 1}
    assert await parts("key", code="", mode="live") == {"key_1": 1, "key_2": 1}
    assert await parts("", endpoint="search") == {"": 1}
    assert await parts("code", key_id="key_2") == {"": 1, "not_found": 1}
    assert await parts("", key_id="key_3") == {}


async def test_requests_belong_to_the_day_they_came_in(store, log, statistics, entry):
    """Rows that waited over midnight, by the database's clock, are counted to the day before."""
    midnight = (int(time.time()) // 86_400 + 1) * 86_400
    store.clock_shift = midnight + 60 - time.time()
    now = time.monotonic()
    await noted(log, entry(began=now - 65), entry(began=now - 66), entry(began=now - 55))
    assert [(day.day, day.requests) for day in await every(statistics)] == [(today(), 2), (today(1), 1)]
    assert await statistics.daily("acct_1", today(1), today(1)) == (await every(statistics))[1:]
    assert await statistics.first_day("acct_1") == today()
    assert await statistics.first_day("acct_2") is None


async def test_keys(store, log, statistics, entry):
    """What each key was used for since a day, and when last, which may be longer ago."""
    await noted(log, entry(key_id="key_old"))
    store.clock_shift = 3 * 86_400
    await noted(log, entry(), entry(charge_micros=0), entry(**NOT_FOUND))
    used = await statistics.by_key("acct_1", today(2))
    assert {key: (use.requests, use.charged, use.charged_micros) for key, use in used.items()} == {
        "key_1": (3, 1, 6_000),
        "key_old": (0, 0, 0),
    }
    assert used["key_1"].last_at - used["key_old"].last_at == pytest.approx(3 * 86_400e6, abs=10e6)


async def test_many_accounts_at_once(log, statistics, entry):
    """A flush of more sums than go into one transaction loses none."""
    accounts = [f"acct_{number}" for number in range(2 * BATCH + 5)]
    await noted(log, *(entry(account_id=account, key_id=key) for account in accounts for key in "ab"))
    found = [await statistics.daily(account, NEVER, FOREVER) for account in accounts]
    assert [sum(day.requests for day in days) for days in found] == [2] * len(accounts)


async def test_processes_add_to_the_same_sums(where, statistics, entry):
    """What several processes write at once, again and again, is all there."""
    async with store_at(where) as other:
        logs = [RequestLog(one, 30) for one in (statistics._store, other, other)]
        for _ in range(5):
            for log in logs:
                for number in range(20):
                    log.note(entry(account_id=f"acct_{number % 4}", key_id=f"key_{number}", charge_micros=number))
            await asyncio.gather(*(log.flush() for log in logs))
    days = [day for number in range(4) for day in await statistics.daily(f"acct_{number}", NEVER, FOREVER)]
    assert sum(day.requests for day in days) == 300
    assert sum(day.charged_micros for day in days) == 15 * sum(range(20))


class Doubtful:
    """A store that saves, and says that it does not know whether it has."""

    def __init__(self, store):
        self._store, self.doubts = store, 0

    def __getattr__(self, name):
        return getattr(self._store, name)

    def submit(self, plan):
        async def told():
            await self._store.submit(plan)
            self.doubts -= 1
            if self.doubts >= 0:
                raise CommitUnknown

        return asyncio.ensure_future(told())


async def test_a_doubtful_commit_counts_once(store, statistics, entry):
    """Sums whose commit nobody knows the end of are sent again, and are counted once; so are the rows."""
    doubtful = Doubtful(store)
    log = RequestLog(doubtful, 30)
    log.note(entry())
    for doubtful.doubts in (1, 2, 1):
        with pytest.raises(CommitUnknown):
            await log.flush()
        log.note(entry())
    await log.flush()
    (day,) = await every(statistics)
    assert (day.requests, day.charged_micros) == (4, 24_000)
    assert len(await log.page("acct_1", "", 10, ANY)) == 4


async def test_without_a_log_there_are_sums(store, statistics, entry):
    """Where no days of the log are kept, requests are added up all the same: sums name no post."""
    log = RequestLog(store, 0)
    await noted(log, entry(), entry())
    assert [day.requests for day in await every(statistics)] == [2]
    assert await log.page("acct_1", "", 10, ANY) == []


async def test_old_sums_are_deleted(store, log, statistics, entry):
    """Sums are there for 400 days, then they go, however many."""
    await noted(log, *(entry(key_id=f"key_{number}") for number in range(60)))
    store.clock_shift = KEEP_DAYS * 86_400
    await log.prune()
    assert [day.requests for day in await every(statistics)] == [60]
    store.clock_shift += 86_400
    await log.prune()
    assert await every(statistics) == []


async def test_rows_from_before_are_added_up(where, entry):
    """The step of the schema adds up what the log held: the same sums as if they had been written then."""

    async def sums():
        days = [await every(statistics, by=by) for by in ("code", "key", "mode")]
        return [replace(day, last_at=day.last_at // 60_000_000) for part in days for day in part]

    async with store_at(where) as store:
        log, statistics = RequestLog(store, 30), Statistics(store)
        odd = ({"total": 8.5}, {"total": 8_000.0}, {"admit": 1.0, "total": 12_345.678}, {"source": 3.0}, {})
        for timings in odd:
            log.note(entry(timings=timings, began=time.monotonic() // 60 * 60))
        await noted(log, entry(), entry(**NOT_FOUND), entry(key_id="key_2", mode="test", charge_micros=0))
        before = await sums()
        await _run(where, AS_BEFORE)
        await _run(where, next(text for _, text in migrations() if "CREATE TABLE daily" in text))
        assert await sums() == before
        served = (await HealthLog(store).record("live", 0)).endpoints
        assert [(spell.code, spell.number, spell.latency) for spell in served] == [
            (day.part, day.requests, day.latency) for day in await every(statistics, by="code", only=Only(mode="live"))
        ]


async def _run(where, script):
    """Statements beside the store."""
    if where.startswith("postgresql:"):
        connection = await asyncpg.connect(where)
        await connection.execute(script)
        await connection.close()
        return
    with closing(apsw.Connection(where)) as connection:
        connection.execute(script)
