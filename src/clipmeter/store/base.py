"""What the ledger asks of a database, whichever one it is.

Rule 1: an operation is written once, as a plan: a generator that yields queries and is sent their rows.
Rule 2: a plan runs in one transaction. When it raises, nothing of it happened; its caller gets the exception.
Rule 3: nobody is told of a result before it is durable.
Rule 4: a driver's own errors never show: they become `ServiceUnavailable` or `BillingError`, with `__cause__`.
"""

import asyncio
from collections.abc import Callable, Generator, Mapping, Sequence
from functools import wraps
from types import MappingProxyType
from typing import Any, Generic, NamedTuple, ParamSpec, Protocol, TypeAlias, TypeVar

from clipmeter.errors import ServiceUnavailable

T = TypeVar("T")
P = ParamSpec("P")
Row: TypeAlias = tuple[Any, ...]
NOTHING: Mapping[str, Any] = MappingProxyType({})


class Query(NamedTuple):
    """One of the named queries in store/queries with its values.

    Several names joined by `+` are asked about the same values, in one round trip where the database can. They return
    no rows, and no two of them may touch the same table.

    The driver adds `now` (micro-seconds since 1970), `day` and `month`: UTC, by the database's clock, the same for all
    queries of a transaction.
    """

    name: str
    values: Mapping[str, Any] = NOTHING


class Many(NamedTuple):
    """One query for several sets of values, which must not touch the same row: the rows of all of them, in no order."""

    name: str
    batch: Sequence[Mapping[str, Any]]


class Lock(NamedTuple):
    """The first thing yielded by a plan that moves an account's money: until its end nobody else moves it.

    It has no rows.
    """

    account_id: str


Step: TypeAlias = Query | Many | Lock
Steps: TypeAlias = Generator[Step, list[Row], T]


class Plan(Generic[T]):
    """An operation on the database that can be run, and run again after everything of it was undone.

    Within another plan, `yield from` makes it a part of that one.
    """

    __slots__ = ("_args", "_function", "_kwargs")

    def __init__(self, function: Callable[..., Steps[T]], args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> None:
        self._function, self._args, self._kwargs = function, args, kwargs

    def __iter__(self) -> Steps[T]:
        """Its steps, from the beginning."""
        return self._function(*self._args, **self._kwargs)


def plan(function: Callable[P, Steps[T]]) -> Callable[P, Plan[T]]:
    """Make a plan of a function that yields its steps."""

    @wraps(function)
    def made(*args: P.args, **kwargs: P.kwargs) -> Plan[T]:
        return Plan(function, args, kwargs)

    return made


class CommitUnknown(ServiceUnavailable):
    """The database failed while saving; whether it was saved is not known yet."""


class NewerSchema(ServiceUnavailable):
    """This database was written by a newer version of clipmeter; use that version or a newer one."""


def refuse_newer(have: int, newest: int) -> None:
    """Raise NewerSchema when a database has a schema beyond what this version knows."""
    if have > newest:
        raise NewerSchema(
            f"This database has schema {have}, this clipmeter knows up to {newest}: "
            "it was written by a newer version; use that version or a newer one."
        )


class OlderSchema(ServiceUnavailable):
    """This database has an older schema; run `clipmeter migrate`."""


def lost(ours: Exception, kind: type[ServiceUnavailable]) -> ServiceUnavailable:
    """An error for one of those whose transaction was lost; one each, since a raised error belongs to its raiser."""
    problem = kind(sign=ours.sign if isinstance(ours, ServiceUnavailable) else repr(ours))
    problem.__cause__ = ours.__cause__ or ours
    return problem


class Redo(Exception):
    """A plan of a transaction that several share raised after it had written: all of it must be undone.

    Then each of the plans is run anew in a transaction of its own. Refusals come before the first write, so it is rare.
    """


class Store(Protocol):
    """A database that keeps the four rules."""

    async def open(self) -> None:
        """Make the database if there is none. Raises OlderSchema, NewerSchema, ServiceUnavailable."""

    @property
    def is_open(self) -> bool:
        """Whether it was opened and not closed."""

    async def migrate(self) -> tuple[int, int]:
        """Bring the schema up to date; before and after. The store need not be open. Raises as `open` does."""

    async def schema(self) -> tuple[int, int]:
        """The schema that the database has, 0 for none yet, and the newest. Changes nothing, and need not be open.

        Raises NewerSchema, ServiceUnavailable.
        """

    async def close(self) -> None:
        """Finish what was submitted, then let go of the database."""

    def submit(self, plan: Plan[T]) -> asyncio.Future[T]:
        """Start to run a short plan that may write; it goes on whatever happens to the caller or to the future."""

    async def write(self, plan: Plan[T]) -> T:
        """The durable result of a plan of any length that may write. Cancelling the caller does not stop the plan."""

    async def read(self, plan: Plan[T]) -> T:
        """The result of a short plan that only reads, from one snapshot that has every write that returned before."""

    async def survey(self, plan: Plan[T]) -> T:
        """The same for a long plan: others are not kept waiting."""

    def saved(self) -> tuple[int, int]:
        """Transactions that were committed since `open`, and plans in them."""

    async def join(self) -> str:
        """A new id for this process as a node, known to the others as alive until `leave` or the end of the process."""

    async def leave(self, node_id: str) -> None:
        """Stop being that node, or forget a dead one."""

    async def dead(self, node_ids: Sequence[str]) -> list[str]:
        """Those of the nodes whose process has ended, or may be treated so."""

    def lease(self, node_id: str) -> float:
        """Seconds for which this node is surely not among the dead; 0 or less: it may be."""
