"""`clipmeter demo`: a throw-away server, the documented example over HTTP in test mode, and what came back."""

import http.client
import queue
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

from clipmeter.app import Parts, make_service
from clipmeter.cli.serve import EXAMPLE_ID, address_of, listen
from clipmeter.cli.show import err, fail
from clipmeter.home import OperatorKeys
from clipmeter.logs import set_up_logs
from clipmeter.settings import Settings
from clipmeter.web.server import make_server

READY_SECONDS = 20


def demo(settings: Settings) -> None:
    """Print the status line, the request id and the JSON exactly as they came. Exit status 1 unless it was a 200."""
    with tempfile.TemporaryDirectory(prefix="clipmeter-demo-") as folder:
        throw_away = replace(settings, home=Path(folder), database_url="", public_url="", secret="")
        with _served(throw_away) as (url, keys):
            status = _ask(url, keys.test_key)
    if status != http.HTTPStatus.OK:
        fail(f"the example should be a 200, but it is a {status}")


@contextmanager
def _served(settings: Settings) -> Iterator[tuple[str, OperatorKeys]]:
    set_up_logs("warning")
    listening = listen("127.0.0.1", 0)
    ready: queue.Queue[OperatorKeys] = queue.Queue()
    server = make_server(make_service(Parts(settings), ready.put), "127.0.0.1", 0)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
    thread.start()
    try:
        yield address_of(listening), ready.get(timeout=READY_SECONDS)
    except queue.Empty:
        fail(f"the server was not ready within {READY_SECONDS} seconds")
    finally:
        server.should_exit = True
        thread.join()


def _ask(url: str, key: str) -> int:
    path = f"/v1/tiktok/video?video_id={EXAMPLE_ID}"
    err.print(f"GET {url}{path}", soft_wrap=True)
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=30)
    try:
        connection.request("GET", path, headers={"X-API-Key": key})
        response = connection.getresponse()
        body = response.read()
    finally:
        connection.close()
    version = f"HTTP/{response.version // 10}.{response.version % 10}"
    head = f"{version} {response.status} {response.reason}\nX-Request-Id: {response.getheader('X-Request-Id')}\n\n"
    sys.stdout.buffer.write(head.encode() + body + b"\n")
    sys.stdout.flush()
    return response.status
