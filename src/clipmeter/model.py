"""What callers are promised: `Video`, the 37 keys of the contract, in its order."""

from datetime import UTC, datetime
from typing import Annotated

import msgspec
from msgspec import Meta


def _text(description: str, example: str) -> Meta:
    return Meta(description=description, examples=[example])


def _count(description: str, example: int) -> Meta:
    return Meta(description=f"{description}, exact; null: the source does not say", examples=[example])


def _about(description: str) -> Meta:
    return Meta(description=description)


def _asked(name: str, description: str) -> Meta:
    return Meta(description=f"With `include={name}`: {description}")


class Video(msgspec.Struct, frozen=True, kw_only=True):
    """One TikTok post. Unknown values: counts and sizes None, text "", durations 0, booleans False."""

    video_id: Annotated[
        str,
        _text(
            "Id of the post, decimal digits; a string, since it does not fit a JavaScript number", "7516594811734854943"
        ),
    ]
    url: Annotated[str, _text("The post's own link", "https://www.tiktok.com/@tiktok/video/7516594811734854943")]
    title: Annotated[
        str, _text("Caption, whole, as written", "🌈🐬🦄 life after @Zara Larsson Symphony vocals 🌈🐬🦄")
    ] = ""
    region: Annotated[str, _text('2-letter code of where it was posted from; `""` when unknown', "US")] = ""
    date: Annotated[str, _text("When it was published, UTC: `YYYY-MM-DD HH:MM:SS`", "2025-06-16 17:07:10")] = ""
    date_timestamp: Annotated[int | None, Meta(description="The same in Unix seconds", examples=[1750093630])] = None
    duration: Annotated[int, Meta(description="Length in seconds; 0 for a photo post", examples=[66])] = 0
    play_count: Annotated[int | None, _count("Plays", 18912653)] = None
    likes: Annotated[int | None, _count("Likes", 879920)] = None
    comments: Annotated[int | None, _count("Comments", 4382)] = None
    shares: Annotated[int | None, _count("Shares", 17420)] = None
    downloads: Annotated[int | None, _count("Downloads", 1003)] = None
    saves: Annotated[int | None, _count("Saves", 38685)] = None
    is_ad: Annotated[bool, Meta(description="Whether it is a paid ad", examples=[True])] = False
    cover: Annotated[str, _text("Link to the cover image", "https://p16-sign.tiktokcdn-us.com/cover.image")] = ""
    dynamic_cover: Annotated[
        str, _text("Link to the moving cover", "https://p16-sign.tiktokcdn-us.com/dynamic.image")
    ] = ""
    origin_cover: Annotated[
        str, _text("Link to the original cover", "https://p16-sign.tiktokcdn-us.com/origin.image")
    ] = ""
    video_url: Annotated[
        str,
        _text(
            "Link to the video without a watermark, MP4; temporary",
            "https://v16-webapp-prime.us.tiktok.com/video/plain",
        ),
    ] = ""
    video_url_hd: Annotated[
        str,
        _text(
            'Link to the best quality that TikTok gives out, where that is better than `video_url`; else `""`',
            "https://v16-webapp-prime.us.tiktok.com/video/hd",
        ),
    ] = ""
    video_url_watermarked: Annotated[
        str,
        _text("Link to the video with TikTok's watermark, MP4", "https://v16-webapp-prime.us.tiktok.com/video/marked"),
    ] = ""
    size: Annotated[int | None, Meta(description="Bytes of `video_url`", examples=[7786703])] = None
    size_hd: Annotated[int | None, Meta(description="Bytes of `video_url_hd`", examples=[38711004])] = None
    size_watermarked: Annotated[
        int | None, Meta(description="Bytes of `video_url_watermarked`", examples=[7988034])
    ] = None
    author: Annotated[str, _text("Author's username, without @", "tiktok")] = ""
    author_name: Annotated[str, _text("Author's name as it is shown", "TikTok")] = ""
    author_id: Annotated[str, _text("Author's id", "107955")] = ""
    author_avatar: Annotated[
        str, _text("Link to the author's picture", "https://p16-sign.tiktokcdn-us.com/avatar.jpeg")
    ] = ""
    author_url: Annotated[str, _text("Link to the author's profile", "https://www.tiktok.com/@tiktok")] = ""
    music_id: Annotated[str, _text("Sound's id", "7516599978421209887")] = ""
    music_title: Annotated[str, _text("Sound's title", "original sound - tiktok")] = ""
    music_author: Annotated[str, _text("Sound's author", "TikTok")] = ""
    music_url: Annotated[str, _text("Link to the sound, MP3", "https://v16-webapp-prime.us.tiktok.com/music.mp3")] = ""
    music_cover: Annotated[
        str, _text("Link to the sound's picture", "https://p16-sign.tiktokcdn-us.com/sound.jpeg")
    ] = ""
    music_album: Annotated[str, Meta(description='Sound\'s album; may be `""`', examples=[""])] = ""
    music_original: Annotated[bool, Meta(description="Whether it is an original sound", examples=[True])] = False
    music_duration: Annotated[int, Meta(description="Length of the sound in seconds", examples=[66])] = 0
    mentioned_user_ids: Annotated[
        tuple[str, ...],
        Meta(
            description="Ids of the accounts mentioned in the caption, in order, without repeats",
            examples=[["205879097384816641"]],
        ),
    ] = ()


class Image(msgspec.Struct, frozen=True, kw_only=True):
    """One image of a photo post."""

    url: Annotated[str, _about("Link to the image")]
    width: Annotated[int | None, _about("Pixels")] = None
    height: Annotated[int | None, _about("Pixels")] = None


class Stream(msgspec.Struct, frozen=True, kw_only=True):
    """One file that TikTok offers of a video."""

    url: Annotated[str, _about("Link to the file")]
    codec: Annotated[str, _about("`h264`, `h265`, or TikTok's own name for another")] = ""
    width: Annotated[int | None, _about("Pixels")] = None
    height: Annotated[int | None, _about("Pixels")] = None
    bitrate: Annotated[int | None, _about("Bits per second")] = None
    fps: Annotated[int | None, _about("Frames per second")] = None
    size: Annotated[int | None, _about("Bytes")] = None
    audio: Annotated[bool, _about("Whether the file has sound")] = True
    playable: Annotated[bool, _about("Whether an ordinary player shows it")] = True
    watermark: Annotated[
        bool | None, _about("Whether it has a watermark; null: neither the link nor its place says")
    ] = None


class Mention(msgspec.Struct, frozen=True, kw_only=True):
    """An account mentioned in the caption."""

    id: Annotated[str, _about("The account's id")]
    username: Annotated[str, _about('Its username; `""` where TikTok does not tell it: its app and older pages')] = ""


class Subtitle(msgspec.Struct, frozen=True, kw_only=True):
    """One subtitle file."""

    language: Annotated[str, _about("As TikTok names it: `eng-US`")]
    url: Annotated[str, _about("Link to the file")]
    format: Annotated[str, _about("Of the file: `webvtt`")] = ""
    source: Annotated[str, _about("`ASR`: heard by a machine; `MT`: translated by one; or what TikTok calls it")] = ""
    size: Annotated[int | None, _about("Bytes")] = None
    text: Annotated[str | None, _about("The words, where `language=` asked for this one; else null")] = None


class AuthorStats(msgspec.Struct, frozen=True, kw_only=True):
    """The author's counts; None: the source does not say."""

    followers: Annotated[int | None, _about("Accounts that follow the author")] = None
    following: Annotated[int | None, _about("Accounts that the author follows")] = None
    likes: Annotated[int | None, _about("Likes of all the author's posts")] = None
    videos: Annotated[int | None, _about("Posts")] = None
    friends: Annotated[int | None, _about("Friends, as TikTok counts them")] = None


class Flags(msgspec.Struct, frozen=True, kw_only=True):
    """What is set on a post; None: the source does not say."""

    media_type: Annotated[str, _about("`video` or `photo`")] = "video"
    pinned: Annotated[bool | None, _about("Pinned to the top of the author's profile")] = None
    ai_generated: Annotated[bool | None, _about("Marked as made with AI")] = None
    comments_enabled: Annotated[bool | None, _about("Comments are open")] = None
    duet_enabled: Annotated[bool | None, _about("Duets are allowed")] = None
    stitch_enabled: Annotated[bool | None, _about("Stitches are allowed")] = None
    language: Annotated[
        str, _about("The caption's, as TikTok names it: `en`, `zh-Hans`; `un` where it cannot tell")
    ] = ""


class Extras(msgspec.Struct, frozen=True, kw_only=True):
    """What `include=` can add to a video."""

    images: Annotated[tuple[Image, ...], _asked("images", "every image of a photo post")] = ()
    streams: Annotated[tuple[Stream, ...], _asked("streams", "every file that TikTok offers of the video")] = ()
    hashtags: Annotated[tuple[str, ...], _asked("hashtags", "hashtags, in order, without repeats")] = ()
    mentions: Annotated[tuple[Mention, ...], _asked("mentions", "accounts mentioned in the caption")] = ()
    subtitles: Annotated[tuple[Subtitle, ...], _asked("subtitles", "subtitle files")] = ()
    author_stats: Annotated[AuthorStats, _asked("author_stats", "the author's counts")] = AuthorStats()
    flags: Annotated[Flags, _asked("flags", "what is set on the post")] = Flags()


INCLUDES: tuple[str, ...] = (*Extras.__struct_fields__, "source")
FIELDS: tuple[str, ...] = Video.__struct_fields__


def utc_text(timestamp: int) -> str:
    """Unix seconds as the contract writes a time: UTC, `YYYY-MM-DD HH:MM:SS`; "" for a time no calendar has."""
    try:
        return datetime.fromtimestamp(timestamp, UTC).strftime("%Y-%m-%d %H:%M:%S")
    except (ValueError, OverflowError, OSError):
        return ""
