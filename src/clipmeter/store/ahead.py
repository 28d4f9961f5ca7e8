"""What a plan asks and what it writes as one function of PostgreSQL, for many sets of values in one round trip.

    lock the accounts; read the facts of each anew; where they are as expected, write; say where that was so

It is a function and no query, since only within one each step sees what was committed while the step before waited for
a lock. It belongs to the connection and goes with it, so each version has its own.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from clipmeter.store.base import Row
from clipmeter.store.lifting import LOCK, array, as_columns, kind_of, of_row
from clipmeter.store.named import VALUE, Statement, named
from clipmeter.store.together import written_for_many

_CLOCK = {"now": "its_now", "day": "its_today", "month": "its_this_month"}
_SPLIT, _NULL = "\x1d", "\x1c"
"""Between facts, and for one that is null: others than those between sets of values."""
_FUNCTION = """CREATE OR REPLACE FUNCTION {name}({takes}) RETURNS SETOF bigint LANGUAGE plpgsql
SET plan_cache_mode = force_generic_plan SET enable_seqscan = off AS $ahead$
#variable_conflict use_column
DECLARE
    its_now bigint;
    its_today text;
    its_this_month text;
BEGIN
IF $2 <> 0 THEN
    PERFORM set_config('clipmeter.shift', $2::text, true);
END IF;
PERFORM {lock};
its_now := clock_micros();
its_today := utc_day(its_now);
its_this_month := left(its_today, 7);
FOR this_turn IN 1..$1 LOOP
RETURN QUERY WITH v AS MATERIALIZED (
SELECT given.* FROM unnest({arrays}) WITH ORDINALITY AS given({columns}, place)
CROSS JOIN LATERAL (
{asked}
OFFSET 0
) AS f({facts})
WHERE given.its_turn = this_turn AND {told} = given.its_expected
),
{parts}
SELECT v.place FROM v;
END LOOP;
END $ahead$"""
"""The plans are made once, whatever the values are, and from when the tables were small: hence the two settings."""


@dataclass(frozen=True, slots=True)
class Form:
    """What is asked for and written: names of queries, of which `written` may be several joined by `+`."""

    asked: str
    facts: int
    """How many columns `asked` has; the last is the time, and may be any."""
    written: str


@dataclass(frozen=True, slots=True)
class Function:
    """How to make it and call it."""

    create: str
    call: str
    columns: tuple[str, ...]
    """The values it takes for each set: those of the queries, what is `expected`, and the `turn`, from 1.

    Those of one turn are of different accounts; each turn sees what those before it wrote.
    """

    def arguments(self, batch: Sequence[Mapping[str, Any]], shift_micros: int) -> list[Any] | None:
        """For sets of values, and a clock that is shifted; None: a value cannot be sent so."""
        texts = as_columns(self.columns, batch)
        return texts and [max(values["turn"] for values in batch), shift_micros, *texts]


@cache
def function_of(form: Form) -> Function:
    """The function for a form; it returns the places of the sets, from 1, that were as expected."""
    (asked,), written = named(form.asked), named(form.written)
    columns = (*dict.fromkeys(value for query in (asked, *written) for value in query.values), "expected", "turn")
    number = {name: at for at, name in enumerate(columns, 3)}
    facts = [f"c{at}" for at in range(form.facts)]
    name = f"pg_temp.ahead_of_{form.written.replace('+', '_')}"
    create = _FUNCTION.format(
        name=name,
        takes=", ".join(["integer", "bigint", *("text" for _ in columns)]),
        lock=LOCK.format(array(number["account_id"], "text")),
        arrays=", ".join(array(at, "bigint" if name == "turn" else kind_of(name)) for name, at in number.items()),
        columns=", ".join(f"its_{name}" for name in columns),
        asked=of_row("given", asked),
        facts=", ".join(facts),
        told=f"array_to_string(ARRAY[{', '.join(f'{fact}::text' for fact in facts[:-1])}], E'\\x1d', E'\\x1c')",
        parts=",\n".join(_part(at, query) for at, query in enumerate(written)),
    )
    call = f"SELECT {name}({', '.join(f'${at}' for at in range(1, len(columns) + 3))})"
    return Function(VALUE.sub(lambda found: _CLOCK[found[1]], create), call, columns)


def expectation(facts: Row) -> str:
    """What a function is to expect: all but the time."""
    return _SPLIT.join([_NULL if fact is None else str(fact) for fact in facts[:-1]])


def _part(at: int, query: Statement) -> str:
    return f"part_{at} AS (\n{written_for_many(of_row('v', query), 'v')}\n)"
