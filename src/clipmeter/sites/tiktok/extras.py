"""What `include=` can add, from the web's item: pages of all generations and most lists. Pure.

The structs here are item.py's with more fields. They are apart because most answers need none of these, and every
field that is decoded takes time.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from msgspec import Struct, field

from clipmeter.model import AuthorStats, Extras, Flags, Image, Mention, Stream, Subtitle

from . import item as web
from .loose import Odd, OddList, each, first_whole, link, some, text, truth, whole
from .streams import File, file, streams

_HEARD, _TRANSLATED = 1, (4, 8)  # subtitleType, as seen beside `Source`
_FOR_ALL, _FOR_NOBODY = 0, 3  # who may comment; 1 and 2 are friends and followers, in an order that is not known


class FullAddress(web.Address, frozen=True, rename="pascal"):
    """One file on several servers."""

    url_key: Any = None


class FullStep(web.Step, frozen=True, rename="pascal"):
    """One rung of `bitrateInfo`; `Bitrate` in bits per second."""

    bitrate: Any = None
    fps: Any = field(name="BitrateFPS", default=None)
    play_addr: FullAddress | Odd = None


class SubtitleInfo(Struct, frozen=True, rename="pascal"):
    """One entry of `subtitleInfos`."""

    language_code_name: Any = None
    url: Any = None
    format: Any = None
    source: Any = None
    size: Any = None


class Caption(Struct, frozen=True, rename="camel"):
    """One entry of `claInfo.captionInfos`."""

    language: Any = None
    url: Any = None
    url_list: Any = None
    caption_format: Any = None
    subtitle_type: Any = None


class Captions(Struct, frozen=True, rename="camel"):
    """`claInfo`."""

    caption_infos: list[Caption | Odd] | OddList = None


class FullMedia(web.Media, frozen=True, rename="camel"):
    """`video`; `bitrate` and `codecType` are those of the file at `playAddr`."""

    bitrate: Any = None
    codec_type: Any = None
    play_addr_struct: FullAddress | Odd = field(name="PlayAddrStruct", default=None)
    bitrate_info: Sequence[FullStep | Odd] | OddList = None
    subtitle_infos: list[SubtitleInfo | Odd] | OddList = None
    cla_info: Captions | Odd = None


class Extra(web.Mention, frozen=True, rename="camel"):
    """One entry of `textExtra`: a mention or a hashtag."""

    user_unique_id: Any = None
    hashtag_name: Any = None


class FullParagraph(web.Paragraph, frozen=True, rename="camel"):
    """One entry of `contents`."""

    text_extra: Sequence[Extra | Odd] | OddList = None


class Challenge(Struct, frozen=True):
    """One entry of `challenges`."""

    title: Any = None


class Totals(Struct, frozen=True, rename="camel"):
    """`authorStats` (rounded integers) and `authorStatsV2` (exact strings)."""

    follower_count: Any = None
    following_count: Any = None
    heart_count: Any = None
    heart: Any = None
    video_count: Any = None
    friend_count: Any = None


class FullItem(web.WebItem, frozen=True, rename="camel"):
    """A web item with all that is read of it."""

    video: FullMedia | Odd = None
    text_extra: Sequence[Extra | Odd] | OddList = None
    contents: Sequence[FullParagraph | Odd] | OddList = None
    challenges: list[Challenge | Odd] | OddList = None
    author_stats: Totals | Odd = None
    author_stats_v2: Totals | Odd = None
    is_pinned_item: Any = None
    is_aigc: Any = field(name="IsAigc", default=None)
    aigc_description: Any = field(name="AIGCDescription", default=None)
    aigc_label_type: Any = None
    item_comment_status: Any = None
    duet_enabled: Any = None
    stitch_enabled: Any = None
    text_language: Any = None


def web_extras(item: FullItem) -> Extras:
    """The extras of a web item."""
    media = some(item.video, FullMedia)
    photo = web.is_photo(item, media)
    entries = _entries(item)
    return Extras(
        images=_images(item),
        streams=() if photo else _streams(media),
        hashtags=hashtags(
            *(entry.hashtag_name for entry in entries), *(tag.title for tag in each(item.challenges, Challenge))
        ),
        mentions=mentions((entry.user_id, entry.user_unique_id) for entry in entries),
        subtitles=subtitles([*_listed(media), *_captions(media)]),
        author_stats=totals(some(item.author_stats_v2, Totals), some(item.author_stats, Totals)),
        flags=Flags(
            media_type="photo" if photo else "video",
            pinned=said(item.is_pinned_item),
            ai_generated=made_by_ai(item.is_aigc, item.aigc_label_type, description=item.aigc_description),
            comments_enabled=open_to_comments(item.item_comment_status),
            duet_enabled=said(item.duet_enabled),
            stitch_enabled=said(item.stitch_enabled),
            language=text(item.text_language),
        ),
    )


def _entries(item: FullItem) -> tuple[Extra, ...]:
    parts = (item.text_extra, *(paragraph.text_extra for paragraph in each(item.contents, FullParagraph)))
    return tuple(entry for part in parts for entry in each(part, Extra))


def _images(item: FullItem) -> tuple[Image, ...]:
    entries = each(some(item.image_post, web.ImagePost).images, web.Photo)
    return images((entry.image_url, entry.image_width, entry.image_height) for entry in entries)


def _streams(media: FullMedia) -> tuple[Stream, ...]:
    own = file(
        media.play_addr,
        size=media.size,
        width=media.width,
        height=media.height,
        codec=text(media.codec_type),
        bitrate=media.bitrate,
    )
    ladder = (_file(step) for step in each(media.bitrate_info, FullStep))
    return streams((own, _at(media.play_addr_struct)), ladder, (file(media.download_addr),))


def _at(address: object) -> File:
    at = some(address, FullAddress)
    return file(at.url_list, size=at.data_size, width=at.width, height=at.height, key=at.url_key)


def _file(step: FullStep) -> File:
    at = some(step.play_addr, FullAddress)
    return file(
        at.url_list,
        size=at.data_size,
        width=at.width,
        height=at.height,
        codec=text(step.codec_type),
        bitrate=step.bitrate,
        fps=step.fps,
        key=at.url_key,
    )


def _listed(media: FullMedia) -> Iterable[Subtitle]:
    for entry in each(media.subtitle_infos, SubtitleInfo):
        yield Subtitle(
            language=text(entry.language_code_name),
            url=link(entry.url),
            format=text(entry.format),
            source=text(entry.source),
            size=whole(entry.size) or None,
        )


def _captions(media: FullMedia) -> Iterable[Subtitle]:
    for entry in each(some(media.cla_info, Captions).caption_infos, Caption):
        yield Subtitle(
            language=text(entry.language),
            url=link(entry.url, entry.url_list),
            format=text(entry.caption_format),
            source=subtitle_source(entry.subtitle_type),
        )


def subtitle_source(kind: object) -> str:
    """How a caption of this `subtitleType` came about, in the words of `subtitleInfos`; "" when that is not known."""
    number = whole(kind)
    return "ASR" if number == _HEARD else "MT" if number in _TRANSLATED else ""


def subtitles(entries: Iterable[Subtitle]) -> tuple[Subtitle, ...]:
    """Each file once, the first mention of it: two lists tell of the same ones."""
    first: dict[str, Subtitle] = {}
    for entry in entries:
        if entry.url:
            first.setdefault(entry.url, entry)
    return tuple(first.values())


def images(entries: Iterable[tuple[object, object, object]]) -> tuple[Image, ...]:
    """The photos of links, width and height, in order; one without a link is none."""
    return tuple(
        Image(url=url, width=whole(width) or None, height=whole(height) or None)
        for urls, width, height in entries
        if (url := link(urls))
    )


def hashtags(*names: object) -> tuple[str, ...]:
    """Names in order, without repeats; TikTok's hashtags know no case, so the first way of writing one stands."""
    first: dict[str, str] = {}
    for value in names:
        if name := text(value):
            first.setdefault(name.casefold(), name)
    return tuple(first.values())


def mentions(pairs: Iterable[tuple[object, object]]) -> tuple[Mention, ...]:
    """Accounts of ids and usernames, in order, each once; a hashtag has "" or 0 in place of an id."""
    found: dict[str, str] = {}
    for value, name in pairs:
        if (account := text(value)) not in {"", "0"}:
            found[account] = found.get(account) or text(name)
    return tuple(Mention(id=account, username=name) for account, name in found.items())


def totals(exact: Totals, rounded: Totals) -> AuthorStats:
    """The author's counts, the exact ones first. Counts of likes over 2^31 were once written negative: not said."""
    return AuthorStats(
        followers=first_whole(exact.follower_count, rounded.follower_count),
        following=first_whole(exact.following_count, rounded.following_count),
        likes=first_whole(exact.heart_count, exact.heart, rounded.heart_count, rounded.heart),
        videos=first_whole(exact.video_count, rounded.video_count),
        friends=first_whole(exact.friend_count, rounded.friend_count),
    )


def said(value: object) -> bool | None:
    """True and false, also written 1 and 0, as numbers or as words; None for anything else."""
    if truth(value):
        return True
    return False if value is False or text(value).lower() in {"0", "false"} else None


def made_by_ai(*labels: object, description: object = None) -> bool | None:
    """Whether any of the labels (booleans, or a kind of label above 0) or a description of one says so."""
    kinds = [whole(label) if said(label) is None else said(label) for label in labels]
    if any(kinds) or text(description):
        return True
    return None if all(kind is None for kind in kinds) else False


def open_to_comments(*settings: object) -> bool | None:
    """Whether everybody may comment, by the number of who may; None where only some may, or it is not said."""
    numbers = {whole(setting) for setting in settings}
    return False if _FOR_NOBODY in numbers else True if _FOR_ALL in numbers else None
