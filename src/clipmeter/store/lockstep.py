"""Many plans in one transaction, step by step together: what they ask for at the same time is asked in one round trip.

    plans      a: Lock ─ facts ─ row ─────── usage
               b: Lock ─ facts ─ (refused)
               c: Lock ─ facts ─ row ─ begin ─ usage
    asked      1        1       1     1      1         round trips, however many plans

Rule 1: plans of one account take turns, in the order they came: each sees what those before it wrote.
Rule 2: a plan may be refused before it has written, not after. One that raises after its first write undoes the whole
transaction (`Redo`), and every plan of it is run anew alone.
"""

from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from typing import Any, TypeAlias

from clipmeter.errors import Problem
from clipmeter.store.base import Lock, Many, Plan, Query, Redo, Row, Step, Steps

Asked: TypeAlias = tuple[str, Sequence[Mapping[str, Any]], bool]
"""A query's name, sets of values, and whether whose rows are whose matters."""
Answers: TypeAlias = Sequence[list[Row]]
"""The rows of each set; of all together where it does not matter."""
Asking: TypeAlias = Generator[Asked, Answers, None]
"""Yields what to ask, and is sent the answers; who drives it waits in its own way."""


class Run:
    """A plan under way: its next step, or how it ended."""

    __slots__ = ("_steps", "account_id", "error", "plan", "result", "step", "wrote")

    def __init__(self, plan: Plan[Any]) -> None:
        self.plan = plan
        self.start()
        step = self.step
        self.account_id = step.account_id if isinstance(step, Lock) else ""
        """Whose money it moves; "" for nobody's."""

    def start(self) -> None:
        """From the beginning, whatever was before."""
        self._steps: Steps[Any] = iter(self.plan)
        self.step: Step | None = None
        self.result: Any = None
        self.error: Exception | None = None
        self.wrote = False
        self.go(None)

    def go(self, rows: list[Row] | None) -> None:
        """On to the next step, with the rows of this one."""
        try:
            self.step = next(self._steps) if rows is None else self._steps.send(rows)
        except StopIteration as stop:
            self.step, self.result = None, stop.value
        except Exception as error:  # noqa: BLE001 - its caller gets it
            self.step, self.error = None, error

    def past_lock(self) -> None:
        """The account is locked."""
        if isinstance(self.step, Lock):
            self.go([])


def turns(runs: Iterable[Run]) -> list[list[Run]]:
    """The runs in turns, each with one of every account at most."""
    by_turn: list[list[Run]] = []
    seen: dict[str, int] = {}
    for run in runs:
        turn = seen[run.account_id] = seen.get(run.account_id, -1) + 1
        if turn == len(by_turn):
            by_turn.append([])
        by_turn[turn].append(run)
    return by_turn


def take_turn(runs: Sequence[Run], writes: Callable[[str], bool]) -> Asking:
    """Run plans of different accounts to their ends. Raises Redo."""
    for run in runs:
        run.past_lock()
    while asked := _by_query(runs):
        for name, its in asked:
            wrote = writes(name)
            for run, rows in zip(its, (yield from _rows(name, its)), strict=True):
                run.wrote = run.wrote or wrote
                run.go(rows)
                if run.error and (run.wrote or not isinstance(run.error, Problem)):
                    raise Redo


def _by_query(runs: Sequence[Run]) -> list[tuple[str, list[Run]]]:
    """Who asks the same together; one who asks for many sets of values on its own."""
    asked: dict[str, list[Run]] = {}
    many: list[tuple[str, list[Run]]] = []
    for run in runs:
        step = run.step
        if isinstance(step, Query):
            asked.setdefault(step.name, []).append(run)
        elif isinstance(step, Many):
            many.append((step.name, [run]))
    return [*asked.items(), *many]


def _rows(name: str, its: Sequence[Run]) -> Generator[Asked, Answers, Answers]:
    first = its[0].step
    if isinstance(first, Many):
        return (yield name, first.batch, False)
    return (yield name, [run.step.values for run in its], True)  # type: ignore[union-attr] # all are queries
