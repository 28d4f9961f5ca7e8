"""Everything that touches money, wired as the app does it, on either store. For tests and measurements."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

import apsw

from clipmeter.billing.accounts import Accounts
from clipmeter.billing.keys import Caller, Keys
from clipmeter.billing.ledger import Hold, Ledger, LedgerRow, Terms
from clipmeter.billing.limits import SpendingLimits
from clipmeter.call import new_request_id
from clipmeter.store.base import Row
from clipmeter.store.heartbeat import STALE_SECONDS
from clipmeter.store.session import Session
from clipmeter.store.sqlite import SqliteStore

VIDEO = "tiktok/video"
SEARCH = "tiktok/videos"
TERMS = {VIDEO: Terms(6_000, 50, 3), SEARCH: Terms(10_000, 5, 2)}
SECRET = "a secret of thirty-two characters"


PATIENT = 60.0
"""Seconds of silence after which a process is dead, where that is not what is tested: a busy machine makes it wait."""


def store_at(where: str, **options: Any) -> Any:  # either store: with the clock that only tests shift
    """A store that is not open yet. `where`: a file, or the address of a PostgreSQL database, with its `options`."""
    if where.startswith("postgresql:"):
        from clipmeter.store.postgres import PostgresStore  # noqa: PLC0415 - asyncpg is not always there

        return PostgresStore(where, **{"stale_seconds": PATIENT, **options})
    return DoubtingStore(Path(where))


class DoubtingStore(SqliteStore):
    """The store on SQLite, which asks the database again what it recalls: it must be what that tells now.

    It says so when it is closed, since what fails before that is tried again.
    """

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self._stale: list[Any] = []

    def _connect(self, **options: Any) -> Session:
        session = super()._connect(**options)
        recalled = session._recalled

        def doubted(name: str, batch: Sequence[Mapping[str, Any]]) -> list[list[Row]]:
            found, told = recalled(name, batch), session._each(name, batch)
            self._stale += [pair for pair in zip(found, told, strict=True) if pair[0] != pair[1]]
            return found

        session._recalled = doubted  # type: ignore[method-assign]
        return session

    async def close(self) -> None:
        await super().close()
        assert not self._stale, self._stale


def hasty_store_at(where: str) -> Any:
    """The same for tests of death: as servers have it, a PostgreSQL node is dead after 2.5 seconds of silence."""
    return store_at(where, stale_seconds=STALE_SECONDS)


@dataclass
class Bank:
    """A ledger with its store, keys and accounts. `open` it; more than one may share a database."""

    where: str
    terms: dict[str, Terms] = field(default_factory=lambda: dict(TERMS))
    hold_seconds: float = 60.0
    store_of: Callable[[str], Any] = store_at

    async def open(self) -> "Bank":
        """Open the store and start the ledger."""
        self.store = self.store_of(self.where)
        await self.store.open()
        self.keys = Keys(self.store, SECRET)
        self.accounts = Accounts(self.store, self.keys)
        self.limits = SpendingLimits(self.store)
        self.ledger = Ledger(self.store, self.terms, hold_seconds=self.hold_seconds)
        await self.ledger.start()
        return self

    async def close(self) -> None:
        """Stop as the app does."""
        await self.ledger.stop()
        await self.store.close()

    async def crash(self) -> None:
        """End as a killed process does: nothing is given back, and the kernel's locks go."""
        for watch in (self.ledger._sweeper, self.ledger._lease_watch):
            if watch:
                watch.cancel()
        await self.store.close()

    async def caller(self, *, payment: str = "none", kind: str = "user", mode: str = "live") -> Caller:
        """A new account's."""
        made = await self.accounts.create(f"{uuid4().hex}@example.com", payment=payment, kind=kind)  # type: ignore[arg-type]
        return await self.keys.find(made.key if mode == "live" else made.test_key)

    async def admit(
        self, caller: Caller, endpoint: str = VIDEO, *, video_id: str = "7516594811734854943", within: float = 0.0
    ) -> Hold:
        """A reservation with a request id of its own."""
        hold = await self.ledger.admit(caller, endpoint, video_id=video_id, request_id=new_request_id(), within=within)
        assert isinstance(hold, Hold)
        return hold

    async def succeed(self, caller: Caller, times: int = 1, endpoint: str = VIDEO) -> None:
        """So many successes, one after another."""
        for _ in range(times):
            await self.ledger.post(await self.admit(caller, endpoint))

    async def rows(self, caller: Caller, *states: str) -> list[LedgerRow]:
        """The account's rows, or those in one of the states, oldest first."""
        return [row async for row in self.ledger.show(caller.account_id) if not states or row.state in states]

    async def raw(self, sql: str) -> None:
        """Do something to the database behind everybody's back."""
        if self.where.startswith("postgresql:"):
            import asyncpg  # noqa: PLC0415 - not always there

            connection = await asyncpg.connect(self.where)
            try:
                await connection.execute(sql)
            finally:
                await connection.close()
        else:
            with closing(apsw.Connection(self.where)) as raw:
                raw.execute(sql)

    async def nothing_reserved(self, caller: Caller, within: float = 30.0) -> None:
        """Wait until what was cancelled is given back."""
        async with asyncio.timeout(within):
            while await self.rows(caller, "reserved"):  # noqa: ASYNC110 - nobody tells when
                await asyncio.sleep(0.005)
