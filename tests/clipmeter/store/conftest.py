"""What tests of the store share."""

import asyncpg
import pytest

from clipmeter.store.postgres import PostgresStore


@pytest.fixture
async def connection(database_url):
    """The driver's own connection to a database with our tables."""
    async with PostgresStore(database_url):
        connection = await asyncpg.connect(database_url)
        yield connection
        await connection.close()
