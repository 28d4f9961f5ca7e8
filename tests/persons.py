"""People on either store, with passwords that are quick to hash. For tests."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing

import apsw
from argon2 import PasswordHasher
from argon2.profiles import RFC_9106_LOW_MEMORY as SLOW

from bank import SECRET, store_at
from clipmeter.billing.passwords import Passwords
from clipmeter.billing.people import House, People

QUICK = {"time_cost": 1, "memory_cost": 8, "parallelism": 1}
REAL = {"time_cost": SLOW.time_cost, "memory_cost": SLOW.memory_cost, "parallelism": SLOW.parallelism}
SITE = "https://clips.example.org"
GOOD = "correct horse battery"
BETTER = "another horse, another battery"


def quick(**cost: int) -> Passwords:
    """Hashes as cheaply as can be, or at this cost."""
    return Passwords(PasswordHasher(**{**QUICK, **cost}))


@asynccontextmanager
async def people_at(where: str, *, sign_up: str = "open", mails: bool = False, **cost: int) -> AsyncIterator[People]:
    """Open. `where`: a file, or the address of a PostgreSQL database; `cost`: of a hash, if not the least there is."""
    store = store_at(where)
    await store.open()
    try:
        yield People(store, SECRET, House(sign_up, SITE, mails), quick(**cost))
    finally:
        await store.close()


async def dump(where: str) -> str:
    """All that the tables of people hold, as text."""
    tables = (
        "accounts",
        "api_keys",
        "sessions",
        "tokens",
        "invites",
        "attempts",
        "identities",
        "messages",
        "request_log",
    )
    selects = [f"SELECT * FROM {table}" for table in tables]  # noqa: S608 - our own names
    if where.startswith("postgresql:"):
        import asyncpg  # noqa: PLC0415 - not always there

        connection = await asyncpg.connect(where)
        try:
            return str([[tuple(row) for row in await connection.fetch(select)] for select in selects])
        finally:
            await connection.close()
    with closing(apsw.Connection(where)) as raw:
        return str([list(raw.execute(select)) for select in selects])
