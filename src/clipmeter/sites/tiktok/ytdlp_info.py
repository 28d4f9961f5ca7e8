"""What yt-dlp tells of a post (its `info_dict`) to a Video and extras. Pure.

Its formats are our rungs: `play` is the plain file, `download` the marked one, `audio` the sound, the others qualities.
It names no region, no downloads, no sound's id, and not whether a post without a file shows photos.
"""

from collections.abc import Mapping
from typing import Any

from msgspec import Struct

from clipmeter.model import Extras, Flags, Stream, Subtitle, Video, utc_text

from .item import moment, post_url, profile_url
from .loose import Odd, OddList, convert, each, first_text, link, text, whole
from .rungs import Files, Rung, files, rung

_NO_SOUND = "none"


class Format(Struct, frozen=True):
    """One of `formats`; `tbr` in kilobits per second."""

    format_id: Any = None
    url: Any = None
    vcodec: Any = None
    acodec: Any = None
    width: Any = None
    height: Any = None
    filesize: Any = None
    tbr: Any = None
    fps: Any = None


class Picture(Struct, frozen=True):
    """One of `thumbnails`."""

    id: Any = None
    url: Any = None


class Written(Struct, frozen=True):
    """One file of `subtitles`."""

    url: Any = None
    ext: Any = None


class Info(Struct, frozen=True):
    """The fields of the `info_dict` that we read."""

    title: Any = None
    description: Any = None
    timestamp: Any = None
    duration: Any = None
    view_count: Any = None
    like_count: Any = None
    comment_count: Any = None
    repost_count: Any = None
    save_count: Any = None
    uploader: Any = None
    uploader_id: Any = None
    channel: Any = None
    track: Any = None
    album: Any = None
    artists: Any = None
    formats: list[Format | Odd] | OddList = None
    thumbnails: list[Picture | Odd] | OddList = None
    subtitles: dict[str, list[Written | Odd] | OddList] | Odd = None


def read_info(told: Mapping[str, Any], asked: str) -> tuple[Video, Extras]:
    """The post. yt-dlp calls whatever it finds by the asked id: whose it is must be known already."""
    info = convert(dict(told), Info)
    return _video(info, asked), _extras(info)


def _video(info: Info, video_id: str) -> Video:
    author, seconds = text(info.uploader), moment(info.timestamp, video_id)
    found = _files(info)
    pictures = {text(picture.id): link(picture.url) for picture in each(info.thumbnails, Picture)}
    has_file = bool(found.video_url or found.video_url_watermarked)
    return Video(
        video_id=video_id,
        url=post_url(author, video_id, photo=False),
        title=first_text(info.description, info.title),
        date=utc_text(seconds) if seconds else "",
        date_timestamp=seconds,
        duration=whole(info.duration) or 0 if has_file else 0,  # without one it is the sound's
        play_count=whole(info.view_count),
        likes=whole(info.like_count),
        comments=whole(info.comment_count),
        shares=whole(info.repost_count),
        saves=whole(info.save_count),
        cover=pictures.get("cover", ""),
        dynamic_cover=pictures.get("dynamicCover", ""),
        origin_cover=pictures.get("originCover", ""),
        **found._asdict(),
        author=author,
        author_name=text(info.channel),
        author_id=text(info.uploader_id),
        author_url=profile_url(author),
        music_title=text(info.track),
        music_author=", ".join(text(name) for name in each(info.artists, str)),
        music_url=next((link(one.url) for one in each(info.formats, Format) if _is_sound(one)), ""),
        music_album=text(info.album),
    )


def _is_sound(one: Format) -> bool:
    return text(one.vcodec) == _NO_SOUND


def _shown(info: Info) -> list[Format]:
    return [one for one in each(info.formats, Format) if link(one.url) and not _is_sound(one)]


def _files(info: Info) -> Files:
    played, marked, ladder = [], Rung((), None, None), []
    for one in _shown(info):
        step = rung([one.url], one.filesize, one.width, one.height, codec=text(one.vcodec))
        if text(one.format_id) == "play":
            played.append(step)
        elif text(one.format_id) == "download":
            marked = step
        else:
            ladder.append(step)
    return files(played, ladder, marked, played[0].side if played else None)


def _extras(info: Info) -> Extras:
    found = tuple(_stream(one) for one in _shown(info))
    return Extras(streams=found, subtitles=tuple(_subtitles(info)), flags=Flags(media_type="video" if found else ""))


def _stream(one: Format) -> Stream:
    codec, bits = text(one.vcodec), whole(one.tbr)
    step = rung([one.url], one.filesize, one.width, one.height, codec=codec)
    return Stream(
        url=link(one.url),
        codec=codec,
        width=whole(one.width),
        height=whole(one.height),
        bitrate=bits * 1_000 if bits else None,
        fps=whole(one.fps),
        size=step.size,
        audio=text(one.acodec) != _NO_SOUND,
        playable="bytevc2" not in codec,
        watermark=True if text(one.format_id) == "download" else None,
    )


def _subtitles(info: Info) -> list[Subtitle]:
    found = info.subtitles if isinstance(info.subtitles, dict) else {}
    return [
        Subtitle(language=language, url=link(one.url), format=text(one.ext))
        for language, written in found.items()
        for one in each(written, Written)
        if link(one.url)
    ]
