"""A database and accounts for a measurement, and what the books have of them afterwards; while no server runs."""

import argparse
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

import asyncpg

import postgres
from clipmeter.books import Books
from clipmeter.records.statistics import Statistics
from clipmeter.settings import Settings

AS_IT_COMES = {"shared_buffers": "128MB", "max_wal_size": "1GB"}
"""PostgreSQL's own settings, where those of the tests are smaller."""
LOG_FILES_SQL = """
SELECT pg_logical_emit_message(false, '', ''), pg_switch_wal()
FROM generate_series(1, 56)
"""
"""Uses up so many, of 16 MB each: nearly what `max_wal_size` lets it keep; half of them lie ready afterwards."""


@contextmanager
def database(options: argparse.Namespace) -> Iterator[str]:
    """The address of an empty database, as `store` and `database_url` say; "" for SQLite's usual place."""
    if options.store == "sqlite" or options.database_url:
        yield options.database_url
        return
    server = postgres.started(settings=AS_IT_COMES)
    try:
        yield server.new_database()
    finally:
        postgres.thrown_away(server)


async def renew_log_files(url: str) -> None:
    """Give PostgreSQL the files of its write-ahead log that it has once it has run for a while, to be written over.

    A new server makes each of them when it is due, 16 MB of zeros and a sync for which all who commit have to wait. It
    keeps as many as `max_wal_size` has room for: one that was under load for long made 63, and then no more.
    """
    connection = await asyncpg.connect(url)
    await connection.execute(LOG_FILES_SQL)
    await connection.execute("CHECKPOINT")
    await connection.close()


async def make_accounts(settings: Settings, count: int) -> list[str]:
    """So many accounts that pay by invoice, so that none stops at the end of its free requests; their live keys."""
    books = Books(settings)
    async with books.open():
        made = [await books.accounts.create(f"bench{number}@example.org", payment="invoice") for number in range(count)]
    return [account.key for account in made]


async def posted(settings: Settings) -> int:
    """How many rows of the ledger are successes, counted one by one."""
    books = Books(settings)
    async with books.open():
        return len([row async for row in books.ledger.show() if row.state == "posted"])


async def logged(settings: Settings, keys: list[str]) -> int:
    """How many requests of the accounts with these live keys the request log has seen, by its sums."""
    books = Books(settings)
    async with books.open():
        statistics = Statistics(books.records)
        accounts = [(await books.keys.find(key)).account_id for key in keys]
        days = [await statistics.daily(account_id, date.min, date.max) for account_id in accounts]
    return sum(day.requests for its in days for day in its)
