"""The app's JSON: the one source of the count of downloads. Often empty; worth asking, not worth waiting for."""

from clipmeter.sites.fetching import Fetching

from . import verdict
from .found import CHAIN_COOKIE, Found
from .full import read_app_full
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
        if page.status != 200 or page.body.lstrip()[:1] not in (b"{", b""):  # a page in place of JSON says more
            raise verdict.nothing(page.body, status=page.status, headers=page.headers, url=page.url, sign="app")
        video, extras = read_app_full(page.body, ref.id)
        return Found(video, page.cookies.get(CHAIN_COOKIE, ""), NAME, extras)
