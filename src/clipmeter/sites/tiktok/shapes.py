"""What a piece of foreign JSON is: one post in one of five shapes, a page's state, a list of posts, or none. Pure.

The shape follows from all of it, not from one key: an item may carry a foreign `aweme_id` beside its `id`, and a
comment has an `aweme_id`, a text and a time without being a post.
"""

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

from clipmeter.model import Video

from .aweme import Aweme, app_video
from .item import WebItem, web_video
from .loose import some
from .mobile import BasicItem, BasicPost, basic_video
from .older import OldItem, OldPost, TileItem, old_video, tile_video

Json: TypeAlias = Mapping[str, Any]
Post: TypeAlias = WebItem | Aweme | OldItem | BasicItem | TileItem

_DEEPEST = 6
_STATES = ("__DEFAULT_SCOPE__", "webapp.video-detail", "webapp.reflow.video.detail", "ItemModule", "props", "itemInfo")
_WRAPS = ("itemStruct", "aweme_detail", "aweme_info", "item", "aweme", "videoData", "source", "data", "result", "body")
_LISTS = (
    "itemList",
    "item_list",
    "items",
    "aweme_list",
    "aweme_details",
    "search_item_list",
    "videoList",
    "data",
)
_WEB_MEDIA = frozenset({"duration", "cover", "playAddr", "downloadAddr", "originCover", "dynamicCover", "bitrateInfo"})
_APP_MEDIA = frozenset({"duration", "cover", "play_addr", "download_addr", "origin_cover", "dynamic_cover", "bit_rate"})
_WEB_COUNTS = frozenset({"playCount", "shareCount", "commentCount"})
_ENOUGH = 2


def shape(value: object) -> type[Post] | None:
    """What a post is to be decoded as; None when the value is no post."""
    if not isinstance(value, dict):
        return None
    if isinstance(value.get("item_basic"), dict):
        return BasicItem
    if isinstance(value.get("itemInfos"), dict):
        return OldItem
    web, app = _looks_web(value), _looks_app(value)
    if max(web, app) >= _ENOUGH:
        return WebItem if web >= app else Aweme
    if "id" in value and "playAddr" in value and "coverUrl" in value:
        return TileItem
    return None


def video_of(post: Post) -> Video:
    """The Video of a post. Raises UpstreamError when it has no id."""
    match post:
        case WebItem():
            return web_video(post)
        case Aweme():
            return app_video(post)
        case OldItem():
            return old_video(post)
        case BasicItem():
            return basic_video(post)
        case TileItem():
            return tile_video(post)


def id_of(post: Post) -> object:
    """What stands where a post of this shape has its id."""
    match post:
        case Aweme():
            return post.aweme_id
        case OldItem():
            return some(post.item_infos, OldPost).id
        case BasicItem():
            return some(post.item_basic, BasicPost).id
        case _:
            return post.id


def is_state(value: object) -> bool:
    """Whether it is the JSON of a page's script, or the part of it that speaks of a post."""
    return isinstance(value, dict) and any(isinstance(value.get(key), dict) for key in _STATES)


def located(value: object, depth: int = _DEEPEST) -> Json | Sequence[Any] | None:
    """The post, the page's state or the list of posts in an answer, however it is wrapped; None when there is none."""
    if isinstance(value, list):
        return value if any(entry and located(entry, depth - 1) for entry in value) else None
    if not isinstance(value, dict) or depth <= 0:
        return None
    if shape(value):
        return value
    if is_state(value):
        return _several(value) or value
    embeds = (key for key in value if key.startswith("/embed/"))
    for key in (*_WRAPS, *_LISTS, *embeds):
        if found := located(value.get(key), depth - 1):
            return found
    return None


def _several(state: Json) -> Sequence[Any]:
    """The posts of a state that is a list of them and not the page of one."""
    items = state.get("ItemModule")
    if isinstance(items, dict) and len(items) > 1 and "VideoPage" not in state:
        return [item for item in items.values() if shape(item)]
    return []


def _looks_web(value: Json) -> int:
    if "id" not in value:
        return 0
    video = value.get("video")
    counted = any(isinstance(of := value.get(key), dict) and _WEB_COUNTS & of.keys() for key in ("stats", "statsV2"))
    named = sum(key in value for key in ("createTime", "desc", "author", "music", "contents", "imagePost"))
    return named + 2 * counted + (2 * bool(_WEB_MEDIA & video.keys()) + 1 if isinstance(video, dict) else 0)


def _looks_app(value: Json) -> int:
    if "aweme_id" not in value:
        return 0
    video = value.get("video")
    named = sum(key in value for key in ("create_time", "desc", "author", "music"))
    counted = isinstance(value.get("statistics"), dict)
    return named + 2 * counted + (2 * bool(_APP_MEDIA & video.keys()) + 1 if isinstance(video, dict) else 0)
