"""The named queries as SQLite reads them: for one set of values, and for several sets at once.

SQLite has no round trips to save, but each execution costs as much again as the work in it. So the
queries of a batch are asked for several sets of values at a time, which stand in the query as rows of `v`:

    SELECT … FROM a …  WITH v AS (VALUES …) SELECT v.place, … FROM v CROSS JOIN a …
    INSERT … VALUES …  WITH v AS (VALUES …) INSERT … SELECT … FROM v WHERE true …
    UPDATE … WHERE …   WITH v AS (VALUES …) UPDATE … FROM v WHERE …
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from operator import itemgetter
from typing import Any

from clipmeter.store.base import Row
from clipmeter.store.named import CLOCK, VALUE, Statement, statements
from clipmeter.store.together import told_apart, written_for_many

SIZES = (32, 16, 8, 4, 2)
"""How many sets are asked for at once: few forms of each query, which the driver keeps prepared."""
ONE_ROW_EACH = frozenset(("admit_facts", "settle_facts", "replay_find"))
"""The SELECTs that have a form for many: none of them adds up rows."""
_FROM = re.compile(r"^FROM ", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Wide:
    """A query for one set of values, or for many. Its arguments: what the clock gives, then the sets."""

    sql: str
    values: tuple[str, ...]
    clock: tuple[str, ...]
    """Which of now, day and month come first."""
    writes: bool
    pick: Callable[[Mapping[str, Any]], tuple[Any, ...]]
    """A set's values in order."""

    def sort(self, batch: Sequence[Mapping[str, Any]], rows: Sequence[Row]) -> list[list[Row]]:
        """What the form for many returned, for each set."""
        return told_apart(batch, rows, by_account=self.writes)


@cache
def narrow(name: str) -> Wide:
    """A query for one set of values. Values have numbers: by name the driver takes twice the time."""
    statement = statements()[name]
    clock = _clock(statement)
    at = {value: f"?{number}" for number, value in enumerate((*clock, *statement.values), 1)}
    sql = VALUE.sub(lambda found: at[found[1]], statement.sql)
    return Wide(sql, statement.values, clock, statement.writes, _picker(statement.values))


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
    sql = f"WITH v(place, {names}) AS (VALUES {rows})\n{body}"
    return Wide(sql, statement.values, clock, statement.writes, _picker(statement.values))


def pieces(count: int) -> Iterator[int]:
    """So many sets, as the sizes that there are forms for; what is left over one by one."""
    for size in SIZES:
        while count >= size:
            yield size
            count -= size
    yield from (1,) * count


def _clock(statement: Statement) -> tuple[str, ...]:
    """Which of now, day and month a query asks for."""
    used = set(VALUE.findall(statement.sql))
    return tuple(name for name in CLOCK if name in used)


def _picker(names: tuple[str, ...]) -> Callable[[Mapping[str, Any]], tuple[Any, ...]]:
    if len(names) > 1:
        return itemgetter(*names)
    return lambda values: tuple(values[name] for name in names)


def _numbers(place: int, before: int, width: int) -> str:
    first = before + place * width + 1
    return f"({place}, {', '.join(f'?{number}' for number in range(first, first + width))})"


def _body(sql: str, statement: Statement) -> str:
    if statement.name in ONE_ROW_EACH:
        return _FROM.sub("FROM v CROSS JOIN ", sql.replace("SELECT", "SELECT v.place,", 1), count=1)
    return written_for_many(sql, "v", " WHERE true") if "account_id" in statement.values else ""
