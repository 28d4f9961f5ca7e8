"""Weeks of usage, made up: the log with its sums, what the ledger counts, and how the sources did for 90 days.

It is written to the database of a stopped server: the ledger by SQL, the rest by the hands that write it otherwise.
The same requests each time.
"""

import asyncio
import random
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

import apsw

from clipmeter.errors import Attempt
from clipmeter.records.health import HealthLog
from clipmeter.records.requests import LogEntry, RequestLog
from clipmeter.store.recordsfile import records_file
from clipmeter.store.sqlite import SqliteStore

ENDPOINT = "tiktok_video"
PRICE, FREE = 6_000, 50
DAY, HOUR = 86_400, 3_600
WEEKS = 6
FAILURES = (  # code, status, how many of a thousand, and what was seen
    ("not_found", 404, 30, "statusCode 10204: the post was removed"),
    ("invalid_parameter", 400, 12, ""),
    ("upstream_error", 502, 5, "a challenge page"),
    ("concurrency_limit_exceeded", 429, 4, ""),
    ("upstream_timeout", 504, 2, "nothing within 8 s"),
)
LEDGER = """INSERT INTO requests (account_id, request_id, endpoint, key_id, video_id, kind, price_micros, free_limit,
  slot_limit, month, day, state, reason, node_id, deadline, admitted_at, ended_at)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, 3, ?, ?, ?, ?, 'e2e', ?, ?, ?)"""
_ids = count(1)


def fill(database: Path, email: str) -> dict[str, str]:
    """Write it; the ids of a request that succeeded (`request`) and of one that failed (`failed`)."""
    with closing(apsw.Connection(str(database))) as connection:
        select = "SELECT account_id, key_id FROM api_keys JOIN accounts USING (account_id) WHERE email = ?"
        (account_id, *_), keys = zip(*connection.execute(f"{select} AND mode = 'live'", (email,)), strict=True)
        made = [entry for at in moments(time.time()) for entry in [request(account_id, at, keys)]]
        charge(made)
        with connection:
            for statement, rows in counted(account_id, made):
                connection.executemany(statement, rows)
    with ThreadPoolExecutor(1) as apart:  # the browser's own event loop runs in this thread
        apart.submit(asyncio.run, write(records_file(database), made)).result()
    return {
        "request": next(one.request_id for one in reversed(made) if one.status == 200),
        "failed": next(one.request_id for one in reversed(made) if one.status == 404),
    }


def moments(now: float) -> list[float]:
    """When requests came in, Unix seconds: more on weekdays, and more each week."""
    dice, found = random.Random(6), []  # noqa: S311 - no secret
    for ago in range(7 * WEEKS, -1, -1):
        day = now - ago * DAY
        busy = datetime.fromtimestamp(day, UTC).weekday() < 5
        times = dice.randint(12, 24) + 42 - ago if busy else dice.randint(3, 9)
        found += [day - dice.random() * (DAY / 2 if ago else HOUR) for _ in range(times)]
    return sorted(found)


def request(account_id: str, at: float, keys: tuple[str, ...]) -> LogEntry:
    """One of them, not yet charged. `at`: Unix seconds."""
    number = next(_ids)
    dice = random.Random(number)  # noqa: S311 - no secret
    code, status, sign = outcome(dice)
    seconds = dice.lognormvariate(-1.5, 0.5)
    video = str(7_400_000_000_000_000_000 + dice.randrange(10**16))
    asked = code not in {"invalid_parameter", "concurrency_limit_exceeded"}
    return LogEntry(
        account_id=account_id,
        key_id=dice.choice(keys),
        mode="live",
        request_id=f"req_{int(at * 1000):012x}{dice.getrandbits(80):020x}",
        began=at - time.time() + time.monotonic(),
        endpoint=ENDPOINT,
        asked=f"https://www.tiktok.com/@someone/video/{video}" if asked else "<b>no link</b>",
        video_id=video if asked else None,
        source="webpage" if status == 200 else "",
        attempts=(Attempt("webpage", code, sign, seconds * 0.9),) if asked else (),
        sign=sign,
        status=status,
        code=code,
        charge_micros=0,
        timings=stages(seconds) if asked else {"total": 1.2},
        from_memory=False,
    )


def stages(seconds: float) -> dict[str, float]:
    """Milliseconds by stage, of a request that took so long."""
    return {"admit": 2.1, "source": round(seconds * 1000, 1), "settle": 1.3, "total": round(seconds * 1000 + 4, 1)}


def outcome(dice: random.Random) -> tuple[str, int, str]:
    """Code, status and what was seen of a failure; or of a success."""
    roll = dice.randrange(1_000)
    for code, status, share, sign in FAILURES:
        roll -= share
        if roll < 0:
            return code, status, sign
    return "", 200, ""


def time_of(entry: LogEntry) -> datetime:
    """When it came in, UTC."""
    return datetime.fromtimestamp(entry.began + time.time() - time.monotonic(), UTC)


def charge(made: list[LogEntry]) -> None:
    """What the successes of a month cost, once its free ones are used."""
    used: dict[str, int] = {}
    for place, one in enumerate(made):
        if one.code:
            continue
        month = f"{time_of(one):%Y-%m}"
        used[month] = used.get(month, 0) + 1
        if used[month] > FREE:
            made[place] = one._replace(charge_micros=PRICE)


def ledger_row(one: LogEntry) -> tuple[object, ...]:
    """Of a request that was admitted."""
    at = time_of(one)
    micros = int(at.timestamp() * 1e6)
    state, kind = "voided" if one.code else "posted", "paid" if one.charge_micros else "free"
    asked = one.account_id, one.request_id, ENDPOINT, one.key_id, one.video_id, kind, one.charge_micros, FREE
    return (*asked, f"{at:%Y-%m}", f"{at:%Y-%m-%d}", state, one.code, micros + 30_000_000, micros, micros + 300_000)


def counted(account_id: str, made: list[LogEntry]) -> list[tuple[str, list[tuple[object, ...]]]]:
    """What the ledger counts of them: by month, and by day and key."""
    months: dict[str, list[int]] = {}
    spent: dict[tuple[str, str], int] = {}
    for one in made:
        if not one.code:
            months.setdefault(f"{time_of(one):%Y-%m}", [0, 0])[bool(one.charge_micros)] += 1
        key = f"{time_of(one):%Y-%m-%d}", one.key_id
        spent[key] = spent.get(key, 0) + one.charge_micros
    usage = [(account_id, ENDPOINT, month, free, paid, paid * PRICE) for month, (free, paid) in months.items()]
    spend = [(account_id, day, key, micros) for (day, key), micros in spent.items() if micros]
    return [
        (LEDGER, [ledger_row(one) for one in made if one.video_id]),
        ("INSERT OR REPLACE INTO usage VALUES (?, ?, ?, ?, ?, 0, 0, ?)", usage),
        ("INSERT OR REPLACE INTO spend VALUES (?, ?, ?, ?)", spend),
    ]


async def write(records: Path, made: list[LogEntry]) -> None:
    """The log, its sums, and the health of 90 days."""
    async with SqliteStore(records) as store:
        log = RequestLog(store, keep_days=400)
        for one in made:
            log.note(one)
        await log.flush()
        now, dice = [0.0], random.Random(7)  # noqa: S311 - no secret
        health = HealthLog(store, clock=lambda: now[0])
        for ago in range(89 * 24, -1, -3):  # every third hour is enough to look at
            now[0] = time.time() - ago * HOUR
            one_hour(health, dice, bad=30 * 24 <= ago < 30 * 24 + 6)
        await health.flush()


def one_hour(health: HealthLog, dice: random.Random, *, bad: bool) -> None:
    """Some tries of each source, most of them answered."""
    for _ in range(dice.randint(8, 20)):
        seconds = dice.lognormvariate(-1.4, 0.4)
        code = "upstream_error" if dice.random() < (0.6 if bad else 0.002) else ""
        health.note("live", [Attempt("webpage", code, "", seconds)])
        if code:
            health.note("live", [Attempt("embed", code if dice.random() < 0.3 else "", "", seconds * 1.3)])
        health.served("live", ENDPOINT, code, [seconds * 1100])
