"""The real processes: nodes of clipmeter and the emulator of TikTok."""

import asyncio
import http.client
import json
import os
import signal
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from forked import Forked
from leash import let_go
from postgres import free_port

CLIPMETER = ("-m", "clipmeter")
START_SECONDS = 40.0
TESTS = Path(__file__).parent.parent
"""Where a mutant's launcher is found."""


@dataclass
class Node:
    """One `clipmeter serve`, always on the same port, with a home of its own."""

    home: Path
    settings: dict[str, str]
    """Without the prefix, in lower case."""
    command: tuple[str, ...] = CLIPMETER
    port: int = field(default_factory=free_port)
    process: Forked | None = None
    stopped: bool = False
    """Under SIGSTOP."""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def log(self) -> Path:
        return self.home.with_suffix(".log")

    def start(self) -> None:
        """Start it; `ready` waits for it."""
        environ = {name: value for name, value in os.environ.items() if not name.startswith("CLIPMETER_")}
        environ |= {f"CLIPMETER_{name.upper()}": value for name, value in self.settings.items()}
        paths = [str(TESTS), *os.environ.get("PYTHONPATH", "").split(os.pathsep)]
        environ |= {"CLIPMETER_HOME": str(self.home), "NO_COLOR": "1"}
        environ |= {"PYTHONPATH": os.pathsep.join(path for path in paths if path)}
        with self.log.open("ab") as log:
            self.process = Forked(
                [*self.command, "serve", "--port", str(self.port)], env=environ, stdout=log, stderr=log
            )
        self.stopped = False

    async def ready(self) -> None:
        """Return once paid requests are taken."""
        give_up = time.monotonic() + START_SECONDS
        while not await asyncio.to_thread(self._is_ready):
            assert self.process is not None
            assert self.process.poll() is None, f"the node ended: {self.last_words()}"
            assert time.monotonic() < give_up, f"the node did not start: {self.last_words()}"
            await asyncio.sleep(0.03)

    def kill(self) -> None:
        """kill -9."""
        self._end(signal.SIGKILL)

    def stop(self) -> int:
        """End it as an operator does; its exit status."""
        self.wake()
        return self._end(signal.SIGTERM)

    def freeze(self) -> None:
        """SIGSTOP: nothing runs until `wake`."""
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGSTOP)
            self.stopped = True

    def wake(self) -> None:
        """SIGCONT."""
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGCONT)
        self.stopped = False

    def last_words(self) -> str:
        """The end of its log."""
        return self.log.read_text(errors="replace")[-2_000:]

    def _end(self, how: signal.Signals) -> int:
        process, self.process, self.stopped = self.process, None, False
        if process is None:
            return 0
        if process.poll() is None:
            process.send_signal(how)
        return let_go(process)

    def _is_ready(self) -> bool:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=2)
        try:
            connection.request("GET", "/readyz")
            return connection.getresponse().status == 200
        except OSError:
            return False
        finally:
            connection.close()


class Emulator:
    """`python -m fauxtok` in a process of its own."""

    def __init__(self) -> None:
        self._process = Forked(["-m", "fauxtok"], stdout=subprocess.PIPE)
        self.url = self._process.stdout.readline().decode().split()[-1]

    def set(self, name: str, **wish: Any) -> None:
        """Set a mood, the delay or the groups: see docs/fauxtok.md."""
        self._send("POST", name, json.dumps(wish))

    def read(self, name: str) -> Any:
        """What it counted."""
        return self._send("GET", name, None)

    def stop(self) -> None:
        """End it."""
        self._process.send_signal(signal.SIGTERM)
        let_go(self._process)
        self._process.stdout.close()

    def _send(self, method: str, name: str, body: str | None) -> Any:
        connection = http.client.HTTPConnection(urlsplit(self.url).netloc, timeout=20)
        try:
            connection.request(method, f"/__fauxtok/{name}", body)
            response = connection.getresponse()
            assert response.status == 200, response.read()
            return json.loads(response.read())
        finally:
            connection.close()
