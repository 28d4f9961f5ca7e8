"""Processes on a leash."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from leash import leashed, let_go

_OWNER = """
import sys, time
from leash import leashed
print(leashed(["sleep", "60"]).pid, flush=True)
time.sleep(60)
"""


def is_running(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="looks at /proc")
def test_it_ends_with_its_owner():
    """After kill -9 of the process that started it, it is gone too."""
    environ = {**os.environ, "PYTHONPATH": str(Path(__file__).parent.parent)}
    with subprocess.Popen([sys.executable, "-c", _OWNER], stdout=subprocess.PIPE, env=environ) as owner:
        pid = int(owner.stdout.readline())
        assert is_running(pid)
        owner.kill()
    give_up = time.monotonic() + 5
    while is_running(pid) and time.monotonic() < give_up:
        time.sleep(0.01)
    assert not is_running(pid)


def test_it_gets_its_own_signals():
    """The pid is the command's own, and so are its output and its exit status."""
    process = leashed(["sh", "-c", "echo $$; exec sleep 60"], stdout=subprocess.PIPE)
    assert int(process.stdout.readline()) == process.pid
    process.send_signal(signal.SIGTERM)
    assert let_go(process) == -signal.SIGTERM
    process.stdout.close()
    assert let_go(leashed(["sh", "-c", "exit 3"])) == 3


def test_one_that_does_not_end_is_killed():
    """Nobody waits for ever."""
    assert let_go(leashed(["sleep", "60"]), within=0.05) == -signal.SIGKILL
