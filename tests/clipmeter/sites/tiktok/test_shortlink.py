"""Short links, over real HTTP."""

import pytest

from clipmeter.errors import NotFound, UpstreamConnectionError, UpstreamError, UpstreamRateLimit, UpstreamTimeout
from clipmeter.fetch import Fetch
from clipmeter.sites.tiktok.hosts import REFERER, is_tiktok
from clipmeter.sites.tiktok.ref import ShortLink, VideoRef, read_link
from clipmeter.sites.tiktok.shortlink import ShortLinks
from fauxtok import server
from fauxtok.short import short_code
from tinyserver import answer, tiny

LINK = ShortLink("https://vm.tiktok.com/ZM12345/")
POST = VideoRef("7516594811734854943")


class Asking:
    """Short links with the door they are asked through."""

    def __init__(self, links, fetch):
        self.links, self.fetch = links, fetch

    async def post(self, link, within):
        return await self.links.post(link, self.fetch, within)


@pytest.fixture
async def links():
    """Makes a ShortLinks that asks `upstream`."""
    fetches = []

    def make(upstream, **values):
        fetches.append(Fetch(allowed=is_tiktok, referer=REFERER, upstream=upstream))
        return Asking(ShortLinks(**values), fetches[-1])

    yield make
    for fetch in fetches:
        await fetch.aclose()


def leading_to(*targets):
    """Answers each request with the next target, the last for ever."""
    left = list(targets)

    async def answering(asked):
        target = left.pop(0) if len(left) > 1 else left[0]
        await asked.say(answer(b"", f"Location: {target}", status="301 Moved"))

    return answering


@pytest.mark.parametrize(
    "shape", ["https://vm.tiktok.com/{}/", "https://vt.tiktok.com/{}", "https://www.tiktok.com/t/{}"]
)
async def test_short_links_of_the_emulator(links, shape):
    """All three shapes lead to the post that the code stands for; a code of nothing is 404."""
    with server.start() as emulator:
        short = links(emulator.url)
        assert await short.post(read_link(shape.format(short_code(int(POST.id)))), 4) == POST
        with pytest.raises(NotFound):
            await short.post(read_link(shape.format("ZNOTHING")), 4)


@pytest.mark.parametrize(
    "target",
    [
        "https://www.tiktok.com/@tiktok/video/7516594811734854943?_r=1&_t=ZP",
        "https://www.tiktok.com/@/photo/7516594811734854943",
        "https://m.tiktok.com/v/7516594811734854943.html?" + "u_code=d&" * 200,
        "/@a/video/7516594811734854943",
    ],
)
async def test_one_request_and_never_again(links, target):
    """One redirect tells the post, whatever its query carries, and is remembered."""
    async with tiny(leading_to(target)) as upstream:
        short = links(upstream.url)
        assert [await short.post(LINK, 2) for _ in range(3)] == [POST] * 3
        assert [asked.headers["host"] + asked.target for asked in upstream.asked] == ["vm.tiktok.com/ZM12345/"]


async def test_a_short_link_to_a_short_link(links):
    """Followed, but not for ever."""
    end = "https://www.tiktok.com/@a/video/7516594811734854943"
    async with tiny(leading_to("https://www.tiktok.com/t/ZM99999/", end)) as upstream:
        assert await links(upstream.url).post(LINK, 2) == POST
        assert [asked.headers["host"] for asked in upstream.asked] == ["vm.tiktok.com", "www.tiktok.com"]
    async with tiny(leading_to(LINK.url)) as upstream:
        with pytest.raises(NotFound):
            await links(upstream.url).post(LINK, 2)
        assert len(upstream.asked) == 3


@pytest.mark.parametrize(
    "target",
    [
        "https://www.tiktok.com/",
        "https://www.tiktok.com/@tiktok",
        "https://www.tiktok.com/@tiktok/live",
        "https://example.com/@a/video/7516594811734854943",
        "http://127.0.0.1:9/",
        "https://vm.tiktok.com.example.com/ZM12345/",
        "snssdk1233://aweme/detail/7516594811734854943",
        "https://[",
    ],
)
async def test_links_to_something_else(links, target):
    """A link to no post is 404, and nobody is asked about where it leads."""
    async with tiny(leading_to(target)) as upstream:
        short = links(upstream.url)
        for _ in range(2):  # and is asked again: failures are not remembered
            with pytest.raises(NotFound):
                await short.post(LINK, 2)
        assert len(upstream.asked) == 2


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (answer(b"gone", status="404 Not Found"), NotFound),
        (answer(b"<html>something else</html>"), NotFound),
        (answer(b"", status="301 Moved"), UpstreamRateLimit),  # an empty body is how a blocked address is told
        (answer(b"no", status="403 Forbidden"), UpstreamRateLimit),
        (answer(b"slow down", status="429 Too Many"), UpstreamRateLimit),
        (answer(b"<html>Please wait...</html>"), UpstreamRateLimit),
        (answer(b"oh", status="502 Bad Gateway"), UpstreamError),
    ],
)
async def test_no_redirect(links, words, problem):
    """What comes in place of a redirect is told apart."""

    async def answering(asked):
        await asked.say(words)

    async with tiny(answering) as upstream:
        with pytest.raises(problem):
            await links(upstream.url).post(LINK, 2)


async def test_silence_and_a_cut(links):
    """No answer is a timeout, a cut connection a connection error."""

    async def cut(asked):
        asked.writer.close()

    async def silence(asked):
        await asked.writer.wait_closed()

    async with tiny(cut) as cutting, tiny(silence) as silent:
        with pytest.raises(UpstreamConnectionError):
            await links(cutting.url).post(LINK, 2)
        with pytest.raises(UpstreamTimeout):
            await links(silent.url).post(LINK, 0.3)


async def test_only_so_many_are_remembered(links):
    """The least recently asked for is forgotten first."""
    async with tiny(leading_to("https://www.tiktok.com/@a/video/7516594811734854943")) as upstream:
        short = links(upstream.url, remember=2)
        for code in ("AAAA", "BBBB", "AAAA", "CCCC", "AAAA", "BBBB"):
            await short.post(ShortLink(f"https://vm.tiktok.com/{code}/"), 2)
        assert [asked.target for asked in upstream.asked] == ["/AAAA/", "/BBBB/", "/CCCC/", "/BBBB/"]
