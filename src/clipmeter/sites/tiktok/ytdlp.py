"""yt-dlp as a source: it gets past the “Please wait…” page, and keeps up with what TikTok changes.

It runs in a thread, and its requests come back to the event loop: host list, proxies, pace, budget and reroute hold for
them as for all others. What it fetched is read by our own readers first; what these cannot read, it tells itself.
"""

import asyncio
import re
import threading
from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from http.cookies import CookieError, SimpleCookie
from typing import Any

from clipmeter.errors import NotFound, Problem, UpstreamError, UpstreamTimeout
from clipmeter.sites.fetching import Fetching, How, Page

from . import verdict
from .found import CHAIN_COOKIE, Found
from .full import read_page_full
from .merge import merged
from .ref import VideoRef
from .webpage import address
from .ytdlp_info import read_info

NAME = "ytdlp"
THREADS = 4
"""Posts that it looks at at once; others wait within their own time."""


def new_pool() -> ThreadPoolExecutor:
    """The threads that yt-dlp may use. They start when they are first needed."""
    return ThreadPoolExecutor(THREADS, thread_name_prefix="yt-dlp")


class YtDlp:
    """Reads a post with yt-dlp's eyes."""

    def __init__(self, fetch: Fetching, pool: ThreadPoolExecutor) -> None:
        self._fetch = fetch
        self._pool = pool

    async def video(self, ref: VideoRef, within: float) -> Found:
        """The post. Raises the Problem that the last answer means. When it returns, no request of it is under way."""
        line = _Line(self._fetch, within)
        try:
            async with asyncio.timeout(within):
                told = await asyncio.get_running_loop().run_in_executor(self._pool, _told, address(ref), line)
        except TimeoutError:
            raise UpstreamTimeout(sign=f"yt-dlp: nothing within {within:.2f} s") from None
        finally:
            await line.hang_up()
        return _found(ref, told, line)


class _Line:
    """Takes yt-dlp's requests from its thread to the loop, and remembers what came of them."""

    def __init__(self, fetch: Fetching, within: float) -> None:
        self._fetch = fetch
        self._loop = asyncio.get_running_loop()
        self._end = self._loop.time() + within
        self._tasks: set[asyncio.Task[Page]] = set()
        self._answers: set[Future[Page | None]] = set()
        self._lock = threading.Lock()  # between asking and hanging up
        self._is_open = True
        self.page: Page | None = None
        """The last answer."""
        self.problem: Problem | None = None
        """Why the last request brought none."""
        self.cookies: dict[str, str] = {}

    def get(self, url: str, headers: Mapping[str, str], cookies: str) -> Page | None:
        """Called in the thread; blocks it until the answer is there or the line is closed."""
        answer: Future[Page | None] = Future()
        with self._lock:
            if not self._is_open:
                return None
            self._answers.add(answer)
            how = How(headers, self.cookies | _pairs(cookies))
            self._loop.call_soon_threadsafe(self._begin, url, how, answer)
        return answer.result()

    async def hang_up(self) -> None:
        """End what is under way; nothing is asked from now on, and the thread waits for nothing."""
        with self._lock:
            self._is_open = False
        tasks = tuple(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for answer in self._answers:
            if not answer.done():
                answer.set_result(None)

    def _begin(self, url: str, how: How, answer: "Future[Page | None]") -> None:
        if self._is_open:
            task = self._loop.create_task(self._fetch.page(url, within=self._end - self._loop.time(), how=how))
            self._tasks.add(task)
            task.add_done_callback(lambda _: self._end_of(task, answer))

    def _end_of(self, task: asyncio.Task[Page], answer: "Future[Page | None]") -> None:
        self._tasks.discard(task)
        error = None if task.cancelled() else task.exception()
        if isinstance(error, Problem):
            self.problem = error
        elif not task.cancelled() and error is None:
            self.page, self.problem = task.result(), None
            self.cookies |= self.page.cookies
        if not answer.done():
            answer.set_result(self.page if self.problem is None else None)


def _pairs(header: str) -> dict[str, str]:
    try:
        return {name: morsel.coded_value for name, morsel in SimpleCookie(header).items()}
    except CookieError:
        return {}


def _told(url: str, line: _Line) -> Mapping[str, Any] | str:
    """What yt-dlp tells, or its complaint. In the thread."""
    from . import ytdlp_engine  # noqa: PLC0415 - heavy, and needed by few calls

    try:
        return ytdlp_engine.ask(url, line.get)
    except ytdlp_engine.Failed as error:
        return str(error)


def _found(ref: VideoRef, told: Mapping[str, Any] | str, line: _Line) -> Found:
    """Our reading of the page that yt-dlp got, with what it adds; its own where we cannot read."""
    if line.problem is not None:
        raise line.problem
    if line.page is None:
        raise UpstreamError(sign=f"yt-dlp asked nothing: {told!s:.150}")
    token = line.cookies.get(CHAIN_COOKIE, "")
    theirs = None if isinstance(told, str) else Found(*_with_token(told, ref, token))
    try:
        ours = _read(ref, line.page, token)
    except NotFound:  # yt-dlp does not look whose post it finds, and shows what is behind a login
        raise
    except Problem as problem:
        if theirs is None or not _names(line.page, ref.id):
            raise _with_complaint(problem, told) from None
        return theirs
    return merged(ours, theirs) if theirs else ours


def _with_token(told: Mapping[str, Any], ref: VideoRef, token: str) -> tuple[Any, ...]:
    video, extras = read_info(told, ref.id)
    return video, token, NAME, extras


def _read(ref: VideoRef, page: Page, token: str) -> Found:
    video, extras = read_page_full(page.body, ref.id, status=page.status, headers=page.headers, url=page.url)
    return Found(video, token, NAME, extras)


def _names(page: Page, video_id: str) -> bool:
    """Whether something in the page has this id: a page names the asked one in its links whatever it shows."""
    return re.search(rf'"id"\s*:\s*"{video_id}"'.encode(), page.body) is not None


def _with_complaint(problem: Problem, told: Mapping[str, Any] | str) -> Problem:
    if isinstance(told, str) and problem.sign != verdict.CHALLENGE:
        problem.sign = f"{problem.sign}; yt-dlp: {told[:150]}"
    return problem
