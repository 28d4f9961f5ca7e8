"""The app's item to a Video. Pure."""

from collections.abc import Sequence
from typing import Any

from msgspec import Struct

from clipmeter.model import Video, utc_text

from .item import mentioned, moment, post_id, post_url, profile_url
from .loose import Odd, OddList, each, first_text, first_whole, link, some, text, truth, whole
from .rungs import Files, Rung, files, rung, shorter


class AppAddress(Struct, frozen=True):
    """One file on several servers; `data_size` in bytes."""

    url_list: Any = None
    data_size: Any = None
    width: Any = None
    height: Any = None


class AppStep(Struct, frozen=True):
    """One rung of `bit_rate`."""

    is_bytevc1: Any = None
    gear_name: Any = None
    play_addr: AppAddress | Odd = None


class AppMedia(Struct, frozen=True):
    """`video`; `duration` in milliseconds."""

    duration: Any = None
    width: Any = None
    height: Any = None
    cover: Any = None
    dynamic_cover: Any = None
    ai_dynamic_cover: Any = None
    animated_cover: Any = None
    origin_cover: Any = None
    play_addr: AppAddress | Odd = None
    play_addr_h264: AppAddress | Odd = None
    play_addr_bytevc1: AppAddress | Odd = None
    download_no_watermark_addr: AppAddress | Odd = None
    download_addr: AppAddress | Odd = None
    bit_rate: Sequence[AppStep | Odd] | OddList = None


class AppAuthor(Struct, frozen=True):
    """`author`."""

    uid: Any = None
    unique_id: Any = None
    nickname: Any = None
    avatar_larger: Any = None
    avatar_300x300: Any = None
    avatar_medium: Any = None
    avatar_168x168: Any = None
    avatar_thumb: Any = None


class AppPlayUrl(Struct, frozen=True):
    """`music.play_url`."""

    uri: Any = None
    url_list: Any = None


class AppSound(Struct, frozen=True):
    """`music`; its numeric `id` may be rounded, its `is_original` is false everywhere."""

    mid: Any = None
    id_str: Any = None
    id: Any = None
    title: Any = None
    author: Any = None
    album: Any = None
    duration: Any = None
    is_original_sound: Any = None
    play_url: AppPlayUrl | Odd = None
    cover_hd: Any = None
    cover_large: Any = None
    cover_medium: Any = None
    cover_thumb: Any = None


class AppCounts(Struct, frozen=True):
    """`statistics`."""

    play_count: Any = None
    digg_count: Any = None
    comment_count: Any = None
    share_count: Any = None
    download_count: Any = None
    collect_count: Any = None


class AppMention(Struct, frozen=True):
    """One entry of `text_extra`."""

    user_id: Any = None


class AppPhoto(Struct, frozen=True):
    """One entry of `image_post_info.images`; the first of these is the largest and without a mark."""

    display_image: AppAddress | Odd = None
    owner_watermark_image: AppAddress | Odd = None
    user_watermark_image: AppAddress | Odd = None
    thumbnail: AppAddress | Odd = None


class AppImages(Struct, frozen=True):
    """`image_post_info`: there when the post shows photos."""

    images: list[AppPhoto | Odd] | OddList = None


class Aweme(Struct, frozen=True):
    """`aweme_detail` or an entry of `aweme_list`."""

    aweme_id: Any = None
    desc: Any = None
    create_time: Any = None
    region: Any = None
    is_ads: Any = None
    duration: Any = None
    author_user_id: Any = None
    video: AppMedia | Odd = None
    author: AppAuthor | Odd = None
    music: AppSound | Odd = None
    statistics: AppCounts | Odd = None
    text_extra: Sequence[AppMention | Odd] | OddList = None
    image_post_info: AppImages | Odd = None


def app_video(item: Aweme) -> Video:
    """The Video of an item of the app. Raises UpstreamError when it has no id."""
    video_id = post_id(item.aweme_id)
    author, media = some(item.author, AppAuthor), some(item.video, AppMedia)
    sound, counts = some(item.music, AppSound), some(item.statistics, AppCounts)
    name = text(author.unique_id)
    seconds = moment(item.create_time, video_id)
    # A photo post's play_addr is its sound and its duration the sound's.
    photo = bool(app_photos(item))
    return Video(
        video_id=video_id,
        url=post_url(name, video_id, photo=photo),
        title=text(item.desc),
        region=text(item.region),
        date=utc_text(seconds) if seconds else "",
        date_timestamp=seconds,
        duration=0 if photo else (first_whole(media.duration, item.duration) or 0) // 1000,
        play_count=whole(counts.play_count),
        likes=whole(counts.digg_count),
        comments=whole(counts.comment_count),
        shares=whole(counts.share_count),
        downloads=whole(counts.download_count),
        saves=whole(counts.collect_count),
        is_ad=truth(item.is_ads),
        cover=link(media.cover),
        dynamic_cover=link(media.dynamic_cover, media.ai_dynamic_cover, media.animated_cover),
        origin_cover=link(media.origin_cover),
        **(Files() if photo else _files(media))._asdict(),
        author=name,
        author_name=text(author.nickname),
        author_id=first_text(author.uid, item.author_user_id),
        author_avatar=_avatar(author),
        author_url=profile_url(name),
        music_id=first_text(sound.mid, sound.id_str, sound.id),
        music_title=text(sound.title),
        music_author=text(sound.author),
        music_url=_sound_link(sound),
        music_cover=link(sound.cover_hd, sound.cover_large, sound.cover_medium, sound.cover_thumb),
        music_album=text(sound.album),
        music_original=truth(sound.is_original_sound),
        music_duration=whole(sound.duration) or 0,
        mentioned_user_ids=mentioned(entry.user_id for entry in each(item.text_extra, AppMention)),
    )


def app_photos(item: Aweme) -> tuple[AppPhoto, ...]:
    """The photos of a post that shows some."""
    return each(some(item.image_post_info, AppImages).images, AppPhoto)


def _avatar(author: AppAuthor) -> str:
    """The largest picture that is there."""
    return link(
        author.avatar_larger, author.avatar_300x300, author.avatar_medium, author.avatar_168x168, author.avatar_thumb
    )


def _sound_link(sound: AppSound) -> str:
    play = some(sound.play_url, AppPlayUrl)
    return link(play.url_list, play.uri)


def _files(media: AppMedia) -> Files:
    played = tuple(
        _rung(address)
        for address in (
            media.play_addr,
            media.play_addr_h264,
            media.download_no_watermark_addr,
            media.play_addr_bytevc1,
        )
    )
    ladder = tuple(_rung(step.play_addr, step.is_bytevc1, step.gear_name) for step in each(media.bit_rate, AppStep))
    return files(played, ladder, _rung(media.download_addr), shorter(media.width, media.height))


def _rung(address: object, bytevc: object = 0, gear: object = None) -> Rung:
    """`bytevc`: 0 is H.264, 1 is H.265, 2 is TikTok's own, which plays nowhere else."""
    at = some(address, AppAddress)
    codec = {0: "h264", None: "h264", 2: "bytevc2"}.get(whole(bytevc), "bytevc1")
    return rung(at.url_list, at.data_size, at.width, at.height, codec=codec, gear=gear)
