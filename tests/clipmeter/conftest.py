"""A new database of either kind, for tests that must hold on both."""

import asyncio

import pytest

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
