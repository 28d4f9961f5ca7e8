"""People on either store, with passwords that are quick to hash. For tests."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from argon2 import PasswordHasher

from bank import SECRET, store_at
from clipmeter.billing.passwords import Passwords
from clipmeter.billing.people import House, People

QUICK = {"time_cost": 1, "memory_cost": 8, "parallelism": 1}
GOOD = "correct horse battery"
BETTER = "another horse, another battery"


@asynccontextmanager
async def people_at(where: str, *, secret: str = SECRET, **house: str | bool) -> AsyncIterator[People]:
    """Open. `where`: a file, or the address of a PostgreSQL database."""
    store = store_at(where)
    await store.open()
    try:
        yield People(store, secret, House(**house), Passwords(PasswordHasher(**QUICK)))
    finally:
        await store.close()
