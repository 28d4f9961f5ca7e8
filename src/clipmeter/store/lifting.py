"""The named queries as PostgreSQL reads them: for one set of values, or for many sets at once.

A query is written for one request. To run it for a whole batch in one round trip it is lifted: the sets of values
become the rows of `v`, and the query is asked for each of them. The three shapes that occur:

    SELECT …           SELECT v.place, r.* FROM v, LATERAL (the query OFFSET 0) AS r
    INSERT … VALUES …  INSERT … SELECT … FROM v
    UPDATE … WHERE …   UPDATE … FROM v WHERE …

OFFSET 0 leaves all rows, but keeps the query apart: it is run for each set by its own indexes, where a planner that
takes the tables for empty would join all sets with the whole of a table.

Queries that write about the same values, and return nothing, become one: WITH v AS (…), part_0 AS (INSERT …) INSERT …
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from clipmeter.store.base import Row
from clipmeter.store.named import INTEGERS, VALUE, Statement
from clipmeter.store.together import told_apart, written_for_many

LOCK = "FROM accounts WHERE account_id = ANY({}) ORDER BY account_id FOR NO KEY UPDATE"
"""Accounts are locked in one order by all who lock more than one."""
CLOCK_SQL = {
    "now": "(SELECT clock_micros())",
    "day": "(SELECT utc_day(clock_micros()))",
    "month": "(SELECT left(utc_day(clock_micros()), 7))",
}
"""What the database's clock gives: asked for once by each query, and the same for all of a transaction."""
_SPLIT, _NULL = "\x1f", "\x1e"
"""Between the values of a column, and for one that is null: the driver takes one text in a third of an array's time."""


@dataclass(frozen=True, slots=True)
class Lifted:
    """A statement in both forms. `many` is "" when it has no form for many."""

    values: tuple[str, ...]
    one: str
    many: str
    by_account: bool
    """The last column of what `many` returns is the account; else the first is the place in the batch, from 1."""
    returns: bool

    def columns(self, batch: Sequence[Mapping[str, Any]]) -> list[str] | None:
        """The sets of values as arguments of `many`, a text for each; None: a value has our separators in it."""
        return as_columns(self.values, batch)

    def sort(self, batch: Sequence[Mapping[str, Any]], rows: Sequence[Row]) -> list[list[Row]]:
        """What `many` returned, for each set."""
        return told_apart(batch, rows, by_account=self.by_account, first=1)


def as_columns(names: Sequence[str], batch: Sequence[Mapping[str, Any]]) -> list[str] | None:
    """Sets of values as one text for each name.

    None: a value has our separators in it, or is the only one and empty, which would be taken for no value.
    """
    columns = [[values[name] for values in batch] for name in names]
    texts = [_SPLIT.join([_text(value) for value in column]) for column in columns]
    for column, text in zip(columns, texts, strict=True):
        if not text or text.count(_SPLIT) != len(batch) - 1 or text.count(_NULL) != column.count(None):
            return None
    return texts


def lift(*queries: Statement) -> Lifted:
    """Both forms of a query; of several about the same values, as parts of one statement."""
    values = tuple(dict.fromkeys(value for query in queries for value in query.values))
    at = {name: f"${number}::{kind_of(name)}" for number, name in enumerate(values, 1)}
    first = queries[0]
    returns = not first.writes or "RETURNING" in first.sql
    one = _joined([VALUE.sub(lambda found: at.get(found[1], found[0]), query.sql) for query in queries])
    lifted = [of_row("v", query) for query in queries]
    many = _for_many(lifted[0], first) if len(queries) == 1 else _all_for_many(lifted, values)
    return Lifted(values, _timed(one), _timed(many), first.writes, returns)


def of_row(row: str, query: Statement) -> str:
    """The query with its values from a row of this name."""
    return VALUE.sub(lambda found: f"{row}.its_{found[1]}" if found[1] in query.values else found[0], query.sql)


def _timed(sql: str) -> str:
    """With the time, last of all: what it is written as would hide the shape of a query."""
    return VALUE.sub(lambda found: CLOCK_SQL[found[1]], sql)


def _text(value: str | int | None) -> str:
    if value is None:
        return _NULL
    return value if value.__class__ is str else str(value)


def kind_of(value: str) -> str:
    """The type of a named value."""
    return "bigint" if value in INTEGERS else "text"


def _for_many(sql: str, statement: Statement) -> str:
    if not statement.values or (statement.writes and "account_id" not in statement.values):
        return ""
    names, arrays = _rows(statement.values)
    if sql.startswith("SELECT"):
        apart = "" if "OFFSET" in sql else "OFFSET 0\n"
        rows = f"unnest({arrays}) WITH ORDINALITY AS v({names}, place)"
        return f"SELECT v.place, r.* FROM {rows} CROSS JOIN LATERAL (\n{sql}\n{apart}) AS r"  # noqa: S608 - our own queries
    return written_for_many(sql, f"unnest({arrays}) AS v({names})")


def _all_for_many(queries: Sequence[str], values: tuple[str, ...]) -> str:
    """Several queries that write, each for all rows of `v`."""
    names, arrays = _rows(values)
    rows = f"v({names}) AS (SELECT * FROM unnest({arrays}))"  # noqa: S608 - our own queries
    return _joined([written_for_many(sql, "v") for sql in queries], rows)


def _rows(values: tuple[str, ...]) -> tuple[str, str]:
    """The columns of `v`: their names, and the arrays that they are made of."""
    arrays = (array(number, kind_of(name)) for number, name in enumerate(values, 1))
    return ", ".join(f"its_{name}" for name in values), ", ".join(arrays)


def array(number: int, kind: str) -> str:
    """An argument, which has a column of `as_columns`, as an array of this type again."""
    return f"string_to_array(${number}::text, E'\\x1f', E'\\x1e')::{kind}[]"


def _joined(parts: Sequence[str], rows: str = "") -> str:
    """One statement that runs all parts; of several none returns anything."""
    if len(parts) == 1:
        return parts[0]
    inner = [f"part_{place} AS (\n{part}\n)" for place, part in enumerate(parts[:-1])]
    return f"WITH {', '.join([rows, *inner] if rows else inner)}\n{parts[-1]}"
