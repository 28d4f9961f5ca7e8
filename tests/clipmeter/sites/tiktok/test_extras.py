"""Extras of the web's item, on pages of every generation."""

import json

import pytest

from clipmeter.model import AuthorStats, Extras, Flags, Image, Mention, Subtitle
from clipmeter.sites.tiktok.full import read_page_full
from clipmeter.sites.tiktok.page import read_page
from invented import BEST, MARKED, PLAIN, VIDEO_ID, next_page, page, sigi_page, step, web_item

WORDS = "https://v16.tiktokcdn.com/words/"


def read(**changes):
    return read_page_full(page(web_item(**changes)), VIDEO_ID)[1]


def media(**changes):
    return {**web_item()["video"], **changes}


@pytest.mark.parametrize(
    "body",
    [
        page(web_item()),
        page(web_item(), scope="webapp.reflow.video.detail"),
        sigi_page(web_item(author="anna.kite")),
        next_page({"itemInfo": {"itemStruct": web_item()}}),
        json.dumps({"__DEFAULT_SCOPE__": {"webapp.video-detail": {"itemInfo": {"itemStruct": web_item()}}}}).encode(),
    ],
)
def test_every_generation_of_pages_gives_them(body):
    """And the same Video as without."""
    video, extras = read_page_full(body, VIDEO_ID)
    assert video == read_page(body, VIDEO_ID)
    assert [stream.url for stream in extras.streams] == [PLAIN, BEST, MARKED]
    assert extras.hashtags == ("wind",)
    assert extras.mentions == (Mention(id="6722144503841571845", username="zoe"),)


def test_an_item_that_says_nothing():
    """Nothing made up: empty lists, null counts and flags."""
    bare = {"id": VIDEO_ID, "desc": "", "stats": {}}
    assert read_page_full(page(bare), VIDEO_ID)[1] == Extras()


def test_streams_carry_what_the_rung_says():
    """Sides, bits per second, frames, bytes; the plain file's own rung and the file itself are one."""
    rung = {**step(PLAIN), "Bitrate": 529471, "BitrateFPS": 60}
    [got, marked] = read(video=media(bitrateInfo=[rung], codecType="h264", bitrate=1)).streams
    assert (got.url, got.codec, got.width, got.height) == (PLAIN, "h264", 576, 1024)
    assert (got.bitrate, got.fps, got.size, got.watermark) == (529471, 60, 1000, False)
    assert (marked.url, marked.codec, marked.size, marked.watermark) == (MARKED, "", None, True)


def test_a_photo_post():
    """Every image with its first link and its sides; an entry without a link is left out; no streams."""
    photos = [
        {"imageURL": {"urlList": ["https://p16/1", "https://p77/1"]}, "imageWidth": 1080, "imageHeight": "1440"},
        {"imageURL": {"urlList": []}},
        "odd",
        {"imageURL": {"urlList": ["https://p16/2"]}, "imageWidth": 0},
    ]
    got = read(imagePost={"images": photos}, video=media(playAddr="", bitrateInfo=[], downloadAddr=""))
    assert got.images == (Image(url="https://p16/1", width=1080, height=1440), Image(url="https://p16/2"))
    assert got.streams == ()
    assert got.flags.media_type == "photo"


def test_hashtags_stand_once_whatever_their_case():
    """Those of the caption first, as written there, then those the post is listed under."""
    got = read(
        textExtra=[{"hashtagName": "Wind"}, {"hashtagName": ""}, {"hashtagName": 7}, {"hashtagName": "wind"}],
        contents=[{"textExtra": [{"hashtagName": "sea"}, {"hashtagName": "Wind"}]}],
        challenges=[{"title": "WIND"}, {"title": "幸福搖手手"}, {"title": None}, 3],
    )
    assert got.hashtags == ("Wind", "7", "sea", "幸福搖手手")


def test_mentions_stand_once_with_the_name_that_is_known():
    """A name may stand at a later mention only; without one it is ""."""
    got = read(
        textExtra=[{"userId": "1"}, {"userId": "0", "userUniqueId": "x"}, {"userId": ""}, {"userId": "2"}],
        contents=[{"textExtra": [{"userId": "1", "userUniqueId": "zoe"}, {"userId": "1", "userUniqueId": "other"}]}],
    )
    assert got.mentions == (Mention(id="1", username="zoe"), Mention(id="2"))


def test_subtitles_of_two_lists_are_one_list():
    """A file that both name stands once; what only the second names comes after; what has no link is none."""
    info = {"LanguageCodeName": "eng-US", "Url": WORDS + "1", "Format": "webvtt", "Source": "MT", "Size": "1869"}
    captions = [
        {"language": "eng-US", "url": WORDS + "1", "captionFormat": "webvtt", "subtitleType": "1"},
        {"language": "vie-VN", "url": "", "urlList": [WORDS + "2"], "captionFormat": "webvtt", "subtitleType": "1"},
        {"language": "ara-SA", "url": WORDS + "3", "subtitleType": "8"},
        {"language": "xxx", "url": WORDS + "4", "subtitleType": "77"},
        {"language": "deu-DE"},
    ]
    got = read(video=media(subtitleInfos=[info, {}], claInfo={"captionInfos": captions})).subtitles
    assert got == (
        Subtitle(language="eng-US", url=WORDS + "1", format="webvtt", source="MT", size=1869),
        Subtitle(language="vie-VN", url=WORDS + "2", format="webvtt", source="ASR"),
        Subtitle(language="ara-SA", url=WORDS + "3", source="MT"),
        Subtitle(language="xxx", url=WORDS + "4"),
    )


def test_the_authors_counts_are_the_exact_ones():
    """authorStatsV2 before authorStats, count by count; a negative number of likes is none."""
    got = read(
        authorStats={"followerCount": 780, "followingCount": 3, "heartCount": -1200, "heart": 5, "videoCount": 36},
        authorStatsV2={"followerCount": "784", "friendCount": "0"},
    )
    assert got.author_stats == AuthorStats(followers=784, following=3, likes=5, videos=36, friends=0)


def test_flags():
    """Each from its own field."""
    got = read(
        isPinnedItem=True, IsAigc=False, itemCommentStatus=3, duetEnabled=False, stitchEnabled="1", textLanguage="vi"
    )
    assert got.flags == Flags(
        pinned=True,
        ai_generated=False,
        comments_enabled=False,
        duet_enabled=False,
        stitch_enabled=True,
        language="vi",
    )


@pytest.mark.parametrize(
    ("fields", "made"),
    [
        ({}, None),
        ({"AIGCDescription": ""}, None),
        ({"IsAigc": True}, True),
        ({"IsAigc": False, "AIGCDescription": "Creator labeled as AI-generated"}, True),
        ({"IsAigc": False, "aigcLabelType": 2}, True),
        ({"aigcLabelType": 0}, False),
        ({"IsAigc": "odd"}, None),
    ],
)
def test_made_by_ai(fields, made):
    """Any label says yes; a label that is off says no; an empty description says nothing."""
    assert read(**fields).flags.ai_generated is made


@pytest.mark.parametrize(
    ("status", "comments"), [(0, True), ("0", True), (3, False), (1, None), (None, None), ([], None)]
)
def test_who_may_comment(status, comments):
    """Everybody or nobody; some is neither."""
    assert read(itemCommentStatus=status).flags.comments_enabled is comments
