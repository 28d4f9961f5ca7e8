"""One call's budget of time and requests: the door that all its sources and fillers ask through.

Rule 1: no request goes out after the budget is spent, be it of time or of requests, or closed.
Rule 2: one page is asked for once at a time, whoever wants it.
"""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import replace

from clipmeter.errors import UpstreamTimeout
from clipmeter.sites.fetching import PLAIN, Fetching, How, Page, free

SPENT = "no request left"
"""The sign of what was not asked for want of requests: nothing is to be learnt from it."""


class Budget:
    """Implements Fetching. Make one for each call, in the event loop."""

    def __init__(self, fetch: Fetching, *, seconds: float, requests: int) -> None:
        """Time runs from now on. `requests`: single ones, redirects and repeats included."""
        self._fetch = fetch
        self._loop = asyncio.get_running_loop()
        self._end = self._loop.time() + seconds
        self._requests = requests
        self._pages: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    def left(self) -> float:
        """Seconds; raises UpstreamTimeout when there are none."""
        if (left := self._end - self._loop.time()) <= 0:
            raise UpstreamTimeout
        return left

    async def page(self, url: str, *, within: float, how: How = PLAIN) -> Page:
        """As Fetching says."""
        async with self._pages[url]:
            return await self._fetch.page(url, within=min(within, self.left()), how=replace(how, spend=self._spend))

    async def redirect(self, url: str, *, within: float, spend: Callable[[], None] = free) -> Page:  # noqa: ARG002 - spent here
        """As Fetching says."""
        return await self._fetch.redirect(url, within=min(within, self.left()), spend=self._spend)

    async def size(
        self,
        url: str,
        *,
        cookies: Mapping[str, str],
        within: float,
        spend: Callable[[], None] = free,  # noqa: ARG002 - see above
    ) -> int | None:
        """As Fetching says."""
        return await self._fetch.size(url, cookies=cookies, within=min(within, self.left()), spend=self._spend)

    def _spend(self) -> None:
        if self._requests <= 0:
            raise UpstreamTimeout("TikTok needed more requests than one call may make.", sign=SPENT)
        self._requests -= 1
