"""The project's benchmark: `make bench`. Interleaved rounds, medians, CPU time from the OS, ratios within one run.

    python bench/run.py [--rounds N] [--per-round N] [--page FILE --url URL] [--out FILE]

Contestants are processes that speak the line protocol of bench/README.md; the same page goes to each in turn, so that
drift of the machine hits all alike. Without --page, the page is one that the emulator serves.
"""

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path

HERE = Path(__file__).parent
TICKS = os.sysconf("SC_CLK_TCK")
EXAMPLE = "7516594811734854943"
COLD_RUNS = 15


@dataclass
class Contestant:
    """One worker process and what was measured of it."""

    name: str
    command: list[str]
    environ: dict[str, str]
    walls: list[float] = field(default_factory=list)
    cpu: float = 0.0
    answer: bytes = b""

    def start(self) -> None:
        """Start the worker and wait until it answers."""
        self.process = subprocess.Popen(
            self.command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**os.environ, **self.environ},
        )
        self.ask("noop")

    def ask(self, line: str) -> float:
        """Seconds from the question to its answer."""
        assert self.process.stdin is not None and self.process.stdout is not None  # noqa: S101, PT018
        begun = time.perf_counter()
        self.process.stdin.write(line.encode() + b"\n")
        self.process.stdin.flush()
        self.answer = self.process.stdout.readline()
        if not self.answer:
            raise SystemExit(f"{self.name} died at: {line}")
        return time.perf_counter() - begun

    def round(self, line: str, times: int) -> None:
        """Measure one round."""
        before = self.cpu_seconds()
        self.walls += [self.ask(line) for _ in range(times)]
        self.cpu += self.cpu_seconds() - before

    def cpu_seconds(self) -> float:
        """User and system time of the process so far."""
        stat = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(stat[11]) + int(stat[12])) / TICKS

    def stop(self) -> None:
        """End the worker."""
        assert self.process.stdin  # noqa: S101
        self.process.stdin.close()
        self.process.wait(10)

    def figures(self) -> dict[str, float]:
        """Milliseconds."""
        walls = sorted(self.walls)
        return {
            "n": len(walls),
            "wall_ms_median": round(statistics.median(walls) * 1e3, 4),
            "wall_ms_p95": round(walls[int(len(walls) * 0.95)] * 1e3, 4),
            "wall_ms_min": round(walls[0] * 1e3, 4),
            "cpu_ms_mean": round(self.cpu / len(walls) * 1e3, 4),
        }


def main() -> None:
    """Measure, print a table, write the results."""
    options = read_options()
    with tempfile.TemporaryDirectory() as folder:
        page, url = (options.page, options.url) if options.page else emulated_page(Path(folder))
        environ = {"BENCH_URL": url, "BENCH_PAGE": str(page)}
        ours = Contestant("clipmeter", [sys.executable, str(HERE / "rival.py")], environ)
        theirs = Contestant("yt-dlp", [sys.executable, str(HERE / "ytdlp_worker.py")], environ)
        measure([ours, theirs], f"mem {page}", options.rounds, options.per_round)
        check_same(ours.answer, theirs.answer)
        results = {
            "machine": machine(),
            "page_bytes": Path(page).stat().st_size,
            "mem": {c.name: c.figures() for c in (ours, theirs)},
            "cold_parse": cold([str(Path(sys.executable).parent / "clipmeter"), "parse", str(page)]),
        }
    medians = {name: row["wall_ms_median"] for name, row in results["mem"].items()}
    results["ratio_mem"] = round(medians["yt-dlp"] / medians["clipmeter"], 1)
    Path(options.out).write_text(json.dumps(results, indent=1) + "\n", encoding="utf8")
    print_table(results, options.out)


def read_options() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=10, help="rounds, each contestant in turn")
    parser.add_argument("--per-round", type=int, default=20, help="questions per round")
    parser.add_argument("--page", help="a saved page instead of the emulator's")
    parser.add_argument("--url", help="that page's address")
    parser.add_argument("--out", default=str(HERE / "results.json"))
    options = parser.parse_args()
    if bool(options.page) != bool(options.url):
        parser.error("--page and --url go together")
    return options


def emulated_page(folder: Path) -> tuple[str, str]:
    """The documented example's page, as the emulator serves it."""
    from fauxtok.server import start  # noqa: PLC0415 - only this run needs it

    emulator = start()
    try:
        path = f"/@tiktok/video/{EXAMPLE}"
        body = urllib.request.urlopen(emulator.url + path, timeout=10).read()  # noqa: S310 - loopback http
    finally:
        emulator.stop()
    page = folder / "page.html"
    page.write_bytes(body)
    return str(page), f"https://www.tiktok.com{path}"


def measure(contestants: list[Contestant], line: str, rounds: int, per_round: int) -> None:
    """Warm up, then rounds in turn, with progress."""
    for contestant in contestants:
        contestant.start()
        for _ in range(per_round):
            contestant.ask(line)
    for done in range(rounds):
        for contestant in contestants:
            contestant.round(line, per_round)
        print(f"\rround {done + 1} of {rounds}", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)
    for contestant in contestants:
        contestant.stop()


def check_same(ours: bytes, theirs: bytes) -> None:
    """Both must have read the same post, or the figures mean nothing."""
    video, info = json.loads(ours)["video"], json.loads(theirs)
    for mine, other in (("video_id", "id"), ("play_count", "view_count"), ("author", "uploader")):
        if video[mine] != info[other]:
            raise SystemExit(f"not the same answer: {mine} is {video[mine]!r} here and {info[other]!r} there")


def cold(command: list[str]) -> dict[str, float]:
    """A fresh process per run; the first only warms the page cache."""
    walls = []
    for _ in range(COLD_RUNS + 1):
        begun = time.perf_counter()
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        walls.append(time.perf_counter() - begun)
    walls = sorted(walls[1:])
    return {
        "n": len(walls),
        "wall_ms_median": round(statistics.median(walls) * 1e3, 1),
        "wall_ms_max": round(walls[-1] * 1e3, 1),
    }


def machine() -> dict[str, str | int | None]:
    """Where this was measured."""
    return {
        "python": platform.python_version(),
        "cores": os.cpu_count(),
        "yt-dlp": version("yt-dlp"),
        "msgspec": version("msgspec"),
    }


def print_table(results: dict, out: str) -> None:
    """For a person."""
    print(f"a page of {results['page_bytes']:,} bytes in memory → JSON")
    print(f"  {'':12}{'median ms':>11}{'p95 ms':>10}{'CPU ms':>10}")
    for name, row in results["mem"].items():
        print(f"  {name:12}{row['wall_ms_median']:11.3f}{row['wall_ms_p95']:10.3f}{row['cpu_ms_mean']:10.3f}")
    print(f"  yt-dlp / clipmeter: {results['ratio_mem']}")
    print(f"clipmeter parse FILE, a fresh process: {results['cold_parse']['wall_ms_median']} ms median")
    print(f"written to {out}")


if __name__ == "__main__":
    main()
