"""What commands print: tables and cards for people, one JSON object or array for programs."""

import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NoReturn

import msgspec
import typer
from rich.console import Console
from rich.markup import escape
from rich.measure import Measurement
from rich.table import Table

out = Console(highlight=False)
err = Console(stderr=True, highlight=False)
MAX_WIDTH = 1_000


def print_json(value: Any) -> None:  # noqa: ANN401 - anything msgspec writes
    """One JSON value and nothing else on stdout."""
    print_body(msgspec.json.encode(value))


def print_body(body: bytes) -> None:
    """JSON that is encoded already, on a line of its own."""
    sys.stdout.buffer.write(body + b"\n")
    sys.stdout.flush()


class JsonArray:
    """A JSON array on stdout, written row by row so that a ledger of any length fits."""

    def __init__(self) -> None:
        self._before = b"["

    def add(self, row: Any) -> None:  # noqa: ANN401 - whatever msgspec encodes
        """One more row."""
        sys.stdout.buffer.write(self._before + msgspec.json.encode(row))
        self._before = b",\n"

    def end(self) -> None:
        """That was the last one."""
        sys.stdout.buffer.write(b"]\n" if self._before != b"[" else b"[]\n")
        sys.stdout.flush()


def print_json_array(rows: Iterable[Any]) -> None:
    """A JSON array of these rows."""
    array = JsonArray()
    for row in rows:
        array.add(row)
    array.end()


def print_table(columns: Sequence[str], rows: Iterable[Mapping[str, Any]], empty: str) -> None:
    """A table, or the sentence `empty` when there is nothing in it.

    Values stay whole however narrow the terminal is, since an id that is cut cannot be copied: what is too wide for
    a table becomes a list, one value a line.
    """
    found = [{column: _cell(row[column]) for column in columns} for row in rows]
    table = Table(*columns, box=None, header_style="bold", pad_edge=False)
    for row in found:
        table.add_row(*row.values())
    wide = Measurement.get(out, out.options.update(width=MAX_WIDTH), table).maximum
    if not found:
        out.print(empty)
    elif out.is_terminal and wide > out.width:
        _print_list(found, max(map(len, columns)))
    else:
        Console(width=wide, highlight=False).print(table)


def _print_list(rows: Iterable[Mapping[str, str]], width: int) -> None:
    for row in rows:
        for column, value in row.items():
            out.print(f"[bold]{column:{width}}[/bold]  {value}", soft_wrap=True)
        out.print()


def _cell(value: object) -> str:
    return "" if value is None else escape(str(value))


def counted(number: int, word: str) -> str:
    """A number with its word: 1 row, 2,000 rows."""
    return f"{number:,} {word}" if number == 1 else f"{number:,} {word}s"


def say(sentence: str) -> None:
    """What went wrong, on stderr."""
    err.print(f"[red]clipmeter:[/red] {escape(sentence)}", soft_wrap=True)


def fail(sentence: str, status: int = 1) -> NoReturn:
    """End the command with a sentence on stderr."""
    say(sentence)
    raise typer.Exit(status)
