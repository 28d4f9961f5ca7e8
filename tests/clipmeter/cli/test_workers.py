"""`serve --workers N`: several processes on one socket, over one PostgreSQL."""

import json
import os
import re
import signal
import socket
import threading
import time
import urllib.request
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from fauxtok.server import start
from served import Served, fresh_ids, run_clipmeter

IDS = iter(fresh_ids(400, 95_000))


def workers_of(served):
    """The process ids of the workers, found by their parent."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[1]) == served.process.pid and fields[0] != "Z":
            found.append(int(stat.parent.name))
    return sorted(found)


def is_alive(process):
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def within(seconds, question):
    """Whether it becomes true."""
    give_up = time.monotonic() + seconds
    while not question():
        if time.monotonic() > give_up:
            return False
        time.sleep(0.1)
    return True


@pytest.fixture
def weather():
    """A look-alike of the test's own."""
    running = start()
    yield running
    running.stop()


@pytest.fixture
def crew(tmp_path, weather, database_url):
    """A server of two workers."""
    settings = {"upstream": weather.url, "database_url": database_url, "time_budget": "5", "max_age": "0"}
    running = Served(tmp_path / "home", settings, options=("--workers", "2")).start()
    yield running
    running.stop()


def test_two_workers_are_one_server(crew):
    """One greeting, when all are ready; charges of both are in one ledger; a clean stop leaves nobody behind."""
    workers = workers_of(crew)
    assert len(workers) == 2
    assert crew.greeting[0].startswith("clipmeter serves on http://127.0.0.1:")
    account = crew.new_account()
    replies = [crew.get(key=account["key"], video_id=next(IDS)) for _ in range(12)]
    assert {reply.status for reply in replies} == {200}
    assert [reply.headers["X-Free-Remaining"] for reply in replies] == [str(left) for left in range(49, 37, -1)]
    assert len(crew.ledger(account["account_id"])) == 12
    assert crew.run("ledger", "verify").returncode == 0
    crew.process.send_signal(signal.SIGTERM)
    assert crew.process.wait(30) == 0
    assert b"serves on" not in crew.process.stdout.read()
    assert not [worker for worker in workers if is_alive(worker)]


def test_a_worker_that_dies_is_replaced(crew):
    """kill -9 of a worker: the other one goes on serving, and a new one takes its place, which is said."""
    first, second = workers_of(crew)
    os.kill(second, signal.SIGKILL)
    account = crew.new_account()
    assert crew.get(key=account["key"], video_id=next(IDS)).status == 200
    assert within(20, lambda: len(workers_of(crew)) == 2 and second not in workers_of(crew))
    assert first in workers_of(crew)
    said = Path(crew.log.name).read_text()
    assert re.search(r"^clipmeter: worker [12] was ended by SIGKILL; a new one starts in 0\.5 s\.$", said, re.MULTILINE)


def test_workers_do_not_outlive_their_supervisor(crew):
    """kill -9 of the supervisor: its workers stop by themselves, and the port is free."""
    workers, (host, port) = workers_of(crew), urlsplit(crew.url).netloc.split(":")
    crew.kill()
    assert within(15, lambda: not any(is_alive(worker) for worker in workers))
    socket.create_server((host, int(port))).close()


def test_a_stop_lets_requests_end(crew, weather):
    """What is under way when the server is told to stop gets its answer, and is charged."""
    wish = json.dumps({"ms": 1500}).encode()
    urllib.request.urlopen(f"{weather.url}/__fauxtok/delay", wish, timeout=10).close()  # noqa: S310 - loopback http
    account, got = crew.new_account(), []
    asking = [
        threading.Thread(target=lambda: got.append(crew.get(key=account["key"], video_id=next(IDS)))) for _ in range(3)
    ]
    for caller in asking:
        caller.start()
    time.sleep(0.7)
    assert crew.stop() == 0
    for caller in asking:
        caller.join()
    assert [reply.status for reply in got] == [200] * 3
    assert [row["state"] for row in crew.ledger(account["account_id"])] == ["posted"] * 3


def test_sqlite_has_one_worker(tmp_path):
    """More than one worker on SQLite is refused with the reason and the way out."""
    done = run_clipmeter(tmp_path / "home", "serve", "--port", "0", "--workers", "2")
    assert (done.returncode, done.stdout) == (2, "")
    assert "one writer at a time" in done.stderr
    assert "PostgreSQL" in done.stderr


def test_workers_that_cannot_start(tmp_path, database_url):
    """What keeps the first worker from starting is said once, and is the end."""
    done = run_clipmeter(
        tmp_path / "home", "serve", "--port", "0", "--workers", "3", database_url=database_url, impersonate="netscape"
    )
    assert done.returncode == 2
    assert done.stderr.count("CLIPMETER_IMPERSONATE names netscape") == 1
