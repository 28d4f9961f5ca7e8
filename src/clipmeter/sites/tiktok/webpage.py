"""The source that gives nearly everything: the video's page."""

from clipmeter.errors import Problem
from clipmeter.sites.fetching import Alarming, Fetching, How, Page

from . import verdict
from .found import CHAIN_COOKIE, Found
from .full import read_page_full
from .ref import VideoRef

NAME = "webpage"


class WebPage:
    """Reads a post off its page. A photo post's data stands under `/video/` too."""

    def __init__(self, fetch: Fetching, alarm: Alarming | None = None) -> None:
        """`alarm` is shown each page, and told of those that cannot be read."""
        self._fetch, self._alarm = fetch, alarm

    async def video(self, ref: VideoRef, within: float) -> Found:
        """The post, with all but its count of downloads. Raises the Problem that the answer means."""
        page = await self._fetch.page(address(ref), within=within, how=_HOW)
        try:
            video, extras = read_page_full(page.body, ref.id, status=page.status, headers=page.headers, url=page.url)
        except Problem as problem:
            if self._alarm:
                self._alarm.changed(NAME, page.body, problem)
            raise
        if self._alarm:
            self._alarm.read(NAME, page.body)
        return Found(video, page.cookies.get(CHAIN_COOKIE, ""), NAME, extras)


def address(ref: VideoRef) -> str:
    """Of a post's page."""
    return f"https://www.tiktok.com/@_/video/{ref.id}"


def _is_refused(page: Page) -> bool:
    """Whether another browser or address may fare better; a challenge is for everybody."""
    problem = verdict.refused(page.body, page.status, page.headers)
    return problem is not None and problem.sign != verdict.CHALLENGE


_HOW = How(refused=_is_refused)
