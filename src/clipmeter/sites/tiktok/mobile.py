"""The item of the mobile web's lists (`item_basic`, 2026) to a Video. Pure."""

from typing import Any

from msgspec import Struct

from clipmeter.model import Video, utc_text

from .item import mentioned, moment, post_id, post_url, profile_url
from .loose import Odd, OddList, each, link, some, text, truth, whole
from .rungs import Files, files, rung


class BasicSubtitle(Struct, frozen=True):
    """One entry of `item_basic.video.video_play_info.subtitle_infos`."""

    language_code_name: Any = None
    url: Any = None
    format: Any = None
    source: Any = None
    size: Any = None


class BasicPlay(Struct, frozen=True):
    """`item_basic.video.video_play_info`."""

    duration: Any = None
    width: Any = None
    height: Any = None
    play_addr: Any = None
    download_addr: Any = None
    subtitle_infos: list[BasicSubtitle | Odd] | OddList = None


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


class BasicTotals(Struct, frozen=True):
    """`item_basic.creator.stats`."""

    follower_count: Any = None
    following_count: Any = None
    heart_count: Any = None
    video_count: Any = None


class BasicCreator(Struct, frozen=True):
    """`item_basic.creator`."""

    base: BasicPerson | Odd = None
    stats: BasicTotals | Odd = None


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
    user_unique_id: Any = None
    hashtag_name: Any = None


class BasicTag(Struct, frozen=True):
    """`item_basic.challenges[].basic`."""

    title: Any = None


class BasicChallenge(Struct, frozen=True):
    """One entry of `item_basic.challenges`."""

    basic: BasicTag | Odd = None


class BasicPhoto(Struct, frozen=True):
    """One entry of `item_basic.image_post.images`, which no record shows: named as all else in this shape."""

    image_url: Any = None
    image_width: Any = None
    image_height: Any = None


class BasicImages(Struct, frozen=True):
    """`item_basic.image_post`: there when the post shows photos."""

    images: list[BasicPhoto | Odd] | OddList = None


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
    challenges: list[BasicChallenge | Odd] | OddList = None
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
    photo = shows_photos(post)
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


def shows_photos(post: BasicPost) -> bool:
    """Whether a post shows photos."""
    return isinstance(post.image_post, dict) and bool(post.image_post)


def _basic_files(play: BasicPlay) -> Files:
    own = rung(play.play_addr, None, play.width, play.height)
    marked = rung(play.download_addr, None, None, None)
    return files((own,), (), marked, own.side)
