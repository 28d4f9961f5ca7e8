"""A real `clipmeter serve` in a process of its own, and a caller for it. For tests."""

import http.client
import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlencode, urlsplit

from forked import Forked, run

EXAMPLE = "7516594811734854943"
CLIPMETER = (sys.executable, "-m", "clipmeter")
"""How it is really started. What is not about that is forked from a process that has loaded it already."""


def clean_environ(home: Path, **settings: str) -> dict[str, str]:
    """The environment without the developer's own settings."""
    environ = {name: value for name, value in os.environ.items() if not name.startswith("CLIPMETER_")}
    given = {f"CLIPMETER_{name.upper()}": value for name, value in settings.items()}
    return {**environ, "CLIPMETER_HOME": str(home), "NO_COLOR": "1", **given}


@dataclass(frozen=True)
class Reply:
    """What came back."""

    status: int
    headers: http.client.HTTPMessage
    body: bytes

    @property
    def json(self):
        return json.loads(self.body)

    @property
    def code(self) -> str:
        return self.json.get("code", "")

    @property
    def request_id(self) -> str:
        return self.headers["X-Request-Id"]


@dataclass
class Served:
    """A running server; `stop` or `kill` it."""

    home: Path
    settings: dict[str, str] = field(default_factory=dict)
    url: str = ""
    options: tuple[str, ...] = ()
    """More words for `clipmeter serve`."""

    def start(self) -> "Served":
        """Start, and return once paid requests are taken."""
        self.log = (self.home.parent / f"{self.home.name}.log").open("ab")
        port = str(urlsplit(self.url).port or 0) if self.url else "0"
        self.process = Forked(
            ["-m", "clipmeter", "serve", "--port", port, *self.options],
            env=clean_environ(self.home, **self.settings),
            stdout=subprocess.PIPE,
            stderr=self.log,
        )
        try:
            self.greeting = [self.process.stdout.readline().decode() for _ in range(9)]
            self.url = self.greeting[0].split()[-1]
            self.keys = json.loads((self.home / "operator.json").read_bytes())
        except (OSError, IndexError) as error:
            self.kill()
            raise AssertionError(f"the server did not start: {Path(self.log.name).read_text()}") from error
        return self

    def stop(self) -> int:
        """End it as an operator does; its exit status."""
        return self._end(signal.SIGTERM)

    def kill(self) -> None:
        """kill -9."""
        self._end(signal.SIGKILL)

    def _end(self, how: signal.Signals) -> int:
        if self.process.poll() is None:
            self.process.send_signal(how)
        status = self.process.wait(30)
        self.process.stdout.close()
        self.log.close()
        return status

    def get(self, path: str = "/v1/tiktok/video", *, key: str | None = None, method: str = "GET", **query) -> Reply:
        """One request on a connection of its own."""
        headers = {} if key is None else {"X-API-Key": key}
        target = f"{path}?{urlencode(query)}" if query else path
        return self.send(method, target, headers)

    def send(self, method: str, target: str, headers: dict[str, str], body: bytes | None = None) -> Reply:
        connection = http.client.HTTPConnection(urlsplit(self.url).netloc, timeout=40)
        try:
            connection.request(method, target, body=body, headers=headers)
            response = connection.getresponse()
            return Reply(response.status, response.headers, response.read())
        finally:
            connection.close()

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """A `clipmeter` command on the same home."""
        return run_clipmeter(self.home, *arguments, **self.settings)

    def json(self, *arguments: str):
        """What such a command prints with --json."""
        done = self.run(*arguments, "--json")
        return json.loads(done.stdout)

    def new_account(self, *options: str) -> dict[str, str]:
        """A fresh account with its keys."""
        return self.json("accounts", "create", f"user-{time.monotonic_ns()}@example.org", *options)

    def logged(self, key: str, count: int = 1, **query) -> dict:
        """The log of the key's account, once it has so many rows: they are written a moment after the answers."""
        give_up = time.monotonic() + 15
        while len((told := self.get("/v1/requests", key=key, **query).json)["requests"]) < count:
            assert time.monotonic() < give_up, f"{count} rows were awaited: {told}"
            time.sleep(0.05)
        return told

    def ledger(self, account_id: str) -> list[dict]:
        """The account's rows."""
        return self.json("ledger", "show", "--account", account_id)


def run_clipmeter(home: Path, *arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
    """A `clipmeter` command, to its end."""
    return run(["-m", "clipmeter", *arguments], env=clean_environ(home, **settings))


def fresh_ids(count: int, start: int = 0) -> list[str]:
    """Ids of ordinary videos of the emulator, no two alike."""
    return [str((1_740_000_000 + 7 * (start + n) << 32) + 12345 + n) for n in range(count)]
