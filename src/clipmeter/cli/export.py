"""`clipmeter ledger export`: the ledger for a spreadsheet, a script or a data warehouse, row by row.

Rule 1: what is never held is the whole ledger. Rule 2: FILE is written whole or not at all.
"""

import csv
import io
import os
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from operator import attrgetter
from pathlib import Path
from typing import Any, BinaryIO, Protocol

import msgspec
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from clipmeter.billing.ledger import LedgerRow
from clipmeter.books import Books
from clipmeter.cli.books import with_books
from clipmeter.cli.ledger import rows_of
from clipmeter.cli.show import counted, err, fail, out
from clipmeter.settings import Settings

COLUMNS = (
    "account_id",
    "request_id",
    "endpoint",
    "key_id",
    "video_id",
    "kind",
    "state",
    "reason",
    "price_micros",
    "month",
    "day",
    "admitted_at",
    "ended_at",
)
CHUNK = 5_000
"""Rows that are written together; a row group of Parquet."""
_encode = msgspec.json.Encoder().encode


_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - UTC, as all times here
_values = attrgetter(*("period" if column == "month" else column for column in COLUMNS))
_TIMES = len(COLUMNS) - 2
"""Where the two times begin."""


class Writer(Protocol):
    """Writes rows in one format."""

    def rows(self, rows: list[LedgerRow]) -> None:
        """Some more rows."""

    def end(self) -> None:
        """That was all."""


def export_ledger(settings: Settings, file: Path | None, how: str, account: str, month: str) -> None:
    """Write the rows of an account and month ("" for all) to a file, or to stdout when it is None."""
    how = how or (file.suffix.lstrip(".").lower() if file else "") or "csv"
    if how not in _WRITERS:
        fail(f"{file} ends in no known format; give --format csv, jsonl or parquet.", 2)
    if file is None and how == "parquet":
        fail("Parquet is for a file: name one with -o.", 2)

    async def work(books: Books) -> int:
        rows = await rows_of(books, account, month)
        with _opened(file) as stream, _counting(file) as told:
            return await _write(rows, _WRITERS[how](stream), told)

    count = with_books(settings, work)
    if file:
        out.print(f"{counted(count, 'row')} in {file}", soft_wrap=True, markup=False)


async def _write(rows: AsyncIterator[LedgerRow], writer: Writer, told: Callable[[int], None]) -> int:
    chunk: list[LedgerRow] = []
    count = 0
    async for row in rows:
        chunk.append(row)
        count += 1
        if len(chunk) == CHUNK:
            writer.rows(chunk)
            told(count)
            chunk = []
    writer.rows(chunk)
    writer.end()
    return count


def _text(row: LedgerRow) -> tuple[Any, ...]:
    """The values of a row, with times as text."""
    values = _values(row)
    return (*values[:_TIMES], *(time if time is None else _iso(time) for time in values[_TIMES:]))


def _iso(micros: int) -> str:
    return f"{(_EPOCH + timedelta(microseconds=micros)).isoformat(timespec='microseconds')}Z"


class _Csv:
    """RFC 4180: with a header line, unknown values empty."""

    def __init__(self, stream: BinaryIO) -> None:
        self._text = io.TextIOWrapper(stream, "utf8", newline="", write_through=True)
        self._csv = csv.writer(self._text)
        self._csv.writerow(COLUMNS)

    def rows(self, rows: list[LedgerRow]) -> None:
        self._csv.writerows(map(_text, rows))

    def end(self) -> None:
        self._text.flush()
        self._text.detach()


class _Lines:
    """One JSON object a line."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream

    def rows(self, rows: list[LedgerRow]) -> None:
        self._stream.write(b"".join(_encode(dict(zip(COLUMNS, _text(row), strict=True))) + b"\n" for row in rows))

    def end(self) -> None:
        self._stream.flush()


class _Parquet:
    """Parquet with typed columns: whole numbers, and times as micro-seconds in UTC."""

    def __init__(self, stream: BinaryIO) -> None:
        try:
            import pyarrow  # noqa: ICN001, PLC0415 - optional
            from pyarrow import parquet  # noqa: PLC0415
        except ImportError:
            fail("Parquet needs the package pyarrow: pip install 'clipmeter[parquet]'; csv and jsonl need nothing.")
        types = {"price_micros": pyarrow.int64()}
        types |= dict.fromkeys(("admitted_at", "ended_at"), pyarrow.timestamp("us", tz="UTC"))
        self._schema = pyarrow.schema([(column, types.get(column, pyarrow.string())) for column in COLUMNS])
        self._array, self._batch = pyarrow.array, pyarrow.RecordBatch.from_arrays
        self._parquet = parquet.ParquetWriter(stream, self._schema, compression="zstd")

    def rows(self, rows: list[LedgerRow]) -> None:
        columns = zip(*map(_values, rows), strict=True)
        arrays = [self._array(column, field.type) for column, field in zip(columns, self._schema, strict=False)]
        if arrays:
            self._parquet.write_batch(self._batch(arrays, schema=self._schema))

    def end(self) -> None:
        self._parquet.close()


_WRITERS: dict[str, Callable[[BinaryIO], Writer]] = {"csv": _Csv, "jsonl": _Lines, "parquet": _Parquet}


@contextmanager
def _opened(file: Path | None) -> Iterator[BinaryIO]:
    if file is None:
        yield sys.stdout.buffer
        return
    if file.is_dir() or not file.absolute().parent.is_dir():
        fail(f"{file} is a folder; give a file." if file.is_dir() else f"there is no folder {file.parent}.")
    draft = file.with_name(f".{file.name}.{os.getpid()}")
    try:
        with draft.open("xb") as stream:
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
        draft.replace(file)
    finally:
        draft.unlink(missing_ok=True)


@contextmanager
def _counting(file: Path | None) -> Iterator[Callable[[int], None]]:
    """Shows how many rows were written, on a terminal where the rows themselves do not go; elsewhere nothing."""
    if not sys.stderr.isatty() or (file is None and sys.stdout.isatty()):
        yield lambda _: None
        return
    with Progress(
        SpinnerColumn(), TextColumn("{task.completed:,} rows"), TimeElapsedColumn(), console=err, transient=True
    ) as progress:
        task = progress.add_task("", total=None)
        yield lambda count: progress.update(task, completed=count)
