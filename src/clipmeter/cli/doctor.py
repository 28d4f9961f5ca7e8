"""`clipmeter doctor`: what works and what does not, each with a sentence that says what to do."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from email.utils import parsedate_to_datetime

from rich.markup import escape

from clipmeter.app import open_fetch
from clipmeter.books import Books
from clipmeter.cli.show import out, print_json
from clipmeter.errors import Problem
from clipmeter.settings import BadSetting, Settings, read_settings
from clipmeter.sites.tiktok.hosts import REFERER

OLDEST_CLOCK = 1_790_000_000
"""September 2026: a clock before this is wrong."""
CLOCK_SLACK = 60.0
REACH_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Finding:
    """One check: whether it is all right, and what was seen."""

    check: str
    ok: bool
    said: str


def doctor(*, as_json: bool) -> int:
    """Run the checks; 1 when one of them failed."""
    findings = asyncio.run(_examine())
    if as_json:
        print_json(findings)
    else:
        for finding in findings:
            mark = "[green]ok  [/green]" if finding.ok else "[red]FAIL[/red]"
            out.print(mark, f"{finding.check:9}", escape(finding.said), soft_wrap=True)
    return 0 if all(finding.ok for finding in findings) else 1


async def _examine() -> list[Finding]:
    try:
        settings = read_settings()
    except BadSetting as error:
        return [Finding("settings", ok=False, said=str(error))]
    checks: tuple[tuple[str, Callable[[Settings], Awaitable[str]]], ...] = (
        ("database", _database),
        ("clock", _clock),
        ("TikTok", _reach),
    )
    found = [Finding("settings", ok=True, said=f"home is {settings.home}")]
    return found + [await _check(name, check, settings) for name, check in checks]


async def _check(name: str, check: Callable[[Settings], Awaitable[str]], settings: Settings) -> Finding:
    try:
        return Finding(name, ok=True, said=await check(settings))
    except Problem as problem:
        sign = f" ({problem.sign})" if problem.sign else ""
        return Finding(name, ok=False, said=problem.message + sign)


async def _database(settings: Settings) -> str:
    books = Books(settings)
    async with books.open():
        accounts, violations = len(books.accounts.list_all()), await books.ledger.verify()
    if violations:
        raise Problem(f"{len(violations)} rows break an invariant; see: clipmeter ledger verify")
    return f"{settings.database_path}, {accounts} accounts, every invariant holds"


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
