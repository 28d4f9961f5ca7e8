"""Whatever a caller gives as a link, and whatever a short link answers, nobody but TikTok is asked."""

import asyncio
from contextlib import AsyncExitStack

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from clipmeter.errors import InvalidParameter, Problem
from clipmeter.fetch import Fetch
from clipmeter.sites.tiktok.hosts import REFERER, is_tiktok
from clipmeter.sites.tiktok.reach import Reach
from clipmeter.sites.tiktok.ref import ShortLink, read_link
from tinyserver import answer, tiny

PLACES = [
    "vm.tiktok.com", "vt.tiktok.com", "www.tiktok.com/t", "tiktok.com/t", "m.tiktok.com/t", "www.tiktok.com/@a/video",
    "127.0.0.1:TRAP", "localhost:TRAP", "[::1]:TRAP", "vm.tiktok.com@127.0.0.1:TRAP", "127.0.0.1:TRAP\\@vm.tiktok.com",
    "vm.tiktok.com:TRAP", "vm.tiktok.com.localhost:TRAP", "vm.tiktok.com#@127.0.0.1:TRAP", "example.com", "",
]  # fmt: skip
CODES = ["ZM12345", "ZM12345/", "7516594811734854943", "ZM1?u=http://127.0.0.1:TRAP/", "..", "%2e%2e/", "a b", ""]
links = st.tuples(
    st.sampled_from(["https://", "http://", "HTTPS://", "//", "", "look: https://", "file://", "javascript:"]),
    st.sampled_from(PLACES),
    st.sampled_from(["/", "//", "/\\", ""]),
    st.sampled_from(CODES) | st.text(max_size=6),
    st.sampled_from(["", " and http://127.0.0.1:TRAP/x", " https://vm.tiktok.com/ZM99999/", "#x"]),
).map("".join)


class Rooms:
    """A trap that must never be entered, and a TikTok whose every answer leads astray."""

    def __init__(self):
        self.runner = asyncio.Runner()
        self.stack = AsyncExitStack()
        self.target = ""

    async def open(self):
        async def refuse(asked):
            await asked.say(answer(b"", status="403 Forbidden"))

        async def mislead(asked):
            location = self.target.encode("utf8", "replace").decode("latin-1").replace("\r", "").replace("\n", "")
            await asked.say(answer(b"", f"Location: {location}", status="302 Found"))

        self.trap = await self.stack.enter_async_context(tiny(refuse))
        self.tiktok = await self.stack.enter_async_context(tiny(mislead))
        fetch = Fetch(allowed=is_tiktok, referer=REFERER, upstream=self.tiktok.url)
        self.stack.push_async_callback(fetch.aclose)
        self.reach = Reach(fetch, time_budget=2, request_budget=6, sources=["webpage", "embed", "appjson"])
        self.stack.callback(self.reach.close)

    async def ask(self, ref):
        try:
            await self.reach.video(ref, partial=True)
        except Problem as problem:
            return problem
        return None


@pytest.fixture(scope="module")
def rooms():
    rooms = Rooms()
    with rooms.runner:
        rooms.runner.run(rooms.open())
        yield rooms
        rooms.runner.run(rooms.stack.aclose())


@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
@given(links, links)
@example("https://vm.tiktok.com/ZM12345/", "http://127.0.0.1:TRAP/")
@example("https://vm.tiktok.com/ZM12345/", "//127.0.0.1:TRAP/@a/video/7516594811734854943")
@example("https://vm.tiktok.com/ZM12345/", "https://www.tiktok.com/@a/video/7516594811734854943")
@example("https://vm.tiktok.com/ZM12345/", "https://vm.tiktok.com/ZM12345/")
@example("https://www.tiktok.com/@a/video/7516594811734854943", "http://127.0.0.1:TRAP/")
def test_nobody_else_is_asked(rooms, link, target):
    """A refusal before any request, or requests to TikTok's names alone; the trap stays empty."""
    port = str(rooms.trap.port)
    rooms.target = target.replace("TRAP", port)
    rooms.tiktok.asked.clear()
    try:
        ref = read_link(link.replace("TRAP", port))
    except InvalidParameter:
        ref = None
    if ref is not None:
        rooms.runner.run(rooms.ask(ref))
    assert rooms.trap.connections == 0
    assert all(is_tiktok(asked.headers["host"]) for asked in rooms.tiktok.asked)
    assert bool(rooms.tiktok.asked) == (ref is not None) or ref.__class__ is not ShortLink


def test_short_links_are_asked(rooms):
    """The test above would see a request: a short link makes one, then its post's."""
    rooms.tiktok.asked.clear()
    rooms.target = "https://www.tiktok.com/@a/video/7516594811734854943"
    assert isinstance(rooms.runner.run(rooms.ask(read_link("https://vt.tiktok.com/ZMABCDE"))), Problem)
    assert rooms.tiktok.asked[0].headers["host"] == "vt.tiktok.com"
    assert len(rooms.tiktok.asked) == 6
