"""The app's JSON: the only source that counts downloads. Its feed answers another video for one that is gone."""

import re
from urllib.parse import parse_qs

from fauxtok.asgi import Answer, Receive, Request, body
from fauxtok.control import reply
from fauxtok.item_video import Json, url_key
from fauxtok.links import AVATAR, COVER, DISC, DYNAMIC, MARKED, ORIGIN, PHOTO, SOUND, VIDEO, File, Signer
from fauxtok.people import tag_id
from fauxtok.posts import Post, Rung
from fauxtok.world import another, post

_NUMBER = re.compile(r"\d{1,25}")
DETAIL = "/aweme/v1/multi/aweme/detail/"
FEED = "/aweme/v1/feed/"
_CDN = "v16m-default.tiktokcdn-us.com"


async def asked(request: Request, receive: Receive) -> int | None:
    """The id the app asks for; None when the path is not the app's. 0: it names none."""
    if request.path not in {DETAIL, FEED}:
        return None
    fields = request.query()
    if request.method == "POST":
        form = parse_qs((await body(receive)).decode("latin-1"))
        fields |= {name: values[0] for name, values in form.items()}
    match = _NUMBER.search(fields.get("aweme_ids", "") + " " + fields.get("aweme_id", ""))
    return int(match[0]) if match else 0


def name(_request: Request) -> str:
    """What moods call this source."""
    return "app"


def found(request: Request, number: int, shape: str, signer: Signer) -> Answer:
    key = "aweme_list" if request.path == FEED else "aweme_details"
    return reply({key: [aweme(post(number, shape), signer)], "status_code": 0, "extra": {"now": 1795331000000}})


def missing(request: Request, number: int, signer: Signer) -> Answer:
    """The feed answers another video for one that is gone; the other path answers none."""
    if request.path == FEED:
        return found(request, another(number), "", signer)
    return reply({"aweme_details": [], "status_code": 0, "status_msg": "", "extra": {}})


def aweme(it: Post, signer: Signer) -> Json:
    """A post as the app is given it."""
    whole: Json = {
        "aweme_id": str(it.id),
        "desc": it.text,
        "create_time": it.created,
        "author": _author(it, signer),
        "music": _music(it, signer),
        "cha_list": [{"cid": tag_id(extra.name), "cha_name": extra.name} for extra in it.extras if extra.kind == "tag"]
        or None,
        "video": _video(it, signer),
        "share_url": f"https://www.tiktok.com/@{it.author.unique_id}/video/{it.id}?_r=1&u_code=0",
        "statistics": _statistics(it),
        "status": {"aweme_id": str(it.id), "is_delete": False, "allow_share": True, "private_status": 0},
        "text_extra": _extras(it),
        "is_top": 0,
        "is_ads": it.is_ad,
        "aweme_type": 150 if it.is_photo else 0,
        "author_user_id": it.author.id,
        "region": it.region,
        "group_id": str(it.id),
        "prevent_download": it.shape == "no_download",
        "desc_language": it.language,
        "content_desc": "",
        "aigc_info": {"aigc_label_type": 1 if it.made_by_ai else 0},
        "image_post_info": None,
    }
    if it.is_photo:
        whole["image_post_info"] = {"images": [_photo(it, at, signer) for at in range(len(it.images))], "title": ""}
    return whole


def _statistics(it: Post) -> Json:
    return {
        "aweme_id": str(it.id),
        "comment_count": it.counts.comments,
        "digg_count": it.counts.likes,
        "download_count": it.counts.downloads,
        "play_count": it.counts.plays,
        "share_count": it.counts.shares,
        "forward_count": 0,
        "whatsapp_share_count": it.counts.shares // 20,
        "collect_count": it.counts.saves,
        "repost_count": it.counts.reposts,
    }


def _picture(file: File, signer: Signer) -> Json:
    return {
        "uri": f"tos-useast5/{file.post}{file.kind}",
        "url_list": [signer.picture(file)],
        "width": 720,
        "height": 720,
    }


def _author(it: Post, signer: Signer) -> Json:
    avatar = _picture(File(it.id, AVATAR), signer)
    return {
        "uid": str(it.author.id),
        "short_id": "0",
        "nickname": it.author.name,
        "signature": it.author.signature,
        **dict.fromkeys(("avatar_larger", "avatar_medium", "avatar_thumb", "avatar_168x168", "avatar_300x300"), avatar),
        "unique_id": it.author.unique_id,
        "sec_uid": it.author.sec_uid,
        "region": it.region,
        "follower_count": it.author.followers,
        "secret": 0,
    }


def _music(it: Post, signer: Signer) -> Json:
    link = signer.plain(File(it.id, SOUND), _CDN, "audio_mpeg")
    cover = _picture(File(it.id, DISC), signer)
    return {
        "id": it.music.id,
        "id_str": str(it.music.id),
        "mid": str(it.music.id),
        "title": it.music.title,
        "author": it.music.author,
        "album": it.music.album,
        **dict.fromkeys(("cover_hd", "cover_large", "cover_medium", "cover_thumb"), cover),
        "play_url": {"uri": link, "url_list": [link], "width": 720, "height": 720},
        "duration": it.music.duration,
        "is_original": False,
        "is_original_sound": it.music.original,
    }


def _file(it: Post, file: File, rung: Rung, signer: Signer) -> Json:
    link = signer.plain(file, _CDN)
    return {
        "uri": f"v12044gd0000c{it.id:x}og65",
        "url_list": [link, link.replace("://v16m-", "://v19m-")],
        "width": rung.width,
        "height": rung.height,
        "url_key": url_key(it, rung),
        "data_size": rung.size,
        "file_hash": f"{it.id + file.at:032x}",
    }


def _video(it: Post, signer: Signer) -> Json:
    plain = it.rungs[0]
    marked = {**_file(it, File(it.id, MARKED), plain, signer), "data_size": it.marked_size}
    video: Json = {
        "play_addr": _file(it, File(it.id, VIDEO), plain, signer),
        "cover": _picture(File(it.id, COVER), signer),
        "dynamic_cover": _picture(File(it.id, DYNAMIC), signer),
        "origin_cover": _picture(File(it.id, ORIGIN), signer),
        "height": plain.height,
        "width": plain.width,
        "ratio": plain.label,
        "has_watermark": it.shape != "no_download",
        "bit_rate": [_bit_rate(it, at, signer) for at in range(1, len(it.rungs))],
        "duration": it.duration * 1000 + it.id % 1000,
    }
    if it.is_photo:
        sound = signer.plain(File(it.id, SOUND), _CDN, "audio_mpeg")
        return {
            **video,
            "play_addr": {"uri": sound, "url_list": [sound], "data_size": 0},
            "bit_rate": [],
            "duration": 0,
        }
    if it.shape == "only_watermarked":
        return {**video, "play_addr": marked, "download_addr": marked, "bit_rate": []}
    return video if it.shape == "no_download" else {**video, "download_addr": marked}


def _bit_rate(it: Post, at: int, signer: Signer) -> Json:
    rung = it.rungs[at]
    return {
        "gear_name": rung.gear,
        "quality_type": rung.quality,
        "bit_rate": rung.bitrate,
        "FPS": 30,
        "is_bytevc1": 0 if rung.codec == "h264" else 1,
        "play_addr": _file(it, File(it.id, VIDEO, at), rung, signer),
    }


def _extras(it: Post) -> list[Json]:
    return [
        {
            "start": extra.start,
            "end": extra.end,
            "user_id": extra.id if extra.kind == "mention" else "",
            "type": 0 if extra.kind == "mention" else 1,
            "hashtag_name": extra.name if extra.kind == "tag" else "",
            "hashtag_id": extra.id if extra.kind == "tag" else "",
            "is_commerce": False,
            "sec_uid": f"MS4wLjABAAAA{extra.id}" if extra.kind == "mention" else "",
        }
        for extra in it.extras
    ]


def _photo(it: Post, at: int, signer: Signer) -> Json:
    width, height = it.images[at]
    image = _picture(File(it.id, PHOTO, at), signer)
    return {"display_image": {**image, "width": width, "height": height}, "thumbnail": image}
