"""The web's item in two rare shapes, the oldest (`itemInfos`, 2020) and a creator's embed's tile, to a Video. Pure."""

from typing import Any

from msgspec import Struct

from clipmeter.model import Video, utc_text

from .item import mentioned, moment, post_id, post_url, profile_url
from .loose import Odd, OddList, each, link, some, text, truth, whole


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
    comment_status: Any = None
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
    """One entry of `textExtra`, a mention or a hashtag, capitalised in this shape only."""

    user_id: Any = None
    user_unique_id: Any = None
    hashtag_name: Any = None


class OldChallenge(Struct, frozen=True, rename="camel"):
    """One entry of `challengeInfoList`."""

    challenge_name: Any = None


class OldTotals(Struct, frozen=True, rename="camel"):
    """`authorStats`; `heartCount` is a text."""

    follower_count: Any = None
    following_count: Any = None
    heart_count: Any = None
    video_count: Any = None


class OldItem(Struct, frozen=True, rename="camel"):
    """`videoData` of the oldest pages, and the entries of the lists of that time."""

    item_infos: OldPost | Odd = None
    author_infos: OldAuthor | Odd = None
    music_infos: OldSound | Odd = None
    author_stats: OldTotals | Odd = None
    text_extra: list[OldMention | Odd] | OddList = None
    challenge_info_list: list[OldChallenge | Odd] | OddList = None


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
