"""`clipmeter serve --workers N`: one process that holds the listening socket and keeps N others serving on it.

Rule 1: the socket outlives its workers, so a caller who connects while one is replaced waits and is not refused.
Rule 2: a worker does not outlive this process: it holds the end of a pipe that only the kernel closes, however this
process ends.
"""

import os
import select
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from clipmeter.cli.serve import GRACE, address_of, greet, listen, serve_on
from clipmeter.cli.show import fail, say
from clipmeter.home import Home
from clipmeter.restarts import next_pause
from clipmeter.settings import Settings

ONE_WRITER = (
    "SQLite has one writer at a time, so more processes would only wait for each other's fsync and be slower than one: "
    "serve with one worker, or use PostgreSQL (CLIPMETER_DATABASE_URL=postgresql://…). See docs/nodes.md."
)
LOOK_SECONDS = 0.1
LINGER = 5.0
"""Seconds beyond their own grace that workers get to end before they are killed."""


def supervise(settings: Settings, host: str, port: int, count: int) -> int:
    """Serve with so many workers until SIGINT or SIGTERM; the exit status."""
    if settings.database_path is not None:
        fail(ONE_WRITER, 2)
    listening = listen(host, port)

    def ready() -> None:
        keys = Home(settings.home).operator()
        if keys:  # the first worker has made them before it was ready
            greet(settings, settings.public_url or address_of(listening), keys)

    return Supervisor(listening, count, ready, settings.time_budget + GRACE + LINGER).run()


def work(settings: Settings, descriptors: str) -> None:
    """Be a worker. `descriptors`: the socket, the pipe that ends with the supervisor, the one to call ready."""
    listening, lifeline, ready = map(int, descriptors.split(","))
    grace = settings.time_budget + GRACE + LINGER
    threading.Thread(target=_follow, args=(lifeline, grace), name="lifeline", daemon=True).start()

    def call() -> None:
        with suppress(OSError):  # the supervisor is gone, which the lifeline tells
            os.write(ready, b"r")

    serve_on(settings, socket.socket(fileno=listening), lambda _: call())


def _follow(lifeline: int, grace: float) -> None:
    """Stop when the supervisor has ended: as cleanly as when it says so, and surely."""
    with suppress(OSError):
        os.read(lifeline, 1)
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(grace)
    os._exit(1)


@dataclass(slots=True)
class Worker:
    """A place among the workers, and the process that has it."""

    number: int
    process: subprocess.Popen[bytes] | None = None
    ready_pipe: int = -1
    is_ready: bool = False
    began: float = 0.0
    pause: float = 0.0
    next_start: float = 0.0


class Supervisor:
    """Keeps workers running. `on_ready` is called once, when all are ready for the first time."""

    def __init__(self, listening: socket.socket, count: int, on_ready: Callable[[], None], grace: float) -> None:
        """`grace`: seconds that workers get to end."""
        self._listening, self._on_ready, self._grace = listening, on_ready, grace
        self._workers = [Worker(number + 1) for number in range(count)]
        self._life, self._lifeline = os.pipe()  # read end for the workers; nothing is ever written
        self._was_ready = self._greeted = False
        self._signals: list[int] = []

    def run(self) -> int:
        """Until SIGINT or SIGTERM, or until the first worker cannot start; the exit status."""
        for signal_ in (signal.SIGINT, signal.SIGTERM):
            signal.signal(signal_, lambda number, _frame: self._signals.append(number))
        while not self._signals:
            for worker in self._workers if self._was_ready else self._workers[:1]:  # the first one makes what all share
                status = self._keep(worker)
                if status is not None:
                    return status
            self._listen_to_them()
        return self._stop()

    def _keep(self, worker: Worker) -> int | None:
        """Start a worker that is not there; an exit status when it is no use."""
        if worker.process is None:
            if time.monotonic() >= worker.next_start:
                self._start(worker)
            return None
        status = worker.process.poll()
        if status is None:
            return None
        self._forget(worker)
        if not self._was_ready:
            return status if status > 0 else 1  # it has said why
        worker.pause = next_pause(time.monotonic() - worker.began, worker.pause)
        worker.next_start = time.monotonic() + worker.pause
        say(f"worker {worker.number} {_how(status)}; a new one starts{f' in {worker.pause:g} s' * bool(worker.pause)}.")
        return None

    def _start(self, worker: Worker) -> None:
        ready, call = os.pipe()
        shared = (self._listening.fileno(), self._life, call)
        command = [sys.executable, "-m", "clipmeter", "serve", "--worker", ",".join(map(str, shared))]
        # A process group of its own: Ctrl-C in a terminal reaches this process only, which passes it on once.
        worker.process = subprocess.Popen(command, pass_fds=shared, stdin=subprocess.DEVNULL, process_group=0)  # noqa: S603 - ourselves
        worker.ready_pipe, worker.is_ready, worker.began = ready, False, time.monotonic()
        os.close(call)

    def _listen_to_them(self) -> None:
        pipes = {
            worker.ready_pipe: worker for worker in self._workers if worker.ready_pipe >= 0 and not worker.is_ready
        }
        heard, _, _ = select.select(list(pipes), [], [], LOOK_SECONDS)
        for pipe in heard:
            if os.read(pipe, 1):
                pipes[pipe].is_ready = self._was_ready = True
            else:
                time.sleep(LOOK_SECONDS / 10)  # it has ended; the next look sees it
        if not self._greeted and all(worker.is_ready for worker in self._workers):
            self._greeted = True
            self._on_ready()

    def _forget(self, worker: Worker) -> None:
        os.close(worker.ready_pipe)
        worker.process, worker.ready_pipe, worker.is_ready = None, -1, False

    def _stop(self) -> int:
        """Pass every signal on, wait for the workers, and in the end kill those that do not end."""
        running = [worker.process for worker in self._workers if worker.process]
        passed, give_up = 0, time.monotonic() + self._grace
        while any(process.poll() is None for process in running) and time.monotonic() < give_up:
            for process in running if passed < len(self._signals) else []:
                process.send_signal(self._signals[passed])
            passed = min(passed + 1, len(self._signals))
            time.sleep(LOOK_SECONDS / 2)
        for process in running:
            if process.poll() is None:
                process.kill()
        return 0 if all(process.wait() == 0 for process in running) else 1


def _how(status: int) -> str:
    return f"was ended by {signal.Signals(-status).name}" if status < 0 else f"ended with status {status}"
