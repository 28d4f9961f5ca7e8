"""Files from the CDN: only from where they may come, no faster than they are read, ended when the reader leaves."""

import asyncio
import time

import pytest

from clipmeter.errors import UpstreamConnectionError, UpstreamError, UpstreamTimeout
from clipmeter.fetch import Fetch
from clipmeter.sites.tiktok.hosts import REFERER, is_media, is_tiktok
from clipmeter.stream import Streams
from tinyserver import answer, tiny

FILE = "https://v16-webapp-prime.us.tiktok.com/video/tos/x/?a=1988&sig=a%2Fb%3D"
CHAIN = {"tt_chain_token": "abc=="}


@pytest.fixture
async def opened():
    """Makes Streams to a server, and closes them after the test."""
    made = []

    def open_(upstream="", **values):
        fetch = Fetch(allowed=is_tiktok, referer=REFERER, upstream=upstream)
        streams = Streams(fetch.file_request, allowed=is_media, **values)
        made.extend((streams, fetch))
        return streams

    yield open_
    for one in made:
        await one.aclose()


async def whole(streams, url=FILE, **headers):
    async with streams.open("GET", url, cookies=CHAIN, headers=headers) as streamed:
        return streamed, b"".join([chunk async for chunk in streamed.chunks])


def saying(*pieces):
    async def answering(asked):
        await asked.say(*pieces)

    return answering


async def test_what_is_sent(opened):
    """One request: the link to the letter, the page's cookie, TikTok as Referer, the range; no compression."""
    async with tiny(saying(answer(b"film", "Content-Type: video/mp4"))) as server:
        streamed, body = await whole(opened(server.url), Range="bytes=0-3")
    (asked,) = server.asked
    assert (streamed.status, streamed.headers["content-type"], body) == (200, "video/mp4", b"film")
    assert "https://" + asked.headers["host"] + asked.target == FILE
    assert asked.headers["cookie"] == "tt_chain_token=abc=="
    assert asked.headers["referer"] == "https://www.tiktok.com/"
    assert asked.headers["accept-encoding"] == "identity"
    assert asked.headers["range"] == "bytes=0-3"


@pytest.mark.parametrize(
    "url",
    [
        "https://www.tiktok.com/aweme/v1/play/?x=1",
        "https://example.com/video",
        "http://v16-webapp-prime.us.tiktok.com/x",
        "https://v16-webapp-prime.us.tiktok.com:8443/x",
        "https://v16-webapp-prime.us.tiktok.com@127.0.0.1/x",
        "https://127.0.0.1/x",
        "https://[::1/x",
        "file:///etc/passwd",
        "",
    ],
)
async def test_other_hosts(opened, url):
    """Only hosts that hold TikTok's files are asked; pages and all else are refused before anything is sent."""
    async with tiny(saying(answer(b"x"))) as server:
        with pytest.raises(UpstreamError):
            await whole(opened(server.url), url)
    assert server.connections == 0


@pytest.mark.parametrize(
    "target", ["https://example.com/x", "http://127.0.0.1/x", "//evil.example/x", "https://www.tiktok.com/x", "//[x"]
)
async def test_redirects_to_other_hosts(opened, target):
    """A redirect is checked like the first address."""
    async with tiny(saying(answer(b"", f"Location: {target}", status="302 Found"))) as server:
        with pytest.raises(UpstreamError):
            await whole(opened(server.url))
    assert len(server.asked) == 1


async def test_redirects(opened):
    """A redirect to another of TikTok's file hosts is followed, and a loop ends."""

    async def once(asked):
        if asked.target.startswith("/there"):
            await asked.say(answer(b"film"))
        else:
            await asked.say(answer(b"", "Location: https://v19.tiktokcdn.com/there", status="302 Found"))

    async with tiny(once) as server:
        assert (await whole(opened(server.url)))[1] == b"film"
    async with tiny(saying(answer(b"", "Location: /again", status="302 Found"))) as server:
        with pytest.raises(UpstreamError):
            await whole(opened(server.url))
    assert len(server.asked) == 6


async def test_any_status_is_an_answer(opened):
    """Refusals come back with their status; what they mean is decided elsewhere."""
    async with tiny(saying(answer(b"no", status="403 Forbidden"))) as server:
        assert (await whole(opened(server.url)))[0].status == 403


async def test_cut(opened):
    """A body shorter than announced raises, whatever of it came."""

    async def answering(asked):
        await asked.say(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n", b"x" * 50)
        asked.writer.close()

    async with tiny(answering) as server:
        with pytest.raises(UpstreamConnectionError):
            await whole(opened(server.url))


async def test_nobody_there(opened):
    """A server that cannot be reached."""
    with pytest.raises(UpstreamConnectionError):
        await whole(opened("http://127.0.0.1:1"))


@pytest.mark.parametrize("head", [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nsome"])
async def test_stalls(opened, head):
    """Nothing for too long, before the head or within the body, ends it."""

    async def answering(asked):
        await asked.say(head)
        await asyncio.sleep(30)

    async with tiny(answering) as server:
        began = time.monotonic()
        with pytest.raises(UpstreamTimeout):
            await whole(opened(server.url, idle=0.2))
    assert time.monotonic() - began < 5


async def test_no_http(opened):
    """What is no HTTP is an error of theirs."""
    async with tiny(saying(b"\0\0\0 garbage\r\n\r\n")) as server:
        with pytest.raises(UpstreamError):
            await whole(opened(server.url))


async def test_no_faster_than_it_is_read(opened):
    """A reader who stops, stops the sender: of a file of 1 GB no more than the buffers hold is sent. And waiting so
    long is no stall of the sender's."""
    sent = 0

    async def answering(asked):
        nonlocal sent
        await asked.say(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n")
        while True:
            await asked.say(b"x" * 100_000)
            sent += 100_000

    async with tiny(answering) as server:
        streams = opened(server.url, idle=0.3)
        async with streams.open("GET", FILE, cookies={}, headers={}) as streamed:
            chunk = await anext(streamed.chunks)
            assert 0 < len(chunk) <= 65536
            await asyncio.sleep(0.5)
            then = sent
            await asyncio.sleep(0.5)
            assert sent == then < 30_000_000
            assert len(await anext(streamed.chunks)) > 0


async def test_leaving_ends_it(opened):
    """The sender sees at once that nobody wants the rest."""

    async def answering(asked):
        await asked.say(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nx")
        await asyncio.sleep(30)

    async with tiny(answering) as server:
        async with opened(server.url).open("GET", FILE, cookies={}, headers={}) as streamed:
            assert await anext(streamed.chunks) == b"x"
        async with asyncio.timeout(1):
            await server.left.wait()


async def test_being_cancelled_ends_it(opened):
    """So does a cancelled reader, even while it waits for the head."""

    async def answering(_asked):
        await asyncio.sleep(30)

    async with tiny(answering) as server:
        streams = opened(server.url)
        reading = asyncio.create_task(whole(streams))
        await server.came.wait()
        reading.cancel()
        async with asyncio.timeout(1):
            await server.left.wait()
        assert streams._under_way == 0
