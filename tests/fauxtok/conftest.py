"""One emulator for all tests here, and a visitor that asks it over real HTTP."""

import http.client
import json
import re
import socket
import time
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import pytest

from fauxtok.server import Running, start

_SCRIPT = re.compile(
    r'<script id="__UNIVERSAL_DATA_FOR_REHYDRATION__" type="application/json">(.*?)</script>', re.DOTALL
)


@dataclass
class Reply:
    status: int
    headers: http.client.HTTPMessage
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def scopes(self) -> dict[str, Any]:
        """What the data script of a page holds."""
        found = _SCRIPT.search(self.body.decode())
        assert found is not None
        return json.loads(found[1])["__DEFAULT_SCOPE__"]

    @property
    def item(self) -> dict[str, Any]:
        return self.scopes["webapp.video-detail"]["itemInfo"]["itemStruct"]

    @property
    def token(self) -> str:
        lines = self.headers.get_all("set-cookie") or []
        return next(line.split(";")[0].partition("=")[2] for line in lines if line.startswith("tt_chain_token="))


class Visitor:
    """Asks the emulator: paths, or whole links of any TikTok host."""

    def __init__(self, running: Running) -> None:
        self.running = running

    def ask(self, link: str, method: str = "GET", body: object = None, **headers: str) -> Reply:
        parts = urlsplit(link)
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        given.setdefault("Host", parts.netloc or "www.tiktok.com")
        line = http.client.HTTPConnection("127.0.0.1", self.running.port, timeout=10)
        try:
            data = None if body is None else json.dumps(body) if not isinstance(body, str) else body
            line.request(method, parts.path + (f"?{parts.query}" if parts.query else ""), data, given)
            answer = line.getresponse()
            return Reply(answer.status, answer.headers, answer.read())
        finally:
            line.close()

    def page(self, number: int, **headers: str) -> Reply:
        return self.ask(f"/@_/video/{number}", **headers)

    def file(self, page: Reply, link: str, method: str = "GET", **headers: str) -> Reply:
        """A file as the visitor of that page is given it."""
        return self.ask(
            link, method, Cookie=f"tt_chain_token={page.token}", Referer="https://www.tiktok.com/", **headers
        )

    def hang_up_after(self, path: str, seconds: float) -> None:
        """Ask for a path, and leave before its answer has ended."""
        with socket.create_connection(("127.0.0.1", self.running.port)) as line:
            line.sendall(f"GET {path} HTTP/1.1\r\nHost: www.tiktok.com\r\n\r\n".encode())
            time.sleep(seconds)

    def is_idle(self, seconds: float = 3.0) -> bool:
        """Whether, soon, no page is in flight."""
        end = time.monotonic() + seconds
        while (busy := self.ask("/__fauxtok/stats").json["in_flight"]) and time.monotonic() < end:
            time.sleep(0.01)
        return not busy

    def post(self, name: str, body: object) -> Reply:
        return self.ask(f"/__fauxtok/{name}", "POST", body)


@pytest.fixture(scope="session")
def running():
    with start() as running:
        yield running


@pytest.fixture
def visitor(running):
    visitor = Visitor(running)
    visitor.post("reset", {})
    return visitor
