"""What the best source lacks, asked for elsewhere: sizes of the CDN, the rest of the app's JSON. All of it at once."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import TypeVar

import msgspec

from clipmeter.errors import NotFound, Problem
from clipmeter.sites.breaker import Breaker

from .appjson import AppJson
from .budget import SPENT, Budget
from .found import CHAIN_COOKIE, Found
from .merge import FEWER, merged
from .ref import VideoRef

SIZES = (("size", "video_url"), ("size_hd", "video_url_hd"), ("size_watermarked", "video_url_watermarked"))
"""Each size with the link it belongs to."""
PATIENCE = 5
"""Posts in a row for which a filler may fail before it is left out for a while."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Wants:
    """What is to be filled."""

    sizes: bool
    downloads: bool
    seconds: float
    """At most, for all of it."""


class Fillers:
    """Shared by all calls. A filler that keeps failing is left out until it works again."""

    def __init__(self, wants: Wants, *, with_app: bool) -> None:
        """`with_app`: whether the app's JSON may be asked for what an embed does not show."""
        self._wants, self._with_app = wants, with_app
        self._sizes, self._app = Breaker(failures=PATIENCE), Breaker(failures=PATIENCE)

    async def filled(self, ref: VideoRef, found: Found, budget: Budget, *, app_asked: bool) -> Found:
        """`found` with what it lacks, as far as that can be had in time. Raises nothing."""
        try:
            within = min(self._wants.seconds, budget.left())
        except Problem:
            return found
        if within <= 0:
            return found
        async with asyncio.TaskGroup() as group:  # leaves no task behind, whether it ends or is cancelled
            sizes = {
                size: group.create_task(_tried(self._sizes, ref.id, within, ask))
                for size, ask in self._missing_sizes(found, budget, within).items()
            }
            app = group.create_task(self._from_app(ref, found, budget, within, app_asked=app_asked))
        known = {size: value for size, task in sizes.items() if (value := task.result()) is not None}
        found = replace(found, video=msgspec.structs.replace(found.video, **known)) if known else found
        other = app.result()
        return merged(found, other) if other else found

    def _missing_sizes(
        self, found: Found, budget: Budget, within: float
    ) -> dict[str, Callable[[], Awaitable[int | None]]]:
        video, cookies = found.video, {CHAIN_COOKIE: found.chain_token} if found.chain_token else {}

        def ask(url: str) -> Callable[[], Awaitable[int | None]]:
            return lambda: budget.size(url, cookies=cookies, within=within)

        missing = [(size, getattr(video, link)) for size, link in SIZES if getattr(video, size) is None]
        return {size: ask(url) for size, url in missing if url and self._wants.sizes}

    async def _from_app(
        self, ref: VideoRef, found: Found, budget: Budget, within: float, *, app_asked: bool
    ) -> Found | None:
        is_wanted = (self._wants.downloads and found.video.downloads is None) or (
            self._with_app and found.source in FEWER
        )
        if app_asked or not is_wanted:
            return None
        return await _tried(self._app, ref.id, within, lambda: AppJson(budget).video(ref, within))


async def _tried(breaker: Breaker, video_id: str, within: float, ask: Callable[[], Awaitable[T]]) -> T | None:
    """What `ask` finds out; None when it fails, for whatever reason: no call fails for want of a piece."""
    if not breaker.admits():
        return None
    try:
        async with asyncio.timeout(within):
            value = await ask()
    except NotFound:
        breaker.success()  # it answers
        return None
    except Exception as error:  # noqa: BLE001 - see above
        if isinstance(error, Problem) and error.sign == SPENT:
            breaker.release()
        else:
            breaker.failure(video_id)
        return None
    except BaseException:
        breaker.release()
        raise
    breaker.success()
    return value
