"""`python -m chaos`: rounds of faults against real processes, and what came of it. `make chaos` runs it."""

import argparse
import asyncio
import logging
import statistics
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table

from chaos.checker import Terms, Violation
from chaos.cluster import Cluster, Shape, StoreName, running
from chaos.faults import Script
from chaos.journal import shown
from chaos.mutants import MUTANTS
from chaos.rounds import Round, Tally

out = Console(highlight=False, soft_wrap=True)
MOST_SHOWN = 12


def main() -> int:
    """The exit status: 1 when a promise was broken."""
    logging.getLogger("asyncio").setLevel(logging.ERROR)  # it warns of writing to what was cut
    parser = argparse.ArgumentParser(prog="chaos", description=__doc__)
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--store", choices=["sqlite", "postgres"], default="sqlite")
    parser.add_argument("--nodes", type=int, help="default: 3 with postgres, else 1")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--first", type=int, default=1, help="the number of the first round, to repeat one")
    parser.add_argument("--pooler", action="store_true", help="pgbouncer in transaction mode before PostgreSQL")
    parser.add_argument("--free", type=int, default=5, help="free requests a month")
    parser.add_argument("--mutants", action="store_true", help="check that six deliberate bugs are caught instead")
    asked = parser.parse_args()
    if asked.mutants:
        return asyncio.run(mutation_check(asked.store, asked.seed))
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


async def mutation_check(store: StoreName, seed: int) -> int:
    """Run each bug's round with the bug and without; 1 when one was missed, or seen where there was none."""
    status = 0
    out.print(f"[bold]mutation check[/bold] on {store}, seed {seed}")
    for name, mutant in MUTANTS.items():
        found = await _broken(mutant.shape(store, name), mutant.script, seed)
        clean = await _broken(mutant.shape(store), mutant.script, seed)
        good = mutant.caught_by in found and not clean
        verdict = "[green]caught[/green]" if good else "[red]MISSED[/red]"
        seen = ", ".join(f"{invariant} x {count}" for invariant, count in sorted(found.items())) or "nothing"
        out.print(f"{name:24} {verdict} by {mutant.caught_by}; seen: {seen}; without the bug: {dict(clean) or 'clean'}")
        status |= not good
    return status


async def _broken(shape: Shape, script: Script, seed: int) -> Counter[str]:
    """How often which invariant was broken in a round of its own."""
    async with running(shape) as cluster:
        found = await Round(cluster, Tally(15.0), seed, 1, cluster.folder, script).play()
    return Counter(violation.invariant for violation in found)


async def one(cluster: Cluster, tally: Tally, seed: int, number: int) -> None:
    """One round, told in a line."""
    began, before = time.monotonic(), tally.requests
    played = Round(cluster, tally, seed, number, cluster.folder)
    found = await played.play()
    faults = " ".join(f"{fault.kind}@{fault.node}" for fault in played.what.faults) or "none"
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
    table.add_row("node killed to slots free, p50 p99 max", spread(tally.expiries))
    table.add_row("node killed to slots used, p50 p99 max", spread(tally.recoveries))
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
