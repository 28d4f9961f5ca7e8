"""How a post is reached: short links, the sources in order, what the best lacks; all in one budget. Read this first.

race.py asks the sources, judge.py weighs what they say, merge.py puts it together, fill.py asks for the rest.
"""

import time
from collections.abc import Callable, Sequence

from clipmeter.errors import NotFound, Problem
from clipmeter.sites.fetching import Alarming, Fetching

from . import appjson, embed, oembed, webpage, ytdlp
from .budget import Budget
from .fill import Fillers, Wants
from .found import Answer, Found, expires_at
from .judge import Tried
from .race import Maker, Race, Sources
from .ref import ShortLink, VideoRef, is_from_the_future
from .shortlink import ShortLinks

ORDER = (webpage.NAME, embed.NAME, appjson.NAME, ytdlp.NAME)
"""Every full source, in the order in which they are asked unless a setting says otherwise."""


class Reach:
    """Everything there is to know of a post, or the Problem that says why not."""

    def __init__(  # noqa: PLR0913 - plain values, each a setting
        self,
        fetch: Fetching,
        *,
        time_budget: float = 10.0,
        request_budget: int = 8,
        fill_budget: float = 2.0,
        fill_sizes: bool = True,
        fill_downloads: bool = False,
        sources: Sequence[str] = ORDER,
        hedge_after: float = 0.0,
        alarm: Alarming | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """`time_budget`: seconds for all of it, `request_budget` requests; `fill_budget`: seconds of these to fill.

        `hedge_after`: seconds after which the next source is asked beside a slow one; 0: only when that has failed.
        """
        self._fetch, self._alarm, self._clock = fetch, alarm, clock
        self._time_budget, self._request_budget = time_budget, request_budget
        self._margin = min(0.1, 0.05 * time_budget)  # for what follows: the caller's answer is out within the budget
        self._order = tuple(sources)
        self._pool = ytdlp.new_pool()
        self._short_links = ShortLinks()
        self._sources = Sources(self._makers(), solver=ytdlp.NAME, hedge_after=hedge_after)
        wants = Wants(sizes=fill_sizes, downloads=fill_downloads, seconds=fill_budget)
        self._fillers = Fillers(wants, with_app=appjson.NAME in self._order)

    def _makers(self) -> dict[str, Maker]:
        return {
            webpage.NAME: lambda fetch: webpage.WebPage(fetch, self._alarm),
            embed.NAME: embed.EmbedPage,
            appjson.NAME: appjson.AppJson,
            ytdlp.NAME: lambda fetch: ytdlp.YtDlp(fetch, self._pool),
            oembed.NAME: oembed.OEmbed,
        }

    async def video(self, ref: VideoRef | ShortLink, *, partial: bool = False) -> Answer:
        """The post, as TikTok tells it now. `partial`: when it is not to be had, what an official card tells of it.

        Raises the Problem that tells most, with the attempts behind it.
        """
        budget = Budget(self._fetch, seconds=self._time_budget - self._margin, requests=self._request_budget)
        tried: list[Tried] = []
        try:
            post = await self._post(ref, budget, tried)
            found = await Race(self._sources, post, budget, tried).run(self._order, (oembed.NAME,) if partial else ())
        except Problem as problem:
            problem.attempts = tuple(one.attempt() for one in tried)
            raise
        fetched_at = self._clock()
        if found.source != oembed.NAME:
            found = await self._filled(post, found, budget, tried)
        return _answer(found, fetched_at, tried)

    def breakers(self) -> dict[str, str]:
        """The state of each source's breaker."""
        return {name: breaker.state for name, breaker in self._sources.breakers.items()}

    def close(self) -> None:
        """Let the threads go; they end by themselves."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    async def _post(self, ref: VideoRef | ShortLink, budget: Budget, tried: list[Tried]) -> VideoRef:
        """The post that is meant. Raises NotFound when there can be none."""
        if isinstance(ref, ShortLink):
            ref = await self._led_to(ref, budget, tried)
        if is_from_the_future(ref.id, self._clock()):
            raise NotFound(sign="an id from the future")
        return ref

    async def _led_to(self, link: ShortLink, budget: Budget, tried: list[Tried]) -> VideoRef:
        begun = time.monotonic()
        try:
            return await self._short_links.post(link, budget, budget.left())
        except Problem as problem:
            tried.append(Tried("shortlink", problem, time.monotonic() - begun))
            raise

    async def _filled(self, post: VideoRef, found: Found, budget: Budget, tried: Sequence[Tried]) -> Found:
        app_asked = any(one.source == appjson.NAME for one in tried)
        return await self._fillers.filled(post, found, budget, app_asked=app_asked)


def _answer(found: Found, fetched_at: float, tried: Sequence[Tried]) -> Answer:
    return Answer(
        found.video,
        fetched_at,
        expires_at(found.video),
        found.source,
        found.chain_token,
        found.extras,
        partial=found.source == oembed.NAME,
        attempts=tuple(one.attempt() for one in tried),
    )
