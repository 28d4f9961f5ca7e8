"""One emulator and one proxy in front of it for all peers: programs that know nothing of either."""

import http.client
import json

import pytest

from fauxtok import proxy
from fauxtok.server import start


@pytest.fixture(scope="module")
def running():
    with start() as running:
        yield running


@pytest.fixture(scope="module")
def behind(running):
    """The address of a proxy behind which every host is the emulator."""
    it = proxy.start("127.0.0.1", 0, running.port)
    yield it.url
    it.stop()


@pytest.fixture
def control(running):
    """Asks the emulator what it saw (no body) or sets it; reset before and after."""

    def ask(name, body=None):
        line = http.client.HTTPConnection("127.0.0.1", running.port, timeout=10)
        line.request("GET" if body is None else "POST", f"/__fauxtok/{name}", json.dumps(body))
        told = json.loads(line.getresponse().read())
        line.close()
        return told

    ask("reset", {})
    yield ask
    ask("reset", {})
