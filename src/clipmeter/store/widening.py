"""The named queries as SQLite reads them: for one set of values, and for several sets at once.

SQLite has no round trips to save, but each execution costs as much again as the work in it, and the turns that the
writing thread must wait for the interpreter. So the queries of a batch are asked for several sets of values at a time,
which stand in the query as rows of `v`:

    SELECT … FROM a …  WITH v AS (VALUES …) SELECT v.place, … FROM v CROSS JOIN a …
    INSERT … VALUES …  WITH v AS (VALUES …) INSERT … SELECT … FROM v WHERE true …
    UPDATE … WHERE …   WITH v AS (VALUES …) UPDATE … FROM v WHERE …

Rule: the sets of a batch belong to different accounts, so that what an INSERT or UPDATE returns is told apart by its
account, and no row is changed twice.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from clipmeter.store.base import Row
from clipmeter.store.named import CLOCK, VALUE, Statement, statements

SIZES = (32, 16, 8, 4, 2)
"""How many sets are asked for at once: few forms of each query, which the driver keeps prepared."""
ONE_ROW_EACH = frozenset(("admit_facts", "settle_facts", "replay_find"))
"""The SELECTs that have a form for many: none of them adds up rows."""
_VALUES = re.compile(r"\bVALUES \((.*?)\)(?=\nON CONFLICT|\nRETURNING|\Z)", re.DOTALL)
_FROM = re.compile(r"^FROM ", re.MULTILINE)
_WHERE = re.compile(r"^WHERE ", re.MULTILINE)
_RETURNING = re.compile(r"\nRETURNING (.*)\Z", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Wide:
    """A query for one set of values, or for many. Its arguments: what the clock gives, then the sets."""

    sql: str
    values: tuple[str, ...]
    clock: tuple[str, ...]
    """Which of now, day and month come first."""
    writes: bool

    def sort(self, batch: Sequence[Mapping[str, Any]], rows: Sequence[Row]) -> list[list[Row]]:
        """What the form for many returned, for each set."""
        found: list[list[Row]] = [[] for _ in batch]
        if self.writes:
            place = {values["account_id"]: at for at, values in enumerate(batch)}
            for row in rows:
                found[place[row[-1]]].append(row[:-1])
        else:
            for row in rows:
                found[row[0]].append(row[1:])
        return found


@cache
def narrow(name: str) -> Wide:
    """A query for one set of values. Values have numbers: by name the driver takes twice the time."""
    statement = statements()[name]
    clock = _clock(statement)
    at = {value: f"?{number}" for number, value in enumerate((*clock, *statement.values), 1)}
    return Wide(VALUE.sub(lambda found: at[found[1]], statement.sql), statement.values, clock, statement.writes)


@cache
def wide(name: str, size: int) -> Wide | None:
    """The same for so many sets; None: it has no such form."""
    statement = statements()[name]
    clock = _clock(statement)
    sql = VALUE.sub(
        lambda found: f"?{clock.index(found[1]) + 1}" if found[1] in clock else f"v.its_{found[1]}", statement.sql
    )
    body = _body(sql, statement)
    if not body:
        return None
    names = ", ".join(f"its_{value}" for value in statement.values)
    rows = ", ".join(_numbers(place, len(clock), len(statement.values)) for place in range(size))
    return Wide(f"WITH v(place, {names}) AS (VALUES {rows})\n{body}", statement.values, clock, statement.writes)


def pieces(count: int) -> Iterator[int]:
    """So many sets, as the sizes that there are forms for; what is left over one by one."""
    for size in SIZES:
        while count >= size:
            yield size
            count -= size
    yield from (1,) * count


def _clock(statement: Statement) -> tuple[str, ...]:
    used = set(VALUE.findall(statement.sql))
    return tuple(name for name in CLOCK if name in used)


def _numbers(place: int, before: int, width: int) -> str:
    first = before + place * width + 1
    return f"({place}, {', '.join(f'?{number}' for number in range(first, first + width))})"


def _body(sql: str, statement: Statement) -> str:
    if statement.name in ONE_ROW_EACH:
        return _FROM.sub("FROM v CROSS JOIN ", sql.replace("SELECT", "SELECT v.place,", 1), count=1)
    if "account_id" not in statement.values:
        return ""
    if sql.startswith("INSERT") and _VALUES.search(sql):
        sql = _VALUES.sub(lambda found: f"SELECT {found[1]} FROM v WHERE true", sql)  # noqa: S608 - our own queries
        return _RETURNING.sub(r"\nRETURNING \1, account_id", sql)
    if sql.startswith("UPDATE") and len(_WHERE.findall(sql)) == 1 and "SELECT" not in sql:
        sql = _WHERE.sub("FROM v\nWHERE ", sql)
        return _RETURNING.sub(r"\nRETURNING \1, account_id", sql)
    return ""
