"""`clipmeter doctor`: what works and what does not, each with a sentence that says what to do."""

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from email.utils import parsedate_to_datetime

from rich.markup import escape

from clipmeter.app import open_fetch
from clipmeter.books import Books
from clipmeter.cli.show import out, print_json
from clipmeter.errors import Problem
from clipmeter.records.health import HealthRow
from clipmeter.settings import BadSetting, Settings, read_settings
from clipmeter.sites.tiktok.hosts import REFERER
from clipmeter.store.recordsfile import records_file
from clipmeter.store.sentences import explain

OLDEST_CLOCK = 1_790_000_000
"""September 2026: a clock before this is wrong."""
CLOCK_SLACK = 60.0
REACH_SECONDS = 5.0
DAY_HOURS = 24


@dataclass(frozen=True, slots=True)
class Finding:
    """One check: whether it is all right, and what was seen."""

    check: str
    ok: bool | None
    """None: said for information; nothing is right or wrong about it."""
    said: str


def doctor(*, as_json: bool) -> int:
    """Run the checks; 1 when one of them failed."""
    findings = asyncio.run(_examine())
    if as_json:
        print_json(findings)
    else:
        for finding in findings:
            mark = {True: "[green]ok  [/green]", False: "[red]FAIL[/red]", None: "    "}[finding.ok]
            out.print(mark, f"{finding.check:9}", escape(finding.said), soft_wrap=True)
    return 1 if any(finding.ok is False for finding in findings) else 0


async def _examine() -> list[Finding]:
    try:
        settings = read_settings()
    except BadSetting as error:
        return [Finding("settings", ok=False, said=str(error))]
    checks: tuple[tuple[str, Callable[[Settings], Awaitable[str]]], ...] = (
        ("database", _database),
        ("records", _records),
        ("clock", _clock),
        ("TikTok", _reach),
    )
    found = [Finding("settings", ok=True, said=f"home is {settings.home}")]
    found += [await _check(name, check, settings) for name, check in checks]
    return found + await _sources(settings)


async def _check(name: str, check: Callable[[Settings], Awaitable[str]], settings: Settings) -> Finding:
    try:
        return Finding(name, ok=True, said=await check(settings))
    except Problem as problem:
        said = explain(problem, settings.database_name)
        sign = f" ({problem.sign})" if problem.sign and said == problem.message else ""
        return Finding(name, ok=False, said=said + sign)


async def _database(settings: Settings) -> str:
    books = Books(settings)
    async with books.open():
        accounts, violations = len(await books.accounts.list_all()), await books.ledger.verify()
    if violations:
        raise Problem(f"{len(violations)} rows break an invariant; see: clipmeter ledger verify")
    return f"{settings.database_name}, {accounts} accounts, every invariant holds"


async def _records(settings: Settings) -> str:
    """The request log and the statistics; on SQLite a file of its own."""
    books = Books(settings)
    async with books.open():
        if not books.records.is_open and settings.database_path:
            raise Problem(
                f"{records_file(settings.database_path)} cannot be opened; no money is in it (docs/backup.md)"
            )
        days = await books.health.since(DAY_HOURS)
    return "can be read" if days else "can be read; no source was asked in the last 24 h"


async def _sources(settings: Settings) -> list[Finding]:
    """How each source did in the last day; nothing where none was asked."""
    try:
        books = Books(settings)
        async with books.open():
            rows = await books.health.since(DAY_HOURS)
    except Problem:  # the check of the database has told it
        return []
    places = sorted({(row.lane, row.source) for row in rows})
    return [Finding(place[1], None, _day(place[0], rows, place)) for place in places]


def _day(lane: str, rows: list[HealthRow], place: tuple[str, str]) -> str:
    """One source's day in a sentence."""
    own = [row for row in rows if (row.lane, row.source) == place]
    tries, verdicts = sum(row.tries for row in own), Counter[str]()
    for row in own:
        verdicts[row.code or "answered"] += row.tries
    told = ", ".join(f"{count} {code}" for code, count in verdicts.most_common())
    mean = sum(row.total_ms for row in own) / max(1, tries)
    share = 100 * verdicts["answered"] / max(1, tries)
    slowest = max(row.max_ms for row in own)
    return f"{lane}, last 24 h: {share:.0f} % of {tries} tries ({told}), {mean:.0f} ms on average, {slowest} at most"


async def _clock(_settings: Settings) -> str:
    """The system's clock, which is also the database's."""
    now = time.time()
    if now < OLDEST_CLOCK:
        raise Problem(f"the clock says {time.strftime('%Y-%m-%d', time.gmtime(now))}; set it")
    return time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(now))


async def _reach(settings: Settings) -> str:
    """Whether TikTok answers at all, and whether its clock agrees with ours."""
    fetch = open_fetch(settings, settings.upstream, settings.proxies)
    begun = time.monotonic()
    try:
        page = await fetch.page(f"{REFERER}robots.txt", within=REACH_SECONDS)
    finally:
        await fetch.aclose()
    took = (time.monotonic() - begun) * 1000
    if date := page.headers.get("date"):
        skew = time.time() - parsedate_to_datetime(date).timestamp()
        if abs(skew) > CLOCK_SLACK:
            raise Problem(f"TikTok's clock and this machine's differ by {skew:.0f} seconds; set the clock")
    return f"{settings.upstream or 'www.tiktok.com'} answers {page.status} in {took:.0f} ms"
