"""Processes on a leash: they end when whoever started them ends, however that ends. For tests."""

import contextlib
import os
import subprocess
from collections.abc import Sequence
from typing import Any

# The watcher holds the other end of the pipe. A line means "let go"; the end of the pipe without one, "we are dead".
_LEASH = """
exec 3<&0 </dev/null
(read -r _ <&3 || kill -s "$0" $$) >/dev/null 2>&1 &
exec 3<&-
exec "$@"
"""


def leashed(command: Sequence[str], *, end: str = "KILL", **options: Any) -> subprocess.Popen[bytes]:
    """Start a command whose pid is the command's own; `end`: the signal that it gets when this process dies."""
    return subprocess.Popen(["/bin/sh", "-c", _LEASH, end, *command], stdin=subprocess.PIPE, **options)


def let_go(process: Any, *, within: float = 20.0) -> int:
    """Wait for a process that has been told to end (killed after `within` seconds); its exit status."""
    try:
        status = process.wait(within)
    except subprocess.TimeoutExpired:
        process.kill()
        status = process.wait()
    if process.stdin and not process.stdin.closed:
        with contextlib.suppress(BrokenPipeError):  # the watcher may have been killed too
            os.write(process.stdin.fileno(), b"\n")
        process.stdin.close()
    return status
