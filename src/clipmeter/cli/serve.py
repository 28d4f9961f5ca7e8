"""`clipmeter serve`: the API until SIGINT or SIGTERM, and at start the two lines that a newcomer pastes."""

import errno
import gc
import os
import signal
import socket
import sys
from collections.abc import Callable
from contextlib import suppress

from rich.text import Text

from clipmeter.app import Parts, make_service
from clipmeter.cli.show import fail, out
from clipmeter.home import OperatorKeys
from clipmeter.logs import set_up_logs
from clipmeter.settings import Settings
from clipmeter.web.server import make_server

EXAMPLE_ID = "7516594811734854943"
GRACE = 20.0
"""Seconds beyond the time budget that requests get when the server is told to stop."""
TURN_SECONDS = 0.001
"""How long the thread that writes to SQLite may have to wait for the interpreter; Python's own default is 0.005."""
YOUNG_OBJECTS = 100_000
"""New objects between two searches for cycles, which stop everything; Python's own default is 700."""
EXAMPLE_LINK = f"https://www.tiktok.com/@tiktok/video/{EXAMPLE_ID}"


def serve(settings: Settings, host: str, port: int) -> None:
    """Serve; returns after a clean stop."""
    listening = listen(host, port)
    url = settings.public_url or address_of(listening)
    serve_on(settings, listening, lambda keys: greet(settings, url, keys))


def serve_on(settings: Settings, listening: socket.socket, on_ready: Callable[[OperatorKeys], None]) -> None:
    """Serve on a socket that listens; `on_ready` is called whenever paid requests are taken again."""
    set_up_logs(settings.log_level)
    tune()
    app = make_service(Parts(settings), on_ready)
    for signal_ in (signal.SIGINT, signal.SIGTERM):
        signal.signal(signal_, _stopped)
    host, port = listening.getsockname()[:2]
    make_server(app, host, port, grace=settings.time_budget + GRACE).run(sockets=[listening])


def tune() -> None:
    """Set the interpreter to answering many small requests at once."""
    sys.setswitchinterval(TURN_SECONDS)
    gc.set_threshold(YOUNG_OBJECTS, 20, 50)
    gc.freeze()  # what is loaded by now stays; it need not be searched again and again


def _stopped(_signal: int, _frame: object) -> None:
    """The server raises a signal once more after it stopped cleanly; then there is nothing left to do."""


def listen(host: str, port: int) -> socket.socket:
    """A socket that listens, so that a port in use is said at once and in a sentence."""
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        listening = socket.create_server((host, port), family=family, backlog=2048)
    except OSError as error:
        why = os.strerror(error.errno) if error.errno and error.errno > 0 else error.strerror
        hint = " Choose another with --port (make run PORT=…)." if error.errno == errno.EADDRINUSE else ""
        fail(f"cannot listen on {host} port {port}: {why}.{hint}")
    except OverflowError:
        fail(f"{port} is no port; it must be 0 to 65535.")
    listening.set_inheritable(True)
    return listening


def address_of(listening: socket.socket) -> str:
    """http://HOST:PORT as a caller on this machine writes it."""
    host, port = listening.getsockname()[:2]
    host = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, f"[{host}]" if ":" in host else host)  # noqa: S104 - compared, not bound
    return f"http://{host}:{port}"


def greet(settings: Settings, url: str, keys: OperatorKeys) -> None:
    """Where it serves, and two lines to try it with."""
    pages = f"People log in at {url}/login." if settings.signup == "closed" else f"People sign up at {url}/signup."
    lines = (
        f"clipmeter serves on {url}",
        f"data: {settings.database_name} (operator's keys: {settings.home / 'operator.json'})",
        "",
        "In test mode, without internet:",
        curl(url, keys.test_key, f"video_id={EXAMPLE_ID}"),
        "",
        "Live (needs internet):",
        curl(url, keys.key, f"url={EXAMPLE_LINK}"),
        "",
        f"Open {url} in a browser for docs and dashboard. {pages} Stop with Ctrl-C.",
    )
    with suppress(BrokenPipeError):  # whoever started this may not care for it
        for line in lines:
            out.print(Text(line), soft_wrap=True)


def curl(url: str, key: str, query: str) -> str:
    """A line to paste into a shell."""
    return f"curl -sS -w '\\n' -H 'X-API-Key: {key}' '{url}/v1/tiktok/video?{query}'"
