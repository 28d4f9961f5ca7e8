"""How sources and endpoints did: sums by hour, through outages, kept for 90 days."""

import pytest

from bank import store_at
from clipmeter.errors import Attempt
from clipmeter.records.health import KEEP_HOURS, HealthLog

GOOD, BAD = Attempt("webpage", "", "", 0.2), Attempt("webpage", "upstream_timeout", "slow", 4.0)


class Clock:
    seconds = 1_790_000_000.0

    def __call__(self):
        return self.seconds


@pytest.fixture
def clock():
    return Clock()


async def rows(health, hours=24):
    return [(row.lane, row.source, row.code, row.tries, row.total_ms, row.max_ms) for row in await health.since(hours)]


async def test_tries_are_added_up(store, clock):
    """Tries, milliseconds and the longest, by lane, source and outcome; a later flush adds to the hour."""
    health = HealthLog(store, clock=clock)
    health.note("live", [GOOD, GOOD, BAD])
    health.note("test", [GOOD])
    await health.flush()
    health.note("live", [Attempt("webpage", "", "", 0.5)])
    await health.flush()
    assert await rows(health) == [
        ("live", "webpage", "", 3, 900, 500),
        ("live", "webpage", "upstream_timeout", 1, 4000, 4000),
        ("test", "webpage", "", 1, 200, 200),
    ]


async def test_hours_are_kept_apart_and_go_after_90_days(store, clock):
    """What is older than the asked hours is not shown, and what is older than 90 days is deleted."""
    health = HealthLog(store, clock=clock)
    health.note("live", [GOOD])
    await health.flush()
    clock.seconds += 25 * 3600
    health.note("live", [BAD])
    await health.flush()
    assert [row[2] for row in await rows(health)] == ["upstream_timeout"]
    assert [row[2] for row in await rows(health, 26)] == ["", "upstream_timeout"]
    clock.seconds += KEEP_HOURS * 3600
    await health.flush()
    assert [row[2] for row in await rows(health, 2 * KEEP_HOURS)] == ["upstream_timeout"]


async def test_days(store, clock):
    """Endpoints and sources by day, outcome and length, of one lane; several processes add to the same rows."""
    for health in (HealthLog(store, clock=clock), HealthLog(store, clock=clock)):
        health.note("live", [GOOD, BAD])
        health.served("live", "video", "", [30.2])
        health.served("test", "video", "", [1.0])
        await health.flush()
    clock.seconds += 86_400
    health.served("live", "video", "auth_error", [9_000.0])
    await health.flush()
    record = await health.record("live", 0)
    day = int(clock.seconds) // 86_400
    assert [(one.day, one.who, one.code, one.number, one.latency.max_ms) for one in record.endpoints] == [
        (day - 1, "video", "", 2, 31),
        (day, "video", "auth_error", 1, 9_000),
    ]
    assert [one.latency.at_most(0.95) for one in record.endpoints] == [31, 9_000]
    assert [(one.code, one.number, one.latency.at_most(0.5)) for one in record.sources] == [
        ("", 2, 200),
        ("upstream_timeout", 2, 4_000),
    ]
    later = await health.record("live", health.hour())
    assert (later.sources, len(later.endpoints)) == ((), 1)


async def test_an_outage_loses_nothing(where, clock):
    """What cannot be written is added to what comes after."""
    store = store_at(where)
    health = HealthLog(store, clock=clock)
    health.note("live", [GOOD])
    health.served("live", "video", "", [5.0])
    with pytest.raises(Exception, match="service is starting"):
        await health.flush()
    health.note("live", [GOOD])
    health.served("live", "video", "", [5.0])
    async with store:
        await health.flush()
        assert await rows(health) == [("live", "webpage", "", 2, 400, 200)]
        assert [one.number for one in (await health.record("live", 0)).endpoints] == [2]


async def test_it_writes_at_the_end(store, clock):
    """`stop` writes what is left."""
    health = HealthLog(store, clock=clock)
    health.start()
    health.note("live", [GOOD])
    await health.stop()
    assert len(await rows(health)) == 1
