"""What `include=` can add, from the web's item in its rare shapes: the mobile lists', the oldest, a tile. Pure."""

from clipmeter.model import AuthorStats, Extras, Flags, Image, Stream, Subtitle

from .extras import hashtags, images, mentions, open_to_comments, subtitles
from .loose import convert, each, link, some, text, whole
from .mobile import (
    BasicChallenge,
    BasicCreator,
    BasicImages,
    BasicItem,
    BasicMedia,
    BasicMention,
    BasicPhoto,
    BasicPlay,
    BasicPost,
    BasicSubtitle,
    BasicTag,
    BasicTotals,
    shows_photos,
)
from .older import OldChallenge, OldItem, OldMedia, OldMention, OldMeta, OldPost, OldTotals, TileItem
from .streams import file, streams


def basic_extras(item: BasicItem) -> Extras:
    """The extras of an item of the mobile lists' shape."""
    post = some(item.item_basic, BasicPost)
    play = some(some(post.video, BasicMedia).video_play_info, BasicPlay)
    entries, photo = each(post.text_extra, BasicMention), shows_photos(post)
    tags = (some(entry.basic, BasicTag).title for entry in each(post.challenges, BasicChallenge))
    return Extras(
        images=_basic_images(post) if photo else (),
        streams=() if photo else _basic_streams(play),
        hashtags=hashtags(*(entry.hashtag_name for entry in entries), *tags),
        mentions=mentions((entry.user_id, entry.user_unique_id) for entry in entries),
        subtitles=subtitles(_basic_subtitle(entry) for entry in each(play.subtitle_infos, BasicSubtitle)),
        author_stats=_totals(some(some(post.creator, BasicCreator).stats, BasicTotals)),
        flags=Flags(media_type="photo" if photo else "video"),
    )


def _basic_images(post: BasicPost) -> tuple[Image, ...]:
    entries = each(convert(post.image_post, BasicImages).images, BasicPhoto)
    return images((entry.image_url, entry.image_width, entry.image_height) for entry in entries)


def _basic_streams(play: BasicPlay) -> tuple[Stream, ...]:
    own = file(play.play_addr, width=play.width, height=play.height)
    return streams((own,), (), (file(play.download_addr),))


def _basic_subtitle(entry: BasicSubtitle) -> Subtitle:
    return Subtitle(
        language=text(entry.language_code_name),
        url=link(entry.url),
        format=text(entry.format),
        source=text(entry.source),
        size=whole(entry.size) or None,
    )


def _totals(counts: BasicTotals | OldTotals) -> AuthorStats:
    return AuthorStats(
        followers=whole(counts.follower_count),
        following=whole(counts.following_count),
        likes=whole(counts.heart_count),
        videos=whole(counts.video_count),
    )


def old_extras(item: OldItem) -> Extras:
    """The extras of an item of the oldest shape."""
    post, entries = some(item.item_infos, OldPost), each(item.text_extra, OldMention)
    media = some(post.video, OldMedia)
    meta = some(media.video_meta, OldMeta)
    tags = (entry.challenge_name for entry in each(item.challenge_info_list, OldChallenge))
    return Extras(
        streams=streams((file(media.urls, width=meta.width, height=meta.height),), (), ()),
        hashtags=hashtags(*(entry.hashtag_name for entry in entries), *tags),
        mentions=mentions((entry.user_id, entry.user_unique_id) for entry in entries),
        author_stats=_totals(some(item.author_stats, OldTotals)),
        flags=Flags(comments_enabled=open_to_comments(post.comment_status)),
    )


def tile_extras(item: TileItem) -> Extras:
    """The extras of a tile: its one file."""
    return Extras(streams=streams((file(item.play_addr),), (), ()))
