"""The ledger as it lies in the database, read past all of clipmeter's code."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import apsw
import asyncpg

_ROWS = """
SELECT account_id, request_id, key_id, video_id, kind, state, reason, price_micros, month, day, admitted_at, ended_at
FROM requests WHERE account_id IN ({marks}) ORDER BY account_id, admitted_at
"""
_RESERVED = "SELECT COUNT(*) FROM requests WHERE state = 'reserved'"


@dataclass(frozen=True)
class Row:
    """One row of the ledger. Times are micro-seconds since 1970."""

    account_id: str
    request_id: str
    key_id: str
    video_id: str | None
    kind: str
    state: str
    reason: str
    price_micros: int
    month: str
    day: str
    admitted_at: int
    ended_at: int | None


class SqliteRows:
    """A ledger in a file."""

    def __init__(self, path: Path) -> None:
        self._path = path

    async def of(self, accounts: Sequence[str]) -> list[Row]:
        """The rows of these accounts."""
        marks = ", ".join("?" for _ in accounts)
        return [Row(*row) for row in await asyncio.to_thread(self._ask, _ROWS.format(marks=marks), tuple(accounts))]

    async def reserved(self) -> int:
        """How many requests hold a place."""
        return int((await asyncio.to_thread(self._ask, _RESERVED))[0][0])

    def _ask(self, sql: str, values: tuple[str, ...] = ()) -> list[tuple[Any, ...]]:
        connection = apsw.Connection(str(self._path), flags=apsw.SQLITE_OPEN_READONLY)
        connection.set_busy_timeout(5_000)
        try:
            return connection.execute(sql, values).fetchall()
        finally:
            connection.close()


class PostgresRows:
    """A ledger in PostgreSQL, by a way of its own."""

    def __init__(self, url: str) -> None:
        self._url = url

    async def of(self, accounts: Sequence[str]) -> list[Row]:
        """The rows of these accounts."""
        marks = ", ".join(f"${number}" for number in range(1, len(accounts) + 1))
        return [Row(*row.values()) for row in await self._ask(_ROWS.format(marks=marks), *accounts)]

    async def reserved(self) -> int:
        """How many requests hold a place."""
        return int((await self._ask(_RESERVED))[0][0])

    async def _ask(self, sql: str, *values: str) -> list[asyncpg.Record]:
        connection = await asyncpg.connect(self._url, timeout=10)
        try:
            rows: list[asyncpg.Record] = await connection.fetch(sql, *values, timeout=30)
            return rows
        finally:
            await connection.close()
