"""Extras of the web's item in its rare shapes, as saved files hold them."""

import json

import pytest

from clipmeter.errors import Problem
from clipmeter.model import AuthorStats, Extras, Image, Mention, Subtitle
from clipmeter.sites.tiktok.full import read_page_full, read_saved_full
from clipmeter.sites.tiktok.saved import read_saved
from invented import PLAIN, VIDEO_ID, app_item, basic_item, next_page, old_item, page, web_item


def read(value):
    [(_, extras)] = read_saved_full(json.dumps(value).encode()).answers
    return extras


def test_the_mobile_lists():
    """Hashtags, mentions, subtitles, the creator's counts."""
    item = basic_item()
    post = item["item_basic"]
    post["creator"]["stats"] = {"follower_count": 5, "following_count": 0, "heart_count": "7", "video_count": 2}
    post["challenges"] = [{"basic": {"title": "Y"}}, {"basic": 3}]
    words = {"language_code_name": "eng-US", "url": "https://v/w", "format": "webvtt", "source": "MT", "size": 9}
    post["video"]["video_play_info"] |= {"play_addr": [PLAIN], "subtitle_infos": [words]}
    got = read(item)
    assert got.hashtags == ("x", "Y")
    assert got.mentions == (Mention(id="6700494497212449797"),)
    assert got.subtitles == (Subtitle(language="eng-US", url="https://v/w", format="webvtt", source="MT", size=9),)
    assert got.author_stats == AuthorStats(followers=5, following=0, likes=7, videos=2)
    assert [(stream.url, stream.width) for stream in got.streams] == [(PLAIN, 576)]


def test_a_photo_post_of_the_mobile_lists():
    """Images and no streams."""
    item = basic_item()
    item["item_basic"]["image_post"] = {"images": [{"image_url": ["https://p/1"], "image_width": 3}, None]}
    got = read(item)
    assert (got.images, got.streams) == ((Image(url="https://p/1", width=3),), ())
    item["item_basic"]["image_post"] = {"images": 3}
    assert read(item).images == ()


@pytest.mark.parametrize("one", [read, lambda item: read_page_full(next_page({"videoData": item}), None)[1]])
def test_the_oldest_shape(one):
    """Its file, hashtags, mentions, the author's counts; who may comment."""
    item = {
        **old_item(),
        "authorStats": {"followerCount": 3161534, "followingCount": 190, "heartCount": "38187781", "videoCount": 303},
        "challengeInfoList": [{"challengeName": "kites"}, 3],
    }
    item["itemInfos"]["commentStatus"] = 0
    got = one(item)
    assert [(stream.url, stream.width, stream.watermark) for stream in got.streams] == [(PLAIN, 720, None)]
    assert (got.hashtags, got.mentions) == (("x", "kites"), (Mention(id="12"),))
    assert got.author_stats == AuthorStats(followers=3161534, following=190, likes=38187781, videos=303)
    assert got.flags.comments_enabled is True


def test_a_tile():
    """Its one file."""
    got = read({"id": VIDEO_ID, "playAddr": PLAIN, "coverUrl": "https://p/1"})
    assert [stream.url for stream in got.streams] == [PLAIN]


@pytest.mark.parametrize(
    "data",
    [
        page(web_item()),
        json.dumps({"itemList": [web_item(), {}, app_item(), old_item(), basic_item()]}).encode(),
        json.dumps({"statusCode": 10204}).encode(),
        b"",
        b"[" * 10_000,
    ],
)
@pytest.mark.parametrize("asked", [None, VIDEO_ID, "1"])
def test_a_saved_file_gives_the_same_with_and_without(data, asked):
    """As many answers, the same Videos and the same Problems."""
    full, plain = read_saved_full(data, asked), read_saved(data, asked)
    assert full.listed == plain.listed
    assert len(full.answers) == len(plain.answers)
    for more, less in zip(full.answers, plain.answers, strict=True):
        if isinstance(less, Problem):
            assert (more.code, more.sign) == (less.code, less.sign)
        else:
            assert more[0] == less
            assert isinstance(more[1], Extras)
