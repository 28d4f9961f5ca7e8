"""yt-dlp as a source: what it gets past, whose requests it makes, and how it ends."""

import asyncio
import json
import subprocess
import sys
import threading

import pytest

from clipmeter.errors import NotFound, Problem, UpstreamConnectionError, UpstreamError, UpstreamTimeout
from clipmeter.fetch import Fetch
from clipmeter.sites.tiktok import ytdlp
from clipmeter.sites.tiktok.hosts import REFERER, is_tiktok
from clipmeter.sites.tiktok.ref import VideoRef
from clipmeter.sites.tiktok.webpage import WebPage
from clipmeter.sites.tiktok.ytdlp_info import read_info
from fauxtok import server
from fauxtok.ids import DOCUMENTED, EXAMPLE_ID
from tinyserver import answer, tiny

EXAMPLE = VideoRef(str(EXAMPLE_ID))
IDS = {outcome.name: str(number) for number, outcome in DOCUMENTED.items()}
SLOW = "never"


@pytest.fixture(scope="module")
def emulator():
    with server.start() as running:
        yield running


@pytest.fixture(scope="module")
def pool():
    pool = ytdlp.new_pool()
    yield pool
    pool.shutdown()


@pytest.fixture
async def opened(pool):
    """Makes the source, asking `upstream`, and its door."""
    fetches = []

    def make(upstream, **values):
        fetches.append(Fetch(allowed=is_tiktok, referer=REFERER, upstream=upstream, **values))
        return ytdlp.YtDlp(fetches[-1], pool)

    yield make
    for fetch in fetches:
        await fetch.aclose()


@pytest.mark.parametrize("number", DOCUMENTED, ids=[outcome.name for outcome in DOCUMENTED.values()])
async def test_every_documented_outcome(opened, emulator, number):
    """Each id ends as promised, the challenge solved, and every refusal with its own verdict and not yt-dlp's guess."""
    outcome = DOCUMENTED[number]
    try:
        found = await opened(emulator.url).video(VideoRef(str(number)), 0.4 if outcome.name == SLOW else 8)
    except Problem as problem:
        assert (problem.status, problem.code) == (outcome.status, outcome.code)  # noqa: PT017
    else:
        assert (outcome.status, found.video.video_id, found.source) == (200, str(number), "ytdlp")
        assert found.chain_token


async def test_it_reads_what_the_page_says(opened, emulator):
    """A page that we can read too gives every field that the first source gives, and files that can be asked for."""
    source = opened(emulator.url)
    theirs, ours = await source.video(EXAMPLE, 8), await WebPage(source._fetch).video(EXAMPLE, 8)
    volatile = {"cover", "dynamic_cover", "origin_cover", "author_avatar", "music_url", "music_cover"}
    for name in set(ours.video.__struct_fields__) - volatile:
        if not name.startswith("video_url"):
            assert getattr(theirs.video, name) == getattr(ours.video, name), name
    link, cookies = theirs.video.video_url_watermarked, {"tt_chain_token": theirs.chain_token}
    assert await source._fetch.size(link, cookies=cookies, within=4) == 7988034


INFO = {
    "title": "short …",
    "description": "short and whole",
    "timestamp": 1750093630,
    "duration": 9,
    "view_count": 5,
    "repost_count": 0,
    "uploader": "a",
    "uploader_id": "11",
    "channel": "A",
    "track": "song",
    "artists": ["x", "y"],
    "formats": [
        {"format_id": "play", "url": "https://c/p", "vcodec": "h264", "width": 576, "height": 1024},
        {"format_id": "r1", "url": "https://c/1", "vcodec": "h264", "width": 1080, "height": 1920, "filesize": 90},
        {"format_id": "r2", "url": "https://c/2", "vcodec": "bytevc2", "width": 2160, "height": 3840, "filesize": 99},
        {"format_id": "download", "url": "https://c/m", "vcodec": "h264"},
        {"format_id": "audio", "url": "https://c/a", "vcodec": "none"},
    ],
    "thumbnails": [{"id": "cover", "url": "https://c/c"}, {"id": "originCover", "url": "https://c/o"}, 5],
    "subtitles": {"eng-US": [{"url": "https://c/s", "ext": "vtt"}], "x": None},
}


def test_its_own_words():
    """The info dict alone gives what it says and nothing more: what it does not say stays unknown."""
    video, extras = read_info(INFO, EXAMPLE.id)
    assert (video.title, video.play_count, video.shares, video.likes, video.downloads) == (
        "short and whole", 5, 0, None, None,
    )  # fmt: skip
    assert (video.video_url, video.video_url_hd, video.size_hd) == ("https://c/p", "https://c/1", 90)
    assert (video.video_url_watermarked, video.music_url) == ("https://c/m", "https://c/a")
    assert (video.cover, video.dynamic_cover, video.origin_cover) == ("https://c/c", "", "https://c/o")
    assert (video.music_author, video.url) == ("x, y", f"https://www.tiktok.com/@a/video/{EXAMPLE.id}")
    assert [stream.playable for stream in extras.streams] == [True, True, False, True]
    assert [(one.language, one.format) for one in extras.subtitles] == [("eng-US", "vtt")]


@pytest.mark.parametrize("value", [None, 5, "x", [], {}, [None], {"a": 1}])
@pytest.mark.parametrize("field", INFO)
def test_any_type_anywhere(field, value):
    """A field of another type is unknown, never an exception."""
    video, _ = read_info(INFO | {field: value}, EXAMPLE.id)
    assert video.video_id == EXAMPLE.id


def test_without_a_file_the_length_is_the_sounds():
    """A post of sound alone may show photos, or not: no duration, and no word on its kind."""
    video, extras = read_info(INFO | {"formats": INFO["formats"][-1:]}, EXAMPLE.id)
    assert (video.duration, extras.flags.media_type) == (0, "")


def layout(**item):
    """A page that yt-dlp can read and we cannot: the id stands where only a search finds it."""
    video = {"playAddr": "https://v16-webapp-prime.us.tiktok.com/p", "duration": 3}
    struct = {"desc": "new", "createTime": 1750093630, "video": video, "author": {"uniqueId": "a"}, **item}
    detail = {"statusCode": 0, "itemInfo": {"itemStruct": struct}}
    script = json.dumps({"__DEFAULT_SCOPE__": {"webapp.video-detail": detail}}).encode()
    return b'<script id="__UNIVERSAL_DATA_FOR_REHYDRATION__" type="application/json">' + script + b"</script>"


async def test_a_layout_that_only_it_can_read(opened):
    """What we cannot read it tells itself, when the page names the asked id; else whose post it is stays unknown."""
    for item, is_told in (({"core": {"id": EXAMPLE.id}}, True), ({"link": f"/{EXAMPLE.id}"}, False)):
        async with tiny(lambda asked, item=item: asked.say(answer(layout(**item)))) as upstream:
            source = opened(upstream.url)
            if is_told:
                assert (await source.video(EXAMPLE, 8)).video.title == "new"
            else:
                with pytest.raises(UpstreamError):
                    await source.video(EXAMPLE, 8)


async def test_another_post_is_never_taken(opened):
    """yt-dlp does not look whose post the page holds: we do."""
    async with tiny(lambda asked: asked.say(answer(layout(id="7500000000000000200")))) as upstream:
        with pytest.raises(NotFound):
            await opened(upstream.url).video(EXAMPLE, 8)


async def test_redirects_elsewhere_are_refused(opened):
    """Its requests go through the door: no other host, no loopback."""
    async with tiny(lambda asked: asked.say(answer(b"x"))) as trap:
        moved = answer(b"", f"Location: {trap.url}/", status="302 Found")
        async with tiny(lambda asked: asked.say(moved)) as upstream:
            with pytest.raises(UpstreamError) as problem:
                await opened(upstream.url).video(EXAMPLE, 8)
        assert "refused" in problem.value.sign
        assert not trap.connections


async def test_it_goes_through_the_proxies(opened):
    """With proxies and without a reroute it asks them, and nobody itself."""
    refusal = answer(b"", status="403 Forbidden")
    async with tiny(lambda asked: asked.say(refusal)) as proxy:
        with pytest.raises(UpstreamConnectionError):
            await opened("", proxies=(proxy.url,)).video(EXAMPLE, 8)
        assert {(asked.method, asked.target) for asked in proxy.asked} == {("CONNECT", "www.tiktok.com:443")}


async def never(_asked):
    await asyncio.Event().wait()


@pytest.mark.parametrize("how", ["timeout", "cancel"])
async def test_it_ends_with_its_call(opened, how):
    """Out of time or cancelled, its request is over when the call is, and its thread soon after."""
    async with tiny(never) as upstream:
        source = opened(upstream.url)
        call = asyncio.create_task(source.video(EXAMPLE, 1.5 if how == "timeout" else 9))
        await upstream.came.wait()
        if how == "cancel":
            call.cancel()
        with pytest.raises(UpstreamTimeout if how == "timeout" else asyncio.CancelledError):
            await call
        await asyncio.wait_for(upstream.left.wait(), 0.5)
        asked = len(upstream.asked)
        await asyncio.sleep(0.3)
        assert len(upstream.asked) == asked


async def test_cancelling_at_any_moment(opened, emulator, pool):
    """Wherever it strikes, nothing goes on and every thread comes back."""
    source = opened(emulator.url)
    for step in range(40):
        call = asyncio.create_task(source.video(VideoRef(IDS["challenge"]), 5))
        await asyncio.sleep(step * 0.001)
        call.cancel()
        await asyncio.gather(call, return_exceptions=True)
    free = threading.Barrier(ytdlp.THREADS + 1)
    for _ in range(ytdlp.THREADS):
        pool.submit(free.wait, 5)
    await asyncio.to_thread(free.wait, 5)


async def test_many_at_once(opened, emulator):
    """More than there are threads: all get their answer, each its own."""
    source = opened(emulator.url)
    ids = [str(7_500_000_000_100_000_000 + n) for n in range(12)]
    founds = await asyncio.gather(*(source.video(VideoRef(one), 20) for one in ids))
    assert [found.video.video_id for found in founds] == ids


def test_it_is_loaded_at_first_use():
    """Whoever never needs it does not wait for it."""
    code = "import sys, clipmeter.sites.tiktok.reach; sys.exit('yt_dlp' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


async def test_it_opens_no_socket(opened, emulator):
    """In its threads no socket is ever made or connected."""
    seen, is_over = [], threading.Event()

    def watch(event, _arguments):
        is_ours = threading.current_thread().name.startswith("yt-dlp") and not is_over.is_set()
        if is_ours and event.startswith("socket."):
            seen.append(event)

    await opened(emulator.url).video(EXAMPLE, 8)  # loaded by now
    sys.addaudithook(watch)
    await opened(emulator.url).video(VideoRef(IDS["challenge"]), 8)
    is_over.set()  # a hook cannot be taken away
    assert not seen
