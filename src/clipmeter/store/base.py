"""What the ledger asks of a database, whichever one it is.

Rule 1: an operation is written once, as a plan: a generator that yields `Query`s and is sent their rows.
Rule 2: a plan runs in one transaction. When it raises, nothing of it happened; its caller gets the exception.
Rule 3: nobody is told of a result before it is durable.
Rule 4: a driver's own errors never show: they become `ServiceUnavailable` or `BillingError`, with `__cause__`.
"""

import asyncio
from collections.abc import Generator, Iterable, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple, Protocol, TypeAlias, TypeVar

from clipmeter.errors import ServiceUnavailable

T = TypeVar("T")
Row: TypeAlias = tuple[Any, ...]
NOTHING: Mapping[str, Any] = MappingProxyType({})


class Query(NamedTuple):
    """One of the named queries in store/queries with its values.

    The driver adds `now` (micro-seconds since 1970), `day` and `month`: UTC, by the database's clock, the same for all
    queries of a transaction.
    """

    name: str
    values: Mapping[str, Any] = NOTHING


Plan: TypeAlias = Generator[Query, list[Row], T]


class CommitUnknown(ServiceUnavailable):
    """The database failed while saving; whether it was saved is not known yet."""


class NewerSchema(ServiceUnavailable):
    """This database was written by a newer version of clipmeter; use that version or a newer one."""


class Store(Protocol):
    """A database that keeps the four rules."""

    async def open(self) -> None:
        """Make the database if there is none, bring its schema up to date. Raises NewerSchema, ServiceUnavailable."""

    async def close(self) -> None:
        """Finish what was submitted, then let go of the database."""

    def submit(self, plan: Plan[T]) -> asyncio.Future[T]:
        """Start to run a plan that may write; it goes on whatever happens to the caller or to the future."""

    async def write(self, plan: Plan[T]) -> T:
        """The result of a plan that may write, once it is durable. Cancelling the caller does not stop the plan."""

    def read(self, plan: Plan[T]) -> T:
        """The result of a short plan that only reads, from one snapshot that has every write that returned before."""

    async def survey(self, plan: Plan[T]) -> T:
        """The same for a long plan: others are not kept waiting."""

    def join(self) -> str:
        """A new id for this process as a node, known to the others as alive until `leave` or the end of the process."""

    def leave(self, node_id: str) -> None:
        """Stop being that node, or forget a dead one."""

    def dead(self, node_ids: Iterable[str]) -> list[str]:
        """Those of the nodes whose process has ended, for certain."""
