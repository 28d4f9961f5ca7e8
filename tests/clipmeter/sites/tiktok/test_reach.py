"""How a post is reached: sources, short links, and what the page lacks, within one budget of time."""

import asyncio
import json
import time

import msgspec
import pytest

from clipmeter.errors import NotFound, UpstreamConnectionError, UpstreamRateLimit, UpstreamTimeout
from clipmeter.fetch import Fetch
from clipmeter.model import Video
from clipmeter.sites.tiktok.found import expires_at
from clipmeter.sites.tiktok.hosts import REFERER, is_tiktok
from clipmeter.sites.tiktok.reach import Reach
from clipmeter.sites.tiktok.ref import ShortLink, VideoRef
from fauxtok import server
from fauxtok.ids import EXAMPLE_ID
from fauxtok.short import short_code
from tinyserver import answer, tiny

EXAMPLE = VideoRef(str(EXAMPLE_ID))
CDN = "https://v16-webapp-prime.us.tiktok.com"
NOW = 1_795_000_000


@pytest.fixture
async def reaching():
    """Makes a Reach that asks `upstream`."""
    fetches = []

    def make(upstream, **values):
        fetches.append(Fetch(allowed=is_tiktok, referer=REFERER, upstream=upstream))
        defaults = {"time_budget": 3.0, "fill_budget": 0.5, "fill_sizes": True, "fill_downloads": False}
        return Reach(fetches[-1], **(defaults | values))

    yield make
    for fetch in fetches:
        await fetch.aclose()


def page(**links):
    """A page with a post, as little of it as there can be."""
    video = {"playAddr": f"{CDN}/plain", "downloadAddr": f"{CDN}/marked", "duration": 5, **links}
    item = {"id": EXAMPLE.id, "createTime": "1750093630", "author": {"uniqueId": "a"}, "video": video}
    detail = {"statusCode": 0, "itemInfo": {"itemStruct": item}}
    script = json.dumps({"__DEFAULT_SCOPE__": {"webapp.video-detail": detail}}).encode()
    return b'<html><script id="__UNIVERSAL_DATA_FOR_REHYDRATION__" type="application/json">' + script + b"</script>"


def upstream(head, *, app=None, before=0.0):
    """A TikTok whose page is there, and whose CDN and app do as they are told."""

    async def answering(asked):
        if asked.method == "HEAD":
            await head(asked)
        elif asked.target.startswith("/aweme/"):
            await app(asked)
        else:
            await asyncio.sleep(before)
            await asked.say(answer(page(), "Set-Cookie: tt_chain_token=abc==; Domain=.tiktok.com"))

    return answering


def saying(words):
    async def say(asked):
        await asked.say(words)

    return say


async def never(_asked):
    await asyncio.Event().wait()


LENGTH = saying(b"HTTP/1.1 200 OK\r\nContent-Length: 4321\r\n\r\n")
DOWNLOADS = saying(
    answer(json.dumps({"aweme_list": [{"aweme_id": EXAMPLE.id, "statistics": {"download_count": 7}}]}).encode())
)


async def test_the_example_whole(reaching):
    """The documented example, its downloads included, with the sizes of all three files."""
    with server.start() as emulator:
        found = await reaching(emulator.url, fill_downloads=True).video(EXAMPLE)
        again = await reaching(emulator.url, fill_downloads=True).video(
            ShortLink(f"https://vm.tiktok.com/{short_code(EXAMPLE_ID)}/")
        )
    video = found.video
    assert (video.size, video.size_hd, video.size_watermarked, video.downloads) == (7786703, 38711004, 7988034, 1003)
    assert (found.source, bool(found.chain_token)) == ("webpage", True)
    assert abs(found.fetched_at - time.time()) < 5
    assert found.expires_at > time.time()
    assert (again.video.video_id, again.video.size_watermarked) == (EXAMPLE.id, 7988034)


async def test_what_is_known_is_not_asked(reaching):
    """A photo post has no files: one request is all."""
    with server.start() as emulator:
        video = (await reaching(emulator.url).video(VideoRef("7500000000000000201"))).video
    assert (video.video_url, video.size, video.size_watermarked) == ("", None, None)


async def test_fillers_run_side_by_side(reaching):
    """Both sizes and the downloads are asked at once, with the page's cookie; together they take as long as one."""
    together = asyncio.Barrier(3)

    def meeting(then):
        async def meet(asked):
            await together.wait()
            await then(asked)

        return meet

    async with tiny(upstream(meeting(LENGTH), app=meeting(DOWNLOADS))) as tiktok:
        found = await reaching(tiktok.url, fill_downloads=True).video(EXAMPLE)
    assert (found.video.size, found.video.size_watermarked, found.video.downloads) == (4321, 4321, 7)
    heads = [asked for asked in tiktok.asked if asked.method == "HEAD"]
    assert sorted(asked.target for asked in heads) == ["/marked", "/plain"]
    assert {asked.headers["cookie"] for asked in heads} == {"tt_chain_token=abc=="}
    assert {asked.headers["referer"] for asked in heads} == {REFERER}


async def hang_up(asked):
    asked.writer.close()


@pytest.mark.parametrize("failing", [never, hang_up, saying(answer(b"", status="403 No")), saying(b"nonsense\r\n\r\n")])
async def test_a_failing_filler_fails_nothing(reaching, failing):
    """What cannot be had stays null, within the fill budget; nothing else of the answer changes."""
    async with tiny(upstream(failing, app=failing)) as tiktok:
        started = time.monotonic()
        found = await reaching(tiktok.url, fill_downloads=True, fill_budget=0.3).video(EXAMPLE)
        assert time.monotonic() - started < 1
        bare = await reaching(tiktok.url, fill_sizes=False).video(EXAMPLE)
    assert (found.video.size, found.video.size_watermarked, found.video.downloads) == (None, None, None)
    assert found.video == bare.video


async def test_one_filler_fails_alone(reaching):
    """A size that is told is kept though the other is not."""

    async def head(asked):
        await (LENGTH if asked.target == "/plain" else never)(asked)

    async with tiny(upstream(head)) as tiktok:
        video = (await reaching(tiktok.url, fill_budget=0.3).video(EXAMPLE)).video
    assert (video.size, video.size_watermarked) == (4321, None)


async def test_filling_is_a_setting(reaching):
    """Without it the page is the only request."""
    async with tiny(upstream(never)) as tiktok:
        await reaching(tiktok.url, fill_sizes=False).video(EXAMPLE)
    assert len(tiktok.asked) == 1


async def test_one_budget_for_everything(reaching):
    """A slow page leaves the fillers less than theirs; the call ends within its own."""
    async with tiny(upstream(never, before=0.3)) as tiktok:
        started = time.monotonic()
        found = await reaching(tiktok.url, time_budget=0.6, fill_budget=9).video(EXAMPLE)
        assert 0.55 < time.monotonic() - started < 3
    assert found.video.size is None


async def test_a_slow_page_is_a_timeout(reaching):
    """The time budget ends a call, the short link's time included."""

    async def slow_short(asked):
        await asyncio.sleep(0.2)
        place = f"Location: https://www.tiktok.com/@a/video/{EXAMPLE.id}"
        await (asked.say(answer(b"", place, status="301 Moved")) if "ZM1" in asked.target else never(asked))

    async with tiny(slow_short) as tiktok:
        started = time.monotonic()
        with pytest.raises(UpstreamTimeout):
            await reaching(tiktok.url, time_budget=0.5).video(ShortLink("https://vm.tiktok.com/ZM12345/"))
        assert time.monotonic() - started < 1


async def test_cancelling_ends_every_request(reaching):
    """A call that is cancelled while it fills leaves no task and no request behind."""
    async with tiny(upstream(never, app=never)) as tiktok:
        call = asyncio.create_task(reaching(tiktok.url, fill_downloads=True, fill_budget=3).video(EXAMPLE))
        while len(tiktok.asked) < 4:  # noqa: ASYNC110 - a test's own server has no event for this
            await asyncio.sleep(0.01)
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call
        await asyncio.sleep(0.2)
        assert tiktok.open_now <= 1  # the page's own connection may be kept


async def test_cancelling_at_any_moment(reaching):
    """Wherever a cancellation strikes, it passes through and no coroutine is left unawaited."""
    async with tiny(upstream(LENGTH, app=DOWNLOADS)) as tiktok:
        reach = reaching(tiktok.url, fill_downloads=True)
        for step in range(60):
            call = asyncio.create_task(reach.video(EXAMPLE))
            await asyncio.sleep(step * 0.0002)
            call.cancel()
            await asyncio.gather(call, return_exceptions=True)
            assert call.cancelled() or call.result()


async def test_an_id_from_the_future_is_free(reaching):
    """An id dated after tomorrow is 404 without a request; one of tomorrow is asked."""
    async with tiny(upstream(LENGTH, app=hang_up)) as tiktok:
        reach = reaching(tiktok.url, clock=lambda: NOW)
        with pytest.raises(NotFound):
            await reach.video(VideoRef(str((NOW + 2 * 86_400) << 32)))
        with pytest.raises(NotFound):
            await reach.video(VideoRef("9" * 25))
        assert not tiktok.asked
        with pytest.raises(NotFound):  # it is another video that the page holds
            await reach.video(VideoRef(str((NOW + 3_600) << 32)))
        assert tiktok.asked


@pytest.mark.parametrize(
    ("answering", "problem"), [(hang_up, UpstreamConnectionError), (saying(answer(b"")), UpstreamRateLimit)]
)
async def test_problems_come_through(reaching, answering, problem):
    """What keeps a post from being reached is told as it is."""
    async with tiny(answering) as tiktok:
        with pytest.raises(problem):
            await reaching(tiktok.url).video(EXAMPLE)


async def test_many_posts_at_once(reaching):
    """Forty calls at once each get their own post and its sizes."""
    first = 7_500_000_000_100_000_000
    with server.start() as emulator:
        reach = reaching(emulator.url, time_budget=15, fill_budget=8)
        answers = await asyncio.gather(*(reach.video(VideoRef(str(first + n))) for n in range(40)))
    assert [found.video.video_id for found in answers] == [str(first + n) for n in range(40)]
    assert all(found.video.size_watermarked for found in answers if found.video.video_url_watermarked)


@pytest.mark.parametrize(
    ("links", "expiry"),
    [
        ({}, None),
        ({"video_url": f"{CDN}/?expire=1795000300&l=1"}, 1795000300),
        (
            {"video_url": f"{CDN}/?expire=1795000300", "cover": "https://p16.tiktokcdn.com/?x-expires=1795000200&x"},
            1795000200,
        ),
        ({"video_url": f"{CDN}/?expire=soon&expire=3600&x-expires=99999999999"}, None),
        ({"title": "https://x/?expire=1795000300", "video_url": "https://[/?expire=1795000300"}, None),
    ],
)
def test_expiry(links, expiry):
    """The earliest expiry among the links, in Unix seconds; None when none is named."""
    video = msgspec.structs.replace(Video(video_id="1", url="https://www.tiktok.com/@_/video/1"), **links)
    assert expires_at(video) == expiry
