"""Plans that are run ahead of the database, on facts that it has told before.

A plan that asks for facts and then writes takes four round trips. But what an account may do seldom changes from one
request to the next. So the plan is run here on the facts as they were told last, and if they are still so, what it
wrote is written: `ahead.py` asks that under the lock, in the transaction that writes.

Nothing is decided that the plan does not decide, and nothing on facts that are not true at that moment. Where they are
not, nothing is written, and the plan is run in the usual way, which tells the new facts. Only those that were the same
twice are taken for granted: what changes with each request would never fit.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from clipmeter.store.ahead import Form, expectation
from clipmeter.store.base import Query, Row
from clipmeter.store.lockstep import Run
from clipmeter.store.named import named

FORESEEABLE = frozenset(("admit_facts",))
"""Queries for the facts of one account, in one row; the last column is the time, which is never the same."""
STEADY = 2
"""So many times in a row facts must have been the same to be taken for granted."""
MOST = 20_000
"""Facts that are remembered; those that were told first are forgotten first."""


@dataclass(slots=True)
class Guess:
    """A run that has ended on remembered facts."""

    run: Run
    form: Form
    values: dict[str, Any]
    """For the function of the form."""


@dataclass(frozen=True, slots=True)
class _Known:
    row: Row
    text: str
    times: int
    """In a row."""


class Foresight:
    """The facts that were told last, for all connections of a store."""

    def __init__(self) -> None:
        self._known: dict[tuple[Any, ...], _Known] = {}

    def remember(self, name: str, batch: Sequence[Mapping[str, Any]], found: Sequence[list[Row]]) -> None:
        """What the database told of each set of values."""
        for values, rows in zip(batch, found, strict=True):
            key = (name, *values.values())
            before = self._known.pop(key, None)
            if rows:
                text = expectation(rows[0])
                times = before.times + 1 if before and before.text == text else 1
                self._known[key] = _Known(rows[0], text, times)
        while len(self._known) > MOST:
            del self._known[next(iter(self._known))]

    def guesses(self, runs: Iterable[Run]) -> dict[Form, list[Guess]]:
        """Those of the runs that can be run ahead, each at its end; the others stand at their beginning."""
        made: dict[Form, list[Guess]] = {}
        turns: dict[tuple[Form, str], int] = {}
        left: set[str] = set()
        for run in runs:
            guess = self._guess(run) if run.account_id and run.account_id not in left else None
            if guess is None:
                left.add(run.account_id)  # what comes after it for the same account keeps its place
                continue
            place = guess.form, run.account_id
            guess.values["turn"] = turns[place] = turns.get(place, 0) + 1
            made.setdefault(guess.form, []).append(guess)
        return made

    def _guess(self, run: Run) -> Guess | None:
        run.past_lock()
        asked = run.step
        known = self._told(asked) if isinstance(asked, Query) else None
        if isinstance(asked, Query) and known:
            run.go([known.row])
            written = run.step
            if isinstance(written, Query) and _only_writes(written.name):
                run.go([])
                values = {**asked.values, **written.values, "expected": known.text}
                if run.step is None and run.error is None and asked.values.items() <= values.items():
                    return Guess(run, Form(asked.name, len(known.row), written.name), values)
        run.start()
        return None

    def _told(self, asked: Query) -> _Known | None:
        known = self._known.get((asked.name, *asked.values.values())) if asked.name in FORESEEABLE else None
        return known if known and known.times >= STEADY else None


@cache
def _only_writes(name: str) -> bool:
    return all(query.writes and "RETURNING" not in query.sql for query in named(name))
