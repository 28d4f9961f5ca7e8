"""What has changed in TikTok's video page: its fields against those that its readers know. Pure.

The table holds what the desktop page of 2024-26 carried in every recording of it; a field with `?` in some only. Only
fields that are read are here: the page has five times as many, and they come and go.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from .loose import decode_any
from .page import scripts

_SCOPE, _DETAIL = "__DEFAULT_SCOPE__", "webapp.video-detail"
_MOST_FIELD = 100

FIELDS = """
id text; desc text; createTime text|number; locationCreated text; isAd boolean
isContentClassified boolean?; isPinnedItem boolean?; IsAigc boolean?; textLanguage text?; itemCommentStatus number?
duetEnabled boolean?; stitchEnabled boolean?
author object; author.id text; author.uniqueId text; author.nickname text
author.avatarLarger text; author.avatarMedium text; author.avatarThumb text
authorStats object?; authorStatsV2 object?
stats object; stats.playCount number; stats.diggCount number; stats.commentCount number; stats.shareCount number
stats.collectCount text|number
statsV2 object; statsV2.playCount text; statsV2.diggCount text; statsV2.commentCount text; statsV2.shareCount text
statsV2.collectCount text
music object; music.id text; music.title text; music.authorName text; music.playUrl text?; music.duration number
music.coverLarge text; music.coverMedium text; music.coverThumb text; music.original boolean; music.album text?
textExtra list?; textExtra[] object?; textExtra[].userId text?; textExtra[].userUniqueId text?
textExtra[].hashtagName text?; textExtra[].start number?; textExtra[].end number?
contents list?; contents[] object?; contents[].desc text?; contents[].textExtra list?; challenges list?
video object; video.duration number; video.width number; video.height number; video.cover text; video.originCover text
video.dynamicCover text?; video.playAddr text; video.downloadAddr text?; video.size text|number?
video.PlayAddrStruct object?; video.PlayAddrStruct.UrlList list?; video.PlayAddrStruct.DataSize text|number?
video.bitrateInfo list?; video.bitrateInfo[] object?; video.bitrateInfo[].GearName text?
video.bitrateInfo[].CodecType text?; video.bitrateInfo[].Bitrate number?; video.bitrateInfo[].PlayAddr object?
video.bitrateInfo[].PlayAddr.UrlList list?; video.bitrateInfo[].PlayAddr.DataSize text|number?
video.bitrateInfo[].PlayAddr.Width number?; video.bitrateInfo[].PlayAddr.Height number?
video.subtitleInfos list?; video.subtitleInfos[] object?; video.subtitleInfos[].LanguageCodeName text?
video.subtitleInfos[].Url text?; video.subtitleInfos[].Format text?
imagePost object?; imagePost.images list?; imagePost.images[] object?; imagePost.images[].imageURL object?
imagePost.images[].imageURL.urlList list?; imagePost.images[].imageWidth number?; imagePost.images[].imageHeight number?
"""

ALSO_KNOWN = """
AIGCDescription AnchorTypes BAInfo CategoryType IsHDBitrate adAuthorization adLabelVersion aigcLabelType anchors
backendSourceEventTracking brandOrganicType channelTags collected comments creatorAIComment digged
diversificationId diversificationLabels duetDisplay duetInfo effectStickers forFriend indexEnabled isActivityItem
isECVideo isReviewing itemMute item_control keywordTags mixInfo officalItem originalItem playlistId poi privateItem
scheduleTime secret shareEnabled showNotPass stickersOnItem stitchDisplay suggestedWords takeDown textTranslatable
videoSuggestWordsList vl1 warnInfo
"""
"""Keys of an item that recordings have and nobody reads."""


@dataclass(frozen=True, slots=True)
class Deviation:
    """A field that is not as its reader expects."""

    field: str
    expected: str
    found: str


@dataclass(frozen=True, slots=True)
class _Field:
    path: str
    kinds: tuple[str, ...]
    required: bool

    @property
    def expected(self) -> str:
        return " or ".join(self.kinds)


def _table(text: str) -> tuple[_Field, ...]:
    rows = (row.split() for line in text.strip().splitlines() for row in line.split(";"))
    return tuple(_Field(path, tuple(kinds.rstrip("?").split("|")), not kinds.endswith("?")) for path, kinds in rows)


_FIELDS = _table(FIELDS)
_KNOWN = {*ALSO_KNOWN.split()} | {field.path for field in _FIELDS}


def compare(body: bytes) -> list[Deviation]:
    """How a video page (or the JSON of its script) differs from the known one; empty when it does not.

    A page that says why there is no post is as it should be.
    """
    state = _state(body)
    if state is None:
        return [Deviation("page", "a script element with the page's JSON", _outline(body))]
    scope = state.get(_SCOPE)
    if not isinstance(scope, dict):
        return [Deviation(_SCOPE, "object", _kind(scope, _SCOPE in state))]
    detail = scope.get(_DETAIL)
    if not isinstance(detail, dict):
        found = _kind(detail, _DETAIL in scope)
        return [Deviation(_DETAIL, "object", f"{found}, beside {', '.join(sorted(scope)) or 'nothing'}"[:500])]
    return list(_detail(detail))


def _state(body: bytes) -> Mapping[str, Any] | None:
    for script in scripts(body):
        try:
            state = decode_any(script)
        except ValueError:
            continue
        if isinstance(state, dict):
            return state
    return None


def _outline(body: bytes) -> str:
    return f"none in {len(body)} bytes" if body.strip() else "an empty answer"


def _detail(detail: Mapping[str, Any]) -> Iterator[Deviation]:
    code = detail.get("statusCode")
    if not isinstance(code, int):
        yield Deviation("statusCode", "number", _kind(code, "statusCode" in detail))
    if code:
        return
    info = detail.get("itemInfo")
    item = info.get("itemStruct") if isinstance(info, dict) else None
    if not isinstance(item, dict):
        yield Deviation("itemInfo.itemStruct", "object", _kind(item, item is not None))
        return
    for field in _FIELDS:
        yield from _field(item, field)
    yield from (Deviation(key[:_MOST_FIELD], "not there", _kind(item[key])) for key in sorted(item.keys() - _KNOWN))


def _field(item: Mapping[str, Any], field: _Field) -> Iterator[Deviation]:
    """At most one deviation: of many entries of a list the first that is wrong."""
    parent, _, name = field.path.rpartition(".")
    for holder in _at(item, parent):
        values = holder.get(name.removesuffix("[]")) if name.endswith("[]") else [holder.get(name, _MISSING)]
        for value in values if isinstance(values, list) else ():
            if value is _MISSING and not field.required:
                continue
            found = _kind(value, value is not _MISSING)
            if found not in field.kinds:
                yield Deviation(field.path, field.expected, found)
                return


_MISSING = object()


def _at(item: Mapping[str, Any], path: str) -> list[Mapping[str, Any]]:
    """The objects at a path; those that are no objects are told of by their own row of the table."""
    holders: list[Any] = [item]
    for name in path.split(".") if path else ():
        below = [holder.get(name.removesuffix("[]")) for holder in holders]
        if name.endswith("[]"):
            below = [entry for entries in below if isinstance(entries, list) for entry in entries]
        holders = [holder for holder in below if isinstance(holder, dict)]
    return holders


def _kind(value: object, is_there: bool = True) -> str:
    if not is_there:
        return "missing"
    kinds = {str: "text", bool: "boolean", int: "number", float: "number", dict: "object", list: "list"}
    return kinds.get(type(value), "null")
