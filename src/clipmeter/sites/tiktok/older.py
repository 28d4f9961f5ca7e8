"""The web's item in rarer shapes, to a Video. Pure.

The oldest (`itemInfos`, 2020), the mobile lists' (`item_basic`, 2026), and the tiles of a creator's embed page.
"""

from typing import Any

from msgspec import Struct

from clipmeter.model import Video, utc_text

from .item import mentioned, moment, post_id, post_url, profile_url
from .loose import Odd, OddList, each, link, some, text, truth, whole
from .rungs import Files, Rung, files, rung


class OldMeta(Struct, frozen=True):
    """`itemInfos.video.videoMeta`."""

    duration: Any = None
    width: Any = None
    height: Any = None


class OldMedia(Struct, frozen=True, rename="camel"):
    """`itemInfos.video`."""

    urls: Any = None
    video_meta: OldMeta | Odd = None


class OldPost(Struct, frozen=True, rename="camel"):
    """`itemInfos`."""

    id: Any = None
    text: Any = None
    create_time: Any = None
    author_id: Any = None
    music_id: Any = None
    covers: Any = None
    covers_dynamic: Any = None
    covers_origin: Any = None
    play_count: Any = None
    digg_count: Any = None
    comment_count: Any = None
    share_count: Any = None
    video: OldMedia | Odd = None


class OldAuthor(Struct, frozen=True, rename="camel"):
    """`authorInfos`."""

    user_id: Any = None
    unique_id: Any = None
    nick_name: Any = None
    covers: Any = None
    covers_medium: Any = None
    covers_larger: Any = None


class OldSound(Struct, frozen=True, rename="camel"):
    """`musicInfos`; its `original` is "" for false."""

    music_id: Any = None
    music_name: Any = None
    author_name: Any = None
    original: Any = None
    play_url: Any = None
    covers: Any = None
    covers_medium: Any = None
    covers_larger: Any = None


class OldMention(Struct, frozen=True, rename="pascal"):
    """One entry of `textExtra`, capitalised in this shape only."""

    user_id: Any = None


class OldItem(Struct, frozen=True, rename="camel"):
    """`videoData` of the oldest pages, and the entries of the lists of that time."""

    item_infos: OldPost | Odd = None
    author_infos: OldAuthor | Odd = None
    music_infos: OldSound | Odd = None
    text_extra: list[OldMention | Odd] | OddList = None


def old_video(item: OldItem) -> Video:
    """The Video of an item of the oldest shape. Raises UpstreamError when it has no id."""
    post, author = some(item.item_infos, OldPost), some(item.author_infos, OldAuthor)
    sound, media = some(item.music_infos, OldSound), some(post.video, OldMedia)
    video_id = post_id(post.id)
    seconds = moment(post.create_time, video_id)
    name = text(author.unique_id)
    return Video(
        video_id=video_id,
        url=post_url(name, video_id, photo=False),
        title=text(post.text),
        date=utc_text(seconds) if seconds else "",
        date_timestamp=seconds,
        duration=whole(some(media.video_meta, OldMeta).duration) or 0,
        play_count=whole(post.play_count),
        likes=whole(post.digg_count),
        comments=whole(post.comment_count),
        shares=whole(post.share_count),
        cover=link(post.covers),
        dynamic_cover=link(post.covers_dynamic),
        origin_cover=link(post.covers_origin),
        video_url=link(media.urls),
        author=name,
        author_name=text(author.nick_name),
        author_id=text(author.user_id) or text(post.author_id),
        author_avatar=link(author.covers_larger, author.covers_medium, author.covers),
        author_url=profile_url(name),
        music_id=text(sound.music_id) or text(post.music_id),
        music_title=text(sound.music_name),
        music_author=text(sound.author_name),
        music_url=link(sound.play_url),
        music_cover=link(sound.covers_larger, sound.covers_medium, sound.covers),
        music_original=truth(sound.original),
        mentioned_user_ids=mentioned(entry.user_id for entry in each(item.text_extra, OldMention)),
    )


class BasicPlay(Struct, frozen=True):
    """`item_basic.video.video_play_info`."""

    duration: Any = None
    width: Any = None
    height: Any = None
    play_addr: Any = None
    download_addr: Any = None


class BasicCover(Struct, frozen=True):
    """`item_basic.video.video_cover`."""

    cover: Any = None
    dynamic_cover: Any = None
    origin_cover: Any = None


class BasicMedia(Struct, frozen=True):
    """`item_basic.video`."""

    video_play_info: BasicPlay | Odd = None
    video_cover: BasicCover | Odd = None


class BasicPerson(Struct, frozen=True):
    """`item_basic.creator.base`."""

    id: Any = None
    unique_id: Any = None
    nick_name: Any = None
    avatar_larger: Any = None
    avatar_medium: Any = None
    avatar_thumb: Any = None


class BasicCreator(Struct, frozen=True):
    """`item_basic.creator`."""

    base: BasicPerson | Odd = None


class BasicPlayUrl(Struct, frozen=True):
    """`item_basic.music.basic.music_play`."""

    play_url: Any = None


class BasicTune(Struct, frozen=True):
    """`item_basic.music.basic`."""

    id: Any = None
    title: Any = None
    author_name: Any = None
    album: Any = None
    original: Any = None
    duration: Any = None
    music_play: BasicPlayUrl | Odd = None
    cover_large: Any = None
    cover_medium: Any = None
    cover_thumb: Any = None


class BasicSound(Struct, frozen=True):
    """`item_basic.music`."""

    basic: BasicTune | Odd = None


class BasicMention(Struct, frozen=True):
    """One entry of `item_basic.text_extra`; a hashtag's `user_id` is "0"."""

    user_id: Any = None


class BasicPost(Struct, frozen=True):
    """`item_basic`."""

    id: Any = None
    desc: Any = None
    create_time: Any = None
    create_location: Any = None
    video: BasicMedia | Odd = None
    creator: BasicCreator | Odd = None
    music: BasicSound | Odd = None
    text_extra: list[BasicMention | Odd] | OddList = None
    image_post: Any = None


class BasicCounts(Struct, frozen=True):
    """`item_stats`."""

    play_count: Any = None
    digg_count: Any = None
    comment_count: Any = None
    share_count: Any = None
    collect_count: Any = None


class BasicItem(Struct, frozen=True):
    """An entry of the mobile web's lists."""

    item_basic: BasicPost | Odd = None
    item_stats: BasicCounts | Odd = None


def basic_video(item: BasicItem) -> Video:
    """The Video of an item of the mobile lists' shape. Raises UpstreamError when it has no id."""
    post, counts = some(item.item_basic, BasicPost), some(item.item_stats, BasicCounts)
    person = some(some(post.creator, BasicCreator).base, BasicPerson)
    tune = some(some(post.music, BasicSound).basic, BasicTune)
    media = some(post.video, BasicMedia)
    play, covers = some(media.video_play_info, BasicPlay), some(media.video_cover, BasicCover)
    video_id, name = post_id(post.id), text(person.unique_id)
    seconds = moment(post.create_time, video_id)
    photo = isinstance(post.image_post, dict) and bool(post.image_post)
    return Video(
        video_id=video_id,
        url=post_url(name, video_id, photo=photo),
        title=text(post.desc),
        region=text(post.create_location),
        date=utc_text(seconds) if seconds else "",
        date_timestamp=seconds,
        duration=0 if photo else whole(play.duration) or 0,
        play_count=whole(counts.play_count),
        likes=whole(counts.digg_count),
        comments=whole(counts.comment_count),
        shares=whole(counts.share_count),
        saves=whole(counts.collect_count),
        cover=link(covers.cover),
        dynamic_cover=link(covers.dynamic_cover),
        origin_cover=link(covers.origin_cover),
        **(Files() if photo else _basic_files(play))._asdict(),
        author=name,
        author_name=text(person.nick_name),
        author_id=text(person.id),
        author_avatar=link(person.avatar_larger, person.avatar_medium, person.avatar_thumb),
        author_url=profile_url(name),
        music_id=text(tune.id),
        music_title=text(tune.title),
        music_author=text(tune.author_name),
        music_url=link(some(tune.music_play, BasicPlayUrl).play_url),
        music_cover=link(tune.cover_large, tune.cover_medium, tune.cover_thumb),
        music_album=text(tune.album),
        music_original=truth(tune.original),
        music_duration=whole(tune.duration) or 0,
        mentioned_user_ids=mentioned(entry.user_id for entry in each(post.text_extra, BasicMention)),
    )


def _basic_files(play: BasicPlay) -> Files:
    own = rung(play.play_addr, None, play.width, play.height)
    marked: Rung = rung(play.download_addr, None, None, None)
    return files((own,), (), marked, own.side)


class TileItem(Struct, frozen=True, rename="camel"):
    """A tile of a creator's embed page; it names neither its author nor a time."""

    id: Any = None
    desc: Any = None
    play_addr: Any = None
    play_count: Any = None
    cover_url: Any = None


def tile_video(item: TileItem) -> Video:
    """The Video of a tile. Raises UpstreamError when it has no id."""
    video_id = post_id(item.id)
    seconds = moment(None, video_id)
    return Video(
        video_id=video_id,
        url=post_url("", video_id, photo=False),
        title=text(item.desc),
        date=utc_text(seconds) if seconds else "",
        date_timestamp=seconds,
        play_count=whole(item.play_count),
        cover=link(item.cover_url),
        video_url=link(item.play_addr),
    )
