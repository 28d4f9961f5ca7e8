"""`python -m chaos`: rounds of faults against real processes, and what came of it. `make chaos` runs it."""

import argparse
import asyncio
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table

from chaos.checker import Terms, Violation
from chaos.cluster import Cluster, Shape, running
from chaos.journal import shown
from chaos.rounds import Round, Tally

out = Console(highlight=False, soft_wrap=True)
MOST_SHOWN = 12


def main() -> int:
    """The exit status: 1 when a promise was broken."""
    parser = argparse.ArgumentParser(prog="chaos", description=__doc__)
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--store", choices=["sqlite", "postgres"], default="sqlite")
    parser.add_argument("--nodes", type=int, help="default: 3 with postgres, else 1")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--first", type=int, default=1, help="the number of the first round, to repeat one")
    parser.add_argument("--pooler", action="store_true", help="pgbouncer in transaction mode before PostgreSQL")
    parser.add_argument("--free", type=int, default=15, help="free requests a month")
    asked = parser.parse_args()
    nodes = asked.nodes or (3 if asked.store == "postgres" else 1)
    shape = Shape(asked.store, nodes, Terms(free=asked.free, price=6_000, slots=3), pooler=asked.pooler)
    return asyncio.run(run(shape, asked.seed, range(asked.first, asked.first + asked.rounds)))


async def run(shape: Shape, seed: int, numbers: Sequence[int]) -> int:
    """Play these rounds and tell of them."""
    folder, tally, began = Path(tempfile.mkdtemp(prefix="clipmeter-chaos-")), Tally(), time.monotonic()
    out.print(f"[bold]chaos[/bold] on {shape.store} with {shape.nodes} nodes, seed {seed}, in {folder}")
    async with running(shape, folder) as cluster:
        for number in numbers:
            await one(cluster, tally, seed, number)
    tell(tally, time.monotonic() - began)
    return 1 if tally.violations else 0


async def one(cluster: Cluster, tally: Tally, seed: int, number: int) -> None:
    """One round, told in a line."""
    began, before = time.monotonic(), tally.requests
    played = Round(cluster, tally, seed, number, cluster.folder)
    found = await played.play()
    faults = " ".join(f"{fault.kind}@{fault.node}" for fault in played.faults) or "none"
    verdict = f"[red]{len(found)} violations[/red]" if found else "[green]clean[/green]"
    took = time.monotonic() - began
    out.print(f"{number:4}  {took:4.1f} s  {tally.requests - before:5} requests  {verdict}  [dim]{faults}[/dim]")
    for violation in found[:MOST_SHOWN]:
        show(violation, seed, number)


def show(violation: Violation, seed: int, number: int) -> None:
    """All that helps to understand it."""
    out.print(f"[red]{violation.invariant}[/red] {violation.what}  (seed {seed}, round {number}, {violation.account})")
    for line in violation.lines[:MOST_SHOWN]:
        out.print(f"    {shown(line)}", markup=False)
    for row in violation.rows[:MOST_SHOWN]:
        out.print(f"    {row}", markup=False)


def tell(tally: Tally, seconds: float) -> None:
    """The report."""
    table = Table("what", "how many", title=f"{tally.rounds} rounds in {seconds:.0f} s")
    table.columns[1].justify = "right"
    rows = {"requests": tally.requests, "posted": tally.posted, "replays": tally.replays, **tally.statuses}
    for name, value in rows.items():
        table.add_row(name, f"{value:,}")
    for name, count in sorted(tally.faults.items()):
        table.add_row(f"fault: {name}", f"{count:,}")
    table.add_row("node killed to requests ended, p50 p99 max", spread(tally.expiries))
    table.add_row("node killed to slots used again, p50 p99 max", spread(tally.recoveries))
    table.add_row("at rest after healing, p50 p99 max", spread(tally.rests))
    table.add_row("violations", f"{len(tally.violations):,}")
    out.print(table)


def spread(seconds: Sequence[float]) -> str:
    """The middle, the 99th of a hundred and the longest."""
    if len(seconds) < 2:
        return " ".join(f"{value:.2f} s" for value in seconds) or "none"
    hundredths = statistics.quantiles(seconds, n=100, method="inclusive")
    return f"{hundredths[49]:.2f} {hundredths[98]:.2f} {max(seconds):.2f} s of {len(seconds)}"


if __name__ == "__main__":
    sys.exit(main())
