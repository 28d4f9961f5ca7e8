"""No string whatever makes the door ask anybody but TikTok."""

import asyncio
import re
from contextlib import AsyncExitStack

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from clipmeter.errors import Problem, UpstreamError
from clipmeter.fetch import Fetch
from clipmeter.sites.tiktok.hosts import is_tiktok
from tinyserver import answer, tiny

HOSTS = [
    "127.0.0.1",
    "127.1",
    "2130706433",
    "[::1]",
    "[::ffff:127.0.0.1]",
    "localhost",
    "LOCALHOST.",
    "0",
    "www.tiktok.com",
    "WWW.TikTok.com",
    "vm.tiktok.com",
    "v16-default.akamaized.net",
    "evil.akamaized.net",
    "www.tiktok.com.",
    "www.tiktok.com.localhost",
    "ⓦⓦⓦ.tiktok.com",
    "www.tiktok。com",
    "www.ti\u212atok.com",
    "xn--tiktok-.com",
    "www.tiktok.com%2elocalhost",
    "127.0.0.1%00.tiktok.com",
    "tiktok.com\\.localhost",
]
PIECES = [
    "https://",
    "http://",
    "//",
    "HTTPS:",
    "https:/",
    "file://",
    "@",
    ":",
    "TRAP",
    ":443",
    ":TRAP",
    "/",
    "\\",
    "?",
    "#",
]
ODD = ["\t", "\n", "\r\nHost: x", " ", "%2f", "%00", "\x00", "\ud800", "ü", "..", ";", "&", "[", "]"]
urls = st.lists(st.sampled_from(PIECES + HOSTS + ODD) | st.text(max_size=4), max_size=9).map("".join)
likely = st.tuples(
    st.sampled_from(["https://", "http://", "HTTPS://", "https:", "//"]),
    st.sampled_from(["", "x@", "www.tiktok.com@", "a:b@", "\\@", "%40"]),
    st.sampled_from(HOSTS),
    st.sampled_from(["", ":443", ":80", ":TRAP", ":", ":0443", ":443@127.0.0.1:TRAP", "\\", "#@127.0.0.1:TRAP"]),
    st.sampled_from(["", "/", "?x", "/a b", "/@127.0.0.1:TRAP/", "#/", "\\@127.0.0.1:TRAP"]) | st.text(max_size=9),
).map("".join)


class Rooms:
    """A trap that must never be entered, and a proxy that all else must go through."""

    def __init__(self):
        self.runner = asyncio.Runner()
        self.stack = AsyncExitStack()

    async def open(self):
        async def refuse(asked):
            await asked.say(answer(b"", status="403 Forbidden"))

        self.trap = await self.stack.enter_async_context(tiny(refuse))
        self.proxy = await self.stack.enter_async_context(tiny(refuse))
        self.fetch = Fetch(allowed=is_tiktok, proxies=(self.proxy.url,))
        self.rerouted = Fetch(allowed=is_tiktok, upstream=self.proxy.url)
        self.stack.push_async_callback(self.fetch.aclose)
        self.stack.push_async_callback(self.rerouted.aclose)

    async def ask(self, url):
        """Every way of asking, one after the other."""
        before = self.proxy.connections
        asking = [
            self.fetch.page(url, within=2),
            self.fetch.redirect(url, within=2),
            self.fetch.size(url, cookies={"a": "b"}, within=2),
            self.rerouted.page(url, within=2),
            self.rerouted.size(url, cookies={}, within=2),
        ]
        results = await asyncio.gather(*asking, return_exceptions=True)
        assert not [error for error in results if isinstance(error, BaseException) and not isinstance(error, Problem)]
        refused = [isinstance(error, UpstreamError) and error.sign.startswith("refused") for error in results]
        assert len(set(refused)) == 1
        assert self.proxy.connections == before or not refused[0]


@pytest.fixture(scope="module")
def rooms():
    rooms = Rooms()
    with rooms.runner:
        rooms.runner.run(rooms.open())
        yield rooms
        rooms.runner.run(rooms.stack.aclose())


@settings(max_examples=400, deadline=None, suppress_health_check=list(HealthCheck))
@given(urls | likely)
@example("https://www.tiktok.com@127.0.0.1:TRAP/")
@example("https://127.0.0.1:TRAP\\@www.tiktok.com/")
@example("https://www.tiktok.com#@127.0.0.1:TRAP/")
@example("https://www.tiktok.com:443@127.0.0.1:TRAP/")
@example("https://127.0.0.1:TRAP/")
@example("http://www.tiktok.com/")
def test_nobody_but_tiktok_is_asked(rooms, url):
    """Refused without a connection, or a tunnel to one of TikTok's hosts at 443: there is no third way."""
    url = url.replace("TRAP", str(rooms.trap.port))
    rooms.proxy.asked.clear()
    rooms.runner.run(rooms.ask(url))
    assert rooms.trap.connections == 0
    for asked in rooms.proxy.asked:
        host, _, port = (asked.target if asked.method == "CONNECT" else asked.headers["host"]).partition(":")
        assert re.fullmatch("[a-z0-9.-]+", host)
        assert is_tiktok(host)
        assert port == ("443" if asked.method == "CONNECT" else "")


def test_tiktok_itself_is_asked(rooms):
    """The test above would see a request: an ordinary link makes five."""
    rooms.proxy.asked.clear()
    rooms.runner.run(rooms.ask("https://www.tiktok.com/@_/video/1"))
    assert len(rooms.proxy.asked) == 5
