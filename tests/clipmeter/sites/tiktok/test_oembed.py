"""The official card as a source."""

import json

import pytest

from clipmeter.errors import NotFound, UpstreamError, UpstreamRateLimit
from clipmeter.fetch import Fetch
from clipmeter.sites.fetching import Page
from clipmeter.sites.tiktok.hosts import REFERER, is_tiktok
from clipmeter.sites.tiktok.oembed import OEmbed, read_card
from clipmeter.sites.tiktok.ref import VideoRef
from fauxtok import server
from fauxtok.ids import EXAMPLE_ID


async def test_the_example():
    """Title, author and picture; the id gives the date, to within a minute; nothing else is claimed."""
    with server.start() as emulator:
        fetch = Fetch(allowed=is_tiktok, referer=REFERER, upstream=emulator.url)
        found = await OEmbed(fetch).video(VideoRef(str(EXAMPLE_ID)), 4)
        with pytest.raises(NotFound) as gone:
            await OEmbed(fetch).video(VideoRef("7500000000001020402"), 4)
        await fetch.aclose()
    video = found.video
    assert (video.author, video.author_name, video.date) == ("tiktok", "TikTok", "2025-06-16 17:06:48")
    assert video.title.startswith("🌈🐬🦄")
    assert video.cover.startswith("https://")
    assert (video.video_url, video.likes, video.duration, found.source) == ("", None, 0, "oembed")
    assert not gone.value.is_certain


@pytest.mark.parametrize(
    ("body", "status", "problem"),
    [
        (b"", 200, UpstreamRateLimit),
        (b"<html>Access Denied</html>", 403, UpstreamRateLimit),
        (b"<html>", 200, UpstreamError),
        (b"[]", 200, UpstreamError),
        (b"{}", 200, UpstreamError),
        (json.dumps({"code": 400, "message": "Something went wrong"}).encode(), 400, NotFound),
        (json.dumps({"title": "x", "embed_product_id": "8"}).encode(), 200, NotFound),
        (json.dumps({"title": {}, "author_name": []}).encode(), 200, UpstreamError),
    ],
)
def test_answers_without_a_card(body, status, problem):
    """Each its own verdict; another post's card is never taken."""
    with pytest.raises(problem):
        read_card(Page("https://www.tiktok.com/oembed", status, {}, body), "7")


def test_an_author_by_the_link():
    """Older cards name the author in the profile's link alone."""
    card = {"title": "", "author_name": "A", "author_url": "https://www.tiktok.com/@a.b"}
    video = read_card(Page("", 200, {}, json.dumps(card).encode()), "7")
    assert (video.author, video.url) == ("a.b", "https://www.tiktok.com/@a.b/video/7")
