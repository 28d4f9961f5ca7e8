"""The official embeds: oEmbed (title, author, picture) and the embed page (counts and author, fewer fields)."""

import re
from html import escape

from fauxtok import jsons
from fauxtok.asgi import HTML, Answer, Request
from fauxtok.control import reply
from fauxtok.item_video import Json
from fauxtok.links import AVATAR, COVER, MARKED, ORIGIN, SOUND, VIDEO, File, Signer
from fauxtok.pages import cookies
from fauxtok.posts import Post
from fauxtok.world import post

_EMBED = re.compile(r"/(?:embed/v[23]|player/v1)/(\d{1,25})/?")
_IN_LINK = re.compile(r"/(?:video|photo|v)/(\d{1,25})")
_GONE = {"code": 400, "message": "Something went wrong"}


def asked(request: Request) -> int | None:
    """The id that an embed is asked for; None when the path is no embed's. 0: the link in it names no post."""
    if match := _EMBED.fullmatch(request.path):
        return int(match[1])
    if request.path != "/oembed":
        return None
    inside = _IN_LINK.search(request.query().get("url", ""))
    return int(inside[1]) if inside else 0


def name(request: Request) -> str:
    """Which of the two embeds is asked, as moods call them."""
    return "oembed" if request.path == "/oembed" else "embed"


def found(request: Request, number: int, shape: str, signer: Signer) -> Answer:
    it = post(number, shape)
    return _oembed(it, signer) if request.path == "/oembed" else _page(it, signer)


def missing(request: Request, number: int, signer: Signer) -> Answer:
    """What is told of a post that is not there: nothing but that."""
    if request.path == "/oembed":
        return reply(_GONE, 400)
    return _document(number, {"videoData": {}, "isError": True, "errorCode": 10204}, signer)


def _oembed(it: Post, signer: Signer) -> Answer:
    author_url = f"https://www.tiktok.com/@{it.author.unique_id}"
    quote = (
        f'<blockquote class="tiktok-embed" cite="{author_url}/video/{it.id}" data-video-id="{it.id}">{escape(it.text)}'
    )
    return reply(
        {
            "version": "1.0",
            "type": "video",
            "title": it.text,
            "author_url": author_url,
            "author_name": it.author.name,
            "author_unique_id": it.author.unique_id,
            "width": "100%",
            "height": "100%",
            "html": quote + '</blockquote> <script async src="https://www.tiktok.com/embed.js"></script>',
            "thumbnail_width": 576,
            "thumbnail_height": 1024,
            "thumbnail_url": signer.picture(File(it.id, COVER)),
            "provider_url": "https://www.tiktok.com",
            "provider_name": "TikTok",
            "embed_product_id": str(it.id),
            "embed_type": "video",
        }
    )


def _page(it: Post, signer: Signer) -> Answer:
    data = {"videoData": {"itemInfos": _infos(it, signer), "authorInfos": _author(it, signer), **_rest(it, signer)}}
    return _document(it.id, {**data, "isError": False}, signer)


def _document(number: int, data: Json, signer: Signer) -> Answer:
    state = {"source": {"data": {f"/embed/v2/{number}": data}}, "router": {"link": f"/embed/v2/{number}"}}
    script = b'<script id="__FRONTITY_CONNECT_STATE__" type="application/json">' + jsons.script(state) + b"</script>"
    whole = b'<!doctype html><html lang="en"><head><title>TikTok</title></head><body><div id="root"></div>' + script
    return Answer.of(whole + b"</body></html>", 200, HTML, *cookies(signer.token))


def _infos(it: Post, signer: Signer) -> Json:
    plain = it.rungs[0]
    link = signer.video(File(it.id, VIDEO), bitrate=plain.bitrate, definition=plain.definition)
    if it.shape == "only_watermarked":
        link = signer.video(File(it.id, MARKED), bitrate=plain.bitrate, definition=3, mark="tiktok")
    size = {"width": plain.width, "height": plain.height, "duration": it.duration}
    return {
        "id": str(it.id),
        "video": {"urls": [] if it.is_photo or it.shape == "shop" else [link], "videoMeta": {**size, "ratio": 9}},
        "covers": [signer.picture(File(it.id, COVER))],
        "coversOrigin": [signer.picture(File(it.id, ORIGIN))],
        "text": it.text,
        "commentCount": it.counts.comments,
        "diggCount": it.counts.likes,
        "playCount": it.counts.plays,
        "shareCount": it.counts.shares,
        "createTime": str(it.created),
    }


def _author(it: Post, signer: Signer) -> Json:
    return {
        "userId": str(it.author.id),
        "uniqueId": it.author.unique_id,
        "nickName": it.author.name,
        "secUid": it.author.sec_uid,
        "signature": it.author.signature,
        "covers": [signer.picture(File(it.id, AVATAR))],
        "verified": it.author.verified,
    }


def _rest(it: Post, signer: Signer) -> Json:
    music = {
        "musicId": str(it.music.id),
        "musicName": it.music.title,
        "authorName": it.music.author,
        "original": it.music.original or "",
        "playUrl": [signer.sound(File(it.id, SOUND), it.music.original)],
    }
    mentions = [
        {"UserId": extra.id, "HashtagName": "", "AwemeId": ""} for extra in it.extras if extra.kind == "mention"
    ]
    return {"musicInfos": music, "textExtra": mentions}
