"""The official embed as a source: counts, author, one file. No region, saves, sizes or qualities.

Its `videoData` is the item of the oldest pages, still.
"""

from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from clipmeter.model import Extras, Video
from clipmeter.sites.fetching import Fetching, Page

from . import verdict
from .found import CHAIN_COOKIE, Found
from .full import full
from .loose import Odd, decode, some
from .older import OldItem, OldPost
from .page import check, scripts
from .ref import VideoRef

NAME = "embed"
_SCRIPT = b"__FRONTITY_CONNECT_STATE__"


class Shown(Struct, frozen=True, rename="camel"):
    """What one embed shows; `videoData` is empty when there is no post."""

    video_data: OldItem | Odd = None
    error_code: Any = None


class Source(Struct, frozen=True):
    """`source`: by path, what is shown there, and other things."""

    data: dict[str, Shown | Odd] | Odd = None


class State(Struct, frozen=True):
    """The script."""

    source: Source | Odd = None


class EmbedPage:
    """Reads a post off the page that other sites show it with."""

    def __init__(self, fetch: Fetching) -> None:
        self._fetch = fetch

    async def video(self, ref: VideoRef, within: float) -> Found:
        """The post, as far as an embed goes. Raises the Problem that the answer means."""
        page = await self._fetch.page(f"https://www.tiktok.com/embed/v2/{ref.id}", within=within)
        video, extras = read_embed(page, ref.id)
        return Found(video, page.cookies.get(CHAIN_COOKIE, ""), NAME, extras)


def read_embed(page: Page, asked: str) -> tuple[Video, Extras]:
    """The post of an embed page. Raises the verdict on a page without it."""
    sign = "embed without its script"
    for script in scripts(page.body, (_SCRIPT,)):
        try:
            data = some(decode(script, State).source, Source).data
        except ValueError as error:
            sign = f"embed: {error!s:.100}"
            continue
        for shown in data.values() if isinstance(data, dict) else ():
            if isinstance(shown, Shown) and (found := _read(shown, asked)):
                return found
        sign = "embed without a post"
    raise verdict.nothing(page.body, status=page.status, headers=page.headers, url=page.url, sign=sign)


def _read(shown: Shown, asked: str) -> tuple[Video, Extras] | None:
    item = some(shown.video_data, OldItem)
    if not isinstance(item.item_infos, OldPost):
        if problem := verdict.unavailable(shown.error_code, ""):
            raise problem
        return None
    check(item.item_infos.id, asked)
    return _kept_apart(*full(item))


def _kept_apart(video: Video, extras: Extras) -> tuple[Video, Extras]:
    """The one file in its place: its link says whether it is marked. Without a file it may be photos, or may not."""
    if not video.video_url:
        return video, replace(extras, flags=replace(extras.flags, media_type=""))
    if any(stream.watermark for stream in extras.streams):
        video = replace(video, video_url="", video_url_watermarked=video.video_url)
    return video, extras
