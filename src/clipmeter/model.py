"""What callers are promised: `Video`, the 37 keys of the contract, in its order."""

from datetime import UTC, datetime
from typing import Annotated

import msgspec
from msgspec import Meta


def _text(description: str, example: str) -> Meta:
    return Meta(description=description, examples=[example])


def _count(description: str, example: int) -> Meta:
    return Meta(description=f"{description} (exact; null: the source does not say)", examples=[example])


class Video(msgspec.Struct, frozen=True, kw_only=True):
    """One TikTok post. Unknown values: counts and sizes None, text "", durations 0, booleans False."""

    video_id: Annotated[str, _text("TikTok video id", "7516594811734854943")]
    url: Annotated[str, _text("Canonical link", "https://www.tiktok.com/@tiktok/video/7516594811734854943")]
    title: Annotated[str, _text("Caption, whole, as written", "life after @Zara Larsson Symphony vocals")] = ""
    region: Annotated[str, _text('2-letter code of where it was posted from; "" when unknown', "US")] = ""
    date: Annotated[str, _text("Publish time, UTC, YYYY-MM-DD HH:MM:SS", "2025-06-16 17:07:10")] = ""
    date_timestamp: Annotated[int | None, Meta(description="The same as Unix seconds", examples=[1750093630])] = None
    duration: Annotated[int, Meta(description="Seconds", examples=[66])] = 0
    play_count: Annotated[int | None, _count("Plays", 18912653)] = None
    likes: Annotated[int | None, _count("Likes", 879920)] = None
    comments: Annotated[int | None, _count("Comments", 4382)] = None
    shares: Annotated[int | None, _count("Shares", 17420)] = None
    downloads: Annotated[int | None, _count("Downloads", 1003)] = None
    saves: Annotated[int | None, _count("Saves", 38685)] = None
    is_ad: Annotated[bool, Meta(description="Paid ad", examples=[True])] = False
    cover: Annotated[str, _text("Cover image link", "https://p16-sign.tiktokcdn-us.com/cover.image")] = ""
    dynamic_cover: Annotated[str, _text("Moving cover link", "https://p16-sign.tiktokcdn-us.com/dynamic.image")] = ""
    origin_cover: Annotated[str, _text("Original cover link", "https://p16-sign.tiktokcdn-us.com/origin.image")] = ""
    video_url: Annotated[
        str, _text("Watermark-free MP4, temporary signed link", "https://v16-webapp-prime.us.tiktok.com/video/plain")
    ] = ""
    video_url_hd: Annotated[
        str,
        _text(
            'The best quality TikTok gives out, where better than video_url; else ""',
            "https://v16-webapp-prime.us.tiktok.com/video/hd",
        ),
    ] = ""
    video_url_watermarked: Annotated[
        str, _text("Watermarked MP4", "https://v16-webapp-prime.us.tiktok.com/video/marked")
    ] = ""
    size: Annotated[int | None, Meta(description="Bytes of video_url", examples=[7786703])] = None
    size_hd: Annotated[int | None, Meta(description="Bytes of video_url_hd", examples=[38711004])] = None
    size_watermarked: Annotated[int | None, Meta(description="Bytes of video_url_watermarked", examples=[7988034])] = (
        None
    )
    author: Annotated[str, _text("Username", "tiktok")] = ""
    author_name: Annotated[str, _text("Display name", "TikTok")] = ""
    author_id: Annotated[str, _text("Author's id", "107955")] = ""
    author_avatar: Annotated[str, _text("Picture link", "https://p16-sign.tiktokcdn-us.com/avatar.jpeg")] = ""
    author_url: Annotated[str, _text("Profile link", "https://www.tiktok.com/@tiktok")] = ""
    music_id: Annotated[str, _text("Sound's id", "7516599978421209887")] = ""
    music_title: Annotated[str, _text("Sound's title", "original sound - tiktok")] = ""
    music_author: Annotated[str, _text("Sound's author", "TikTok")] = ""
    music_url: Annotated[str, _text("Sound file link", "https://v16-webapp-prime.us.tiktok.com/music.mp3")] = ""
    music_cover: Annotated[str, _text("Sound's picture link", "https://p16-sign.tiktokcdn-us.com/sound.jpeg")] = ""
    music_album: Annotated[str, Meta(description='Album; may be ""', examples=[""])] = ""
    music_original: Annotated[bool, Meta(description="An original sound", examples=[True])] = False
    music_duration: Annotated[int, Meta(description="Seconds", examples=[66])] = 0
    mentioned_user_ids: Annotated[
        tuple[str, ...],
        Meta(
            description="Ids of the accounts mentioned in the caption, in order, without repeats",
            examples=[["205879097384816641"]],
        ),
    ] = ()


FIELDS: tuple[str, ...] = Video.__struct_fields__


def utc_text(timestamp: int) -> str:
    """Unix seconds as the contract writes a time: UTC, `YYYY-MM-DD HH:MM:SS`; "" for a time no calendar has."""
    try:
        return datetime.fromtimestamp(timestamp, UTC).strftime("%Y-%m-%d %H:%M:%S")
    except (ValueError, OverflowError, OSError):
        return ""
