"""The source that gives nearly everything: the video's page."""

from clipmeter.sites.fetching import Fetching

from .found import CHAIN_COOKIE, Found
from .page import read_page
from .ref import VideoRef

NAME = "webpage"


class WebPage:
    """Reads a post off its page. A photo post's data stands under `/video/` too."""

    def __init__(self, fetch: Fetching) -> None:
        self._fetch = fetch

    async def video(self, ref: VideoRef, within: float) -> Found:
        """The post, with all but its count of downloads. Raises the Problem that the answer means."""
        page = await self._fetch.page(f"https://www.tiktok.com/@_/video/{ref.id}", within=within)
        video = read_page(page.body, ref.id, status=page.status, headers=page.headers, url=page.url)
        return Found(video, page.cookies.get(CHAIN_COOKIE, ""), NAME)
