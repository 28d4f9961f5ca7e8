"""The named queries as PostgreSQL reads them: for one set of values, or for many sets at once.

A query is written for one request. To run it for a whole batch in one round trip it is lifted: the sets of values
become the rows of `v`, and the query is asked for each of them. The three shapes that occur:

    SELECT …           SELECT v.place, r.* FROM v, LATERAL (the query) AS r
    INSERT … VALUES …  INSERT … SELECT … FROM v
    UPDATE … WHERE …   UPDATE … FROM v WHERE …

Rule: the sets of a batch belong to different accounts, so that what a lifted INSERT or UPDATE returns is told apart by
its account, and no row is changed twice.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from clipmeter.store.base import Row
from clipmeter.store.named import CLOCK, INTEGERS, VALUE, Statement

_SPLIT, _NULL = "\x1f", "\x1e"
"""Between the values of a column, and for one that is null: the driver takes one text in a third of an array's time."""
_VALUES = re.compile(r"\bVALUES \((.*?)\)(?=\nON CONFLICT|\nRETURNING|\Z)", re.DOTALL)
_WHERE = re.compile(r"\nWHERE ")
_RETURNING = re.compile(r"\nRETURNING (.*)\Z", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Lifted:
    """A statement in both forms. `many` is "" when it has no form for many."""

    values: tuple[str, ...]
    clock: tuple[str, ...]
    """Which of now, day and month follow the values as arguments, in both forms."""
    one: str
    many: str
    by_account: bool
    """The last column of what `many` returns is the account; else the first is the place in the batch, from 1."""
    returns: bool

    def columns(self, batch: Sequence[Mapping[str, Any]]) -> list[str] | None:
        """The sets of values as arguments of `many`, a text for each; None: a value has our separators in it."""
        columns = [[values[name] for values in batch] for name in self.values]
        texts = [_SPLIT.join([_text(value) for value in column]) for column in columns]
        for column, text in zip(columns, texts, strict=True):
            if text.count(_SPLIT) != len(batch) - 1 or text.count(_NULL) != column.count(None):
                return None
        return texts

    def sort(self, batch: Sequence[Mapping[str, Any]], rows: Sequence[Row]) -> list[list[Row]]:
        """What `many` returned, for each set."""
        found: list[list[Row]] = [[] for _ in batch]
        if self.by_account:
            place = {values["account_id"]: at for at, values in enumerate(batch)}
            for row in rows:
                found[place[row[-1]]].append(row[:-1])
        else:
            for row in rows:
                found[row[0] - 1].append(row[1:])
        return found


def lift(statement: Statement) -> Lifted:
    """Both forms of a query."""
    clock = tuple(name for name in CLOCK if name in VALUE.findall(statement.sql))
    at = {name: f"${number}::{_type(name)}" for number, name in enumerate((*statement.values, *clock), 1)}
    one = VALUE.sub(lambda found: at[found[1]], statement.sql)
    sql = VALUE.sub(lambda found: at[found[1]] if found[1] in clock else f"v.its_{found[1]}", statement.sql)
    returns = not statement.writes or "RETURNING" in sql
    return Lifted(statement.values, clock, one, _for_many(sql, statement), statement.writes, returns)


def _text(value: str | int | None) -> str:
    if value is None:
        return _NULL
    return value if value.__class__ is str else str(value)


def _type(value: str) -> str:
    return "bigint" if value in INTEGERS else "text"


def _for_many(sql: str, statement: Statement) -> str:
    if not statement.values or (statement.writes and "account_id" not in statement.values):
        return ""
    arrays = ", ".join(
        f"string_to_array(${number}::text, E'\\x1f', E'\\x1e')::{_type(name)}[]"
        for number, name in enumerate(statement.values, 1)
    )
    names = ", ".join(f"its_{name}" for name in statement.values)
    if sql.startswith("SELECT"):
        rows = f"unnest({arrays}) WITH ORDINALITY AS v({names}, place)"
        return f"SELECT v.place, r.* FROM {rows} CROSS JOIN LATERAL (\n{sql}\n) AS r"  # noqa: S608 - our own queries
    rows = f"unnest({arrays}) AS v({names})"
    if sql.startswith("INSERT") and _VALUES.search(sql):
        sql = _VALUES.sub(lambda found: f"SELECT {found[1]} FROM {rows}", sql)  # noqa: S608 - our own queries
        return _RETURNING.sub(r"\nRETURNING \1, account_id", sql)
    if sql.startswith("UPDATE") and len(_WHERE.findall(sql)) == 1:
        sql = _WHERE.sub(lambda _: f"\nFROM {rows}\nWHERE ", sql)
        return _RETURNING.sub(r"\nRETURNING \1, v.its_account_id", sql)
    return ""
