"""What the only door to the internet promises, tried against servers that say exactly what each test wants."""

import asyncio
import gzip
import socket
import ssl
import time
import tracemalloc
from contextlib import ExitStack

import pytest
import trustme

from clipmeter.errors import Problem, UpstreamConnectionError, UpstreamError, UpstreamTimeout
from clipmeter.fetch import Fetch
from clipmeter.sites.fetching import Fetching, How
from clipmeter.sites.tiktok.hosts import REFERER, is_tiktok
from tinyserver import answer, tiny

PAGE = "https://www.tiktok.com/@_/video/7516594811734854943"
MANY = 50


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


def saying(*pieces):
    async def answering(asked):
        await asked.say(*pieces)

    return answering


async def never(_asked):
    await asyncio.Event().wait()


async def test_it_is_what_sources_are_given(opened):
    """The class fits the Protocol that sources are written against."""
    fetch: Fetching = opened()
    assert fetch


async def test_page_is_asked_as_a_browser_asks(opened):
    """The reroute names TikTok's host, keeps path and query to the letter, and looks like Chrome."""
    async with tiny(saying(answer(b"hello", "X-Thing: a", "x-thing: b"))) as server:
        page = await opened(server.url).page(PAGE + "?a=%2F&b=%C3%BC|x", within=2)
    asked = server.asked[0]
    assert (page.url, page.status, page.body) == (PAGE + "?a=%2F&b=%C3%BC%7Cx", 200, b"hello")
    assert page.headers["x-thing"] == "b"
    assert asked.target == "/@_/video/7516594811734854943?a=%2F&b=%C3%BC%7Cx"
    assert asked.headers["host"] == "www.tiktok.com"
    assert "Chrome/" in asked.headers["user-agent"]
    assert asked.headers["accept-encoding"] == "gzip, deflate, br, zstd"
    assert not {"upgrade", "cookie", "connection"} & asked.headers.keys()


@pytest.mark.parametrize("status", ["404 Not Found", "429 Too Many", "503 Busy", "204 No Content"])
async def test_any_status_is_an_answer(opened, status):
    """The door judges no status: readers do."""
    async with tiny(saying(answer(b"", status=status))) as server:
        page = await opened(server.url).page(PAGE, within=2)
    assert page.status == int(status[:3])


@pytest.mark.parametrize("body", [b"x" * 300_000, b""])
async def test_a_packed_page_is_unpacked(opened, body):
    """Compressed bodies come out plain."""
    packed = answer(gzip.compress(body), "Content-Encoding: gzip")
    async with tiny(saying(packed)) as server:
        assert (await opened(server.url).page(PAGE, within=2)).body == body


async def test_redirects_are_followed_on_tiktok_only(opened):
    """A redirect among TikTok's hosts is followed, with the new host named; the answer tells its own address."""

    async def answering(asked):
        moved = answer(b"", "Location: https://www.tiktok.com/b", status="302 Found")
        await asked.say(moved if asked.target == "/a" else answer(b"there"))

    async with tiny(answering) as server:
        page = await opened(server.url).page("https://vm.tiktok.com/a", within=2)
    assert (page.url, page.body) == ("https://www.tiktok.com/b", b"there")
    assert [asked.headers["host"] for asked in server.asked] == ["vm.tiktok.com", "www.tiktok.com"]


@pytest.mark.parametrize(
    "target",
    [
        "https://example.com/",
        "http://www.tiktok.com/",
        "https://www.tiktok.com:8443/",
        "https://www.tiktok.com.example.com/",
        "https://me@www.tiktok.com/",
        "https://127.0.0.1/",
        "http://127.0.0.1:TRAP/",
        "//127.0.0.1:TRAP/",
        "ftp://www.tiktok.com/",
        "file:///etc/passwd",
        "https://[::1/",
        "snssdk1233://aweme/detail/1",
    ],
)
async def test_redirects_elsewhere_are_refused(opened, target):
    """A redirect to another host, port or scheme ends the call, and nobody is asked."""
    async with tiny(never) as trap:
        moved = answer(b"", f"Location: {target.replace('TRAP', str(trap.port))}", status="301 Moved")
        async with tiny(saying(moved)) as server:
            with pytest.raises(UpstreamError) as problem:
                await opened(server.url).page(PAGE, within=2)
        assert problem.value.sign.startswith("refused")
        assert len(server.asked) == 1
        assert trap.connections == 0


async def test_a_circle_of_redirects_ends(opened):
    """After five redirects the call gives up."""
    async with tiny(saying(answer(b"", "Location: /again", status="302 Found"))) as server:
        with pytest.raises(UpstreamError, match="could not be read"):
            await opened(server.url).page(PAGE, within=2)
    assert len(server.asked) == 6


async def test_redirect_asks_once(opened):
    """`redirect` tells where an address points, made absolute, and goes nowhere."""
    async with tiny(saying(answer(b"", "Location: /@a/video/1?_r=1", status="301 Moved"))) as server:
        page = await opened(server.url).redirect("https://vm.tiktok.com/ZM1/", within=2)
    assert (page.status, page.location) == (301, "https://vm.tiktok.com/@a/video/1?_r=1")
    assert len(server.asked) == 1


async def test_cookies_belong_to_one_page(opened):
    """An answer's cookies are handed out and never sent with another call, over the same connection or not."""
    chain = "tt_chain_token=secret==; Domain=.tiktok.com; Path=/; Secure; HttpOnly"
    async with tiny(saying(answer(b"", f"Set-Cookie: {chain}", "Set-Cookie: ttwid=1%7Cab"))) as server:
        fetch = opened(server.url)
        pages = [await fetch.page(PAGE, within=2) for _ in range(3)]
        await asyncio.gather(*(fetch.page(PAGE, within=2) for _ in range(5)))
    assert pages[0].cookies == {"tt_chain_token": "secret==", "ttwid": "1%7Cab"}
    assert len(server.asked) == 8
    assert not [asked for asked in server.asked if "cookie" in asked.headers]


async def test_cookies_go_back_to_their_host_within_a_call(opened):
    """Along a chain of redirects each host sees the cookies it set itself; the page has them all."""

    async def answering(asked):
        steps = {"/1": "/2", "/2": "https://m.tiktok.com/3", "/3": "https://www.tiktok.com/4"}
        following = [f"Location: {steps[asked.target]}"] if asked.target in steps else []
        cookie = f"Set-Cookie: c{asked.target[1]}=v"
        await asked.say(answer(b"", cookie, *following, status="302 Found" if following else "200 OK"))

    async with tiny(answering) as server:
        page = await opened(server.url).page("https://www.tiktok.com/1", within=2)
    assert [asked.headers.get("cookie") for asked in server.asked] == [None, "c1=v", None, "c1=v; c2=v"]
    assert set(page.cookies) == {"c1", "c2", "c3", "c4"}


async def test_cookies_of_other_hosts_are_not_taken(opened):
    """A page can set cookies for its own host and the domain above it, and for nobody else."""
    lines = [
        "a=1; Domain=.tiktok.com",
        "b=1; domain=WWW.tiktok.com",
        "c=1; Domain=",
        "a=stolen; Domain=.example.org",
        "d=1; Domain=.com",
        "e=1; Domain=localhost",
        "f=1; Path=/; DOMAIN = m.tiktok.com",
        "g=1; Domain=ktok.com",
    ]
    async with tiny(saying(answer(b"", *(f"Set-Cookie: {line}" for line in lines)))) as server:
        page = await opened(server.url).page(PAGE, within=2)
    assert page.cookies == {"a": "1", "b": "1", "c": "1"}


async def endless(asked):
    """100 MB, said as fast as it is taken."""
    await asked.say(b"HTTP/1.1 200 OK\r\nContent-Length: 100000000\r\n\r\n", *[b"x" * 100_000] * 1_000)


async def bomb(asked):
    """A megabyte that unpacks to a gigabyte."""
    packed = gzip.compress(bytes(10_000_000), 9) * 100
    await asked.say(answer(packed, "Content-Encoding: gzip"))


@pytest.mark.parametrize("answering", [endless, bomb])
async def test_a_page_too_large_is_dropped(opened, answering):
    """Past the limit the transfer is stopped: neither 100 MB nor a packed gigabyte take memory or time."""
    tracemalloc.start()
    started = time.monotonic()
    async with tiny(answering) as server:
        with pytest.raises(UpstreamError) as problem:
            await opened(server.url, page_limit=2_000_000).page(PAGE, within=5)
        took, peak = time.monotonic() - started, tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert "too large" in problem.value.sign
    assert took < 2
    assert peak < 30_000_000


async def test_a_page_of_the_limit_passes(opened):
    """The limit itself is allowed."""
    async with tiny(saying(answer(b"x" * 100_000))) as server:
        fetch = opened(server.url, page_limit=100_000)
        assert len((await fetch.page(PAGE, within=2)).body) == 100_000


async def drip(asked):
    """A page that never ends, a byte at a time, so that no silence is ever long."""
    await asked.say(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
    for _ in range(1_000):
        await asked.say(b"x")
        await asyncio.sleep(0.02)


@pytest.mark.parametrize("answering", [drip, never])
@pytest.mark.parametrize("method", ["page", "redirect"])
async def test_a_call_ends_in_time(opened, answering, method):
    """Neither a server that says nothing nor one that says a little at a time keeps a call, and it sees it end."""
    async with tiny(answering) as server:
        started = time.monotonic()
        with pytest.raises(UpstreamTimeout):
            await getattr(opened(server.url), method)(PAGE, within=0.4)
        assert 0.35 < time.monotonic() - started < 3
        await asyncio.wait_for(server.left.wait(), 3)


@pytest.mark.parametrize("within", [0, -1.5, 1e-9])
async def test_no_time_no_request(opened, within):
    """Without time left nothing is sent."""
    async with tiny(saying(answer(b""))) as server:
        fetch = opened(server.url)
        for asking in (fetch.page(PAGE, within=within), fetch.size(PAGE, cookies={}, within=within)):
            with pytest.raises(UpstreamTimeout):
                await asking
        await asyncio.sleep(0.05)
        assert server.connections == 0


async def test_redirects_share_one_time(opened):
    """All hops together take no longer than the call may."""

    async def slowly(asked):
        await asyncio.sleep(0.2)
        await asked.say(answer(b"", "Location: /again", status="302 Found"))

    async with tiny(slowly) as server:
        with pytest.raises(UpstreamTimeout):
            await opened(server.url).page(PAGE, within=0.5)
    assert len(server.asked) == 3


async def hang_up(asked):
    asked.writer.close()
    await asked.writer.wait_closed()


async def cut(asked):
    await asked.say(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nhalf")
    await hang_up(asked)


async def cut_chunk(asked):
    await asked.say(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n10\r\nhalf")
    await hang_up(asked)


@pytest.mark.parametrize("answering", [hang_up, cut, cut_chunk])
async def test_a_cut_connection(opened, answering):
    """A connection that ends before its answer is a connection error, and never half a page."""
    async with tiny(answering) as server:
        with pytest.raises(UpstreamConnectionError):
            await opened(server.url).page(PAGE, within=2)


@pytest.mark.parametrize(
    "words",
    [
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 6\r\n\r\nno gzi",
        b"SSH-2.0-OpenSSH_9.6\r\n\r\n",
        b"\x16\x03\x01\x02\x00\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n folded: first\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nX: " + b"y" * 2_000_000 + b"\r\n\r\n",
        b"HTTP/1.1 999999 Hm\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"HTTP/1.1 302 Found\r\nLocation: https://[/\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 302 Found\r\nLocation: \xff\xfe\xf0\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nSet-Cookie: \xff;;;=\r\nSet-Cookie\r\nContent-Length: 0\r\n\r\n",
    ],
    ids=range(12),
)
async def test_nonsense_is_a_problem_or_a_page(opened, words):
    """Whatever bytes come back, nothing but the documented problems comes out."""

    async def answering(asked):
        await asked.say(words)
        await hang_up(asked)

    async with tiny(answering) as server:
        try:
            page = await opened(server.url).page(PAGE, within=2)
        except Problem as problem:
            assert isinstance(problem, UpstreamError | UpstreamConnectionError)  # noqa: PT017
        else:
            assert page.status in {200, 999}


async def test_a_closed_port(opened):
    """Nobody there: a connection error, at once."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        with pytest.raises(UpstreamConnectionError):
            await opened(f"http://127.0.0.1:{taken.getsockname()[1]}").page(PAGE, within=2)


async def test_a_connection_that_never_stands(opened):
    """A full backlog takes no connection: a connection error after the connect timeout, not a timeout."""
    with ExitStack() as stack:
        full = stack.enter_context(socket.socket())
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        for _ in range(4):
            client = stack.enter_context(socket.socket())
            client.setblocking(False)
            client.connect_ex(full.getsockname())
        started = time.monotonic()
        with pytest.raises(UpstreamConnectionError):
            await opened(f"http://127.0.0.1:{full.getsockname()[1]}", connect_timeout=0.4).page(PAGE, within=3)
        assert 0.3 < time.monotonic() - started < 1.5


async def test_a_certificate_of_nobody(opened):
    """A server that cannot prove its name is a connection error, and is told nothing."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("127.0.0.1").configure_cert(context)
    async with tiny(saying(answer(b"")), tls=context) as server:
        fetch = opened(server.url.replace("http:", "https:"))
        for asking in (fetch.page(PAGE, within=2), fetch.size(PAGE, cookies={}, within=2)):
            with pytest.raises(UpstreamConnectionError):
                await asking
    assert not server.asked


async def test_a_name_without_an_address():
    """A host that DNS does not know is a connection error, within the connect timeout."""
    fetch = Fetch(allowed=lambda host: host.endswith(".invalid"), connect_timeout=2)
    started = time.monotonic()
    for asking in (fetch.page("https://a.invalid/", within=4), fetch.size("https://b.invalid/", cookies={}, within=4)):
        with pytest.raises(UpstreamConnectionError):
            await asking
    assert time.monotonic() - started < 5
    await fetch.aclose()


async def test_a_cancelled_call_ends_its_request(opened):
    """Who waits no longer does not stay in flight: the server sees the connection go within half a second."""
    async with tiny(never) as server:
        call = asyncio.create_task(opened(server.url).page(PAGE, within=9))
        await server.came.wait()
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call
        await asyncio.wait_for(server.left.wait(), 0.5)


async def test_many_at_once(opened):
    """Fifty pages at once are fifty requests in flight, each with its own answer."""
    together = asyncio.Barrier(MANY)

    async def answering(asked):
        await together.wait()
        await asked.say(answer(asked.target.encode() * 10_000))

    async with tiny(answering) as server:
        fetch = opened(server.url)
        pages = await asyncio.gather(*(fetch.page(f"https://www.tiktok.com/{n}", within=5) for n in range(MANY)))
    assert [page.body[: len(f"/{n}")] for n, page in enumerate(pages)] == [f"/{n}".encode() for n in range(MANY)]


async def test_connections_are_kept(opened):
    """One after the other, calls share a connection."""
    async with tiny(saying(answer(b"x"))) as server:
        fetch = opened(server.url)
        for _ in range(5):
            await fetch.page(PAGE, within=2)
        assert server.connections == 1


async def test_proxies_take_turns(opened):
    """Each call goes through the next proxy, then through another; asked is a tunnel to TikTok's own port only."""
    refusal = answer(b"", status="403 Forbidden")
    async with tiny(saying(refusal)) as one, tiny(saying(refusal)) as two:
        fetch = opened(proxies=(one.url, two.url))
        for _ in range(4):
            with pytest.raises(UpstreamConnectionError):
                await fetch.page(PAGE, within=2)
    seen = [(asked.method, asked.target) for asked in one.asked + two.asked]
    assert seen == [("CONNECT", "www.tiktok.com:443")] * 8
    assert len(one.asked) == 4


async def test_a_proxy_that_never_answers(opened):
    """A tunnel that is not dug in time is a connection that does not stand."""
    async with tiny(never) as proxy:
        with pytest.raises(UpstreamConnectionError):
            await opened(proxies=(proxy.url,), connect_timeout=0.3).page(PAGE, within=2)


async def test_the_environment_names_no_proxy(opened, monkeypatch):
    """Proxies are a setting: those in the environment are for other programs."""
    async with tiny(saying(answer(b""))) as server, tiny(never) as trap:
        for name in ("http_proxy", "https_proxy", "all_proxy", "HTTPS_PROXY", "ALL_PROXY"):
            monkeypatch.setenv(name, trap.url)
        fetch = opened(server.url)
        assert (await fetch.page(PAGE, within=2)).status == 200
        assert await fetch.size(PAGE, cookies={}, within=2) is None
        assert trap.connections == 0


async def test_closing_ends_what_is_under_way():
    """A call that is still waiting when the door closes gets a connection error, and one after it too."""
    fetch = Fetch(allowed=is_tiktok)
    await fetch.aclose()
    with pytest.raises(UpstreamConnectionError):
        await fetch.page(PAGE, within=1)
    async with tiny(never) as server:
        fetch = Fetch(allowed=is_tiktok, upstream=server.url)
        call = asyncio.create_task(fetch.page(PAGE, within=5))
        await server.came.wait()
        await fetch.aclose()
        with pytest.raises(UpstreamConnectionError):
            await call


def browser(asked):
    """Who an asker says it is."""
    agent = asked.headers["user-agent"]
    return next(name for name in ("Firefox", "Chrome", "Safari") if name in agent)


def refusing(*unwanted):
    async def answering(asked):
        refused = browser(asked) in unwanted
        await asked.say(answer(b"no" if refused else b"yes", status="403 No" if refused else "200 OK"))

    return answering


TARGETS = ("chrome150", "firefox147", "safari2601")
WARY = How(refused=lambda page: page.status == 403)


async def test_a_refused_browser_makes_place_for_the_next(opened):
    """A refusal is asked about once more as the next browser, at once; the one that works is kept."""
    async with tiny(refusing("Chrome")) as server:
        fetch = opened(server.url, impersonate=TARGETS)
        assert [(await fetch.page(PAGE, within=2, how=WARY)).body for _ in range(3)] == [b"yes"] * 3
    assert [browser(asked) for asked in server.asked] == ["Chrome", "Firefox", "Firefox", "Firefox"]


async def test_two_tries_and_no_more(opened):
    """A call tries two browsers; the next call goes on where it ended, and round again."""
    async with tiny(refusing("Chrome", "Firefox", "Safari")) as server:
        fetch = opened(server.url, impersonate=TARGETS)
        assert [(await fetch.page(PAGE, within=2, how=WARY)).status for _ in range(2)] == [403, 403]
    assert [browser(asked) for asked in server.asked] == ["Chrome", "Firefox", "Safari", "Chrome"]


async def test_who_judges_no_refusal_rotates_nothing(opened):
    """Any status is an answer to who does not say what a refusal is; one browser alone is asked once."""
    async with tiny(refusing("Chrome")) as server:
        assert (await opened(server.url, impersonate=TARGETS).page(PAGE, within=2)).status == 403
        assert (await opened(server.url, impersonate=TARGETS[:1]).page(PAGE, within=2, how=WARY)).status == 403
    assert len(server.asked) == 2


async def test_many_refused_at_once_move_one_place(opened):
    """Calls that are refused together agree on the next browser, and do not run past it."""
    async with tiny(refusing("Chrome")) as server:
        fetch = opened(server.url, impersonate=TARGETS)
        pages = await asyncio.gather(*(fetch.page(PAGE, within=5, how=WARY) for _ in range(20)))
    assert {page.body for page in pages} == {b"yes"}
    assert "Safari" not in {browser(asked) for asked in server.asked}


async def test_each_browser_has_its_own_connections(opened):
    """Nobody speaks as one browser over a connection that another has opened."""
    async with tiny(refusing("Chrome")) as server:
        fetch = opened(server.url, impersonate=TARGETS)
        for _ in range(4):
            await fetch.page(PAGE, within=2, how=WARY)
    assert server.connections == 2


async def test_headers_and_cookies_of_a_page(opened):
    """They go along with the browser's own; the cookies only to the first host of a chain."""

    async def answering(asked):
        moved = answer(b"", "Location: https://m.tiktok.com/2", status="302 Found")
        await asked.say(moved if asked.headers["host"] == "www.tiktok.com" else answer(b""))

    async with tiny(answering) as server:
        await opened(server.url).page(PAGE, within=2, how=How({"X-Odd": "1"}, {"a": "b"}))
    assert [asked.headers.get("cookie") for asked in server.asked] == ["a=b", None]
    assert [asked.headers["x-odd"] for asked in server.asked] == ["1", "1"]
    assert "Chrome/" in server.asked[0].headers["user-agent"]


async def test_every_single_request_is_spent(opened):
    """Redirects, repeats and files included; who may not spend any more ends the call before anything is sent."""
    purse = iter(range(3))

    def spend():
        if next(purse, None) is None:
            raise UpstreamTimeout(sign="spent")

    async with tiny(saying(answer(b"", "Location: /again", status="302 Found"))) as server:
        fetch = opened(server.url)
        with pytest.raises(UpstreamTimeout, match="in time"):
            await fetch.page(PAGE, within=2, how=How(spend=spend))
        for asking in (
            fetch.redirect(PAGE, within=2, spend=spend),
            fetch.size(PAGE, cookies={}, within=2, spend=spend),
        ):
            with pytest.raises(UpstreamTimeout):
                await asking
    assert len(server.asked) == 3


async def test_a_dead_proxy_is_gone_around(opened):
    """What cannot be reached through one proxy is asked through another, and the dead one is left alone for a while."""
    refusal = answer(b"", status="403 Forbidden")
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        dead = f"http://127.0.0.1:{taken.getsockname()[1]}"
        async with tiny(saying(refusal)) as alive:
            fetch = opened(proxies=(dead, alive.url))
            for _ in range(6):
                with pytest.raises(UpstreamConnectionError):
                    await fetch.page(PAGE, within=2)
    assert fetch._outgoing.ways[0].breaker.state == "open"
    assert len(alive.asked) >= 6


async def test_the_preferred_region_is_asked_first(opened):
    """Its proxies before all others, while one of them works."""
    refusal = answer(b"", status="403 Forbidden")
    async with tiny(saying(refusal)) as near, tiny(saying(refusal)) as far:
        fetch = opened(proxies=(f"region=DE {far.url}", f"region=US {near.url}"), region="US")
        with pytest.raises(UpstreamConnectionError):
            await fetch.page(PAGE, within=2)
        with pytest.raises(UpstreamConnectionError):
            await fetch.size(PAGE, cookies={}, within=2)
    assert len(near.asked) == 2
    assert len(far.asked) == 1  # the page's second try


async def test_a_polite_pace(opened):
    """A second's worth goes out at once, the rest no faster than the pace; who cannot wait so long is told so."""
    async with tiny(saying(answer(b"x"))) as server:
        fetch = opened(server.url, pace=10)
        started = time.monotonic()
        await asyncio.gather(*(fetch.page(PAGE, within=5) for _ in range(15)))
        assert 0.4 < time.monotonic() - started < 3
        with pytest.raises(UpstreamTimeout) as told:
            await asyncio.gather(*(fetch.page(PAGE, within=0.5) for _ in range(20)))
        assert told.value.sign == "own pace"
    assert len(server.asked) < 35
