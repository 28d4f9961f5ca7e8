"""A month's end over many accounts, killed (kill -9) before, during and after each of its steps.

Each run is a process of its own that dies at one step; the next one goes on and dies at another. After the last death
`clipmeter invoices run --month` finishes the month. Then there must be exactly one invoice for each account, here and
at Stripe (a look-alike in a process of its own), each card charged once at most, and every account's sums equal to its
ledger to the micro-dollar. The same command again must change nothing, and ask Stripe nothing.

    python bench/monthend.py --accounts 200 --store sqlite --store postgres
"""

import argparse
import asyncio
import json
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

import postgres
from fauxstripe.running import started
from monthend import check, die_at, environ, every_kill, prepare, snapshot

out = Console()


@contextmanager
def database(store: str, folder: Path) -> Iterator[str]:
    """A new one; it ends with the block."""
    if store == "sqlite":
        yield str(folder / "clipmeter.db")
        return
    server = postgres.started()
    try:
        yield server.new_database()
    finally:
        postgres.thrown_away(server)


def sure(holds: bool, what: str) -> None:
    """Ends the drill unless it holds."""
    if not holds:
        sys.exit(f"not so: {what}")


def command(env: dict[str, str], *words: str) -> Any:  # noqa: ANN401 - JSON
    """What `clipmeter` says with --json."""
    done = subprocess.run(
        [sys.executable, "-m", "clipmeter", *words, "--json"], env=env, capture_output=True, text=True, check=False
    )
    if done.returncode:
        sys.exit(f"clipmeter {' '.join(words)}: {done.stderr or done.stdout}")
    return json.loads(done.stdout)


def drill(store: str, accounts: int, seed: int) -> dict[str, Any]:
    """One store: what came of it."""
    dice = random.Random(seed)  # noqa: S311 - no secret
    with tempfile.TemporaryDirectory() as name, started() as fake, database(store, Path(name)) as where:
        month = asyncio.run(prepare(where, fake, accounts, dice))
        if where.startswith("postgresql:"):
            asyncio.run(_migrated(where))
        fake.control("charging", at_once=False)  # so that the card is asked by us, a step of its own
        begin, deaths, missed = time.monotonic(), [], []
        for kill in every_kill(dice):
            (deaths if die_at(where, fake, month, kill) else missed).append(kill)
            out.print(
                f"{store}: {len(deaths)} deaths; last at {kill.step}, {kill.when}, number {kill.nth}   ", end="\r"
            )
        env = environ(where, fake, Path(name) / "home")
        (last,) = command(env, "invoices", "run", "--month", month)
        sums = asyncio.run(check(where, fake, month))
        before = asyncio.run(snapshot(where, fake))
        (again,) = command(env, "invoices", "run", "--month", month)
        sure(again["made"] == 0, "the second run made an invoice")
        sure(asyncio.run(snapshot(where, fake)) == before, "the second run changed something")
        sure(command(env, "invoices", "verify") == [], "invoices verify")
        sure(command(env, "ledger", "verify") == [], "ledger verify")
        replayed = sum(call["replayed"] for call in fake.control("requests"))
        return {
            "store": store,
            "month": month,
            "deaths": len(deaths),
            "steps": sorted({f"{kill.step} {kill.when}" for kill in deaths}),
            "missed": [asdict(kill) for kill in missed],
            "unsent_after": len(last["unsent"]),
            "calls": before["calls"],
            "replayed": replayed,
            "seconds": round(time.monotonic() - begin, 1),
            **asdict(sums),
        }


async def _migrated(where: str) -> None:
    from clipmeter.store.postgres import PostgresStore  # noqa: PLC0415 - asyncpg is not always there

    await PostgresStore(where).migrate()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--accounts", type=int, default=200)
    parser.add_argument("--store", action="append", choices=["sqlite", "postgres"])
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path)
    given = parser.parse_args()
    results = [drill(store, given.accounts, given.seed) for store in given.store or ["sqlite"]]
    table = Table("", *(result["store"] for result in results), box=None)
    for name in results[0]:
        if name not in {"store", "steps"}:
            table.add_row(name, *(str(result[name]) for result in results))
    out.print(table)
    if given.out:
        given.out.write_text(json.dumps(results, indent=2) + "\n")
    if any(result["missed"] for result in results):
        sys.exit("some deaths did not happen: the month was done before")


if __name__ == "__main__":
    main()
