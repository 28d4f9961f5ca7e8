"""A post with all that is read of it: the 37 fields and what `include=` can add. Pure.

Costs up to twice the time of reading the 37 fields alone, so only those who are asked for more take this way.
"""

from collections.abc import Mapping
from typing import TypeAlias

from clipmeter.model import Extras, Video

from .appextras import FullAweme, app_extras
from .aweme import app_video
from .extras import FullItem, web_extras
from .item import web_video
from .loose import some
from .mobile import BasicItem, BasicPost, basic_video
from .older import OldItem, OldPost, TileItem, old_video, tile_video
from .page import NO_HEADERS, AppAnswer, State, find_app_post, find_post
from .rareextras import basic_extras, old_extras, tile_extras

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


def full(post: FullPost) -> tuple[Video, Extras]:
    """The Video and the extras of a post. Raises UpstreamError when it has no id."""
    match post:
        case FullItem():
            return web_video(post), web_extras(post)
        case FullAweme():
            return app_video(post), app_extras(post)
        case OldItem():
            return old_video(post), old_extras(post)
        case BasicItem():
            return basic_video(post), basic_extras(post)
        case TileItem():
            return tile_video(post), tile_extras(post)


def video_of(post: FullPost) -> Video:
    """The Video alone. Raises UpstreamError when the post has no id."""
    match post:
        case FullItem():
            return web_video(post)
        case FullAweme():
            return app_video(post)
        case OldItem():
            return old_video(post)
        case BasicItem():
            return basic_video(post)
        case TileItem():
            return tile_video(post)


def id_of(post: FullPost) -> object:
    """What stands where a post of this shape has its id."""
    match post:
        case FullAweme():
            return post.aweme_id
        case OldItem():
            return some(post.item_infos, OldPost).id
        case BasicItem():
            return some(post.item_basic, BasicPost).id
        case _:
            return post.id
