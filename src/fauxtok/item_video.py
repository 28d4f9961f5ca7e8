"""The `video` of a web item: its files in every quality, pictures and subtitles."""

from typing import Any

from fauxtok.links import COVER, DYNAMIC, MARKED, ORIGIN, VIDEO, WORDS, File, Signer
from fauxtok.posts import Post, Rung
from fauxtok.subtitles import languages, webvtt

Json = dict[str, Any]

_MVMAF = '"{\\"v2.0\\": {\\"srv1\\": {\\"v1080\\": 92.399, \\"v960\\": 93.61}, \\"ori\\": {\\"v1080\\": 80.843}}}"'


def video(post: Post, signer: Signer) -> Json:
    plain = post.rungs[0]
    pictures = _pictures(post, signer)
    files = [_play_addr(post, at, signer) for at in range(len(post.rungs))]
    subtitles = _subtitles(post, signer)
    video: Json = {
        "id": str(post.id),
        "height": plain.height,
        "width": plain.width,
        "duration": post.duration,
        "ratio": plain.label,
        **pictures,
        "playAddr": files[0]["UrlList"][0],
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
        "subtitleInfos": subtitles,
        "volumeInfo": {"Loudness": -16.4, "Peak": 0.74989},
        "bitrateInfo": [_bitrate(post.rungs[at], files[at]) for at in _order(post)],
        "size": str(plain.size),
        "VQScore": "69.37",
        "claInfo": _captions(post, subtitles),
        "videoID": _uri(post),
        "PlayAddrStruct": files[0],
    }
    video.update(_shape(post, video))
    if post.shape == "shop":
        del video["bitrateInfo"], video["PlayAddrStruct"]
    return video


def _shape(post: Post, video: Json) -> Json:
    """What a post of an unusual shape says differently."""
    if post.is_photo:
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


def _bitrate(rung: Rung, file: Json) -> Json:
    return {
        "Bitrate": rung.bitrate,
        "QualityType": rung.quality,
        "BitrateFPS": 30,
        "GearName": rung.gear,
        "PlayAddr": file,
        "CodecType": rung.codec,
        "MVMAF": _MVMAF,
        "Format": "mp4",
        "VideoExtra": '{"PktOffsetMap":"[{\\"time\\": 1, \\"offset\\": 183953}]","mvmaf":"","ufq":"","dec_info":""}',
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


def _captions(post: Post, subtitles: list[Json]) -> Json:
    head: Json = {"hasOriginalAudio": post.music.original, "enableAutoCaption": True}
    if not subtitles:
        return {**head, "captionInfos": [], "noCaptionReason": 3}
    spoken = {"language": post.subtitle, "languageID": "2", "languageCode": post.language}
    return {
        **head,
        "originalLanguageInfo": {**spoken, "canTranslateRealTimeNoCheck": True},
        "captionInfos": [_caption(post, at, subtitle) for at, subtitle in enumerate(subtitles)],
    }


def _caption(post: Post, at: int, subtitle: Json) -> Json:
    return {
        "language": subtitle["LanguageCodeName"],
        "languageID": subtitle["LanguageID"],
        "url": subtitle["Url"],
        "expire": subtitle["UrlExpire"],
        "captionFormat": "webvtt",
        "isAutoGen": True,
        "subID": str(post.id % 999_983),
        "claSubtitleID": str(post.id + at),
        "languageCode": subtitle["LanguageCodeName"][:2],
        "isOriginalCaption": at == 0,
        "urlList": [subtitle["Url"]],
        "variant": "default" if at else "whisper_lid",
        "subtitleType": "1",
        "translationType": "0",
    }
