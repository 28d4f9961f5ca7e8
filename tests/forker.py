"""The process that forks those of forked.py: it loads the program once, has one thread, and waits for orders.

    python forker.py NAME MODULE…   listens on the abstract Unix socket NAME until stdin ends; then all its children end

Each connection orders one child, with JSON and three files; it hears the child's pid, and its exit status at its end.
"""

import atexit
import gc
import io
import json
import os
import runpy
import selectors
import signal
import socket
import sys
import threading
from contextlib import suppress
from pathlib import Path
from typing import Any, NoReturn

_BIG = 1 << 20


class Parent:
    """The process that forks. It has one thread, so that a fork is a whole process."""

    def __init__(self, name: str) -> None:
        """Listens on that socket."""
        self.listening = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.listening.bind(f"\0{name}")
        self.listening.listen(100)
        self.children: dict[int, socket.socket] = {}
        self.wake, ended = socket.socketpair()
        self.ended = ended
        self.ended.setblocking(False)
        self.wake.setblocking(False)
        signal.set_wakeup_fd(self.ended.fileno())
        signal.signal(signal.SIGCHLD, lambda *_: None)
        self.ready = selectors.PollSelector()
        for what in (self.listening, self.wake, 0):
            self.ready.register(what, selectors.EVENT_READ)

    def next_child(self) -> dict[str, Any]:
        """Returns in each child, with its order; in the parent never."""
        while True:
            for key, _ in self.ready.select():
                if key.fileobj is self.listening:
                    if order := self._fork():
                        return order
                elif key.fileobj is self.wake:
                    with suppress(BlockingIOError):
                        self.wake.recv(1000)
                    self._bury()
                else:  # whoever started this has ended
                    self._end()

    def _fork(self) -> dict[str, Any] | None:
        line, _ = self.listening.accept()
        message, files, _, _ = socket.recv_fds(line, _BIG, 3)
        pid = os.fork()
        if pid:
            for number in files:
                os.close(number)
            self.children[pid] = line
            line.send(str(pid).encode())
            return None
        for what in (line, self.listening, self.wake, *self.children.values(), self.ready):
            what.close()
        signal.set_wakeup_fd(-1)
        self.ended.close()
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        for number, own in enumerate(files):
            os.dup2(own, number)
            os.close(own)
        return json.loads(message)

    def _bury(self) -> None:
        """Tell of every child that has ended."""
        while self.children:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if not pid:
                return
            line = self.children.pop(pid)
            with suppress(OSError):  # nobody asks any more
                line.send(str(os.waitstatus_to_exitcode(status)).encode())
            line.close()

    def _end(self) -> None:
        for pid in self.children:
            os.kill(pid, signal.SIGKILL)
        os._exit(0)


def _fresh(old: Any, number: int, mode: str) -> Any:
    """A standard stream as a new interpreter would have it."""
    raw = io.FileIO(number, mode, closefd=False)
    buffered = io.BufferedReader(raw) if mode == "r" else io.BufferedWriter(raw)
    is_direct = number == 2 or raw.isatty()
    return io.TextIOWrapper(buffered, old.encoding, old.errors, line_buffering=is_direct)


def _become(order: dict[str, Any]) -> NoReturn:
    """Be what was ordered, and end as an interpreter does, but without taking apart what was loaded."""
    status: object = None
    try:
        _dress(order)
        _run(order["words"])
    except SystemExit as end:
        status = end.code
    except BaseException:  # noqa: BLE001 - this is the end of the program
        sys.excepthook(*sys.exc_info())
        status = 1
    if isinstance(status, str):
        sys.stderr.write(f"{status}\n")
        status = 1
    threading._shutdown()
    atexit._run_exitfuncs()
    try:
        sys.stdout.flush()
    except OSError as error:
        sys.stderr.write(f"{error}\n")
        status = 120
    os._exit(int(status or 0))  # type: ignore[call-overload]


def _dress(order: dict[str, Any]) -> None:
    os.environ.clear()
    os.environ.update(order["env"])
    os.chdir(order["cwd"])
    sys.stdin = sys.__stdin__ = _fresh(sys.stdin, 0, "r")
    sys.stdout = sys.__stdout__ = _fresh(sys.stdout, 1, "w")
    sys.stderr = sys.__stderr__ = _fresh(sys.stderr, 2, "w")


def _run(given: list[str]) -> None:
    how, *words = given
    if how == "-m":
        sys.argv = words
        runpy.run_module(words[0], run_name="__main__", alter_sys=True)
    elif how == "-c":
        sys.argv = ["-c", *words[1:]]
        exec(compile(words[0], "<string>", "exec"), {"__name__": "__main__"})  # noqa: S102 - as `python -c` does
    else:
        sys.argv = [how, *words]
        runpy.run_path(how, run_name="__main__")


def _main() -> None:
    _, name, *modules = sys.argv
    for module in modules:
        with suppress(ImportError):
            __import__(module)
    gc.collect()
    gc.freeze()
    assert len(list(Path("/proc/self/task").iterdir())) == 1, "what was loaded has started a thread"
    parent = Parent(name)
    os.write(1, b"ready\n")
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, 1)
    os.close(null)
    order = parent.next_child()
    del parent
    _become(order)


if __name__ == "__main__":
    _main()
