"""The app's JSON as a source, over real HTTP."""

import pytest

from clipmeter.errors import NotFound, UpstreamError, UpstreamRateLimit
from clipmeter.fetch import Fetch
from clipmeter.sites.tiktok.appjson import AppJson
from clipmeter.sites.tiktok.hosts import REFERER, is_tiktok
from clipmeter.sites.tiktok.ref import VideoRef
from fauxtok import server
from tinyserver import answer, tiny

EXAMPLE = VideoRef("7516594811734854943")


@pytest.fixture
async def reading():
    """Makes an AppJson that asks `upstream`."""
    fetches = []

    def make(upstream):
        fetches.append(Fetch(allowed=is_tiktok, referer=REFERER, upstream=upstream))
        return AppJson(fetches[-1])

    yield make
    for fetch in fetches:
        await fetch.aclose()


async def test_downloads_of_the_example(reading):
    """The documented example has 1003 downloads."""
    with server.start() as emulator:
        app = reading(emulator.url)
        found = await app.video(EXAMPLE, 4)
    assert (found.video.downloads, found.video.region) == (1003, "US")


async def test_another_video_is_not_taken(reading):
    """The feed answers some other post for one that is gone."""
    with server.start() as emulator, pytest.raises(NotFound):
        await reading(emulator.url).video(VideoRef("7500000000001020402"), 4)


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (answer(b""), UpstreamRateLimit),
        (answer(b"{"), UpstreamError),
        (answer(b'{"aweme_list": []}'), UpstreamError),
        (answer(b"no", status="403 Forbidden"), UpstreamRateLimit),
        (answer(b"{}", status="502 Bad Gateway"), UpstreamError),
    ],
)
async def test_answers_without_a_post(reading, words, problem):
    """Empty, broken, refused: each its own Problem."""

    async def answering(asked):
        await asked.say(words)

    async with tiny(answering) as upstream:
        with pytest.raises(problem):
            await reading(upstream.url).video(EXAMPLE, 2)
