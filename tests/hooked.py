"""Somebody's web server that takes webhooks: a thread with real sockets, which remembers what came. For tests."""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass(frozen=True)
class Came:
    """One POST."""

    path: str
    headers: dict[str, str]
    """Names in lower case."""
    body: bytes

    @property
    def json(self):
        return json.loads(self.body)


@dataclass
class Hook:
    """A running server. `status` is what it answers from now on, with `location` if there is one."""

    url: str = ""
    status: int = 204
    location: str = ""
    came: list[Came] = field(default_factory=list)

    def wait(self, count: int, within: float = 20.0) -> list[Came]:
        """What has come, once it is so many."""
        give_up = time.monotonic() + within
        while len(self.came) < count and time.monotonic() < give_up:
            time.sleep(0.05)
        return self.came


@contextmanager
def hooked() -> Iterator[Hook]:
    """Serve on loopback."""
    hook = Hook()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            hook.came.append(Came(self.path, {name.lower(): value for name, value in self.headers.items()}, body))
            self.send_response(hook.status)
            if hook.location:
                self.send_header("Location", hook.location)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    hook.url = f"http://127.0.0.1:{server.server_port}/hook"
    try:
        yield hook
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
