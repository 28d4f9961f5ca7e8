"""A post as the web page carries it (itemStruct), and the thinner one that a mobile browser gets."""

from fauxtok.captions import Extra, paragraphs
from fauxtok.item_video import Json, video
from fauxtok.links import AVATAR, DISC, PHOTO, SOUND, File, Signer
from fauxtok.people import Author, Music, tag_id
from fauxtok.posts import Post
from fauxtok.words import TOPICS

_MOBILE_DROPS = [
    "scheduleTime",
    "statsV2",
    "authorStatsV2",
    "isAd",
    "originalItem",
    "officalItem",
    "secret",
    "forFriend",
    "digged",
    "itemCommentStatus",
    "takeDown",
    "privateItem",
    "duetEnabled",
    "stitchEnabled",
    "shareEnabled",
    "duetDisplay",
    "stitchDisplay",
    "contents",
    "diversificationId",
    "collected",
    "item_control",
    "IsAigc",
    "AIGCDescription",
    "backendSourceEventTracking",
    "CategoryType",
    "textLanguage",
    "textTranslatable",
    "isReviewing",
]
_MOBILE_VIDEO = [
    "id",
    "height",
    "width",
    "duration",
    "cover",
    "originCover",
    "dynamicCover",
    "playAddr",
    "downloadAddr",
    "shareCover",
    "reflowCover",
    "subtitleInfos",
    "zoomCover",
]


def item(post: Post, signer: Signer) -> Json:
    """The item of the desktop page, complete."""
    extras = _extras(post.extras)
    whole = {
        "id": str(post.id),
        "desc": post.text,
        "createTime": str(post.created),
        "scheduleTime": 0,
        "video": video(post, signer),
        "author": _author(post, signer),
        "music": _music(post, signer),
        "challenges": _challenges(post),
        **_stats(post),
        "warnInfo": [],
        "originalItem": False,
        "officalItem": False,
        "textExtra": extras,
        "contents": _contents(post, extras),
        **_author_stats(post.author),
        **_switches(post),
    }
    if post.is_photo:
        whole["imagePost"] = _photos(post, signer)
    return whole


def mobile_item(post: Post, signer: Signer) -> Json:
    """The item of the mobile page: no isAd, no statsV2, no bitrateInfo, a collectCount that is a number."""
    whole = {key: value for key, value in item(post, signer).items() if key not in _MOBILE_DROPS}
    whole["video"] = {key: whole["video"][key] for key in _MOBILE_VIDEO}
    whole["music"] = {key: value for key, value in whole["music"].items() if key != "original"}
    whole["stats"] = {key: int(value) for key, value in whole["stats"].items()}
    whole["keywordTags"] = []
    return whole


def _stats(post: Post) -> Json:
    it = post.counts
    exact = {
        "diggCount": it.likes,
        "shareCount": it.shares,
        "commentCount": it.comments,
        "playCount": it.plays,
        "collectCount": it.saves,
    }
    shown: Json = {key: _rounded(value) if post.rounded else value for key, value in exact.items()}
    shown["commentCount"] = it.comments
    shown["collectCount"] = str(shown["collectCount"])
    text = {key: str(value) for key, value in exact.items()}
    return {"stats": shown, "statsV2": {**text, "repostCount": str(it.reposts)}}


def _rounded(count: int) -> int:
    """A count as TikTok shows it: exact below ten thousand, else with one decimal of thousands or millions."""
    if count < 10_000:
        return count
    step = 100 if count < 1_000_000 else 100_000
    return count // step * step


def _author(post: Post, signer: Signer) -> Json:
    it = post.author
    return {
        "id": str(it.id),
        "shortId": "",
        "uniqueId": it.unique_id,
        "nickname": it.name,
        **_sizes("avatar", File(post.id, AVATAR), signer, "Larger"),
        "signature": it.signature,
        "createTime": it.created,
        "verified": it.verified,
        "secUid": it.sec_uid,
        **dict.fromkeys(("ftc", "openFavorite", "privateAccount", "secret", "isADVirtual", "ttSeller"), False),
        **dict.fromkeys(("isEmbedBanned", "canExpPlaylist", "suggestAccountBind"), False),
        **dict.fromkeys(("relation", "commentSetting", "duetSetting", "stitchSetting", "UserStoryStatus"), 0),
        **dict.fromkeys(("uniqueIdModifyTime", "nickNameModifyTime"), 0),
        **dict.fromkeys(("roomId", "recommendReason", "nowInvitationCardUrl"), ""),
        "downloadSetting": 3 if post.shape == "no_download" else 0,
    }


def _sizes(prefix: str, file: File, signer: Signer, largest: str) -> Json:
    sides = {largest: 1080, "Medium": 720, "Thumb": 100}
    return {
        prefix + size: signer.picture(file, f"tplv-tiktokx-cropcenter:{side}:{side}.jpeg")
        for size, side in sides.items()
    }


def _music(post: Post, signer: Signer) -> Json:
    it: Music = post.music
    exact = it.duration + 0.04
    kinds = ("preciseDuration", "preciseShootDuration", "preciseAuditionDuration", "preciseVideoDuration")
    sound = {
        "id": str(it.id),
        "title": it.title,
        "playUrl": signer.sound(File(post.id, SOUND), it.original),
        **_sizes("cover", File(post.id, DISC), signer, "Large"),
        "authorName": it.author,
        "original": it.original,
        "private": False,
        "duration": it.duration,
        "scheduleSearchTime": 0,
        "collected": False,
        "isCopyrighted": not it.original,
        "preciseDuration": dict.fromkeys(kinds, exact),
        "tt2dsp": {"tt_to_dsp_song_infos": []},
    }
    return {**sound, "album": it.album} if it.album else sound


def _extras(extras: tuple[Extra, ...]) -> list[Json]:
    return [_mention(it) if it.kind == "mention" else _tag(it) for it in extras]


def _mention(it: Extra) -> Json:
    names = {
        "hashtagName": "",
        "hashtagId": "",
        "userId": it.id,
        "userUniqueId": it.name,
        "secUid": f"MS4wLjABAAAA{it.id}",
    }
    return {"awemeId": "", "start": it.start, "end": it.end, **names, "type": 0, "subType": 0, "isCommerce": False}


def _tag(it: Extra) -> Json:
    names = {"hashtagId": it.id, "hashtagName": it.name, "type": 1}
    return {"awemeId": "", "start": it.start, "end": it.end, **names, "subType": 0, "isCommerce": False}


def _contents(post: Post, extras: list[Json]) -> list[Json]:
    if "\n" not in post.text:
        return [{"desc": post.text, "textExtra": extras}]
    return [{"desc": line, "textExtra": _extras(inside)} for line, inside in paragraphs(post.text, post.extras)]


def _challenges(post: Post) -> list[Json]:
    empty = dict.fromkeys(
        ("desc", "profileLarger", "profileMedium", "profileThumb", "coverLarger", "coverMedium", "coverThumb"), ""
    )
    return [{"id": tag_id(it.name), "title": it.name, **empty} for it in post.extras if it.kind == "tag"]


def _author_stats(it: Author) -> Json:
    numbers = {
        "followerCount": it.followers,
        "followingCount": it.following,
        "heart": it.hearts,
        "heartCount": it.hearts,
        "videoCount": it.videos,
        "diggCount": it.following * 3,
        "friendCount": 0,
    }
    return {"authorStats": numbers, "authorStatsV2": {key: str(value) for key, value in numbers.items()}}


def _switches(post: Post) -> Json:
    return {
        **dict.fromkeys(("secret", "forFriend", "digged", "privateItem", "collected", "isReviewing"), False),
        **dict.fromkeys(("itemCommentStatus", "takeDown", "duetDisplay", "stitchDisplay"), 0),
        **dict.fromkeys(("duetEnabled", "stitchEnabled", "shareEnabled", "indexEnabled", "textTranslatable"), True),
        "effectStickers": [],
        "stickersOnItem": [],
        "comments": [],
        "channelTags": [],
        "isAd": post.is_ad,
        "diversificationLabels": list(TOPICS[post.id % 6 : post.id % 6 + 3]),
        "diversificationId": 10_000 + post.id % 80,
        "locationCreated": post.region,
        "suggestedWords": [post.author.name, *(it.name for it in post.extras)],
        "item_control": {"can_repost": True},
        "IsAigc": post.made_by_ai,
        "AIGCDescription": "Creator labeled as AI-generated" if post.made_by_ai else "",
        "backendSourceEventTracking": "",
        "CategoryType": 100 + post.id % 21,
        "textLanguage": post.language,
    }


def _photos(post: Post, signer: Signer) -> Json:
    images = [_photo(post, at, signer) for at in range(len(post.images))]
    return {"images": images, "cover": images[0], "shareCover": images[0], "title": ""}


def _photo(post: Post, at: int, signer: Signer) -> Json:
    width, height = post.images[at]
    link = signer.picture(File(post.id, PHOTO, at), "tplv-photomode-image.jpeg")
    links = [link, link.replace("://p16-", "://p19-")]
    return {"imageURL": {"urlList": links}, "imageWidth": width, "imageHeight": height}
