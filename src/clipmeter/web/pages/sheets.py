"""Tables as CSV, for spreadsheets and scripts.

Rule: no cell is a formula. A text that begins like one gets an apostrophe before it, by which spreadsheets know a text.
"""

import csv
import io
from collections.abc import AsyncIterator, Iterable, Sequence
from typing import Any

from litestar.response import Stream

from clipmeter.web.pages.visit import Answer, Visit

CSV = "text/csv; charset=utf-8"
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
Cell = str | int | float | None


def sheet(visit: Visit, name: str, columns: Sequence[str], rows: AsyncIterator[Iterable[Sequence[Cell]]]) -> Answer:
    """A file of that name, written as its rows come, some at a time."""
    headers = {**visit.headers, "Content-Disposition": f'attachment; filename="{name}.csv"'}
    return Stream(_written(columns, rows), media_type=CSV, headers=headers)


async def _written(columns: Sequence[str], rows: AsyncIterator[Iterable[Sequence[Cell]]]) -> AsyncIterator[bytes]:
    yield lines([columns])
    async for some in rows:
        yield lines(some)


def lines(rows: Iterable[Sequence[Cell]]) -> bytes:
    """RFC 4180; unknown values are empty. Texts are in quotes, for spreadsheets that part cells at a semicolon too."""
    text = io.StringIO(newline="")
    csv.writer(text, quoting=csv.QUOTE_NONNUMERIC).writerows([plain(cell) for cell in row] for row in rows)
    return text.getvalue().encode()


def plain(cell: Cell) -> Any:  # noqa: ANN401 - what the csv module takes
    """A cell that no spreadsheet computes."""
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(_FORMULA) else cell


async def at_once(rows: Iterable[Sequence[Cell]]) -> AsyncIterator[Iterable[Sequence[Cell]]]:
    """Rows that are there already."""
    yield rows
