"""A post as the web page carries it (itemStruct), and the thinner one that a mobile browser gets."""

from typing import Any

from fauxtok.captions import Extra, paragraphs
from fauxtok.links import AVATAR, COVER, DISC, DYNAMIC, MARKED, ORIGIN, PHOTO, SOUND, VIDEO, WORDS, File, Signer
from fauxtok.people import Author, Music, tag_id
from fauxtok.subtitles import languages, webvtt
from fauxtok.words import TOPICS
from fauxtok.world import Post, Rung

Json = dict[str, Any]

_MOBILE_DROPS = ["scheduleTime", "statsV2", "authorStatsV2", "isAd", "originalItem", "officalItem", "secret", "forFriend", "digged", "itemCommentStatus", "takeDown", "privateItem", "duetEnabled", "stitchEnabled", "shareEnabled", "duetDisplay", "stitchDisplay", "contents", "diversificationId", "collected", "item_control", "IsAigc", "AIGCDescription", "backendSourceEventTracking", "CategoryType", "textLanguage", "textTranslatable", "isReviewing"]
_MOBILE_VIDEO = ["id", "height", "width", "duration", "cover", "originCover", "dynamicCover", "playAddr", "downloadAddr", "shareCover", "reflowCover", "subtitleInfos", "zoomCover"]


def item(post: Post, signer: Signer) -> Json:
    """The item of the desktop page, complete."""
    extras = _extras(post.extras)
    whole = {
        "id": str(post.id),
        "desc": post.text,
        "createTime": str(post.created),
        "scheduleTime": 0,
        "video": _video(post, signer),
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
    if post.shape == "photo":
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


def _video(post: Post, signer: Signer) -> Json:
    plain = post.rungs[0]
    pictures = _pictures(post, signer)
    video: Json = {
        "id": str(post.id),
        "height": plain.height,
        "width": plain.width,
        "duration": post.duration,
        "ratio": plain.label,
        **pictures,
        "playAddr": _rung_link(post, 0, signer),
        "downloadAddr": _marked_link(post, signer),
        "shareCover": [""],
        "reflowCover": pictures["cover"],
        "bitrate": plain.bitrate,
        "encodedType": "normal",
        "format": "mp4",
        "videoQuality": "normal",
        "encodeUserTag": "",
        "codecType": plain.codec,
        "definition": plain.label,
        "subtitleInfos": _subtitles(post, signer),
        "volumeInfo": {"Loudness": -16.4, "Peak": 0.74989},
        "bitrateInfo": [_bitrate(post, at, signer) for at in _order(post)],
        "size": str(plain.size),
        "VQScore": "69.37",
        "claInfo": _captions(post, signer),
        "videoID": _uri(post),
        "PlayAddrStruct": _play_addr(post, 0, signer),
    }
    video.update(_shape(post, video))
    if post.shape == "shop":
        del video["bitrateInfo"], video["PlayAddrStruct"]
    return video


def _shape(post: Post, video: Json) -> Json:
    """What a post of an unusual shape says differently."""
    if post.shape == "photo":
        nothing: Json = {"playAddr": "", "downloadAddr": "", "duration": 0, "height": 0, "width": 0, "ratio": ""}
        return {**nothing, "dynamicCover": "", "bitrateInfo": [], "bitrate": 0, "subtitleInfos": [], "size": "0"}
    if post.shape == "shop":
        return {"playAddr": "", "downloadAddr": ""}
    if post.shape == "only_watermarked":
        struct = {**video["PlayAddrStruct"], "UrlList": [video["downloadAddr"]], "DataSize": str(post.marked_size)}
        return {
            "playAddr": video["downloadAddr"],
            "size": str(post.marked_size),
            "bitrateInfo": [],
            "PlayAddrStruct": struct,
        }
    return {"downloadAddr": ""} if post.shape == "no_download" else {}


def _order(post: Post) -> list[int]:
    """The rungs as pages list them: not by quality, and the plain one somewhere in the middle."""
    return [*range(1, min(2, len(post.rungs))), 0, *range(2, len(post.rungs))]


def _pictures(post: Post, signer: Signer) -> Json:
    cover = File(post.id, COVER)
    return {
        "cover": signer.picture(cover),
        "originCover": signer.picture(File(post.id, ORIGIN)),
        "dynamicCover": signer.picture(File(post.id, DYNAMIC)),
        "zoomCover": {
            str(side): signer.picture(cover, f"tplv-photomode-zoomcover:{side}:{side}.jpeg")
            for side in (240, 480, 720, 960)
        },
    }


def _uri(post: Post) -> str:
    return f"v12044gd0000c{post.id:x}og65"


def _rung_link(post: Post, at: int, signer: Signer) -> str:
    rung = post.rungs[at]
    return signer.video(File(post.id, VIDEO, at), bitrate=rung.bitrate, definition=rung.definition)


def _marked_link(post: Post, signer: Signer) -> str:
    return signer.video(File(post.id, MARKED), bitrate=post.rungs[0].bitrate, definition=3, mark="tiktok")


def url_key(post: Post, rung: Rung) -> str:
    codec = "h264" if rung.codec == "h264" else "bytevc1"
    return f"{_uri(post)}_{codec}_{rung.label}_{rung.bitrate}"


def _play_addr(post: Post, at: int, signer: Signer) -> Json:
    rung = post.rungs[at]
    link = _rung_link(post, at, signer)
    session = (
        f"https://www.tiktok.com/aweme/v1/play/?faid=1988&file_id={post.id:032x}&is_play_url=1&item_id={post.id}&line=0"
        f"&ply_type=2&signaturev3=dmlkZW9faWQ7ZmlsZV9pZDtpdGVtX2lkLjlmYzJjNTNm{at}&tk=tt_chain_token&video_id={_uri(post)}"
    )
    return {
        "DataSize": str(rung.size),
        "Width": rung.width,
        "Height": rung.height,
        "Uri": _uri(post),
        "UrlList": [link, link.replace("://v16-", "://v19-"), session],
        "UrlKey": url_key(post, rung),
        "FileHash": f"{post.id + at:032x}",
        "FileCs": f"c:0-{rung.size % 90000}-{at:04x}",
    }


def _bitrate(post: Post, at: int, signer: Signer) -> Json:
    rung = post.rungs[at]
    return {
        "Bitrate": rung.bitrate,
        "QualityType": rung.quality,
        "BitrateFPS": 30,
        "GearName": rung.gear,
        "PlayAddr": _play_addr(post, at, signer),
        "CodecType": rung.codec,
        "MVMAF": '"{\\"v2.0\\": {\\"srv1\\": {\\"v1080\\": 92.399, \\"v960\\": 93.61}, \\"ori\\": {\\"v1080\\": 80.843}}}"',
        "Format": "mp4",
        "VideoExtra": '{"PktOffsetMap":"[{\\"time\\": 1, \\"offset\\": 183953}]","mvmaf":"","ufq":"","dec_info":""}',
    }


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


def _subtitles(post: Post, signer: Signer) -> list[Json]:
    return [
        {
            "UrlExpire": str(signer.expires),
            "Size": str(len(webvtt(post, language))),
            "LanguageID": str(at + 2),
            "LanguageCodeName": language,
            "Url": signer.plain(File(post.id, WORDS, at)),
            "Format": "webvtt",
            "Version": "4" if at else "1:whisper_lid",
            "Source": "MT" if at else "ASR",
        }
        for at, language in enumerate(languages(post))
    ]


def _captions(post: Post, signer: Signer) -> Json:
    spoken = languages(post)
    head: Json = {"hasOriginalAudio": post.music.original, "enableAutoCaption": True}
    if not spoken:
        return {**head, "captionInfos": [], "noCaptionReason": 3}
    origin = {
        "language": spoken[0],
        "languageID": "2",
        "languageCode": post.language,
        "canTranslateRealTimeNoCheck": True,
    }
    return {
        **head,
        "originalLanguageInfo": origin,
        "captionInfos": [_caption(post, at, signer) for at in range(len(spoken))],
    }


def _caption(post: Post, at: int, signer: Signer) -> Json:
    language, link = languages(post)[at], signer.plain(File(post.id, WORDS, at))
    return {
        "language": language,
        "languageID": str(at + 2),
        "url": link,
        "expire": str(signer.expires),
        "captionFormat": "webvtt",
        "isAutoGen": True,
        "subID": str(post.id % 999_983),
        "claSubtitleID": str(post.id + at),
        "languageCode": language[:2],
        "isOriginalCaption": at == 0,
        "urlList": [link],
        "variant": "default" if at else "whisper_lid",
        "subtitleType": "1",
        "translationType": "0",
    }


def _photos(post: Post, signer: Signer) -> Json:
    images = [_photo(post, at, signer) for at in range(len(post.images))]
    return {"images": images, "cover": images[0], "shareCover": images[0], "title": ""}


def _photo(post: Post, at: int, signer: Signer) -> Json:
    width, height = post.images[at]
    link = signer.picture(File(post.id, PHOTO, at), "tplv-photomode-image.jpeg")
    links = [link, link.replace("://p16-", "://p19-")]
    return {"imageURL": {"urlList": links}, "imageWidth": width, "imageHeight": height}
