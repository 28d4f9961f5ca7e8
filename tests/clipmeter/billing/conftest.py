"""Real ledgers: on a SQLite file of the test's own, and in a PostgreSQL database of its own."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from bank import Bank
from clipmeter.store.postgres import PostgresStore
from postgres import database_of

STORES = ["sqlite", "postgres"]


@pytest.fixture(scope="session")
def template(postgres):
    """An empty PostgreSQL database with the schema, to copy."""
    url = postgres.new_database()

    async def migrate():
        store = PostgresStore(url)
        await store.open()
        await store.close()

    asyncio.run(migrate())
    return database_of(url)


@pytest.fixture(params=STORES)
def where(request, tmp_path):
    """A new database: a file that is not there yet, or the address of one in PostgreSQL."""
    if request.param == "sqlite":
        yield str(tmp_path / "clipmeter.db")
        return
    server = request.getfixturevalue("postgres")
    url = server.new_database(request.getfixturevalue("template"))
    yield url
    server.drop_database(url)


@pytest.fixture
def on_sqlite(where):
    """Whether it is a file."""
    return not where.startswith("postgresql:")


@pytest.fixture
def new_bank(where):
    """A bank that is not open yet; more than one may share the database."""
    return lambda **options: Bank(where, **options)


@pytest.fixture
async def bank(new_bank) -> AsyncIterator[Bank]:
    bank = await new_bank().open()
    yield bank
    try:
        assert await bank.ledger.verify() == []
    finally:
        await bank.close()
