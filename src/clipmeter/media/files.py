"""The files of a post: what each is called in a link, where it lies, and the name it is saved under. Pure."""

import re
from collections.abc import Callable
from dataclasses import replace
from typing import NamedTuple
from urllib.parse import quote

import msgspec

from clipmeter.model import Extras, Video
from clipmeter.sites.tiktok.found import Answer

FIELDS = {
    "video": "video_url",
    "hd": "video_url_hd",
    "watermarked": "video_url_watermarked",
    "music": "music_url",
    "cover": "cover",
    "dynamic_cover": "dynamic_cover",
    "origin_cover": "origin_cover",
    "avatar": "author_avatar",
    "music_cover": "music_cover",
}
"""The kinds of which a post has one at most, each with the Video's field that holds its link."""

LISTS = {"image": "images", "stream": "streams", "subtitle": "subtitles"}
"""The kinds of which a post has many, `image-1` being the first, each with the Extras' field."""

SIZES = {"video": "size", "hd": "size_hd", "watermarked": "size_watermarked"}
"""The kinds whose size a Video tells."""

_ENDINGS = {"video": "mp4", "hd": "mp4", "watermarked": "mp4", "stream": "mp4", "music": "mp3", "subtitle": "vtt"}
_PLAIN = {"video", "music"}  # named by author and id alone
_LONGEST = 60


class File(NamedTuple):
    """A file as links name it, by kind and name."""

    signed: bytes
    """In what is signed."""
    shown: str
    """In the link."""


def file_of(video: Video, kind: str) -> File:
    """A file of the post."""
    name = file_name(video, kind)
    return File(f"{kind}/{name}".encode("utf8", "surrogatepass"), f"{quote(kind, safe='')}/{quote(name, safe='')}")


def urls(answer: Answer) -> dict[str, str]:
    """Every kind of file that the post has, with the CDN's link to it."""
    video = {kind: getattr(answer.video, field) for kind, field in FIELDS.items()}
    lists = {
        f"{kind}-{number}": item.url
        for kind, field in LISTS.items()
        for number, item in enumerate(getattr(answer.extras, field), 1)
    }
    return {kind: url for kind, url in (video | lists).items() if url}


def with_urls(answer: Answer, link: Callable[[str], str]) -> Answer:
    """The same answer with `link(kind)` in place of every link to a file; a link that is "" stays so."""
    known = urls(answer)
    fields = {field: link(kind) for kind, field in FIELDS.items() if kind in known}
    lists = {
        field: tuple(
            msgspec.structs.replace(item, url=link(f"{kind}-{number}")) if item.url else item
            for number, item in enumerate(getattr(answer.extras, field), 1)
        )
        for kind, field in LISTS.items()
    }
    video: Video = msgspec.structs.replace(answer.video, **fields)
    extras: Extras = msgspec.structs.replace(answer.extras, **lists)
    return replace(answer, video=video, extras=extras)


def family(kind: str) -> str:
    """`image-3` → `image`."""
    return kind.partition("-")[0]


def file_name(video: Video, kind: str) -> str:
    """What the file is called when it is saved: `author_id.mp4`, `author_id_image-3.jpg`; safe on every system."""
    parts = (_safe(video.author), _safe(video.video_id), "" if kind in _PLAIN else kind)
    return f"{'_'.join(filter(None, parts))}.{_ENDINGS.get(family(kind), 'jpg')}"


def _safe(text: str) -> str:
    """Letters, digits, dots, dashes and underscores; no name begins with a dot or a dash, which mean something."""
    return re.sub(r"[^\w.-]+", "_", text)[:_LONGEST].strip("._-")
