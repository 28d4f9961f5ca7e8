"""One call's budget, and the door that keeps to it."""

import asyncio

import pytest

from clipmeter.errors import UpstreamTimeout
from clipmeter.fetch import Fetch
from clipmeter.sites.tiktok.budget import SPENT, Budget
from clipmeter.sites.tiktok.hosts import REFERER, is_tiktok
from tinyserver import answer, tiny

PAGE = "https://www.tiktok.com/@_/video/7516594811734854943"
FILE = "https://v16-webapp-prime.us.tiktok.com/video/1"


@pytest.fixture
async def opened():
    """Makes budgets over doors to `upstream`."""
    fetches = []

    def make(upstream, **values):
        fetches.append(Fetch(allowed=is_tiktok, referer=REFERER, upstream=upstream))
        return Budget(fetches[-1], **({"seconds": 2.0, "requests": 8} | values))

    yield make
    for fetch in fetches:
        await fetch.aclose()


async def slowly(asked):
    await asyncio.sleep(0.05)
    await asked.say(answer(b"" if asked.method == "HEAD" else b"x"))


async def test_all_ways_of_asking_share_one_purse(opened):
    """Pages, redirects and files together: not one request more than was given."""
    async with tiny(slowly) as server:
        budget = opened(server.url, requests=3)
        await budget.page(PAGE, within=1)
        await budget.redirect(PAGE, within=1)
        await budget.size(FILE, cookies={}, within=1)
        for asking in (
            budget.page(PAGE, within=1),
            budget.redirect(PAGE, within=1),
            budget.size(FILE, cookies={}, within=1),
        ):
            with pytest.raises(UpstreamTimeout) as told:
                await asking
            assert told.value.sign == SPENT
    assert len(server.asked) == 3


async def test_time_runs_from_the_start(opened):
    """No call may take longer than what is left of the whole, and without any left nothing is asked."""
    async with tiny(slowly) as server:
        budget = opened(server.url, seconds=0.12)
        await budget.page(PAGE, within=9)
        await asyncio.sleep(0.05)
        with pytest.raises(UpstreamTimeout):
            await budget.page(PAGE, within=9)
        asked = len(server.asked)
        with pytest.raises(UpstreamTimeout):
            budget.left()
        with pytest.raises(UpstreamTimeout):
            await budget.page(PAGE, within=9)
    assert len(server.asked) == asked


async def test_one_page_is_asked_for_once_at_a_time(opened):
    """Who wants a page that is under way waits for the other to end; different pages do not wait for each other."""
    now, most = 0, 0

    async def counting(asked):
        nonlocal now, most
        now += 1
        most = max(most, now)
        await asyncio.sleep(0.03)
        now -= 1
        await asked.say(answer(b"x"))

    async with tiny(counting) as server:
        budget = opened(server.url)
        await asyncio.gather(*(budget.page(PAGE, within=1) for _ in range(4)))
        assert most == 1
        await asyncio.gather(budget.page(PAGE, within=1), budget.page(f"{PAGE}1", within=1))
        assert most == 2
    assert len(server.asked) == 6
