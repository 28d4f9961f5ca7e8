"""The web's item, in the three shapes TikTok's pages and lists have carried it since 2019, to a Video. Pure."""

from collections.abc import Iterable, Sequence
from typing import Any

from msgspec import Struct, field

from clipmeter.errors import UpstreamError
from clipmeter.model import Video, utc_text

from .loose import Odd, OddList, each, first_text, first_whole, link, links, some, text, truth, whole
from .rungs import Files, Rung, files, rung, shorter

_LAST_SECOND = 253_402_300_799  # 9999-12-31 23:59:59, the last a calendar has
_LONGEST_ID = 25


class Address(Struct, frozen=True, rename="pascal"):
    """One file on several servers."""

    url_list: Any = None
    data_size: Any = None
    width: Any = None
    height: Any = None


class Step(Struct, frozen=True, rename="pascal"):
    """One rung of `bitrateInfo`."""

    codec_type: Any = None
    gear_name: Any = None
    play_addr: Address | Odd = None


class Media(Struct, frozen=True, rename="camel"):
    """`video`."""

    duration: Any = None
    width: Any = None
    height: Any = None
    size: Any = None
    cover: Any = None
    dynamic_cover: Any = None
    origin_cover: Any = None
    play_addr: Any = None
    download_addr: Any = None
    play_addr_struct: Address | Odd = field(name="PlayAddrStruct", default=None)
    bitrate_info: Sequence[Step | Odd] | OddList = None


class Author(Struct, frozen=True, rename="camel"):
    """`author`."""

    id: Any = None
    unique_id: Any = None
    nickname: Any = None
    avatar_larger: Any = None
    avatar_medium: Any = None
    avatar_thumb: Any = None


class Sound(Struct, frozen=True, rename="camel"):
    """`music`."""

    id: Any = None
    title: Any = None
    author_name: Any = None
    play_url: Any = None
    cover_large: Any = None
    cover_medium: Any = None
    cover_thumb: Any = None
    album: Any = None
    original: Any = None
    duration: Any = None


class Counts(Struct, frozen=True, rename="camel"):
    """`stats` (rounded integers) and `statsV2` (exact strings)."""

    play_count: Any = None
    digg_count: Any = None
    comment_count: Any = None
    share_count: Any = None
    collect_count: Any = None


class Mention(Struct, frozen=True, rename="camel"):
    """One entry of `textExtra`."""

    user_id: Any = None


class Paragraph(Struct, frozen=True, rename="camel"):
    """One entry of `contents`."""

    text_extra: Sequence[Mention | Odd] | OddList = None


class Photo(Struct, frozen=True):
    """One entry of `imagePost.images`; the sides in pixels."""

    image_url: Any = field(name="imageURL", default=None)
    image_width: Any = field(name="imageWidth", default=None)
    image_height: Any = field(name="imageHeight", default=None)


class ImagePost(Struct, frozen=True):
    """`imagePost`: there when the post shows photos."""

    images: list[Photo | Odd] | OddList = None


class WebItem(Struct, frozen=True, rename="camel"):
    """`itemStruct`, an entry of a web list, or an entry of SIGI_STATE's `ItemModule` (there `author` is a string)."""

    id: Any = None
    desc: Any = None
    create_time: Any = None
    location_created: Any = None
    is_ad: Any = None
    is_content_classified: Any = None
    video: Media | Odd = None
    author: Author | Odd = None
    nickname: Any = None
    author_id: Any = None
    avatar_thumb: Any = None
    music: Sound | Odd = None
    stats: Counts | Odd = None
    stats_v2: Counts | Odd = None
    text_extra: Sequence[Mention | Odd] | OddList = None
    contents: Sequence[Paragraph | Odd] | OddList = None
    image_post: ImagePost | Odd = None


def web_video(item: WebItem) -> Video:
    """The Video of a web item. Raises UpstreamError when it has no id."""
    video_id = post_id(item.id)
    media, sound = some(item.video, Media), some(item.music, Sound)
    exact, rounded = some(item.stats_v2, Counts), some(item.stats, Counts)
    author, name, author_id, avatar = _author(item)
    photo = is_photo(item, media)
    found = Files() if photo else _files(media)
    seconds = moment(item.create_time, video_id)
    return Video(
        video_id=video_id,
        url=post_url(author, video_id, photo=photo),
        title=text(item.desc),
        region=text(item.location_created),
        date=utc_text(seconds) if seconds else "",
        date_timestamp=seconds,
        duration=0 if photo else whole(media.duration) or 0,
        play_count=first_whole(exact.play_count, rounded.play_count),
        likes=first_whole(exact.digg_count, rounded.digg_count),
        comments=first_whole(exact.comment_count, rounded.comment_count),
        shares=first_whole(exact.share_count, rounded.share_count),
        saves=first_whole(exact.collect_count, rounded.collect_count),
        is_ad=truth(item.is_ad),
        cover=link(media.cover),
        dynamic_cover=link(media.dynamic_cover),
        origin_cover=link(media.origin_cover),
        **found._asdict(),
        author=author,
        author_name=name,
        author_id=author_id,
        author_avatar=avatar,
        author_url=profile_url(author),
        music_id=text(sound.id),
        music_title=text(sound.title),
        music_author=text(sound.author_name),
        music_url=link(sound.play_url),
        music_cover=link(sound.cover_large, sound.cover_medium, sound.cover_thumb),
        music_album=text(sound.album),
        music_original=truth(sound.original),
        music_duration=whole(sound.duration) or 0,
        mentioned_user_ids=mentioned(_mentions(item)),
    )


def post_id(value: object) -> str:
    """The id of a post, as digits. Raises UpstreamError when the value is none."""
    found = text(value)
    if found.isascii() and found.isdigit() and found.strip("0") and len(found) <= _LONGEST_ID:
        return found
    raise UpstreamError("TikTok's answer holds no post; it may have changed its pages.", sign=f"id {value!r:.60}")


def moment(value: object, video_id: str) -> int | None:
    """When a post was published, in Unix seconds: as said, else the upper half of its id; None when neither is one."""
    return next((at for at in (whole(value), int(video_id) >> 32) if at and at <= _LAST_SECOND), None)


def post_url(author: str, video_id: str, *, photo: bool) -> str:
    """The canonical link. TikTok takes `_` for a name it is not told."""
    return f"https://www.tiktok.com/@{author or '_'}/{'photo' if photo else 'video'}/{video_id}"


def profile_url(author: str) -> str:
    """The link of an account; "" when its name is unknown."""
    return f"https://www.tiktok.com/@{author}" if author else ""


def mentioned(ids: Iterable[object]) -> tuple[str, ...]:
    """Account ids in order, without repeats; a hashtag has "" or 0 in place of one."""
    return tuple(dict.fromkeys(found for value in ids if (found := text(value)) not in {"", "0"}))


def _mentions(item: WebItem) -> Iterable[object]:
    extras = (item.text_extra, *(paragraph.text_extra for paragraph in each(item.contents, Paragraph)))
    return (entry.user_id for extra in extras for entry in each(extra, Mention))


def _author(item: WebItem) -> tuple[str, str, str, str]:
    """Username, display name, id and picture. SIGI_STATE has the name as `author` and the rest beside it."""
    author = some(item.author, Author)
    return (
        first_text(author.unique_id, item.author if isinstance(item.author, str) else ""),
        first_text(author.nickname, item.nickname),
        first_text(author.id, item.author_id),
        link(author.avatar_larger, author.avatar_medium, author.avatar_thumb, item.avatar_thumb),
    )


def is_photo(item: WebItem, media: Media) -> bool:
    """Whether a post shows photos; one that says it does, and has a video, shows the video."""
    post = item.image_post
    return isinstance(post, ImagePost) and (bool(each(post.images, Photo)) or not links(media.play_addr))


def _files(media: Media) -> Files:
    struct = some(media.play_addr_struct, Address)
    own = rung(media.play_addr, media.size, media.width, media.height)
    marked = rung(media.download_addr, None, None, None)
    ladder = tuple(_rung(step) for step in each(media.bitrate_info, Step))
    played = (own, rung(struct.url_list, struct.data_size, struct.width, struct.height))
    return files(played, ladder, marked, own.side or shorter(struct.width, struct.height))


def _rung(step: Step) -> Rung:
    at = some(step.play_addr, Address)
    return rung(at.url_list, at.data_size, at.width, at.height, codec=text(step.codec_type), gear=step.gear_name)
