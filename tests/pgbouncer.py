"""Debian's pgbouncer in transaction mode in front of a PostgreSQL. For tests."""

import shutil
import subprocess
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

from leash import leashed, let_go
from postgres import USER, Postgres, database_of, free_port, programs, unprivileged

_CONFIG = """
[databases]
* = host=127.0.0.1 port={behind} user={user}

[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = any
; everybody is logged in as the user that the line above names
pool_mode = transaction
max_client_conn = 500
default_pool_size = {pool}
server_login_retry = 1
query_wait_timeout = 10
"""


def missing() -> str:
    """Why there is no pgbouncer here; "" when there is one."""
    return "" if _program() else "pgbouncer is not installed (apt install pgbouncer)"


def _program() -> str | None:
    return shutil.which("pgbouncer", path="/usr/sbin:/usr/local/sbin:/usr/bin:/usr/local/bin:/opt/homebrew/bin")


@dataclass
class Pgbouncer:
    """A pooler on `port` of loopback, in front of `server`."""

    server: Postgres
    pool: int = 10
    """Connections to the server per database."""
    port: int = field(default_factory=free_port)
    folder: Path = field(default_factory=lambda: Path(tempfile.mkdtemp(prefix="clipmeter-pgbouncer-")))
    _process: subprocess.Popen[bytes] | None = None

    def start(self) -> "Pgbouncer":
        """Return once connections are taken."""
        config = self.folder / "pgbouncer.ini"
        config.write_text(_CONFIG.format(behind=self.server.port, user=USER, port=self.port, pool=self.pool))
        self.folder.chmod(0o755)
        if user := unprivileged().get("user"):
            shutil.chown(self.folder, user)
        program = _program()
        assert program is not None, missing()
        with (self.folder / "log").open("ab") as log:
            self._process = leashed([program, str(config)], cwd=self.folder, stdout=log, stderr=log, **unprivileged())
        give_up = time.monotonic() + 10
        while not self._is_ready():
            assert self._process.poll() is None, (self.folder / "log").read_text()
            assert time.monotonic() < give_up, (self.folder / "log").read_text()
            time.sleep(0.02)
        return self

    def url(self, url: str) -> str:
        """The same database, through the pooler."""
        return f"postgresql://{USER}@127.0.0.1:{self.port}/{database_of(url)}"

    def kill(self) -> None:
        """kill -9: every connection through it is cut."""
        process, self._process = self._process, None
        if process:
            process.kill()
            let_go(process)

    def throw_away(self) -> None:
        """End it and delete its folder."""
        self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _is_ready(self) -> bool:
        asked: list[str | Path] = [
            programs() / "pg_isready",
            "-q",
            "-h",
            "127.0.0.1",
            "-p",
            str(self.port),
            "-d",
            "postgres",
        ]
        return subprocess.run(asked, check=False).returncode == 0
