"""What the relay remembers, when it asks TikTok again, and that both are bounded."""

import asyncio

import pytest

from clipmeter.errors import ConcurrencyLimitExceeded, NotFound, ServiceUnavailable, UpstreamError
from clipmeter.fetch import Fetch
from clipmeter.media.links import Wanted
from clipmeter.media.relay import Lane, Relay
from clipmeter.model import Video
from clipmeter.sites.tiktok.found import Answer
from clipmeter.sites.tiktok.hosts import REFERER, is_media, is_tiktok
from clipmeter.stream import Streams
from tinyserver import answer, tiny

HOST = "https://v16-webapp-prime.us.tiktok.com"


def found(video_id="1", path="good", **values):
    video = Video(video_id=video_id, url="", video_url=f"{HOST}/{path}" if path else "")
    return Answer(video, 0, None, "page", "token", **values)


def wanted(video_id="1", kind="video", account="a", lane="live"):
    return Wanted(0, lane, account, video_id, kind, "name.mp4")


async def cdn(asked):
    """Has the good file only, and does not take HEAD for /nohead."""
    if asked.target == "/nohead" and asked.method == "HEAD":
        await asked.say(answer(b"", status="405 Method Not Allowed"))
    elif asked.target in {"/good", "/nohead"}:
        await asked.say(answer(b"film", "Content-Type: video/mp4"))
    else:
        await asked.say(answer(b"gone", "Content-Type: text/plain", status="403 Forbidden"))


class Bench:
    """A relay before a real server; `says` is what TikTok says of a post, `asked` how often it was asked."""

    def __init__(self, server, **values):
        fetch = Fetch(allowed=is_tiktok, referer=REFERER, upstream=server.url)
        self.streams = Streams(fetch.file_request, allowed=is_media)
        self.relay = Relay({"live": Lane(self.streams, self.resolve)}, **{"limit": 9, **values})
        self.asked, self.says = [], found

    async def resolve(self, video_id):
        self.asked.append(video_id)
        said = self.says(video_id)
        if isinstance(said, Exception):
            raise said
        return said

    async def get(self, method="GET", **values):
        async with self.relay.open(wanted(**values), method, {}) as sent:
            return b"".join([chunk async for chunk in sent.chunks])


@pytest.fixture
async def new():
    """Makes benches on one server, and closes them."""
    made = []
    async with tiny(cdn) as server:

        def make(**values):
            made.append(Bench(server, **values))
            return made[-1]

        yield make
        for bench in made:
            await bench.streams.aclose()


async def test_remembered(new):
    """What was answered costs no question; what was not costs one, for all files of the post."""
    bench = new()
    bench.relay.remember("live", found("1"))
    assert [await bench.get(video_id=video_id) for video_id in "1122"] == [b"film"] * 4
    assert bench.asked == ["2"]


async def test_bounded(new):
    """The least used go first."""
    bench = new(remembered=2)
    for video_id in "123":
        bench.relay.remember("live", found(video_id))
    assert len(bench.relay._kept) == 2
    await bench.get(video_id="1")
    assert (bench.asked, len(bench.relay._kept)) == (["1"], 2)


async def test_a_stopgap_displaces_nothing(new):
    """The few links of an official embed do not take the place of a whole answer's."""
    bench = new()
    bench.relay.remember("live", found())
    bench.relay.remember("live", found(path="", partial=True))
    assert await bench.get() == b"film"
    assert bench.asked == []


async def test_a_dead_link(new):
    """A refused link is got anew once, and the new one used from then on."""
    bench = new()
    bench.relay.remember("live", found(path="dead"))
    assert [await bench.get(), await bench.get()] == [b"film"] * 2
    assert bench.asked == ["1"]


async def test_a_link_that_stays_dead(new):
    """TikTok is not asked again for every caller of a file that cannot be had."""
    bench = new()
    bench.says = lambda video_id: found(video_id, path="dead")
    for _ in range(5):
        with pytest.raises(UpstreamError):
            await bench.get()
    assert bench.asked == ["1"]
    bench.relay.remember("live", found())
    assert await bench.get() == b"film"


async def test_a_post_that_is_gone(new):
    """Nor for a post that is not there any more."""
    bench = new()
    bench.says = lambda _: NotFound("It was deleted.")
    for _ in range(5):
        with pytest.raises(NotFound, match="deleted"):
            await bench.get()
    assert bench.asked == ["1"]


async def test_no_such_file(new):
    """A file that the post has no more is not found, without asking a CDN for nothing."""
    bench = new()
    bench.relay.remember("live", found(path=""))
    for kind in ("video", "image-1", "nonsense"):
        with pytest.raises(NotFound):
            await bench.get(kind=kind)


async def test_head_where_the_cdn_does_not_take_it(new):
    """A GET is begun in its place."""
    bench = new()
    bench.relay.remember("live", found(path="nohead"))
    async with bench.relay.open(wanted(), "HEAD", {}) as sent:
        assert sent.head.length == 4


async def test_no_such_lane(new):
    """A lane that is not open yet."""
    with pytest.raises(ServiceUnavailable):
        await new().get(lane="test")


async def test_the_limit_is_the_accounts(new):
    """So many files of one account at once, whatever becomes of each; others are not counted with them."""
    bench = new(limit=1)
    async with bench.relay.open(wanted(), "GET", {}):
        with pytest.raises(ConcurrencyLimitExceeded):
            await bench.get()
        assert await bench.get(account="b") == b"film"
    bench.says = lambda _: NotFound()
    with pytest.raises(NotFound):
        await bench.get(video_id="2")
    assert await bench.get() == b"film"
    assert not bench.relay._running


async def test_cancelled_while_it_asks(new):
    """A caller who leaves while TikTok is asked holds nothing."""
    bench = new()
    asked = asyncio.Event()

    async def never(_):
        asked.set()
        await asyncio.sleep(30)

    bench.relay._lanes["live"] = Lane(bench.streams, never)
    getting = asyncio.create_task(bench.get())
    await asked.wait()
    getting.cancel()
    await asyncio.gather(getting, return_exceptions=True)
    assert not bench.relay._running
