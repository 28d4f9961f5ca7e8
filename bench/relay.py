"""How much memory the relay takes: many callers at once, each with a file of its own to read, slowly at first.

    python bench/relay.py [--callers N] [--stall SECONDS] [--most MB] [--out FILE]

Starts the emulator and `clipmeter serve` as processes of their own. Every caller takes the same 50 MB file by its relay
link: it reads a little, waits until all of them do (so that every buffer on the way is full), then reads to the end.
The server's peak of resident memory is the operating system's (VmHWM). Exit status 1 when it is over --most.
"""

import argparse
import asyncio
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

LARGE = "7473259209757307473"  # an id of the emulator whose best file has 50,662,826 bytes
FIRST = 100_000
BIT = 65_536


@dataclass
class Callers:
    """What the callers have seen together."""

    link: str
    stall: float
    to_begin: int
    all_reading: asyncio.Event = field(default_factory=asyncio.Event)
    bytes: int = 0
    wrong: list[str] = field(default_factory=list)

    async def one(self) -> None:
        """Take the file once."""
        parts = urlsplit(self.link)
        reader, writer = await asyncio.open_connection(parts.hostname, parts.port, limit=BIT)
        writer.write(f"GET {parts.path} HTTP/1.1\r\nHost: {parts.netloc}\r\nConnection: close\r\n\r\n".encode())
        head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
        size = int(head.partition("content-length: ")[2].partition("\r\n")[0])
        took = len(await reader.readexactly(FIRST))
        self.to_begin -= 1
        if not self.to_begin:
            self.all_reading.set()
        await asyncio.sleep(self.stall)
        while piece := await reader.read(BIT):
            took += len(piece)
        writer.close()
        self.bytes += took
        if " 200 " not in head or took != size:
            self.wrong.append(f"{head.splitlines()[0]}: {took} of {size} bytes")


def main() -> int:
    """Measure, print, write the results; the exit status."""
    options = read_options()
    with tempfile.TemporaryDirectory() as folder:
        emulator = started([sys.executable, "-m", "fauxtok", "--port", "0"], {})
        upstream = line_of(emulator).split()[-1]
        home = str(Path(folder) / "home")
        settings = {"HOME": home, "UPSTREAM": upstream, "RELAYS": str(options.callers), "LINKS": "relay"}
        server = started([sys.executable, "-m", "clipmeter", "serve", "--port", "0"], settings)
        try:
            url = line_of(server).split()[-1]
            results = measure(url, home, server.pid, options)
        finally:
            for process in (server, emulator):
                process.send_signal(signal.SIGTERM)
                process.wait(20)
    if options.out:
        Path(options.out).write_text(json.dumps(results, indent=1) + "\n", encoding="utf8")
    for name, value in results.items():
        print(f"{name:20}{value}")
    return 1 if results["wrong"] or results["peak_mb"] > options.most else 0


def read_options() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--callers", type=int, default=200)
    parser.add_argument("--stall", type=float, default=5.0, help="seconds that each caller reads nothing")
    parser.add_argument("--most", type=float, default=150.0, help="MB of resident memory that are right")
    parser.add_argument("--out", default="", help="a file for the results as JSON")
    return parser.parse_args()


def started(command: list[str], settings: dict[str, str]) -> subprocess.Popen[bytes]:
    """A process with these settings of clipmeter and no others."""
    environ = {name: value for name, value in os.environ.items() if not name.startswith("CLIPMETER_")}
    environ |= {f"CLIPMETER_{name}": value for name, value in settings.items()}
    return subprocess.Popen(command, env=environ, stdout=subprocess.PIPE)


def line_of(process: subprocess.Popen[bytes]) -> str:
    """The next line it prints."""
    assert process.stdout is not None  # noqa: S101 - it is a pipe
    return process.stdout.readline().decode()


def measure(url: str, home: str, pid: int, options: argparse.Namespace) -> dict[str, object]:
    """All callers at once."""
    callers = Callers(link_of(url, home), options.stall, options.callers)
    before = memory(pid, "VmRSS")
    begun = time.perf_counter()
    stalled = asyncio.run(together(callers, options.callers, pid))
    seconds = time.perf_counter() - begun
    return {
        "callers": options.callers,
        "gb": round(callers.bytes / 1e9, 2),
        "seconds": round(seconds, 1),
        "mb_per_second": round(callers.bytes / seconds / 1e6),
        "before_mb": before,
        "stalled_mb": stalled,
        "peak_mb": memory(pid, "VmHWM"),
        "wrong": callers.wrong,
    }


def link_of(url: str, home: str) -> str:
    """The relay link of the large file."""
    wait_ready(url)
    key = json.loads((Path(home) / "operator.json").read_bytes())["key"]
    request = urllib.request.Request(f"{url}/v1/tiktok/video?video_id={LARGE}", headers={"X-API-Key": key})  # noqa: S310
    with urllib.request.urlopen(request, timeout=20) as answer:  # noqa: S310 - loopback http
        link: str = json.load(answer)["video"]["video_url_hd"]
    return link


def wait_ready(url: str) -> None:
    """Until paid requests are taken."""
    for _ in range(200):
        try:
            urllib.request.urlopen(url + "/readyz", timeout=5).close()  # noqa: S310
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise SystemExit("the server does not become ready")


async def together(callers: Callers, count: int, pid: int) -> float:
    """Run them; the server's memory while all of them have stopped reading."""
    async with asyncio.TaskGroup() as group:
        for _ in range(count):
            group.create_task(callers.one())
        await callers.all_reading.wait()
        await asyncio.sleep(callers.stall / 2)
        return memory(pid, "VmRSS")


def memory(pid: int, name: str) -> float:
    """A line of /proc/PID/status, in MB."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return round(next(int(line.split()[1]) for line in lines if line.startswith(name + ":")) * 1024 / 1e6, 1)


if __name__ == "__main__":
    sys.exit(main())
