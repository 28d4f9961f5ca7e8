"""The app's JSON: the one source of the count of downloads. Often empty; worth asking, not worth waiting for."""

from clipmeter.sites.fetching import Fetching

from . import verdict
from .found import CHAIN_COOKIE, Found
from .page import read_app
from .ref import VideoRef

NAME = "appjson"
_FEED = "https://api16-normal-c-useast1a.tiktokv.com/aweme/v1/feed/?aweme_id={id}"


class AppJson:
    """Reads a post off what the app is told."""

    def __init__(self, fetch: Fetching) -> None:
        self._fetch = fetch

    async def video(self, ref: VideoRef, within: float) -> Found:
        """The post. Raises the Problem that the answer means; NotFound when it tells of other posts only."""
        page = await self._fetch.page(_FEED.format(id=ref.id), within=within)
        if page.status != 200:
            raise verdict.nothing(page.body, status=page.status, headers=page.headers, url=page.url, sign="app")
        return Found(read_app(page.body, ref.id), page.cookies.get(CHAIN_COOKIE, ""), NAME)

    async def downloads(self, ref: VideoRef, within: float) -> int | None:
        """The post's count of downloads; None when the answer does not say. Raises like `video`."""
        return (await self.video(ref, within)).video.downloads
