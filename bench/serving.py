"""A `clipmeter serve` in a process of its own, on loopback, for measurements over real HTTP."""

import http.client
import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlencode, urlsplit

READY_SECONDS = 30


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer of the API and how long it took to come, in milliseconds."""

    status: int
    told: dict[str, Any]
    ms: float


class Serving:
    """A server with a fresh home folder, given these settings (`upstream="http://…"`); its operator's key is used."""

    def __init__(self, **settings: str) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="clipmeter-bench-")
        home = Path(self._folder.name) / "home"
        environ = {name: value for name, value in os.environ.items() if not name.startswith("CLIPMETER_")}
        environ |= {f"CLIPMETER_{name.upper()}": value for name, value in settings.items()}
        self._process = subprocess.Popen(
            [sys.executable, "-m", "clipmeter", "serve", "--port", "0"],
            env={**environ, "CLIPMETER_HOME": str(home), "NO_COLOR": "1"},
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        assert self._process.stdout is not None  # noqa: S101 - it was asked for
        self.address = urlsplit(self._process.stdout.readline().decode().split()[-1]).netloc
        self._wait_until_ready()
        self._key = json.loads((home / "operator.json").read_bytes())["key"]

    def _wait_until_ready(self) -> None:
        end = time.monotonic() + READY_SECONDS
        while self._ask("/readyz", {}).status != 200:
            if time.monotonic() > end:
                raise SystemExit("the server does not get ready")
            time.sleep(0.02)

    def video(self, **query: str) -> Reply:
        """One paid call."""
        return self._ask(f"/v1/tiktok/video?{urlencode(query)}", {"X-API-Key": self._key})

    def _ask(self, target: str, headers: dict[str, str]) -> Reply:
        line = http.client.HTTPConnection(self.address, timeout=60)
        begun = time.perf_counter()
        try:
            line.request("GET", target, headers=headers)
            answer = line.getresponse()
            body = answer.read()
        finally:
            line.close()
        ms = (time.perf_counter() - begun) * 1e3
        is_json = answer.headers.get_content_type() == "application/json"
        return Reply(answer.status, json.loads(body) if is_json else {}, ms)

    def memory_mb(self) -> float:
        """The most that the process has held so far, in megabytes."""
        lines = Path(f"/proc/{self._process.pid}/status").read_text(encoding="ascii").splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) / 1024

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, it: BaseException | None, trace: TracebackType | None) -> None:
        assert self._process.stdout is not None  # noqa: S101 - it was asked for
        self._process.terminate()
        self._process.wait(20)
        self._process.stdout.close()
        self._folder.cleanup()
