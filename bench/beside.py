"""`clipmeter serve` with one more route beside it: `/constant`, a plain Litestar route, for bench/rates.py.

    CONSTANT=FILE python bench/beside.py [--workers N]

Same process, same server, same event loop; but of ours `/constant` meets no more than the one `if` that parts the two
ways: no key, no meter, no middleware, no handler. It answers what the file has, read when it is first asked for.
"""

import argparse
import os
import signal
import socket
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

from litestar import Litestar, Response, get

from clipmeter.app import Parts, make_service
from clipmeter.cli.serve import GRACE, address_of, listen, tune
from clipmeter.logs import set_up_logs
from clipmeter.settings import read_settings
from clipmeter.web.server import make_server


@cache
def body() -> bytes:
    """What is answered."""
    return Path(os.environ["CONSTANT"]).read_bytes()


@get("/constant")
async def constant() -> Response[bytes]:
    """The whole route."""
    return Response(body(), media_type="application/json")


class Beside:
    """The service, and the route beside it."""

    def __init__(self, service: Any) -> None:  # noqa: ANN401 - an ASGI application
        self._service: Any = service
        self._bare: Any = Litestar([constant], openapi_config=None, logging_config=None)

    def express(self, get: Any, then: Any) -> bool:  # noqa: ANN401 - as envelope.Express has it
        """What the service answers without a task."""
        return get.path != "/constant" and self._service.express(get, then)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:  # noqa: ANN401 - ASGI
        """One ASGI call."""
        if scope["type"] == "http" and scope["path"] == "/constant":
            await self._bare(scope, receive, send)
        else:
            await self._service(scope, receive, send)


def serve(listening: socket.socket) -> None:
    """One process."""
    settings = read_settings()
    set_up_logs(settings.log_level)
    tune()
    app = Beside(make_service(Parts(settings), lambda _keys: None))
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: None)  # the server raises it once more after it stopped cleanly
    make_server(app, "127.0.0.1", 0, grace=settings.time_budget + GRACE).run(sockets=[listening])


def share(listening: socket.socket, count: int) -> None:
    """So many processes on one socket."""
    command = [sys.executable, __file__, "--socket", str(listening.fileno())]
    workers = [subprocess.Popen(command, pass_fds=[listening.fileno()]) for _ in range(count)]
    signal.signal(signal.SIGTERM, lambda *_: [worker.terminate() for worker in workers])
    for worker in workers:
        worker.wait()


def main() -> None:
    """Serve until told to stop; says the address first."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--socket", type=int, help="one that listens, for a worker")
    options = parser.parse_args()
    if options.socket is not None:
        serve(socket.socket(fileno=options.socket))
        return
    listening = listen("127.0.0.1", 0)
    print(address_of(listening), flush=True)
    share(listening, options.workers) if options.workers > 1 else serve(listening)


if __name__ == "__main__":
    main()
