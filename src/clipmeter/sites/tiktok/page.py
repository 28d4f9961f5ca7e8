"""Bytes of TikTok's pages to a post and its Video, or the verdict on them, raised. Pure.

Three generations of pages carry the post in a script element of JSON; `State` reads them all:
`__UNIVERSAL_DATA_FOR_REHYDRATION__` (2023 on; to phones in another scope), `SIGI_STATE` (2021-23), `__NEXT_DATA__`.

What an item is decoded as is a parameter: `WebItem` for the 37 fields, or one with more fields (full.py).
"""

import re
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any, Generic, TypeVar, cast

from msgspec import Struct, field

from clipmeter.errors import Problem, UpstreamError
from clipmeter.model import Video

from . import verdict
from .aweme import Aweme, app_video
from .item import WebItem, post_id, web_video
from .loose import Odd, OddList, decode, decode_whole, each, some, text, truth
from .older import OldItem, OldPost, old_video

SCRIPTS = (b"__UNIVERSAL_DATA_FOR_REHYDRATION__", b"SIGI_STATE", b"sigi-persisted-data", b"__NEXT_DATA__")
NO_HEADERS: Mapping[str, str] = MappingProxyType({})
_SCOPE = b'{"__DEFAULT_SCOPE__":{'
_DETAIL = b'"webapp.video-detail":'
_LONGEST_TAG = 2_048
_MOST_MENTIONS = 50  # of a script's name in a page: a real one has a handful
_MOST_ANGLES = 1_000  # looked at one by one for the end of a script
_TAG = re.compile(rb"<script(?:\s+[^\s=>\"']+(?:\s*=\s*(?:\"[^\"]*\"|'[^']*'|[^\s>\"']+))?)*\s*>", re.IGNORECASE)
_ID = re.compile(rb"\sid\s*=\s*[\"']?([^\s\"'>]+)", re.IGNORECASE)

Item = TypeVar("Item", bound=WebItem)
AppItem = TypeVar("AppItem", bound=Aweme)


class ItemInfo(Struct, Generic[Item], frozen=True, rename="camel"):
    """Where a page keeps its item; `{}` when there is none."""

    item_struct: Item | Odd = None


class Detail(Struct, Generic[Item], frozen=True, rename="camel"):
    """What a page says of its post. The message has another name to phones."""

    status_code: Any = None
    status_msg: Any = None
    status_message: Any = None
    item_info: ItemInfo[Item] | Odd = None
    video_data: OldItem | Odd = None


class Scope(Struct, Generic[Item], frozen=True):
    """The parts of the newest generation's page, desktop's and phone's."""

    detail: Detail[Item] | Odd = field(name="webapp.video-detail", default=None)
    reflow: Detail[Item] | Odd = field(name="webapp.reflow.video.detail", default=None)


class SigiList(Struct, frozen=True):
    """Which posts a list of SIGI_STATE names."""

    keyword: Any = None
    list: Any = None


class SigiLists(Struct, frozen=True):
    """SIGI_STATE's lists; `video` names the page's own post."""

    video: SigiList | Odd = None


class NextProps(Struct, Generic[Item], frozen=True, rename="camel"):
    """`__NEXT_DATA__`'s outermost object."""

    page_props: Detail[Item] | Odd = None


class State(Struct, Generic[Item], frozen=True):
    """The JSON of any generation's script."""

    scope: Scope[Item] | Odd = field(name="__DEFAULT_SCOPE__", default=None)
    items: dict[str, Item | Odd] | Odd = field(name="ItemModule", default=None)
    lists: SigiLists | Odd = field(name="ItemList", default=None)
    video_page: Detail[Item] | Odd = field(name="VideoPage", default=None)
    props: NextProps[Item] | Odd = None


class AppAnswer(Struct, Generic[AppItem], frozen=True):
    """The app's answer about one post or several."""

    aweme_detail: AppItem | Odd = None
    aweme_details: list[AppItem | Odd] | OddList = None
    aweme_list: list[AppItem | Odd] | OddList = None
    status_code: Any = None
    status_msg: Any = None
    filter_detail: Any = None


def read_page(
    body: bytes,
    asked: str | None,
    *,
    status: int = 200,
    headers: Mapping[str, str] = NO_HEADERS,
    url: str = "",
) -> Video:
    """The Video that a page (or the JSON of its script) holds. Parameters and errors: see `find_post`."""
    post = find_post(body, asked, _PAGE, status=status, headers=headers, url=url)
    return old_video(post) if isinstance(post, OldItem) else web_video(post)


def find_post(  # noqa: PLR0913 - an answer is its bytes, status, headers and address
    body: bytes,
    asked: str | None,
    kind: type[State[Item]],
    *,
    status: int = 200,
    headers: Mapping[str, str] = NO_HEADERS,
    url: str = "",
) -> Item | OldItem:
    """The post that a page (or the JSON of its script) holds, decoded as `kind` says.

    `asked`: the id that the answer's must equal; None takes any. `url`: the address that answered, after redirects.
    Raises the verdict on an answer that holds no such post: NotFound, UpstreamRateLimit or UpstreamError.
    """
    sign = "no script of a known generation"
    for script in scripts(body):
        try:
            state = _decode_tail(script, kind) or decode(script, kind)
        except ValueError as error:
            sign = f"script: {error!s:.100}"
            continue
        if post := find_in_state(state, asked):
            return post
        sign = "script without a post"
    raise verdict.nothing(body, status=status, headers=headers, url=url, sign=sign)


def _decode_tail(script: bytes, kind: type[State[Item]]) -> State[Item] | None:
    """The script without the menus and translations in front of its post, which are most of it; None if it cannot be.

    Quotes are escaped within strings, so that what is found is a key. If it is one of another depth, the braces do not
    match any more, and that is seen.
    """
    start = script.rfind(_DETAIL) if script.startswith(_SCOPE) else -1
    state = decode_whole(_SCOPE + script[start:], kind) if start > 0 else None
    return state if state and not _is_bare(some(some(state.scope, Scope).detail, Detail)) else None


def scripts(body: bytes, names: tuple[bytes, ...] = SCRIPTS) -> Iterator[bytes]:
    """The JSON of the page's known script elements, newest generation first; of JSON itself, all of it."""
    if body.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] == b"{":
        yield body
        return
    for name in names:
        at = body.find(name)
        for _ in range(_MOST_MENTIONS):
            if at < 0:
                break
            if script := _script_at(body, at, name):
                yield script
            at = body.find(name, at + len(name))


def _script_at(body: bytes, at: int, name: bytes) -> bytes:
    """The text of the script whose id stands at `at`; empty when what stands there is no such id."""
    before = body[max(0, at - _LONGEST_TAG) : at].lower()
    start = before.rfind(b"<script")
    if start < 0:
        return b""
    tag = _TAG.match(body, at - len(before) + start, at + _LONGEST_TAG)
    if tag is None or tag.end() <= at or name not in _ID.findall(tag[0]):
        return b""
    content = body[tag.end() : _end_of_script(body, tag.end())]
    # The first SIGI pages assign the object to a variable.
    return content[max(0, content.find(b"{")) :] if name == b"sigi-persisted-data" else content


def _end_of_script(body: bytes, start: int) -> int:
    """Where the script ends; at the end of a page that was cut off. One byte is found ten times as fast as eight."""
    end = start
    for _ in range(_MOST_ANGLES):
        end = body.find(b"<", end)
        if end < 0 or body.startswith(b"</script", end):
            break
        end += 1
    else:
        end = body.find(b"</script", end)
    return end if end >= 0 else len(body)


def find_in_state(state: State[Item], asked: str | None) -> Item | OldItem | None:
    """The post of a page's script; None when it says nothing about one. Raises the verdict it carries."""
    scope, page = some(state.scope, Scope), some(state.props, NextProps).page_props
    details = [detail for detail in (scope.detail, scope.reflow, page) if isinstance(detail, Detail)]
    details.sort(key=_is_bare)
    for detail in details:
        return find_in_detail(detail, asked)
    if isinstance(state.items, dict) and state.items:
        return _find_among(state, state.items, asked)
    if problem := _problem(some(state.video_page, Detail)):
        raise problem
    return None


def find_in_detail(detail: Detail[Item], asked: str | None) -> Item | OldItem | None:
    """The post of a page's statement; None when it makes none. Raises the verdict it carries."""
    if problem := _problem(detail):
        raise problem
    item = some(detail.item_info, ItemInfo).item_struct
    if isinstance(item, WebItem):
        return _shown(cast("Item", item), asked)
    if isinstance(old := detail.video_data, OldItem):
        check(some(old.item_infos, OldPost).id, asked)
        return old
    return None


def _is_bare(detail: Detail[Any]) -> bool:
    return not isinstance(some(detail.item_info, ItemInfo).item_struct, WebItem)


def _problem(detail: Detail[Any]) -> Problem | None:
    return verdict.unavailable(detail.status_code, text(detail.status_msg) or text(detail.status_message))


def _shown(item: Item, asked: str | None) -> Item:
    check(item.id, asked)
    if truth(item.is_content_classified):
        raise verdict.login("isContentClassified")
    return item


def _find_among(state: State[Item], items: Mapping[str, Item | Odd], asked: str | None) -> Item:
    if asked not in items and (problem := _problem(some(state.video_page, Detail))):
        raise problem
    own = some(some(state.lists, SigiLists).video, SigiList)
    wanted = [asked] if asked else [text(own.keyword), *(text(entry) for entry in each(own.list, object))]
    found = next((item for key in wanted if isinstance(item := items.get(key or ""), WebItem)), None)
    if found is None and len(items) > 1 and not asked:
        raise UpstreamError("This page holds several posts; say which one by its id.", sign=f"{len(items)} posts")
    item = found or next(iter(items.values()))
    if isinstance(item, WebItem):
        return _shown(item, asked)
    raise UpstreamError(sign="ItemModule without an item")


def check(found: object, asked: str | None) -> None:
    """Raise UpstreamError when the id found is none, NotFound when it is not the one asked for."""
    video_id = post_id(found)
    if asked is not None and video_id != asked:
        raise verdict.another(asked, video_id)


def read_app(body: bytes, asked: str) -> Video:
    """The Video of the asked id in the app's JSON, which likes to answer with other posts. Raises the verdict."""
    return app_video(find_app_post(body, asked, _APP))


def find_app_post(body: bytes, asked: str, kind: type[AppAnswer[AppItem]]) -> AppItem:
    """The post of the asked id in the app's JSON, decoded as `kind` says. Raises the verdict on one without it."""
    if not body.strip():
        raise verdict.nothing(body, status=200, headers=NO_HEADERS, url="", sign="")
    try:
        answer = decode(body, kind)
    except ValueError as error:
        raise verdict.nothing(body, status=200, headers=NO_HEADERS, url="", sign=f"app: {error!s:.100}") from error
    entries = (answer.aweme_detail, *each(answer.aweme_details, Aweme), *each(answer.aweme_list, Aweme))
    items = [cast("AppItem", entry) for entry in entries if isinstance(entry, Aweme)]
    for item in items:
        if text(item.aweme_id) == asked:
            return item
    if items:
        raise verdict.another(asked, text(items[0].aweme_id))
    raise (
        verdict.filtered(answer.filter_detail)
        or verdict.unavailable(answer.status_code, answer.status_msg)
        or UpstreamError(sign="app: no post")
    )


_PAGE, _APP = State[WebItem], AppAnswer[Aweme]
