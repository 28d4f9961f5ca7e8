"""Two sources' word on one post to one. Pure.

Rule 1: what the first source says stays. The other fills only what the first does not say.
Rule 2: a size goes with its link, a link with the cookie it is bound to; neither is ever paired with another's.
"""

from dataclasses import replace
from typing import Any

import msgspec

from clipmeter.model import FIELDS, Extras, Video

from .found import Found

FEWER = frozenset({"embed", "oembed"})
"""Sources that show no qualities to choose from, so that no better file in them does not mean there is none."""

_BOOLEANS = frozenset({"is_ad", "music_original"})
_LADDER = ("video_url", "size", "video_url_hd", "size_hd")
_MARKED = ("video_url_watermarked", "size_watermarked")
_SOUND = tuple(name for name in FIELDS if name.startswith("music_") and name != "music_id")
_SET_APART = frozenset({"video_id", "url", "duration", "music_id", *_LADDER, *_MARKED, *_SOUND})
_PLAIN = tuple(name for name in FIELDS if name not in _SET_APART)


def merged(base: Found, other: Found) -> Found:
    """What `base` found, with what `other` adds to it. Both are of the same post."""
    if base.video.video_id != other.video.video_id:
        return base
    ours, theirs = base.video, other.video
    told = _missing(ours, theirs, _PLAIN) | _sound(ours, theirs)
    if not ours.author and theirs.author:
        told["url"] = theirs.url
    files = {} if _is_photo(ours) or _is_photo(theirs) else _files(base, other)
    video = msgspec.structs.replace(ours, **told, **files)
    return replace(base, video=video, chain_token=_token(base, other), extras=_extras(base.extras, other.extras))


def _missing(ours: msgspec.Struct, theirs: msgspec.Struct, names: tuple[str, ...]) -> dict[str, Any]:
    """What is unknown in ours and known in theirs."""
    return {
        name: value
        for name in names
        if _is_unknown(name, getattr(ours, name)) and not _is_unknown(name, value := getattr(theirs, name))
    }


def _is_unknown(name: str, value: object) -> bool:
    """As the contract writes it: None, "", nothing, 0 for a duration, False for `_BOOLEANS`; a count of 0 is known."""
    if name in _BOOLEANS or name.endswith("duration"):
        return not value
    return value is None or value in ("", ())


def _is_photo(video: Video) -> bool:
    return "/photo/" in video.url


def _sound(ours: Video, theirs: Video) -> dict[str, Any]:
    """Of the same sound only."""
    if ours.music_id and theirs.music_id and ours.music_id != theirs.music_id:
        return {}
    return _missing(ours, theirs, ("music_id", *_SOUND))


def _files(base: Found, other: Found) -> dict[str, Any]:
    """Links with their sizes, as far as the cookie allows, and how long they play."""
    ours, theirs = base.video, other.video
    told = _missing(ours, theirs, ("duration",))
    for link, size in (_LADDER[:2], _LADDER[2:], _MARKED):
        if getattr(ours, link) and getattr(ours, link) == getattr(theirs, link) and getattr(ours, size) is None:
            told[size] = getattr(theirs, size)
    if not _fits(base, other):
        return told
    is_better = base.source in FEWER and other.source not in FEWER and theirs.video_url and not ours.video_url_hd
    if not (ours.video_url or ours.video_url_hd) or is_better:
        told |= {name: getattr(theirs, name) for name in _LADDER}
    if not ours.video_url_watermarked:
        told |= {name: getattr(theirs, name) for name in _MARKED}
    return told


def _fits(base: Found, other: Found) -> bool:
    """Whether links of both can be asked for with one cookie."""
    return not base.chain_token or other.chain_token in {"", base.chain_token}


def _token(base: Found, other: Found) -> str:
    return base.chain_token or other.chain_token


def _extras(ours: Extras, theirs: Extras) -> Extras:
    told = _missing(ours, theirs, ("images", "streams", "hashtags", "mentions", "subtitles"))
    stats = _missing(ours.author_stats, theirs.author_stats, ours.author_stats.__struct_fields__)
    flags = _missing(ours.flags, theirs.flags, ours.flags.__struct_fields__)
    return msgspec.structs.replace(
        ours,
        **told,
        author_stats=msgspec.structs.replace(ours.author_stats, **stats),
        flags=msgspec.structs.replace(ours.flags, **flags),
    )
