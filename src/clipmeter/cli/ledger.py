"""`clipmeter ledger show` and `verify`."""

import re
import sys
from collections import deque
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from clipmeter.billing.ledger import LedgerRow
from clipmeter.billing.money import dollars
from clipmeter.billing.verify import Looking, Told
from clipmeter.books import Books
from clipmeter.cli.books import found, with_books
from clipmeter.cli.show import JsonArray, counted, err, out, print_json, print_table
from clipmeter.errors import InvalidParameter
from clipmeter.settings import Settings

COLUMNS = ("time", "request_id", "account_id", "video_id", "state", "reason", "kind", "price")
_MONTH = re.compile(r"[0-9]{4}-(?:0[1-9]|1[0-2])")


def show_ledger(  # noqa: PLR0913 - the options of the command
    settings: Settings, id_or_email: str, month: str, state: str, *, limit: int, as_json: bool
) -> None:
    """Show the ledger's rows: as JSON all of them, else the newest `limit`. "" for any account, month or state."""

    async def work(books: Books) -> None:
        rows = rows_in_state(await rows_of(books, id_or_email, month), state)
        if as_json:
            array = JsonArray()
            async for row in rows:
                array.add(asdict(row))
            array.end()
        else:
            newest = deque([row async for row in rows], limit)
            print_table(COLUMNS, [_row(row) for row in newest], "There are no such rows.")

    with_books(settings, work)


async def rows_of(books: Books, id_or_email: str, month: str) -> AsyncIterator[LedgerRow]:
    """The rows of an account (or of all) in a month (or ever). Raises InvalidParameter."""
    if month and not _MONTH.fullmatch(month):
        raise InvalidParameter(f"{month} is no month; write it YYYY-MM, like 2026-11.")
    account_id = (await found(books.accounts, id_or_email)).account_id if id_or_email else None
    return books.ledger.show(account_id, month)


async def rows_in_state(rows: AsyncIterator[LedgerRow], state: str) -> AsyncIterator[LedgerRow]:
    """Those that are in this state; "" for any."""
    async for row in rows:
        if state in {"", row.state}:
            yield row


def verify_ledger(settings: Settings, *, as_json: bool) -> int:
    """Check the invariants; the exit status."""
    last = Looking("", "", 0, 0, 0)

    async def work(books: Books) -> list[Any]:
        with watched() as told:

            def hear(looking: Looking) -> None:
                nonlocal last
                last = looking
                told(looking)

            return await books.ledger.verify(hear)

    violations = with_books(settings, work)
    if as_json:
        print_json(violations)
        return 1 if violations else 0
    if violations:
        print_table(("invariant", "what", "row"), [asdict(violation) for violation in violations], "")
        out.print(f"[red]{counted(len(violations), 'violation')}[/red] in {counted(last.rows, 'row')}", soft_wrap=True)
        return 1
    out.print(
        f"[green]clean[/green]: {last.of} checks of {counted(last.rows, 'row')}; every invariant holds", soft_wrap=True
    )
    return 0


@contextmanager
def watched() -> Iterator[Told]:
    """Shows each check while it runs, on a terminal; elsewhere nothing."""
    if not sys.stderr.isatty():
        yield lambda _: None
        return
    columns = (BarColumn(10), MofNCompleteColumn(), TimeElapsedColumn(), TextColumn("{task.description}"))
    with Progress(*columns, console=err, transient=True) as progress:
        task = progress.add_task("", total=None)

        def tell(now: Looking) -> None:
            asked = f"{now.invariant}: {now.what}?" if now.what else counted(now.rows, "row")
            progress.update(task, completed=now.done, total=now.of, description=asked)

        yield tell


def _row(row: LedgerRow) -> dict[str, Any]:
    time = datetime.fromtimestamp(row.admitted_at // 1_000_000, UTC).strftime("%Y-%m-%d %H:%M:%SZ")
    return {**asdict(row), "time": time, "price": dollars(row.price_micros)}
