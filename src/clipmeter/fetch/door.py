"""The only door to the internet: browser fingerprint, proxies, pools, limits of time and size, reroute to a look-alike.

Rule 1: nothing is sent to a host that `allowed` does not name, nor by anything but https on its own port.
Rule 2: a call ends within its time, and its request with it.
Rule 3: nothing of one answer (cookies above all) reaches the next request of another call.
Rule 4: a caller sees UpstreamConnectionError, UpstreamTimeout or UpstreamError, and nothing else.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from typing import NamedTuple, get_args

import aiohttp
from curl_cffi import CurlHttpVersion, CurlOpt
from curl_cffi.curl import CurlError
from curl_cffi.requests import AsyncSession, BrowserType, BrowserTypeLiteral, Response
from curl_cffi.requests.impersonate import REAL_TARGET_MAP
from yarl import URL

from clipmeter.errors import Problem, UpstreamConnectionError, UpstreamError, UpstreamTimeout
from clipmeter.sites.addresses import Address, checked
from clipmeter.sites.fetching import PLAIN, How, Page, free
from clipmeter.sites.outgoing import Outgoing, Way

from .answers import Body, cookie_header, file_problem, file_size, page_of, page_problem

MAX_REDIRECTS = 5
_IN_FLIGHT = 512  # requests at once, over all calls; what callers may do is limited elsewhere
_FILE_HEADERS = {
    "User-Agent": "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/150.0.0.0 Safari/537.36",
    "Accept": "*/*",
    "Accept-Encoding": "identity",
}

_BROWSERS = {*get_args(BrowserTypeLiteral), *REAL_TARGET_MAP, *(browser.value for browser in BrowserType)}


class _Trip(NamedTuple):
    """How a page is asked for: as which browser, from which address."""

    target: str
    way: Way


def unknown_browser(names: tuple[str, ...]) -> str:
    """The first of the names that is no browser that can be impersonated; "" when all are."""
    return next((name for name in names if name not in _BROWSERS), "")


class Fetch:
    """Implements `sites.fetching.Fetching`. Use it in one event loop, and close it there."""

    def __init__(  # noqa: PLR0913 - plain values, each a setting
        self,
        *,
        allowed: Callable[[str], bool],
        referer: str = "",
        upstream: str = "",
        impersonate: tuple[str, ...] = ("chrome",),
        proxies: tuple[str, ...] = (),
        region: str = "",
        pace: float = 0.0,
        connect_timeout: float = 4.0,
        page_limit: int = 8_000_000,
    ) -> None:
        """`allowed` names the hosts that may be asked; `referer` goes with every request for a file.

        `upstream` (`http://127.0.0.1:9000`) is asked in place of every allowed host, which its Host header names.
        `impersonate`: browsers; whoever is refused makes place for the next, which is kept until it is refused too.
        `proxies`, `region` (of the proxies to prefer), `pace` (pages per second and address): see sites/outgoing.py.
        """
        self._allowed = allowed
        self._referer = referer
        self._upstream = upstream.rstrip("/")
        self._targets = impersonate
        self._target = impersonate[0]
        self._outgoing = Outgoing(proxies, region=region, pace=pace)
        self._connect_timeout = connect_timeout
        self._page_limit = page_limit
        self._pages: dict[str, AsyncSession[Response]] = {}  # each browser has connections of its own
        self._files: aiohttp.ClientSession | None = None
        self._is_closed = False

    async def page(self, url: str, *, within: float, how: How = PLAIN) -> Page:
        """GET `url`, following at most five redirects, each checked like the first address.

        What is refused, or cannot be reached from one address, is tried once more in another way, where there is one.
        """
        async with _deadline(within) as left:
            trip = _Trip(self._target, self._way())
            try:
                page = await self._followed(url, how, trip, left)
            except UpstreamConnectionError:
                if (other := self._outgoing.choose(but=trip.way)) is None:
                    raise
                return await self._followed(url, how, trip._replace(way=other), left)
            if not how.refused(page) or (again := self._after_refusal(trip)) is None:
                return page
            with suppress(Problem):  # the first answer is one too
                page = await self._followed(url, how, again, left)
                if how.refused(page):
                    self._after_refusal(again)
            return page

    async def redirect(self, url: str, *, within: float, spend: Callable[[], None] = free) -> Page:
        """GET `url` once and follow nothing."""
        async with _deadline(within) as left:
            trip = _Trip(self._target, self._way())
            return await self._get(checked(url, self._allowed), {}, How(spend=spend), trip, left())

    async def size(
        self, url: str, *, cookies: Mapping[str, str], within: float, spend: Callable[[], None] = free
    ) -> int | None:
        """Bytes of a file by HEAD, else by asking for its first byte; None when neither tells."""
        async with _deadline(within):
            status, headers = await self._ask_file("HEAD", url, cookies, {}, spend)
            if status in {405, 501}:
                status, headers = await self._ask_file("GET", url, cookies, {"Range": "bytes=0-0"}, spend)
        return file_size(status, headers)

    def file_request(self, url: str, cookies: Mapping[str, str]) -> tuple[str, dict[str, str], str | None]:
        """Where to connect for a file, with which headers, through which proxy. Raises UpstreamError: refused."""
        target, host = self._route(checked(url, self._allowed))
        headers = {**_FILE_HEADERS, "Referer": self._referer, **host, **cookie_header(cookies)}
        return target, headers, self._file_way().proxy or None

    async def aclose(self) -> None:
        """Close every connection; a request still under way ends with UpstreamConnectionError."""
        self._is_closed = True
        for session in self._pages.values():
            await session.close()
        if self._files is not None:
            await self._files.close()

    async def _followed(self, url: str, how: How, trip: _Trip, left: Callable[[], float]) -> Page:
        """What stands at the end of the redirects, with the cookies of all of them."""
        first = checked(url, self._allowed)
        cookies = {first.host: dict(how.cookies)}  # each host gets back its own, within this call
        for _ in range(MAX_REDIRECTS + 1):
            address = checked(url, self._allowed)
            own = cookies.setdefault(address.host, {})
            page = await self._get(address, own, how, trip, left())
            own |= page.cookies
            if page.location is None:
                return replace(page, cookies={k: v for host in cookies.values() for k, v in host.items()})
            url = page.location
        raise UpstreamError(sign=f"more than {MAX_REDIRECTS} redirects, the next to {url[:200]}")

    def _way(self) -> Way:
        return self._outgoing.choose() or self._outgoing.ways[0]

    def _file_way(self) -> Way:
        """A way for files, which go through no socks proxy when there is another."""
        return self._outgoing.choose(fits=lambda way: not way.proxy.startswith("socks")) or self._outgoing.ways[0]

    def _after_refusal(self, trip: _Trip) -> _Trip | None:
        """Another browser, and another address, for next time and for all who come; None when there is no other."""
        other = self._outgoing.choose(but=trip.way)
        if other is not None:
            trip.way.breaker.failure(at_once=True)
        elif len(self._targets) == 1:
            return None
        if self._target == trip.target:  # else somebody else has seen to it meanwhile
            self._target = self._targets[(self._targets.index(trip.target) + 1) % len(self._targets)]
        return _Trip(self._target, other or trip.way)

    def _route(self, address: Address) -> tuple[str, dict[str, str]]:
        """The address to connect to, and the headers that say whom it stands for."""
        if self._upstream:
            return self._upstream + address.path, {"Host": address.host}
        return str(address), {}

    def _page_session(self, target: str) -> AsyncSession[Response]:
        if target not in self._pages:
            self._pages[target] = self._new_session(target)
        return self._pages[target]

    def _new_session(self, target: str) -> AsyncSession[Response]:
        if self._is_closed:
            raise UpstreamConnectionError(sign="closed")
        options: dict[CurlOpt, str | int] = {CurlOpt.NOPROXY: ""}  # what the environment says of proxies is not for us
        if not self._outgoing.ways[0].proxy:
            options[CurlOpt.PROXY] = ""
        if self._upstream.startswith("http:"):
            options[CurlOpt.HTTP_VERSION] = CurlHttpVersion.V1_1  # else it offers an upgrade that no browser offers
        return AsyncSession(
            impersonate=target,
            max_clients=_IN_FLIGHT,
            allow_redirects=False,
            discard_cookies=True,
            curl_options=options,
        )

    def _file_session(self) -> aiohttp.ClientSession:
        if self._files is None:  # made at first use, as it wants a running loop
            self._files = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=_IN_FLIGHT),
                cookie_jar=aiohttp.DummyCookieJar(),
                timeout=aiohttp.ClientTimeout(connect=self._connect_timeout),
                auto_decompress=False,
            )
        return self._files

    async def _get(self, address: Address, cookies: Mapping[str, str], how: How, trip: _Trip, within: float) -> Page:
        how.spend()
        within -= await _turn(trip.way, within)
        url, headers = self._route(address)
        body = Body(self._page_limit)
        connect = min(self._connect_timeout, 0.9 * within)  # so that a call too short for more still tells them apart
        with trip.way.trying():
            try:
                answer = await self._page_session(trip.target).get(
                    url,
                    headers={**how.headers, **headers, **cookie_header(cookies)},
                    timeout=(connect, within - connect),
                    content_callback=body,
                    proxy=trip.way.proxy,
                    quote=False,
                )
            except (CurlError, LookupError, ValueError) as error:  # the last two: headers no one can read
                raise page_problem(error, body) from error
            return page_of(address, answer, bytes(body.content))

    async def _ask_file(
        self,
        method: str,
        url: str,
        cookies: Mapping[str, str],
        headers: Mapping[str, str],
        spend: Callable[[], None],
    ) -> tuple[int, Mapping[str, str]]:
        """Status and headers of a file (names in lower case); what of the body comes along is dropped unread."""
        for _ in range(MAX_REDIRECTS + 1):
            spend()
            address = checked(url, self._allowed)
            target, host = self._route(address)
            sent = {**_FILE_HEADERS, "Referer": self._referer, **host, **headers, **cookie_header(cookies)}
            way = self._file_way()
            if way.proxy.startswith("socks"):
                raise UpstreamConnectionError(sign="files cannot be asked through a socks proxy")
            with way.trying():
                page = replace(await self._file_answer(method, target, sent, way), url=str(address))
            if page.location is None:
                return page.status, page.headers
            url = page.location
        raise UpstreamError(sign=f"more than {MAX_REDIRECTS} redirects, the next to {url[:200]}")

    async def _file_answer(self, method: str, url: str, headers: Mapping[str, str], way: Way) -> Page:
        asking = self._file_session().request(
            method, URL(url, encoded=True), headers=headers, proxy=way.proxy or None, allow_redirects=False
        )
        try:
            async with asking as answer:
                return Page(url, answer.status, {k.lower(): v for k, v in answer.headers.items()}, b"")
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise file_problem(error) from error


async def _turn(way: Way, within: float) -> float:
    """Wait until it is this address's turn to ask; the seconds that took."""
    wait = way.wait(0.9 * within)
    if wait is None:
        raise UpstreamTimeout(
            "This server asks TikTok only so many times a second, and too many are waiting; try again later.",
            sign="own pace",
        )
    if wait:
        await asyncio.sleep(wait)
    return wait


@asynccontextmanager
async def _deadline(within: float) -> AsyncIterator[Callable[[], float]]:
    """Ends what is inside after `within` seconds; gives a function that tells the seconds left."""
    loop = asyncio.get_running_loop()
    end = loop.time() + within
    try:
        async with asyncio.timeout_at(end):
            await asyncio.sleep(0)  # when there is no time at all, nothing is asked either
            yield lambda: max(end - loop.time(), 0.001)
    except TimeoutError:
        raise UpstreamTimeout(sign=f"nothing within {within:.2f} s") from None
