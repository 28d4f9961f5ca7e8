"""Python processes that start at once, since they are forked from one that has loaded the program. For tests.

Starting an interpreter and loading the program takes most of a second, and the tests do it a thousand times. What is
started here is a process like any other: with a pid, an environment, a folder and files of its own; it ends by itself
or is killed. Only its imports were done before (forker.py). All of them end when the process that started them does.
"""

import atexit
import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from functools import cache
from pathlib import Path
from typing import Any, Self

CLIPMETER = (
    "clipmeter.cli.commands",
    "clipmeter.cli.backup",
    "clipmeter.cli.demo",
    "clipmeter.cli.doctor",
    "clipmeter.cli.download",
    "clipmeter.cli.parse",
    "clipmeter.cli.serve",
    "clipmeter.cli.video",
    "clipmeter.billing.passwords",
    "clipmeter.billing.stripelib",
    "typer._adapters",
    "typer.rich_utils",
    "uvicorn.protocols.http.httptools_impl",
)
"""Most of what the processes of the program load; what is missing each loads for itself."""


class Forked:
    """A started process; used like one of `subprocess`."""

    def __init__(
        self,
        words: Sequence[object],
        *,
        env: dict[str, str] | None = None,
        cwd: str | Path = ".",
        stdin: Any = subprocess.DEVNULL,
        stdout: Any = None,
        stderr: Any = None,
        loaded: tuple[str, ...] = CLIPMETER,
    ) -> None:
        """`words`: `-m MODULE …`, `-c CODE …` or `SCRIPT …`, as for `python`.

        Its files are each a file, a number, PIPE (not for stderr), DEVNULL, or None for this process's own.
        `loaded`: modules that it finds loaded.
        """
        order = {
            "words": [*map(str, words)],
            "env": dict(os.environ if env is None else env),
            "cwd": str(Path(cwd).resolve()),
        }
        with ExitStack() as theirs:
            given, self.stdin = _opened(stdin, theirs, "wb", 0)
            out, self.stdout = _opened(stdout, theirs, "rb", 1)
            err, _ = _opened(stderr, theirs, "rb", 2)
            self._line = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            self._line.connect(_parent(loaded))
            socket.send_fds(self._line, [json.dumps(order).encode()], [given, out, err])
        self.pid = int(self._line.recv(100))
        self.returncode: int | None = None
        self._lock = threading.Lock()

    def wait(self, timeout: float | None = None) -> int:
        """Its exit status once it has ended; -9 for one that was killed by signal 9. Raises TimeoutExpired."""
        with self._lock:
            if self.returncode is None:
                self._line.settimeout(timeout)
                try:
                    self.returncode = int(self._line.recv(100))
                except (TimeoutError, BlockingIOError) as error:
                    raise subprocess.TimeoutExpired(str(self.pid), timeout or 0) from error
                self._line.close()
        return self.returncode

    def poll(self) -> int | None:
        """Its exit status, None while it runs."""
        if self._lock.acquire(blocking=False):  # else somebody waits, so it runs
            self._lock.release()
            with suppress(subprocess.TimeoutExpired):
                self.wait(0)
        return self.returncode

    def send_signal(self, how: int) -> None:
        """Send it a signal, if it runs."""
        if self.poll() is None:
            with suppress(ProcessLookupError):
                os.kill(self.pid, how)

    def kill(self) -> None:
        """kill -9."""
        self.send_signal(signal.SIGKILL)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for file in (self.stdin, self.stdout):
            if file:
                file.close()
        self.wait()


def run(
    words: Sequence[object], *, given: bytes = b"", timeout: float = 60, **options: Any
) -> subprocess.CompletedProcess[str]:
    """Such a process, to its end, with what it printed. `given`: its stdin."""
    files = [os.memfd_create(name) for name in ("stdin", "stdout", "stderr")]
    try:
        os.write(files[0], given)
        os.lseek(files[0], 0, os.SEEK_SET)
        process = Forked(words, stdin=files[0], stdout=files[1], stderr=files[2], **options)
        try:
            status = process.wait(timeout)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise
        out, err = (_read_all(number) for number in files[1:])
    finally:
        for number in files:
            os.close(number)
    return subprocess.CompletedProcess(list(map(str, words)), status, out, err)


def _read_all(number: int) -> str:
    size = os.fstat(number).st_size
    return os.pread(number, size, 0).decode()


def _opened(file: Any, closing: ExitStack, mode: str, own: int) -> tuple[int, Any]:
    """The number of a file for the child, and our end of it if it is a pipe."""
    if file == subprocess.PIPE:
        reading, writing = os.pipe()
        ours, theirs = (writing, reading) if own == 0 else (reading, writing)
        closing.callback(os.close, theirs)
        return theirs, os.fdopen(ours, mode)
    if file == subprocess.DEVNULL:
        null = os.open(os.devnull, os.O_RDWR)
        closing.callback(os.close, null)
        return null, None
    return own if file is None else file if isinstance(file, int) else file.fileno(), None


@cache
def _parent(loaded: tuple[str, ...]) -> str:
    """The name of the socket of the process that forks; it is started with the first call."""
    name = f"\0clipmeter-tests-{os.getpid()}-{secrets.token_hex(8)}"
    parent = subprocess.Popen(  # it ends with this process, when its stdin does
        [sys.executable, str(Path(__file__).with_name("forker.py")), name[1:], *loaded],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={name: value for name, value in os.environ.items() if not name.startswith("CLIPMETER_")}
        | {"NO_COLOR": "1"},
    )
    assert parent.stdout is not None
    assert parent.stdin is not None
    assert parent.stdout.readline() == b"ready\n"
    parent.stdout.close()
    atexit.register(lambda: (parent.stdin.close(), parent.wait()))
    return name
