"""How the sources and the endpoints did, by hour: outcomes and latency, kept for as long as pages draw them.

sources     every try, once for each time a source was asked
endpoints   every call, also of callers whose key could not be checked
"""

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from math import ceil
from typing import Any

from clipmeter.errors import Attempt
from clipmeter.records.flusher import Flusher
from clipmeter.records.latency import BUCKETS, Latency, bucket_of
from clipmeter.store.base import CommitUnknown, Query, Row, Steps, Store, plan

KEEP_HOURS = 90 * 24
FLUSH_SECONDS = 5.0
_HOUR = 3_600
_DAY_HOURS = 24
_FIRST_BUCKET = 3
_Key = tuple[int, str, str, str]
_Sums = dict[_Key, list[float]]
"""(hour, lane, who, code) → how many, milliseconds, the longest, then one for each bucket."""


@dataclass(frozen=True, slots=True)
class HealthRow:
    """What a source did in an hour, with one outcome. `hour`: hours since 1970, UTC; `code`: "" for an answer."""

    hour: int
    lane: str
    source: str
    code: str
    tries: int
    total_ms: int
    max_ms: int


@dataclass(frozen=True, slots=True)
class Spell:
    """What a source or an endpoint did within a day, or a part of one, with one outcome.

    `day`: days since 1970, UTC; `who`: the name; `code`: "" for an answer; `number`: tries of a source, or requests.
    """

    day: int
    who: str
    code: str
    number: int
    latency: Latency


@dataclass(frozen=True, slots=True)
class Record:
    """How the sources and the endpoints of a lane did."""

    sources: tuple[Spell, ...]
    endpoints: tuple[Spell, ...]


class HealthLog:
    """Adds up attempts and calls in memory, by hour of this machine's clock, and adds the sums to the database."""

    def __init__(self, store: Store, *, clock: Callable[[], float] = time.time) -> None:
        """`clock`: Unix seconds."""
        self._store, self._clock = store, clock
        self._tried: _Sums = {}
        self._served: _Sums = {}
        self._flusher = Flusher(self.flush, seconds=FLUSH_SECONDS)
        self._pruned = 0

    def start(self) -> None:
        """Write what is noted from now on. The store must be open until `stop`."""
        self._flusher.start()

    async def stop(self) -> None:
        """Write what is left."""
        await self._flusher.stop()

    def note(self, lane: str, attempts: Iterable[Attempt]) -> None:
        """Count attempts. `lane`: whose requests they served, `live` or `test`."""
        for attempt in attempts:
            _count(self._tried, (self.hour(), lane, attempt.source, attempt.code), [attempt.seconds * 1000])

    def served(self, lane: str, endpoint: str, code: str, times: Sequence[float]) -> None:
        """Count calls that have ended alike. `code`: "" for successes; `times`: milliseconds, of one call or more."""
        _count(self._served, (self.hour(), lane, endpoint, code), times)

    async def flush(self) -> None:
        """Write what was counted, and delete what is too old. Raises ServiceUnavailable."""
        tried, self._tried = self._tried, {}
        served, self._served = self._served, {}
        hour = self.hour()
        if not (tried or served) and self._pruned == hour:
            return
        try:
            await self._store.write(_add(_rows("source", "tries", tried), _rows("endpoint", "requests", served), hour))
            self._pruned = hour
        except CommitUnknown:
            raise  # Maybe counted, maybe not: counting it twice would be worse.
        except BaseException:
            _put_back(self._tried, tried)
            _put_back(self._served, served)
            raise

    async def since(self, hours: int) -> list[HealthRow]:
        """What the sources did in the last `hours`, this one included, oldest first."""
        return await self._store.read(_since(self.hour() - hours))

    async def record(self, lane: str, hour: int) -> Record:
        """What was done by day, from an hour since 1970 on. It adds up a lot: keep it for a while."""
        return await self._store.survey(_record(lane, hour))

    def hour(self) -> int:
        """The hour it is, counted since 1970."""
        return int(self._clock()) // _HOUR


def _count(counted: _Sums, key: _Key, times: Sequence[float]) -> None:
    sums = counted.get(key)
    if sums is None:
        sums = counted[key] = [0.0] * (_FIRST_BUCKET + len(BUCKETS))
    sums[0] += len(times)
    sums[1] += sum(times)
    sums[2] = max(sums[2], *times)
    for ms in times:
        sums[_FIRST_BUCKET + bucket_of(ms)] += 1


def _put_back(counted: _Sums, earlier: _Sums) -> None:
    for key, sums in earlier.items():
        now = counted.get(key, [0.0] * len(sums))
        counted[key] = [one + other for one, other in zip(now, sums, strict=True)]
        counted[key][2] = max(now[2], sums[2])


def _rows(who: str, number: str, counted: _Sums) -> list[dict[str, Any]]:
    """What is written, in order, so that processes that add to the same rows wait for each other, not in circles."""
    names = ("hour", "lane", who, "code", number, "total_ms", "max_ms", *BUCKETS)
    rows = []
    for key, (count, total, longest, *buckets) in sorted(counted.items()):
        values = (*key, int(count), round(total), ceil(round(longest, 3)), *map(int, buckets))
        rows.append(dict(zip(names, values, strict=True)))
    return rows


@plan
def _add(tried: list[dict[str, Any]], served: list[dict[str, Any]], hour: int) -> Steps[None]:
    for row in tried:
        yield Query("health_add", row)
    for row in served:
        yield Query("served_add", row)
    yield Query("health_prune", {"hour": hour - KEEP_HOURS})
    yield Query("served_prune", {"hour": hour - KEEP_HOURS})


@plan
def _since(hour: int) -> Steps[list[HealthRow]]:
    rows = yield Query("health_since", {"hour": hour})
    return [HealthRow(*row) for row in rows]


@plan
def _record(lane: str, hour: int) -> Steps[Record]:
    sources = yield Query("health_days", {"hour": hour, "lane": lane})
    endpoints = yield Query("served_days", {"hour": hour, "lane": lane})
    return Record(tuple(_spell(row) for row in sources), tuple(_spell(row) for row in endpoints))


def _spell(row: Row) -> Spell:
    day, who, code, number, total_ms, max_ms, *buckets = row
    return Spell(day, who, code, number, Latency(total_ms, max_ms, tuple(buckets)))
