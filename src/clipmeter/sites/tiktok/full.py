"""A post with all that is read of it: the 37 fields and what `include=` can add. Pure.

Costs up to twice the time of reading the 37 fields alone, so only those who are asked for more take this way.
"""

from collections.abc import Mapping
from typing import TypeAlias, cast

from clipmeter.model import Extras, Video

from .appextras import FullAweme, app_extras
from .aweme import Aweme
from .extras import FullItem, web_extras
from .item import WebItem
from .mobile import BasicItem
from .older import OldItem, TileItem
from .page import NO_HEADERS, AppAnswer, Detail, State, find_app_post, find_post
from .rareextras import basic_extras, old_extras, tile_extras
from .saved import Reading, Saved, read_saved_as
from .shapes import video_of

FullPost: TypeAlias = FullItem | FullAweme | OldItem | BasicItem | TileItem
"""A post in one of TikTok's five shapes, as it is decoded where all of it is wanted."""


def read_page_full(
    body: bytes,
    asked: str | None,
    *,
    status: int = 200,
    headers: Mapping[str, str] = NO_HEADERS,
    url: str = "",
) -> tuple[Video, Extras]:
    """What `read_page` gives, with the extras that the page holds. Raises the same."""
    return full(find_post(body, asked, State[FullItem], status=status, headers=headers, url=url))


def read_app_full(body: bytes, asked: str) -> tuple[Video, Extras]:
    """What `read_app` gives, with the extras that the app's JSON holds. Raises the same."""
    return full(find_app_post(body, asked, AppAnswer[FullAweme]))


def read_saved_full(data: bytes, asked: str | None = None) -> Saved[tuple[Video, Extras]]:
    """What `read_saved` gives, each Video with the extras that stand beside it."""
    return read_saved_as(_FULL, data, asked)


def full(post: FullPost) -> tuple[Video, Extras]:
    """The Video and the extras of a post. Raises UpstreamError when it has no id."""
    return video_of(post), _extras(post)


def _extras(post: FullPost) -> Extras:
    match post:
        case FullItem():
            return web_extras(post)
        case FullAweme():
            return app_extras(post)
        case OldItem():
            return old_extras(post)
        case BasicItem():
            return basic_extras(post)
        case TileItem():
            return tile_extras(post)


_FULL = Reading(
    page=read_page_full,
    post=lambda post: full(cast("FullPost", post)),
    kinds={WebItem: FullItem, Aweme: FullAweme},
    detail=Detail[FullItem],
    state=State[FullItem],
)
