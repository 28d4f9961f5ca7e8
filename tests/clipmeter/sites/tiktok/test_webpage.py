"""The page as a source, over real HTTP against the emulator: every documented outcome, and links that can be asked."""

import time

import pytest

from clipmeter.errors import Problem
from clipmeter.fetch import Fetch
from clipmeter.sites.tiktok.hosts import REFERER, is_tiktok
from clipmeter.sites.tiktok.ref import VideoRef
from clipmeter.sites.tiktok.webpage import WebPage
from fauxtok import server
from fauxtok.ids import DOCUMENTED, EXAMPLE_ID, OUTCOMES

CHAIN = "tt_chain_token"
SLOW = "never"


@pytest.fixture(scope="module")
def emulator():
    with server.start() as running:
        yield running


@pytest.fixture
async def fetch(emulator):
    fetch = Fetch(allowed=is_tiktok, referer=REFERER, upstream=emulator.url)
    yield fetch
    await fetch.aclose()


@pytest.mark.parametrize("number", DOCUMENTED, ids=[outcome.name for outcome in DOCUMENTED.values()])
async def test_every_documented_outcome(fetch, number):
    """Each sign ends in the status and code that callers are promised; a challenge is for another source to solve."""
    outcome = DOCUMENTED[number]
    if outcome.name == "challenge":
        outcome = OUTCOMES["challenge_again"]
    try:
        found = await WebPage(fetch).video(VideoRef(str(number)), 0.4 if outcome.name == SLOW else 4)
    except Problem as problem:
        assert (problem.status, problem.code) == (outcome.status, outcome.code)  # noqa: PT017
    else:
        assert outcome.status == 200
        assert found.video.video_id == str(number)
        assert found.source == "webpage"


async def test_links_want_the_cookie_of_their_page(fetch):
    """A file is told with its page's token, and to nobody else: neither without one nor with another page's."""
    one, other = [await WebPage(fetch).video(VideoRef(str(EXAMPLE_ID)), 4) for _ in range(2)]
    assert one.chain_token
    assert one.chain_token != other.chain_token
    link = one.video.video_url_watermarked
    assert await fetch.size(link, cookies={CHAIN: one.chain_token}, within=4) == 7988034
    assert await fetch.size(link, cookies={}, within=4) is None
    assert await fetch.size(link, cookies={CHAIN: other.chain_token}, within=4) is None


async def test_a_call_costs_milliseconds(fetch):
    """Over loopback a page is fetched and read well within the budget of a call."""
    page = WebPage(fetch)
    await page.video(VideoRef(str(EXAMPLE_ID)), 4)
    started = time.monotonic()
    for _ in range(10):
        await page.video(VideoRef(str(EXAMPLE_ID)), 4)
    assert time.monotonic() - started < 2
