"""A real ledger on a real SQLite file."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from uuid import uuid4

import pytest

from clipmeter.billing.accounts import Accounts
from clipmeter.billing.keys import Caller, Keys
from clipmeter.billing.ledger import Hold, Ledger, LedgerRow, Terms
from clipmeter.store.sqlite import SqliteStore

VIDEO = "tiktok/video"
SEARCH = "tiktok/videos"
TERMS = {VIDEO: Terms(6_000, 50, 3), SEARCH: Terms(10_000, 5, 2)}


@dataclass
class Bank:
    """Everything that touches money, wired as the app does it."""

    path: Path
    terms: dict[str, Terms] = field(default_factory=lambda: dict(TERMS))
    hold_seconds: float = 60.0
    store_type: type[SqliteStore] = SqliteStore

    async def open(self):
        self.store = self.store_type(self.path)
        await self.store.open()
        self.keys = Keys(self.store, "a secret of thirty-two characters")
        self.accounts = Accounts(self.store, self.keys)
        self.ledger = Ledger(self.store, self.terms, hold_seconds=self.hold_seconds)
        await self.ledger.start()
        return self

    async def close(self):
        await self.ledger.stop()
        await self.store.close()

    async def crash(self):
        """End as a killed process does: nothing is given back, only the kernel's locks go."""
        self.ledger._sweeper.cancel()
        await self.store.close()

    async def caller(self, *, payment="none", kind="user", mode="live") -> Caller:
        made = await self.accounts.create(f"{uuid4().hex}@example.com", payment=payment, kind=kind)
        return await self.keys.find(made.key if mode == "live" else made.test_key)

    async def admit(self, caller, endpoint=VIDEO, *, video_id="7516594811734854943", within=0.0) -> Hold:
        return await self.ledger.admit(caller, endpoint, video_id=video_id, request_id=uuid4().hex, within=within)

    async def succeed(self, caller, times=1, endpoint=VIDEO):
        for _ in range(times):
            await self.ledger.post(await self.admit(caller, endpoint))

    async def rows(self, caller, *states) -> list[LedgerRow]:
        return [row async for row in self.ledger.show(caller.account_id) if not states or row.state in states]

    async def nothing_reserved(self, caller):
        """Wait until what was cancelled is given back."""
        async with asyncio.timeout(5):
            while await self.rows(caller, "reserved"):  # noqa: ASYNC110 - nobody tells when
                await asyncio.sleep(0.005)


@pytest.fixture
async def bank(tmp_path) -> AsyncIterator[Bank]:
    bank = await Bank(tmp_path / "clipmeter.db").open()
    yield bank
    try:
        assert await bank.ledger.verify() == []
    finally:
        await bank.close()


@pytest.fixture
def new_bank(tmp_path):
    """A bank that is not open yet; more than one may share the file."""
    return lambda **options: Bank(tmp_path / "clipmeter.db", **options)
