"""How large a file is: by HEAD, with what the CDN wants to see, and never a made-up number."""

import asyncio

import pytest

from clipmeter.errors import UpstreamConnectionError, UpstreamError, UpstreamTimeout
from clipmeter.fetch import Fetch
from clipmeter.sites.tiktok.hosts import REFERER, is_tiktok
from tinyserver import answer, tiny

FILE = "https://v16-webapp-prime.us.tiktok.com/video/tos/x/?a=1988&sig=a%2Fb%3D&l=%C3%BC+~"
CHAIN = {"tt_chain_token": "abc=="}


@pytest.fixture
async def opened():
    """Makes Fetches, and closes them after the test."""
    fetches = []

    def open_(upstream="", **values):
        fetches.append(Fetch(allowed=is_tiktok, referer=REFERER, upstream=upstream, **values))
        return fetches[-1]

    yield open_
    for fetch in fetches:
        await fetch.aclose()


def head(*lines, status="200 OK"):
    async def answering(asked):
        await asked.say("\r\n".join([f"HTTP/1.1 {status}", *lines, "", ""]).encode())

    return answering


async def test_head_with_cookie_and_referer(opened):
    """One HEAD, the link to the letter, with the page's cookie and TikTok as the referring page."""
    async with tiny(head("Content-Length: 7786703", "Content-Type: video/mp4")) as server:
        assert await opened(server.url).size(FILE, cookies=CHAIN, within=2) == 7786703
    (asked,) = server.asked
    assert asked.method == "HEAD"
    assert "https://" + asked.headers["host"] + asked.target == FILE
    assert asked.headers["cookie"] == "tt_chain_token=abc=="
    assert asked.headers["referer"] == "https://www.tiktok.com/"
    assert asked.headers["accept-encoding"] == "identity"
    assert "aiohttp" not in asked.headers["user-agent"]


@pytest.mark.parametrize(
    ("status", "lines"),
    [
        ("403 Forbidden", ["Content-Length: 100"]),
        ("404 Not Found", ["Content-Length: 100"]),
        ("500 Oh", ["Content-Length: 100"]),
        ("200 OK", ["Content-Length: 0"]),
        ("200 OK", []),
        ("200 OK", ["Content-Length: 4000", "Content-Type: text/html; charset=utf-8"]),
        ("200 OK", ["Content-Length: 4000", "Content-Type: application/json"]),
        ("200 OK", ["Content-Length: 9999999999999999"]),
        ("206 Partial Content", ["Content-Length: 1", "Content-Range: bytes 0-0/*"]),
    ],
)
async def test_the_cdn_does_not_say(opened, status, lines):
    """A refusal, an error page, a length of nothing: unknown."""
    async with tiny(head(*lines, status=status)) as server:
        assert await opened(server.url).size(FILE, cookies=CHAIN, within=2) is None


async def first_byte(asked):
    if asked.method == "HEAD":
        await asked.say(answer(b"", status="405 Method Not Allowed"))
    else:
        await asked.say(answer(b"x", "Content-Range: bytes 0-0/38711004", status="206 Partial Content"))


async def test_where_head_is_refused(opened):
    """405 to HEAD: the file's first byte is asked for, and its range tells the size of it all."""
    async with tiny(first_byte) as server:
        assert await opened(server.url).size(FILE, cookies=CHAIN, within=2) == 38711004
    assert [asked.method for asked in server.asked] == ["HEAD", "GET"]
    assert server.asked[1].headers["range"] == "bytes=0-0"
    assert server.asked[1].headers["cookie"] == "tt_chain_token=abc=="


async def test_a_range_that_is_ignored_brings_no_file(opened):
    """A server that sends the whole file instead is left at once, with the size it named."""
    sent = 0

    async def answering(asked):
        nonlocal sent
        if asked.method == "HEAD":
            await asked.say(answer(b"", status="405 Method Not Allowed"))
            return
        await asked.say(b"HTTP/1.1 200 OK\r\nContent-Length: 100000000\r\n\r\n")
        for _ in range(1_000):
            await asked.say(b"x" * 100_000)
            sent += 100_000

    async with tiny(answering) as server:
        assert await opened(server.url).size(FILE, cookies=CHAIN, within=2) == 100_000_000
        await asyncio.wait_for(server.left.wait(), 0.5)
    assert sent < 20_000_000


async def test_redirects_are_checked(opened):
    """A file may have moved on TikTok's hosts; elsewhere is refused, unasked."""

    async def answering(asked):
        goal = {"/a": "/b", "/c": "https://example.com/", "/d": "/d"}.get(asked.target)
        lines = [f"Location: {goal}"] if goal else ["X: y"]
        await head(*lines, f"Content-Length: {0 if goal else 5}", status="302 Found" if goal else "200 OK")(asked)

    async with tiny(answering) as server:
        fetch = opened(server.url)
        assert await fetch.size("https://v16m.tiktokcdn.com/a", cookies={}, within=2) == 5
        for path in "cd":
            with pytest.raises(UpstreamError):
                await fetch.size(f"https://v16m.tiktokcdn.com/{path}", cookies={}, within=2)


async def never(_asked):
    await asyncio.Event().wait()


async def hang_up(asked):
    asked.writer.close()


async def nonsense(asked):
    await asked.say(b"SSH-2.0\r\n\r\n")
    asked.writer.close()


@pytest.mark.parametrize(
    ("answering", "problem"),
    [(never, UpstreamTimeout), (hang_up, UpstreamConnectionError), (nonsense, UpstreamError)],
)
async def test_problems(opened, answering, problem):
    """Silence, a cut connection and nonsense are told apart."""
    async with tiny(answering) as server:
        with pytest.raises(problem):
            await opened(server.url).size(FILE, cookies={}, within=0.3)


async def test_a_cancelled_call_ends_its_request(opened):
    """The server sees it within half a second."""
    async with tiny(never) as server:
        call = asyncio.create_task(opened(server.url).size(FILE, cookies={}, within=9))
        await server.came.wait()
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call
        await asyncio.wait_for(server.left.wait(), 0.5)


async def test_cookies_are_not_kept(opened):
    """What a file's answer sets is sent nowhere."""
    async with tiny(head("Content-Length: 5", "Set-Cookie: a=b")) as server:
        fetch = opened(server.url.replace("127.0.0.1", "localhost"))  # a jar would take a cookie of a name
        for _ in range(2):
            await fetch.size(FILE, cookies={}, within=2)
    assert not [asked for asked in server.asked if "cookie" in asked.headers]


async def test_no_socks(opened):
    """The file client speaks no SOCKS: refused, rather than asked from an address the operator hides."""
    with pytest.raises(UpstreamConnectionError):
        await opened(proxies=("socks5://127.0.0.1:1",)).size(FILE, cookies={}, within=1)
