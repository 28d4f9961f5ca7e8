"""Running a Fauxtok on uvicorn: in this thread for the command line, or beside a program in a thread of its own."""

import asyncio
import contextlib
import signal
import socket
from threading import Event, Thread
from types import TracebackType
from typing import Self

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from fauxtok.app import Fauxtok
from fauxtok.asgi import TRANSPORT

_START_SECONDS = 20


class _Protocol(HttpToolsProtocol):
    """Hands the connection to the app, which can then cut it."""

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self.scope[TRANSPORT] = self.transport  # type: ignore[literal-required]


class Server(uvicorn.Server):
    """A uvicorn server that tells when it is ready and ends waiting answers before it closes."""

    def __init__(self, app: Fauxtok) -> None:
        quiet = {"log_config": None, "log_level": "critical", "access_log": False, "server_header": False}
        super().__init__(
            uvicorn.Config(app, http=_Protocol, ws="none", lifespan="off", timeout_graceful_shutdown=1, **quiet)  # type: ignore[arg-type]
        )
        self.app = app
        self.ready = Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.ready.set()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self.app.stopping.set()
        await super().shutdown(sockets)


def listen(host: str, port: int) -> socket.socket:
    """A listening socket; port 0 takes any free one. OSError: the port is taken."""
    listener = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen(2_048)
    except OSError:
        listener.close()
        raise
    listener.setblocking(False)
    return listener


class Running:
    """A Fauxtok in a daemon thread, answering at `url` until `stop()`. Also a context manager."""

    def __init__(self, app: Fauxtok, listener: socket.socket) -> None:
        self.app = app
        host, self.port = listener.getsockname()[:2]
        self.url = f"http://{host}:{self.port}"
        self._listener = listener
        self._server = Server(app)
        self._thread = Thread(target=self._run, name="fauxtok", daemon=True)

    def start(self) -> "Running":
        """Returns when requests are answered. RuntimeError: that never came to be."""
        self._thread.start()
        if not self._server.ready.wait(_START_SECONDS):
            raise RuntimeError("the emulator did not start")
        return self

    def stop(self) -> None:
        """Ends every answer under way and waits until the port is free. A second call does nothing."""
        self._server.should_exit = True
        self._thread.join()

    def _run(self) -> None:
        with contextlib.closing(self._listener):
            self._server.run([self._listener])

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, it: BaseException | None, trace: TracebackType | None) -> None:
        self.stop()


def start(port: int = 0, delay_ms: float = 0, host: str = "127.0.0.1") -> Running:
    """Start an emulator beside the program that calls. OSError: the port is taken."""
    return Running(Fauxtok(delay_ms / 1000), listen(host, port)).start()


def run(app: Fauxtok, listener: socket.socket) -> None:
    """Serve in this thread until SIGINT or SIGTERM."""
    signal.signal(signal.SIGTERM, lambda *_: None)  # uvicorn raises it once more when it has stopped
    with contextlib.closing(listener), contextlib.suppress(KeyboardInterrupt, asyncio.CancelledError):
        Server(app).run([listener])
