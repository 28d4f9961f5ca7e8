"""Bytes of TikTok's pages to a Video, or the verdict on them, raised. Pure.

Three generations of pages carry the post in a script element of JSON; `State` reads them all:
`__UNIVERSAL_DATA_FOR_REHYDRATION__` (2023 on; to phones in another scope), `SIGI_STATE` (2021-23), `__NEXT_DATA__`.
"""

import re
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any

from msgspec import Struct, field

from clipmeter.errors import Problem, UpstreamError
from clipmeter.model import Video

from . import verdict
from .aweme import Aweme, app_video
from .item import WebItem, web_video
from .loose import Odd, OddList, decode, each, some, text, truth
from .older import OldItem, old_video

SCRIPTS = (b"__UNIVERSAL_DATA_FOR_REHYDRATION__", b"SIGI_STATE", b"sigi-persisted-data", b"__NEXT_DATA__")
_NO_HEADERS: Mapping[str, str] = MappingProxyType({})
_LONGEST_TAG = 2_048
_MOST_MENTIONS = 50  # of a script's name in a page: a real one has a handful
_MOST_ANGLES = 1_000  # looked at one by one for the end of a script
_TAG = re.compile(rb"<script(?:\s+[^\s=>\"']+(?:\s*=\s*(?:\"[^\"]*\"|'[^']*'|[^\s>\"']+))?)*\s*>", re.IGNORECASE)
_ID = re.compile(rb"\sid\s*=\s*[\"']?([^\s\"'>]+)", re.IGNORECASE)


class ItemInfo(Struct, frozen=True, rename="camel"):
    """Where a page keeps its item; `{}` when there is none."""

    item_struct: WebItem | Odd = None


class Detail(Struct, frozen=True, rename="camel"):
    """What a page says of its post. The message has another name to phones."""

    status_code: Any = None
    status_msg: Any = None
    status_message: Any = None
    item_info: ItemInfo | Odd = None
    video_data: OldItem | Odd = None


class Scope(Struct, frozen=True):
    """The parts of the newest generation's page, desktop's and phone's."""

    detail: Detail | Odd = field(name="webapp.video-detail", default=None)
    reflow: Detail | Odd = field(name="webapp.reflow.video.detail", default=None)


class SigiList(Struct, frozen=True):
    """Which posts a list of SIGI_STATE names."""

    keyword: Any = None
    list: Any = None


class SigiLists(Struct, frozen=True):
    """SIGI_STATE's lists; `video` names the page's own post."""

    video: SigiList | Odd = None


class NextProps(Struct, frozen=True, rename="camel"):
    """`__NEXT_DATA__`'s outermost object."""

    page_props: Detail | Odd = None


class State(Struct, frozen=True):
    """The JSON of any generation's script."""

    scope: Scope | Odd = field(name="__DEFAULT_SCOPE__", default=None)
    items: dict[str, WebItem | Odd] | Odd = field(name="ItemModule", default=None)
    lists: SigiLists | Odd = field(name="ItemList", default=None)
    video_page: Detail | Odd = field(name="VideoPage", default=None)
    props: NextProps | Odd = None


class AppAnswer(Struct, frozen=True):
    """The app's answer about one post or several."""

    aweme_detail: Aweme | Odd = None
    aweme_details: list[Aweme | Odd] | OddList = None
    aweme_list: list[Aweme | Odd] | OddList = None
    status_code: Any = None
    status_msg: Any = None
    filter_detail: Any = None


def read_page(
    body: bytes,
    asked: str | None,
    *,
    status: int = 200,
    headers: Mapping[str, str] = _NO_HEADERS,
    url: str = "",
) -> Video:
    """The Video that a page (or the JSON of its script) holds.

    `asked`: the id that the answer's must equal; None takes any. `url`: the address that answered, after redirects.
    Raises the verdict on an answer that holds no such Video: NotFound, UpstreamRateLimit or UpstreamError.
    """
    sign = "no script of a known generation"
    for script in scripts(body):
        try:
            state = decode(script, State)
        except ValueError as error:
            sign = f"script: {error!s:.100}"
            continue
        if video := read_state(state, asked):
            return video
        sign = "script without a post"
    raise verdict.nothing(body, status=status, headers=headers, url=url, sign=sign)


def scripts(body: bytes) -> Iterator[bytes]:
    """The JSON of the page's known script elements, newest generation first; of JSON itself, all of it."""
    if body.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] == b"{":
        yield body
        return
    for name in SCRIPTS:
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


def read_state(state: State, asked: str | None) -> Video | None:
    """The Video of a page's script; None when it says nothing about a post. Raises the verdict it carries."""
    scope, page = some(state.scope, Scope), some(state.props, NextProps).page_props
    details = [detail for detail in (scope.detail, scope.reflow, page) if isinstance(detail, Detail)]
    details.sort(key=_is_bare)
    for detail in details:
        return read_detail(detail, asked)
    if isinstance(state.items, dict) and state.items:
        return _read_items(state, state.items, asked)
    if problem := _problem(some(state.video_page, Detail)):
        raise problem
    return None


def read_detail(detail: Detail, asked: str | None) -> Video | None:
    """The Video of a page's statement; None when it makes none. Raises the verdict it carries."""
    if problem := _problem(detail):
        raise problem
    item = some(detail.item_info, ItemInfo).item_struct
    if isinstance(item, WebItem):
        return _answer(item, asked)
    if isinstance(detail.video_data, OldItem):
        return same(old_video(detail.video_data), asked)
    return None


def _is_bare(detail: Detail) -> bool:
    return not isinstance(some(detail.item_info, ItemInfo).item_struct, WebItem)


def _problem(detail: Detail) -> Problem | None:
    return verdict.unavailable(detail.status_code, text(detail.status_msg) or text(detail.status_message))


def _answer(item: WebItem, asked: str | None) -> Video:
    video = same(web_video(item), asked)
    if truth(item.is_content_classified):
        raise verdict.login("isContentClassified")
    return video


def _read_items(state: State, items: Mapping[str, WebItem | Odd], asked: str | None) -> Video:
    if asked not in items and (problem := _problem(some(state.video_page, Detail))):
        raise problem
    own = some(some(state.lists, SigiLists).video, SigiList)
    wanted = [asked] if asked else [text(own.keyword), *(text(entry) for entry in each(own.list, object))]
    found = next((item for key in wanted if isinstance(item := items.get(key or ""), WebItem)), None)
    if found is None:
        if len(items) > 1 and not asked:
            raise UpstreamError("This page holds several posts; say which one by its id.", sign=f"{len(items)} posts")
        found = some(next(iter(items.values())), WebItem)
    return _answer(found, asked)


def same(video: Video, asked: str | None) -> Video:
    """The Video, if its id is the asked one. Raises NotFound."""
    if asked is not None and video.video_id != asked:
        raise verdict.another(asked, video.video_id)
    return video


def read_app(body: bytes, asked: str) -> Video:
    """The Video of the asked id in the app's JSON, which likes to answer with other posts. Raises the verdict."""
    if not body.strip():
        raise verdict.nothing(body, status=200, headers=_NO_HEADERS, url="", sign="")
    try:
        answer = decode(body, AppAnswer)
    except ValueError as error:
        raise verdict.nothing(body, status=200, headers=_NO_HEADERS, url="", sign=f"app: {error!s:.100}") from error
    entries = (answer.aweme_detail, *each(answer.aweme_details, Aweme), *each(answer.aweme_list, Aweme))
    items = [entry for entry in entries if isinstance(entry, Aweme)]
    for item in items:
        if text(item.aweme_id) == asked:
            return app_video(item)
    if items:
        raise verdict.another(asked, text(items[0].aweme_id))
    raise (
        verdict.filtered(answer.filter_detail)
        or verdict.unavailable(answer.status_code, answer.status_msg)
        or UpstreamError(sign="app: no post")
    )
