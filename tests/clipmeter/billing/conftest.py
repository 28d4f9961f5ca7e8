"""Real ledgers: on a SQLite file of the test's own, and in a PostgreSQL database of its own."""

from collections.abc import AsyncIterator

import pytest

from bank import Bank


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
