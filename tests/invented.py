"""Invented posts in every shape TikTok writes them, and pages around them. Nothing here was ever posted."""

import json

VIDEO_ID = "7524919459643919624"
AT = 1752031845
CDN = "https://v16-webapp-prime.tiktok.com/video/tos"
PLAIN, BEST, MARKED = f"{CDN}/plain/?a=1&lr=all", f"{CDN}/best/?a=1", f"{CDN}/marked/?a=1"
SESSION = "https://www.tiktok.com/aweme/v1/play/?video_id=v1"


def step(link, *, width=576, height=1024, size="1000", codec="h264", gear="normal_540_0"):
    return {
        "Bitrate": 1,
        "CodecType": codec,
        "GearName": gear,
        "PlayAddr": {"DataSize": size, "Width": width, "Height": height, "UrlList": [link, link + "&m=2", SESSION]},
    }


def web_item(**changes):
    """A web item of 2025."""
    item = {
        "id": VIDEO_ID,
        "desc": "a kite #wind @zoe 🪁",
        "createTime": str(AT),
        "locationCreated": "VN",
        "isAd": False,
        "video": {
            "duration": 31,
            "width": 576,
            "height": 1024,
            "size": "1000",
            "cover": "https://p16.tiktokcdn.com/cover",
            "dynamicCover": "https://p16.tiktokcdn.com/dynamic",
            "originCover": "https://p16.tiktokcdn.com/origin",
            "playAddr": PLAIN,
            "downloadAddr": MARKED,
            "bitrateInfo": [
                step(PLAIN),
                step(BEST, width=1080, height=1920, size="3000", codec="h265_hvc1", gear="adapt_lowest_1080_1"),
            ],
        },
        "author": {
            "id": "107955",
            "uniqueId": "anna.kite",
            "nickname": "Anna 🪁",
            "avatarLarger": "https://p16.tiktokcdn.com/large",
            "avatarThumb": "https://p16.tiktokcdn.com/thumb",
        },
        "music": {
            "id": "7516599978421209887",
            "title": "original sound",
            "authorName": "Anna",
            "playUrl": "https://v16.tiktokcdn.com/sound.mp3",
            "coverThumb": "https://p16.tiktokcdn.com/sound-thumb",
            "album": "",
            "original": True,
            "duration": 31,
        },
        "stats": {
            "playCount": 9400000,
            "diggCount": 384500,
            "commentCount": 1893,
            "shareCount": 9258,
            "collectCount": "13833",
        },
        "statsV2": {"playCount": "9412345", "diggCount": "384512", "commentCount": "1893", "shareCount": "9258"},
        "textExtra": [
            {"hashtagName": "wind", "userId": "", "type": 1},
            {"userId": "6722144503841571845", "userUniqueId": "zoe", "type": 0},
        ],
    }
    return {**item, **changes}


def app_item(**changes):
    """An item of the app of 2025."""

    def address(link, **more):
        return {"url_list": [link], "width": 576, "height": 1024, "data_size": 1000, **more}

    item = {
        "aweme_id": VIDEO_ID,
        "desc": "a kite",
        "create_time": AT,
        "region": "US",
        "is_ads": True,
        "statistics": {
            "play_count": 5,
            "digg_count": 4,
            "comment_count": 3,
            "share_count": 2,
            "download_count": 1,
            "collect_count": 0,
        },
        "video": {
            "duration": 31999,
            "width": 576,
            "height": 1024,
            "cover": {"url_list": ["https://p16.tiktokcdn.com/cover"]},
            "dynamic_cover": {"url_list": []},
            "ai_dynamic_cover": {"url_list": ["https://p16.tiktokcdn.com/moving"]},
            "origin_cover": {"url_list": ["https://p16.tiktokcdn.com/origin"]},
            "play_addr": address(PLAIN),
            "download_addr": address(MARKED, data_size=1100),
            "bit_rate": [
                {"is_bytevc1": 2, "gear_name": "x", "play_addr": address(f"{CDN}/own", width=2160, height=3840)},
                {"is_bytevc1": 1, "gear_name": "y", "play_addr": address(BEST, width=720, height=1280, data_size=2000)},
            ],
        },
        "author": {
            "uid": "107955",
            "unique_id": "anna.kite",
            "nickname": "Anna",
            "avatar_medium": {"url_list": ["https://p16.tiktokcdn.com/medium"]},
        },
        "music": {
            "id": 7516599978421210000,
            "mid": "7516599978421209887",
            "title": "original sound",
            "author": "Anna",
            "album": "",
            "duration": 32,
            "is_original": False,
            "is_original_sound": True,
            "play_url": {"uri": "https://v16.tiktokcdn.com/sound.mp3", "url_list": []},
            "cover_hd": None,
            "cover_large": {"url_list": ["https://p16.tiktokcdn.com/sound-large"]},
        },
        "text_extra": [{"user_id": "6722144503841571845"}, {"hashtag_name": "x", "user_id": ""}],
        "image_post_info": None,
    }
    return {**item, **changes}


def old_item():
    """An item of 2020."""
    return {
        "itemInfos": {
            "id": "6801600552594640133",
            "text": "a kite",
            "createTime": "1583621036",
            "covers": ["https://p16.tiktokcdn.com/cover"],
            "coversDynamic": ["https://p16.tiktokcdn.com/dynamic"],
            "coversOrigin": ["https://p16.tiktokcdn.com/origin"],
            "playCount": 31853286,
            "diggCount": 5083136,
            "commentCount": 11685,
            "shareCount": 263591,
            "video": {"urls": [PLAIN], "videoMeta": {"duration": 39, "width": 720, "height": 1280}},
        },
        "authorInfos": {
            "userId": "7119601",
            "uniqueId": "anna",
            "nickName": "Anna",
            "covers": ["https://p16.tiktokcdn.com/small"],
            "coversLarger": ["https://p16.tiktokcdn.com/large"],
        },
        "musicInfos": {
            "musicId": "1",
            "musicName": "song",
            "authorName": "Bo",
            "original": "",
            "playUrl": ["https://v16.tiktokcdn.com/sound.mp3"],
            "covers": ["https://p16.tiktokcdn.com/sound"],
        },
        "textExtra": [{"UserId": "12", "HashtagName": ""}, {"UserId": "", "HashtagName": "x"}, {"UserId": "12"}],
    }


def basic_item():
    """An item of the mobile lists of 2026."""
    return {
        "item_basic": {
            "id": "7553515987694341383",
            "desc": "a kite",
            "create_time": 1758689992,
            "create_location": "MZ",
            "creator": {
                "base": {
                    "id": "1",
                    "unique_id": "anna",
                    "nick_name": "Anna",
                    "avatar_larger": ["https://p16.tiktokcdn.com/large"],
                }
            },
            "music": {
                "basic": {
                    "id": "2",
                    "title": "som original",
                    "author_name": "Anna",
                    "duration": 27,
                    "music_play": {},
                    "cover_large": ["https://p16.tiktokcdn.com/sound"],
                }
            },
            "text_extra": [{"user_id": "0", "hashtag_name": "x"}, {"user_id": "6700494497212449797"}],
            "video": {
                "video_cover": {
                    "cover": ["https://p16.tiktokcdn.com/cover"],
                    "dynamic_cover": [],
                    "origin_cover": [""],
                },
                "video_play_info": {
                    "duration": 27,
                    "width": 576,
                    "height": 1024,
                    "play_addr": [""],
                    "download_addr": [""],
                },
            },
        },
        "item_stats": {"play_count": 1500000, "digg_count": 28600, "comment_count": 216, "share_count": 4692},
        "item_biz_tag": {},
    }


def script(name, value, tag='<script id="{}" type="application/json">'):
    return tag.format(name) + json.dumps(value).replace("/", "\\u002F") + "</script>"


def html(*scripts, title="TikTok - Make Your Day"):
    """A page around scripts, with the noise a real one has before and after."""
    noise = "<script>if(1<2){'</s'}</script>" + "<div class='x'>" * 5
    return f"<!DOCTYPE html><html><head><title>{title}</title>{noise}</head>{''.join(scripts)}</html>".encode()


def detail(item=None, *, code=0, message="", scope="webapp.video-detail"):
    """The newest generation's state."""
    found = {"statusCode": code, "statusMsg": message, **({"itemInfo": {"itemStruct": item}} if item else {})}
    return {"__DEFAULT_SCOPE__": {"webapp.app-context": {"language": "en"}, scope: found}}


def page(item=None, **more):
    """A page of today."""
    return html(script("__UNIVERSAL_DATA_FOR_REHYDRATION__", detail(item, **more)))


def sigi_page(*items, status=0, own=None):
    """A page of 2021-23."""
    state = {
        "AppContext": {},
        "ItemModule": {item["id"]: item for item in items},
        "ItemList": {"video": {"keyword": own, "list": [own] if own else []}},
        "VideoPage": {"statusCode": status},
    }
    return html(script("SIGI_STATE", state))


def next_page(props):
    """A page of 2020."""
    return html(script("__NEXT_DATA__", {"props": {"pageProps": props}}, "<script id={} crossorigin=anonymous>"))
