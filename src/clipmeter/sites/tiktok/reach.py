"""How a post is reached: the sources in order, within one budget of time, then what the best of them lacks."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Protocol

import msgspec

from clipmeter.errors import BadGateway, NotFound, Problem, UpstreamRateLimit, UpstreamTimeout
from clipmeter.model import Video
from clipmeter.sites.fetching import Fetching

from .appjson import AppJson
from .found import CHAIN_COOKIE, Answer, Found, expires_at
from .ref import ShortLink, VideoRef, is_from_the_future
from .shortlink import ShortLinks
from .webpage import WebPage

SIZES = (("size", "video_url"), ("size_hd", "video_url_hd"), ("size_watermarked", "video_url_watermarked"))
"""Each size with the link it belongs to."""

Filler = Callable[[], Awaitable[int | None]]


class Source(Protocol):
    """One way to a post."""

    async def video(self, ref: VideoRef, within: float) -> Found:
        """The post; raises the Problem that keeps it from being had this way."""


class Reach:
    """Everything there is to know of a post, or the Problem that says why not."""

    def __init__(  # noqa: PLR0913 - plain values, each a setting
        self,
        fetch: Fetching,
        *,
        time_budget: float,
        fill_budget: float,
        fill_sizes: bool,
        fill_downloads: bool,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """`time_budget`: seconds for all of it; `fill_budget`: seconds of these for what the page lacks."""
        self._fetch = fetch
        self._time_budget, self._fill_budget = time_budget, fill_budget
        self._fill_sizes, self._fill_downloads = fill_sizes, fill_downloads
        self._clock = clock
        self._short_links = ShortLinks(fetch)
        self._app = AppJson(fetch)
        self._sources: tuple[Source, ...] = (WebPage(fetch),)

    async def video(self, ref: VideoRef | ShortLink) -> Answer:
        """The post, as TikTok tells it now."""
        end = _now() + self._time_budget
        if isinstance(ref, ShortLink):
            ref = await self._short_links.post(ref, _left(end))
        if is_from_the_future(ref.id, self._clock()):
            raise NotFound(sign="an id from the future")
        found = await self._found(ref, end)
        fetched_at = self._clock()
        video = await self._filled(ref, found, end)
        return Answer(video, fetched_at, expires_at(video), found.source, found.chain_token)

    async def _found(self, ref: VideoRef, end: float) -> Found:
        """What the first source gives that has the post; when none has, the first one's reason."""
        problems: list[Problem] = []
        for source in self._sources:
            try:
                return await source.video(ref, _left(end))
            except (BadGateway, UpstreamRateLimit, UpstreamTimeout) as problem:
                problems.append(problem)
        raise problems[0]

    async def _filled(self, ref: VideoRef, found: Found, end: float) -> Video:
        """The video with what it lacks, as far as that can be had in time; all of it is asked for at once."""
        within = min(self._fill_budget, end - _now())
        if within <= 0:
            return found.video
        fillers = self._fillers(ref, found, within)
        async with asyncio.TaskGroup() as group:  # leaves no task behind, whether it ends or is cancelled
            tasks = {name: group.create_task(_or_none(filler, within)) for name, filler in fillers.items()}
        values = {name: value for name, task in tasks.items() if (value := task.result()) is not None}
        return msgspec.structs.replace(found.video, **values) if values else found.video

    def _fillers(self, ref: VideoRef, found: Found, within: float) -> dict[str, Filler]:
        """What is unknown, with how to find out."""
        video = found.video
        fillers: dict[str, Filler] = {}
        cookies = {CHAIN_COOKIE: found.chain_token} if found.chain_token else {}
        for size, link in SIZES if self._fill_sizes else ():
            if getattr(video, link) and getattr(video, size) is None:
                fillers[size] = partial(self._fetch.size, getattr(video, link), cookies=cookies, within=within)
        if self._fill_downloads and video.downloads is None:
            fillers["downloads"] = partial(self._app.downloads, ref, within)
        return fillers


async def _or_none(filler: Filler, within: float) -> int | None:
    """What a filler finds out; None when it fails, for whatever reason: no call fails for want of a piece."""
    try:
        async with asyncio.timeout(within):
            return await filler()
    except Exception:  # noqa: BLE001 - see above
        return None


def _now() -> float:
    return asyncio.get_running_loop().time()


def _left(end: float) -> float:
    if (left := end - _now()) <= 0:
        raise UpstreamTimeout
    return left
