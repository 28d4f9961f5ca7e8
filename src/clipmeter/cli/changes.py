"""`clipmeter doctor --source`: what has changed in a page of TikTok against what its reader expects."""

import asyncio
import gzip
import zlib
from dataclasses import asdict
from pathlib import Path

from rich.markup import escape

from clipmeter.app import open_fetch
from clipmeter.cli.show import out, print_json, print_table
from clipmeter.errors import InvalidParameter, Problem
from clipmeter.settings import Settings
from clipmeter.sites.fetching import Page
from clipmeter.sites.tiktok.page import read_page
from clipmeter.sites.tiktok.ref import read_id
from clipmeter.sites.tiktok.shape_report import Deviation, compare
from clipmeter.sites.tiktok.webpage import NAME

COLUMNS = ("source", "field", "expected", "found")
MOST_BYTES = 50_000_000


def changes(settings: Settings, what: str, *, as_json: bool) -> int:
    """Show the differences of a saved page (a file, also gzipped) or of a post's page now; 1 when there are some."""
    page = saved(Path(what)) if Path(what).is_file() else asyncio.run(_fetched(settings, what))
    found = compare(page.body)
    rows = [{"source": NAME, **asdict(deviation)} for deviation in found]
    if as_json:
        print_json(rows)
    else:
        out.print(escape(_verdict(page, found)), soft_wrap=True)
        print_table(COLUMNS, rows, "Every field is as expected.")
    return 1 if found else 0


def saved(file: Path) -> Page:
    """A page from a file, packed or not. Raises InvalidParameter when it cannot be read."""
    try:
        with file.open("rb") as raw:
            packed = raw.read(2) == b"\x1f\x8b"
        with gzip.open(file) if packed else file.open("rb") as stream:
            body = stream.read(MOST_BYTES)
    except (OSError, EOFError, zlib.error) as error:
        raise InvalidParameter(f"{file} cannot be read: {error}") from error
    return Page(url="", status=200, headers={}, body=body)


async def _fetched(settings: Settings, what: str) -> Page:
    try:
        ref = read_id(what)
    except InvalidParameter as problem:
        raise InvalidParameter(f"{what} is neither a file nor the id of a post.") from problem
    fetch = open_fetch(settings, settings.upstream, settings.proxies)
    try:
        return await fetch.page(f"https://www.tiktok.com/@_/video/{ref.id}", within=settings.time_budget)
    finally:
        await fetch.aclose()


def _verdict(page: Page, found: list[Deviation]) -> str:
    """What the reader makes of the page."""
    try:
        video = read_page(page.body, None, status=page.status, headers=page.headers, url=page.url)
    except Problem as problem:
        return f"{NAME}: {problem.message} ({problem.sign})"
    return f"{NAME}: reads as {video.url}; {len(found)} fields differ"
