"""The embed page as a source, over real HTTP against the emulator, and its reader on odd pages."""

import json

import pytest

from clipmeter.errors import NotFound, Problem, UpstreamError, UpstreamRateLimit
from clipmeter.fetch import Fetch
from clipmeter.sites.fetching import Page
from clipmeter.sites.tiktok.embed import EmbedPage, read_embed
from clipmeter.sites.tiktok.hosts import REFERER, is_tiktok
from clipmeter.sites.tiktok.ref import VideoRef
from fauxtok import server
from fauxtok.ids import DOCUMENTED, OUTCOMES

IDS = {outcome.name: str(number) for number, outcome in DOCUMENTED.items()}
SLOW = "never"


@pytest.fixture(scope="module")
def emulator():
    with server.start() as running:
        yield running


@pytest.fixture
async def embed(emulator):
    fetch = Fetch(allowed=is_tiktok, referer=REFERER, upstream=emulator.url)
    yield EmbedPage(fetch)
    await fetch.aclose()


async def test_the_example(embed):
    """What an embed shows is exact; what it does not show is unknown, never a made-up 0."""
    found = await embed.video(VideoRef(IDS["example"]), 4)
    video = found.video
    assert (video.video_id, video.author, video.author_id, video.duration) == (IDS["example"], "tiktok", "107955", 66)
    assert (video.play_count, video.likes, video.comments, video.shares) == (18912653, 879920, 4382, 17420)
    assert (video.date, video.music_id) == ("2025-06-16 17:07:10", "7516599978421209887")
    assert video.mentioned_user_ids == ("205879097384816641",)
    assert (video.saves, video.downloads, video.size, video.region) == (None, None, None, "")
    assert video.video_url
    assert found.chain_token
    assert [stream.url for stream in found.extras.streams] == [video.video_url]


async def test_a_marked_file_is_called_so(embed):
    """Where the only file carries the watermark it is not handed out as the plain one."""
    video = (await embed.video(VideoRef(IDS["only_watermarked"]), 4)).video
    assert video.video_url == ""
    assert "lr=tiktok" in video.video_url_watermarked


async def test_photos_are_not_told_from_nothing(embed):
    """An embed without a file does not say whether the post shows photos: nor do we."""
    found = await embed.video(VideoRef(IDS["photo"]), 4)
    assert (found.video.video_url, found.extras.flags.media_type) == ("", "")


@pytest.mark.parametrize("number", DOCUMENTED, ids=[outcome.name for outcome in DOCUMENTED.values()])
async def test_every_documented_outcome(embed, number):
    """The embed of each id ends in the status of its page; a challenge is for another source to solve."""
    outcome = DOCUMENTED[number]
    if outcome.name == "challenge":
        outcome = OUTCOMES["challenge_again"]
    try:
        found = await embed.video(VideoRef(str(number)), 0.4 if outcome.name == SLOW else 4)
    except Problem as problem:
        assert (problem.status, problem.code) == (outcome.status, outcome.code)  # noqa: PT017
    else:
        assert (outcome.status, found.video.video_id) == (200, str(number))


def page(data):
    script = json.dumps({"source": {"data": data}}).encode()
    body = b'<script id="__FRONTITY_CONNECT_STATE__" type="application/json">' + script + b"</script>"
    return Page("https://www.tiktok.com/embed/v2/7", 200, {}, body)


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        ({"/embed/v2/7": {"videoData": {}, "isError": True, "errorCode": 10204}}, NotFound),
        ({"/embed/v2/7": {"videoData": {"itemInfos": {"id": "8"}}}}, NotFound),
        ({"/embed/v2/7": {"videoData": {"itemInfos": {"id": "x"}}}}, UpstreamError),
        ({"/embed/v2/7": {"videoData": {"itemInfos": []}}}, UpstreamError),
        ({"/embed/v2/7": {"videoData": {}, "errorCode": 10000}}, UpstreamRateLimit),
        ({"/embed/v2/7": [1]}, UpstreamError),
        ([], UpstreamError),
        (None, UpstreamError),
    ],
)
def test_odd_pages(data, problem):
    """Whatever stands in the script, a verdict comes out; another post is never taken."""
    with pytest.raises(problem):
        read_embed(page(data), "7")


def test_a_bare_post():
    """The id is enough: everything else is unknown."""
    video, _ = read_embed(page({"x": 1, "/embed/v2/7": {"videoData": {"itemInfos": {"id": "7", "text": 5}}}}), "7")
    assert (video.video_id, video.likes, video.url) == ("7", None, "https://www.tiktok.com/@_/video/7")
