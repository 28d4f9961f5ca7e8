"""A forked process is a process: the tests that use one prove what they would with a new interpreter."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from forked import Forked, run


def test_it_says_how_it_ended():
    """Exit status, a sentence, an exception, a signal, output that nobody can take: as a new interpreter would."""
    for code, given in (
        ("import sys; print(sys.argv, sys.stdin.read()); sys.exit(3)", "hello"),
        ("import sys; sys.exit('a sentence')", ""),
        ("pass", ""),
        ("1 / 0", ""),
        ("import os; os.kill(os.getpid(), 9)", ""),
        ("import atexit, threading; atexit.register(print, 2); threading.Timer(0.01, print, [1]).start()", ""),
        ("import sys; sys.stdout = open('/dev/full', 'w'); print('x')", ""),
    ):
        command = [sys.executable, "-c", code, "a word"]
        new = subprocess.run(command, input=given, capture_output=True, text=True, check=False)
        got = run(["-c", code, "a word"], given=given.encode())
        assert (got.returncode, got.stdout, got.stderr[-20:]) == (new.returncode, new.stdout, new.stderr[-20:])


def test_it_has_its_own_surroundings(tmp_path):
    """Environment and folder are what was said, and it has no open files but its own three and no second thread."""
    code = (
        "from os import *; print(getcwd(), dict(environ)); print(listdir('/proc/self/fd'), listdir('/proc/self/task'))"
    )
    surroundings, inside = run(["-c", code], env={"A": "1"}, cwd=tmp_path).stdout.splitlines()
    assert surroundings == f"{tmp_path} {{'A': '1'}}"
    assert inside.startswith("['0', '1', '2', '3'] [")  # 3: the folder it looks into
    assert inside.count("'") == 2 * 5


def test_it_can_be_talked_to():
    """Pipes to a running one; nothing else holds their other ends."""
    with Forked(["-c", "print(input()[::-1])"], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as talking:
        with Forked(["-c", "input()"], stdin=subprocess.PIPE) as beside:
            assert talking.poll() is None
            talking.stdin.write(b"abc\n")
            talking.stdin.flush()
            assert talking.stdout.read() == b"cba\n"
            assert talking.wait(10) == talking.poll() == 0
            with pytest.raises(subprocess.TimeoutExpired):
                beside.wait(0.01)
            beside.send_signal(signal.SIGTERM)
        assert beside.returncode == -signal.SIGTERM


OWNER = """
import os
from forked import Forked
print(Forked(["-c", "import time; time.sleep(60)"]).pid, flush=True)
os.kill(os.getpid(), 9)
"""


def test_none_is_left_behind():
    """When the process that started it is gone, however it went, so is what it started."""
    here = {**os.environ, "PYTHONPATH": os.pathsep.join([str(Path(__file__).parent), os.environ.get("PYTHONPATH", "")])}
    owner = subprocess.run([sys.executable, "-c", OWNER], capture_output=True, text=True, env=here, check=False)
    until = time.monotonic() + 20
    while (stat := Path(f"/proc/{int(owner.stdout)}/stat")).exists() and stat.read_text().rpartition(") ")[2][0] != "Z":
        assert time.monotonic() < until
        time.sleep(0.02)
