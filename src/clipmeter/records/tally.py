"""Requests added up by day, account, endpoint, key, mode and outcome, so that no page ever adds up the log.

Rule: every request is added once, also when it is not known whether the database has saved a batch of sums: each batch
has a number, the number is saved with it, and a batch whose fate is not known is sent again as it was.
"""

import asyncio
import time
from collections.abc import Iterable
from itertools import islice
from math import ceil
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import structlog

from clipmeter.errors import Problem, ServiceUnavailable
from clipmeter.records.flusher import Pace
from clipmeter.records.latency import BUCKETS, bucket_of
from clipmeter.store.base import Many, Query, Steps, Store, plan

if TYPE_CHECKING:
    from clipmeter.records.requests import LogEntry

log = structlog.get_logger()

KEEP_DAYS = 400
"""A year, to be held against the one before, and a month to look at it."""
BATCH = 64
"""Sums in one transaction: of several processes that write the same rows each waits for the others."""
DAY_MICROS = 86_400_000_000
_PRUNE_ROWS = 50
_MARK_MICROS = 30 * DAY_MICROS
"""No process waits for so long for the fate of a batch."""
_KEY = ("account_id", "on_day", "endpoint", "key_id", "mode", "code")
_SUMS = ("requests", "charged", "charged_micros", "total_ms", "max_ms", "last_at", *BUCKETS)
_FIRST_BUCKET = _SUMS.index(BUCKETS[0])
_Key = tuple[str, int, str, str, str, str]


class Tally:
    """The sums of one process on their way to the database."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._writer, self._number = uuid4().hex, 0
        self._sums: dict[_Key, list[float]] = {}
        self._batch: list[dict[str, Any]] = []
        """What was sent and may have to be sent again."""

    async def zero(self) -> int:
        """The database's time, in micro-seconds, when this process's `time.monotonic()` was 0."""
        return await self._store.read(_now()) - int(time.monotonic() * 1_000_000)

    def count(self, entries: Iterable["LogEntry"], zero: int) -> None:
        """Add requests, for the next flush. `zero` as above: requests belong to the day they came in."""
        sums = self._sums
        for entry in entries:
            at = zero + int(entry.began * 1_000_000)
            key = (entry.account_id, at // DAY_MICROS, entry.endpoint, entry.key_id, entry.mode, entry.code)
            its = sums.get(key)
            if its is None:
                its = sums[key] = [0] * len(_SUMS)
            ms = entry.timings.get("total", 0.0)
            its[0] += 1
            if entry.charge_micros:
                its[1] += 1
                its[2] += entry.charge_micros
            its[3] += ms
            its[4] = max(its[4], ms)
            its[5] = max(its[5], at)
            its[_FIRST_BUCKET + bucket_of(ms)] += 1

    async def flush(self, pace: Pace) -> None:
        """Write all sums, some at a time. Raises ServiceUnavailable; then they wait for the next time."""
        while self._batch or self._sums:
            self._batch = self._batch or self._take()
            try:
                await asyncio.shield(self._store.submit(_save(self._writer, self._number, self._batch)))
            except ServiceUnavailable:
                raise
            except Problem:
                log.exception("sums of requests were refused", sums=len(self._batch))
            self._batch = []
            await pace.rest()

    async def prune(self) -> None:
        """Delete the sums of days that are over for long, a few at a time. Raises ServiceUnavailable."""
        while await self._store.write(_prune()) == _PRUNE_ROWS:
            pass

    def _take(self) -> list[dict[str, Any]]:
        """The next batch. In order, so that processes that write the same rows wait for each other, not in circles."""
        self._number += 1
        keys = sorted(islice(self._sums, BATCH))
        return [_values(key, self._sums.pop(key)) for key in keys]


def _values(key: _Key, sums: list[float]) -> dict[str, Any]:
    values: dict[str, Any] = dict(zip((*_KEY, *_SUMS), (*key, *sums), strict=True))
    return {**values, "total_ms": round(values["total_ms"]), "max_ms": ceil(values["max_ms"])}


@plan
def _now() -> Steps[int]:
    ((now,),) = yield Query("moment")
    return int(now)


@plan
def _save(writer: str, number: int, batch: list[dict[str, Any]]) -> Steps[None]:
    if (yield Query("tally_mark", {"writer": writer, "batch": number})):
        yield Many("tally_add", batch)


@plan
def _prune() -> Steps[int]:
    yield Query("tally_forget", {"keep_micros": _MARK_MICROS})
    rows = yield Query("tally_prune", {"days": KEEP_DAYS, "size": _PRUNE_ROWS})
    return len(rows)
