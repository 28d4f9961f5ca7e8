"""What `include=` can add, from the app's item. Pure. The structs are aweme.py's with more fields; see extras.py."""

from collections.abc import Iterable, Sequence
from typing import Any

from msgspec import Struct, field

from clipmeter.model import AuthorStats, Extras, Flags, Image, Stream, Subtitle

from . import aweme as app
from .extras import hashtags, images, made_by_ai, mentions, open_to_comments, said, subtitle_source, subtitles
from .loose import Odd, OddList, each, first_whole, link, some, text, whole
from .streams import File, file, streams

_CODECS = {0: "h264", 1: "h265", 2: "bytevc2"}


class FullAddress(app.AppAddress, frozen=True):
    """One file on several servers."""

    url_key: Any = None


class FullStep(app.AppStep, frozen=True):
    """One rung of `bit_rate`; the number of that name in bits per second."""

    bit_rate: Any = None
    fps: Any = None
    fps_old: Any = field(name="FPS", default=None)
    play_addr: FullAddress | Odd = None


class Caption(Struct, frozen=True):
    """One entry of `cla_info.caption_infos`; `caption_length` is of the video, not of the file."""

    lang: Any = None
    language: Any = None
    url: Any = None
    url_list: Any = None
    caption_format: Any = None
    subtitle_type: Any = None


class Captions(Struct, frozen=True):
    """`cla_info`."""

    caption_infos: list[Caption | Odd] | OddList = None


class FullMedia(app.AppMedia, frozen=True):
    """`video`; without `has_watermark` there is no `download_addr`, for the file to be had is the plain one."""

    has_watermark: Any = None
    play_addr: FullAddress | Odd = None
    play_addr_h264: FullAddress | Odd = None
    play_addr_bytevc1: FullAddress | Odd = None
    play_addr_265: FullAddress | Odd = None
    download_no_watermark_addr: FullAddress | Odd = None
    download_addr: FullAddress | Odd = None
    download_suffix_logo_addr: FullAddress | Odd = None
    bit_rate: Sequence[FullStep | Odd] | OddList = None
    cla_info: Captions | Odd = None


class Extra(app.AppMention, frozen=True):
    """One entry of `text_extra`: a mention or a hashtag."""

    user_unique_id: Any = None
    hashtag_name: Any = None


class FullAuthor(app.AppAuthor, frozen=True):
    """`author`."""

    follower_count: Any = None
    following_count: Any = None
    total_favorited: Any = None
    aweme_count: Any = None
    friends_count: Any = None


class Challenge(Struct, frozen=True):
    """One entry of `cha_list`."""

    cha_name: Any = None


class Made(Struct, frozen=True):
    """`aigc_info`."""

    aigc_label_type: Any = None
    created_by_ai: Any = None


class Status(Struct, frozen=True):
    """`status`."""

    allow_comment: Any = None


class Control(Struct, frozen=True):
    """`video_control`; where `item_duet` and `item_stitch` say something else, this is what holds."""

    allow_duet: Any = None
    allow_stitch: Any = None


class FullAweme(app.Aweme, frozen=True):
    """An item of the app with all that is read of it."""

    video: FullMedia | Odd = None
    author: FullAuthor | Odd = None
    text_extra: Sequence[Extra | Odd] | OddList = None
    cha_list: list[Challenge | Odd] | OddList = None
    aigc_info: Made | Odd = None
    is_top: Any = None
    status: Status | Odd = None
    item_comment_settings: Any = None
    video_control: Control | Odd = None
    desc_language: Any = None


def app_extras(item: FullAweme) -> Extras:
    """The extras of an item of the app."""
    media, photos = some(item.video, FullMedia), app.app_photos(item)
    entries = each(item.text_extra, Extra)
    tags = (tag.cha_name for tag in each(item.cha_list, Challenge))
    return Extras(
        images=_images(photos),
        streams=() if photos else _streams(media),
        hashtags=hashtags(*(entry.hashtag_name for entry in entries), *tags),
        mentions=mentions((entry.user_id, entry.user_unique_id) for entry in entries),
        subtitles=subtitles(_captions(media)),
        author_stats=_totals(some(item.author, FullAuthor)),
        flags=_flags(item, photo=bool(photos)),
    )


def _flags(item: FullAweme, *, photo: bool) -> Flags:
    made, control = some(item.aigc_info, Made), some(item.video_control, Control)
    return Flags(
        media_type="photo" if photo else "video",
        pinned=said(item.is_top),
        ai_generated=made_by_ai(made.created_by_ai, made.aigc_label_type),
        comments_enabled=_comments(item),
        duet_enabled=said(control.allow_duet),
        stitch_enabled=said(control.allow_stitch),
        language=text(item.desc_language),
    )


def _comments(item: FullAweme) -> bool | None:
    allowed = said(some(item.status, Status).allow_comment)
    if allowed is False or whole(item.item_comment_settings) is None:
        return allowed
    return open_to_comments(item.item_comment_settings)


def _images(photos: Iterable[app.AppPhoto]) -> tuple[Image, ...]:
    shown = [_shown(photo) for photo in photos]
    return images((entry.url_list, entry.width, entry.height) for entry in shown)


def _shown(photo: app.AppPhoto) -> app.AppAddress:
    choices = (photo.display_image, photo.owner_watermark_image, photo.user_watermark_image, photo.thumbnail)
    return next((one for one in choices if isinstance(one, app.AppAddress) and link(one.url_list)), app.AppAddress())


def _streams(media: FullMedia) -> tuple[Stream, ...]:
    played = (
        _at(media.play_addr),
        _at(media.play_addr_h264, "h264"),
        _at(media.download_no_watermark_addr),
        _at(media.play_addr_bytevc1, "h265"),
        _at(media.play_addr_265, "h265"),
    )
    ladder = (_file(step) for step in each(media.bit_rate, FullStep))
    marked = (_at(media.download_addr), _at(media.download_suffix_logo_addr))
    return streams(played, ladder, marked, mark=said(media.has_watermark) is not False)


def _at(address: object, codec: str = "") -> File:
    at = some(address, FullAddress)
    return file(at.url_list, size=at.data_size, width=at.width, height=at.height, codec=codec, key=at.url_key)


def _file(step: FullStep) -> File:
    at = some(step.play_addr, FullAddress)
    return file(
        at.url_list,
        size=at.data_size,
        width=at.width,
        height=at.height,
        codec=_CODECS.get(kind, "") if (kind := whole(step.is_bytevc1)) is not None else "",
        bitrate=step.bit_rate,
        fps=first_whole(step.fps, step.fps_old),
        key=at.url_key,
    )


def _captions(media: FullMedia) -> Iterable[Subtitle]:
    for entry in each(some(media.cla_info, Captions).caption_infos, Caption):
        yield Subtitle(
            language=text(entry.lang) or text(entry.language),
            url=link(entry.url, entry.url_list),
            format=text(entry.caption_format),
            source=subtitle_source(entry.subtitle_type),
        )


def _totals(author: FullAuthor) -> AuthorStats:
    """The author's counts. Where the app does not fill them in it writes zeros, and no author of a post has 0 posts."""
    videos = whole(author.aweme_count)
    return AuthorStats(
        followers=_filled(author.follower_count, videos),
        following=_filled(author.following_count, videos),
        likes=_filled(author.total_favorited, videos),
        videos=videos or None,
        friends=_filled(author.friends_count, videos),
    )


def _filled(value: object, videos: int | None) -> int | None:
    count = whole(value)
    return count if videos else count or None
