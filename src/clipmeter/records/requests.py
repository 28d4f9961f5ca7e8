"""The request log: one row per request whose caller is known, written a moment later and kept for some days.

Rule 1: `note` never waits and never fails; when the database is gone for long, rows are dropped and counted.
Rule 2: a row is written once, also when it is not known whether the database has saved it.
Rule 3: what was written is added up (tally.py); what was dropped is not.
"""

import asyncio
import time
from collections import Counter, deque
from collections.abc import Sequence
from itertools import islice
from typing import Any, NamedTuple

import msgspec
import structlog

from clipmeter.errors import Attempt, Problem, ServiceUnavailable
from clipmeter.records.flusher import Flusher, Pace
from clipmeter.records.reading import ALL, MOST, Filters, Found, LogRow, Tried, find, find_one
from clipmeter.records.tally import DAY_MICROS, Tally
from clipmeter.store.base import Many, Query, Steps, Store, plan

__all__ = ["Filters", "Found", "LogEntry", "LogRow", "RequestLog", "Tried"]

log = structlog.get_logger()

QUEUE = 50_000
"""Rows that may wait for the database: at 7,000 requests a second, the most that was measured, it may stall for 4 s
beyond the 3 s that they wait anyway."""
CHUNK, CHUNKS = 64, 64
"""Rows in one transaction: it is short, since on PostgreSQL it shares disk and processor with what is charged. More of
them when there would be more than so many transactions: then rows cost less, and what comes in faster is written
faster."""
CHUNKS_IN_HASTE = 4
"""The same in a file of the records' own (SQLite) when FLUSH_ROWS come before they have to be written: a row costs
half as much. Only then, since what the disk gets in one piece delays the commits of who is charged by some
milli-seconds: while there is processor time to spare, that would be the dearer."""
FLUSH_SECONDS = 0.5
MOST_REFUSED = 200
"""Refusals in one flush after which single rows are no more looked for: it is a mistake of ours, about all of them."""
BUSY_ROWS, BUSY_SECONDS, FLUSH_ROWS = 200, 3.0, 12_000
"""When more rows than that wait, they wait for more still, for so long or until they are so many: rows of an account
that are written together share pages of the database, which are most of the work."""
SPREAD = 0.8
"""The part of the time in which rows came that is taken to write them: so they never stand in the way for long."""
LONGEST_ASKED = 500
_LONGEST_SIGN = 200
_PRUNE_ROWS = 50
_PRUNE_SECONDS = 60.0
_encode = msgspec.json.Encoder().encode


class LogEntry(NamedTuple):
    """One finished request."""

    account_id: str
    key_id: str
    mode: str
    request_id: str
    began: float
    """When it came in, by `time.monotonic()`."""
    endpoint: str
    asked: str
    video_id: str | None
    source: str
    attempts: tuple[Attempt, ...]
    sign: str
    status: int
    code: str
    """"" for a success."""
    charge_micros: int
    timings: dict[str, float]
    """Milliseconds by stage."""
    from_memory: bool


class RequestLog:
    """The log of all accounts."""

    def __init__(self, store: Store, keep_days: int, *, queue: int = QUEUE, has_file: bool = False) -> None:
        """`keep_days` 0: requests are added up, but no row is kept. At most `queue` rows wait for the database.

        `has_file`: the records have a file of their own, for whose lock nobody waits who is charged.
        """
        self.dropped = 0
        """Rows that found the queue full, or that the database refused."""
        self._store, self._keep_days, self._queue = store, keep_days, queue
        self._chunks_in_haste = CHUNKS_IN_HASTE if has_file else CHUNKS
        self._tally = Tally(store)
        self._waiting: deque[LogEntry] = deque()
        self._flusher = Flusher(self._flush_when_worth_it, seconds=FLUSH_SECONDS)
        self._next_prune = self._flushed_at = 0.0
        self._refused, self._has_said = 0, False

    def start(self) -> None:
        """Write what is noted from now on. The store must be open until `stop`."""
        self._flushed_at = time.monotonic()
        self._flusher.start()

    async def stop(self) -> None:
        """Write what is left."""
        await self._flusher.stop()

    @property
    def waiting(self) -> int:
        """Rows that were noted and neither written nor dropped."""
        return len(self._waiting)

    def note(self, entry: LogEntry) -> None:
        """Remember a request, for the next flush."""
        if len(self._waiting) >= self._queue:
            self.dropped += 1
            return
        self._waiting.append(entry)
        if len(self._waiting) >= FLUSH_ROWS:
            self._flusher.hurry()

    async def _flush_when_worth_it(self) -> None:
        now = time.monotonic()
        since = min(now - self._flushed_at, BUSY_SECONDS)
        is_busy = BUSY_ROWS < len(self._waiting) < FLUSH_ROWS
        if not is_busy or self._flusher.stopping.is_set() or since == BUSY_SECONDS:
            self._flushed_at = now
            await self.flush(SPREAD * since)

    async def flush(self, seconds: float = 0.0) -> None:
        """Write what waits, a few rows at a time, then its sums, and delete what is too old.

        `seconds`: what that may take, so that others get their turn in between. Raises ServiceUnavailable.
        """
        self._refused, self._has_said = 0, False
        zero = await self._tally.zero() if self._waiting else 0
        self._waiting = deque(sorted(self._waiting))  # those of an account lie together in the database too
        due = len(self._waiting)
        size = max(CHUNK, due // (CHUNKS if due < FLUSH_ROWS else self._chunks_in_haste))
        pace = Pace(seconds / (1 + due // size), self._flusher.stopping)
        while due > 0:
            chunk = list(islice(self._waiting, min(due, size)))
            written = await self._write(chunk)
            for _ in chunk:
                self._waiting.popleft()
            self.dropped += len(chunk) - len(written)  # or they would keep all later ones from being written
            self._tally.count(written, zero)
            due -= len(chunk)
            await pace.rest()
        await self._tally.flush(pace)
        if time.monotonic() >= self._next_prune:
            await self.prune()
            self._next_prune = time.monotonic() + _PRUNE_SECONDS

    async def _write(self, chunk: list[LogEntry]) -> list[LogEntry]:
        """Those that are in the log, or need not be; the database has refused the others. Raises ServiceUnavailable."""
        if not self._keep_days:
            return chunk
        try:
            await asyncio.shield(self._store.submit(_add(chunk)))
        except ServiceUnavailable:
            raise
        except Problem:
            self._refused += 1
            half = len(chunk) // 2
            if half and self._refused < MOST_REFUSED:  # which row it is shows when they are written in smaller chunks
                return await self._write(chunk[:half]) + await self._write(chunk[half:])
            if not self._has_said:
                log.exception("rows of the log were refused", rows=len(chunk))
            self._has_said = True
            return []
        return chunk

    async def prune(self) -> None:
        """Delete rows and sums older than they may be, a few at a time. Raises ServiceUnavailable."""
        while await self._store.write(_prune(self._keep_days * DAY_MICROS)) == _PRUNE_ROWS:
            pass
        await self._tally.prune()

    async def page(self, account_id: str, before: str, limit: int, filters: Filters) -> list[LogRow]:
        """An account's rows, newest first: those after the one of id `before`, or the newest when that is "".

        Raises InvalidParameter when the account's log has no such row.
        """
        return (await self._store.read(find(account_id, before, limit, filters, ALL))).rows

    async def search(self, account_id: str, before: str, limit: int, filters: Filters) -> Found:
        """The same in bounded time, whatever is asked for: it may stop before the page is full. Raises as `page`."""
        look = self._store.read if filters.is_indexed else self._store.survey
        return await look(find(account_id, before, limit, filters, MOST))

    async def one(self, account_id: str, request_id: str) -> LogRow | None:
        """One request of an account's; None: the log has no such row (any more)."""
        return await self._store.read(find_one(account_id, request_id))

    async def failures(self, account_id: str, month: str) -> dict[str, dict[str, int]]:
        """How often which code was answered in a month (`YYYY-MM`), by endpoint."""
        return await self._store.read(_failures(account_id, month))


@plan
def _add(entries: Sequence[LogEntry]) -> Steps[None]:
    moment = time.monotonic()  # one for all, as the database's clock stands still within a transaction
    by_id = {entry.request_id: entry for entry in entries if entry.code}
    if len(by_id) < len(entries):
        yield Many("log_add", [_values(entry, moment) for entry in entries if not entry.code])
    if not by_id:
        return
    rows = yield Many("log_add_failure", [_values(entry, moment) for entry in by_id.values()])
    added = [by_id[request_id] for (request_id,) in rows]
    failures = Counter((entry.account_id, entry.endpoint, entry.code) for entry in added)
    names = ("account_id", "endpoint", "code", "requests")
    if failures:
        yield Many(
            "failures_add", [dict(zip(names, (*which, requests), strict=True)) for which, requests in failures.items()]
        )


def _values(entry: LogEntry, moment: float) -> dict[str, Any]:
    return {
        "account_id": entry.account_id,
        "request_id": entry.request_id,
        "age_micros": max(0, int((moment - entry.began) * 1_000_000)),
        "endpoint": entry.endpoint,
        "mode": entry.mode,
        "key_id": entry.key_id,
        "asked": _clean(entry.asked, LONGEST_ASKED),
        "video_id": entry.video_id or None,
        "source": entry.source,
        "attempts": _encode([_tried(attempt) for attempt in entry.attempts]).decode() if entry.attempts else "[]",
        "sign": _clean(entry.sign, _LONGEST_SIGN),
        "http_status": entry.status,
        "code": entry.code,
        "charge_micros": entry.charge_micros,
        "timings": _encode(entry.timings).decode(),
        "from_memory": int(entry.from_memory),
    }


def _tried(attempt: Attempt) -> Tried:
    return Tried(attempt.source, attempt.code, round(attempt.seconds * 1000, 3), _clean(attempt.sign, _LONGEST_SIGN))


def _clean(text: str, longest: int) -> str:
    """A text that any database stores: no half characters, no NUL, not longer than it may be."""
    text = text[:longest]
    if text.isascii() and "\0" not in text:
        return text
    return whole_characters(text).replace("\0", "\ufffd")


def whole_characters(text: str) -> str:
    """A text without halves of characters, which no encoding has."""
    return text.encode("utf8", "replace").decode()


@plan
def _prune(keep_micros: int) -> Steps[int]:
    rows = yield Query("log_prune", {"keep_micros": keep_micros, "size": _PRUNE_ROWS})
    return len(rows)


@plan
def _failures(account_id: str, month: str) -> Steps[dict[str, dict[str, int]]]:
    rows = yield Query("failures_of", {"account_id": account_id, "which_month": month})
    found: dict[str, dict[str, int]] = {}
    for endpoint, code, requests in rows:
        found.setdefault(endpoint, {})[code] = requests
    return found
