"""Extras of the app's item."""

import json

import pytest

from clipmeter.errors import NotFound, UpstreamError
from clipmeter.model import AuthorStats, Extras, Flags, Image, Mention, Subtitle
from clipmeter.sites.tiktok.full import read_app_full
from clipmeter.sites.tiktok.page import read_app
from invented import BEST, CDN, MARKED, PLAIN, VIDEO_ID, app_item

NOBODY = {"follower_count": 0, "following_count": 0, "total_favorited": 0, "aweme_count": 0}


def body(**changes):
    return json.dumps({"aweme_list": [{"aweme_id": "1"}, app_item(**changes)]}).encode()


def read(**changes):
    return read_app_full(body(**changes), VIDEO_ID)[1]


def media(**changes):
    return {**app_item()["video"], **changes}


def test_the_same_post_and_video_as_without():
    """The asked one among others; the same refusals."""
    assert read_app_full(body(), VIDEO_ID)[0] == read_app(body(), VIDEO_ID)
    with pytest.raises(NotFound):
        read_app_full(body(), "2")
    with pytest.raises(UpstreamError):
        read_app_full(b"{}", "2")


def test_an_item_that_says_nothing():
    """Nothing made up."""
    assert read_app_full(b'{"aweme_detail": {"aweme_id": "7"}}', "7")[1] == Extras()


def test_streams():
    """The plain file, each rung, the marked one; TikTok's own codec plays nowhere."""
    got = {stream.url: stream for stream in read().streams}
    assert list(got) == [PLAIN, f"{CDN}/own", BEST, MARKED]
    assert [stream.codec for stream in got.values()] == ["", "bytevc2", "h265", ""]
    assert [stream.playable for stream in got.values()] == [True, False, True, True]
    assert [stream.watermark for stream in got.values()] == [False, False, False, True]
    assert got[MARKED].size == 1100


def test_the_plain_file_under_several_names_is_one():
    """Addresses that share a link; each name tells the codec it stands for."""
    address = {"url_list": [PLAIN], "url_key": "v1_h264_540p_1399548"}
    video = media(play_addr=address, play_addr_h264=address, play_addr_265={"url_list": [BEST]}, bit_rate=[])
    [plain, other, _] = read(video=video).streams
    assert (plain.codec, plain.bitrate, other.url, other.codec) == ("h264", 1399548, BEST, "h265")


@pytest.mark.parametrize("said", [{"fps": 30}, {"FPS": 30}])
def test_frames_and_bitrate_of_a_rung(said):
    """Under both names the app has given them."""
    rung = {"is_bytevc1": 0, "bit_rate": 1000, "play_addr": {"url_list": [BEST]}, **said}
    got = next(stream for stream in read(video=media(bit_rate=[rung])).streams if stream.url == BEST)
    assert (got.fps, got.bitrate, got.codec) == (30, 1000, "h264")


def test_a_post_that_may_not_be_downloaded_has_no_mark():
    """`has_watermark` false: there is no marked file, and the others are plain."""
    assert [stream.watermark for stream in read(video=media(has_watermark=False, download_addr=None)).streams] == [
        False
    ] * 3


def test_a_photo_post():
    """The image as shown, else the marked one, else the small one; its sound is no stream."""
    photos = [
        {
            "display_image": {"url_list": ["https://p/1"], "width": 1080, "height": 1440},
            "thumbnail": {"url_list": ["x"]},
        },
        {"display_image": None, "owner_watermark_image": {"url_list": ["https://p/2"]}},
        {"thumbnail": {"url_list": ["https://p/3"]}},
        {"thumbnail": 3},
    ]
    got = read(image_post_info={"images": photos})
    assert got.images[0] == Image(url="https://p/1", width=1080, height=1440)
    assert [image.url for image in got.images] == ["https://p/1", "https://p/2", "https://p/3"]
    assert (got.streams, got.flags.media_type) == ((), "photo")


def test_hashtags_and_mentions():
    """The caption's first, then the challenges."""
    got = read(cha_list=[{"cha_name": "X"}, {"cha_name": "kite"}, None])
    assert got.hashtags == ("x", "kite")
    assert got.mentions == (Mention(id="6722144503841571845"),)
    assert read(cha_list=None, text_extra=None).hashtags == ()


def test_subtitles():
    """`cla_info`: language and kind under the app's names."""
    caption = {
        "lang": "eng-US",
        "url": "https://v/w",
        "caption_format": "webvtt",
        "subtitle_type": 1,
        "caption_length": 9,
    }
    got = read(video=media(cla_info={"caption_infos": [caption, {"lang": "x"}]})).subtitles
    assert got == (Subtitle(language="eng-US", url="https://v/w", format="webvtt", source="ASR"),)


@pytest.mark.parametrize(
    ("author", "stats"),
    [
        ({}, AuthorStats()),
        (NOBODY, AuthorStats()),
        ({**NOBODY, "follower_count": 25}, AuthorStats(followers=25)),
        (
            {"follower_count": 9, "following_count": 0, "total_favorited": 8, "aweme_count": 2},
            AuthorStats(followers=9, following=0, likes=8, videos=2),
        ),
    ],
)
def test_zeros_that_nobody_filled_in_are_no_counts(author, stats):
    """Somebody who posted has a post: where the app says 0 posts, its other zeros mean nothing either."""
    assert read(author={**app_item()["author"], **author}).author_stats == stats


def test_flags():
    """What holds is `video_control`, whatever `item_duet` says."""
    got = read(
        is_top=1,
        aigc_info={"aigc_label_type": 0, "created_by_ai": False},
        status={"allow_comment": True},
        item_comment_settings=0,
        item_duet=0,
        video_control={"allow_duet": False, "allow_stitch": True},
        desc_language="en",
    )
    assert got.flags == Flags(
        pinned=True,
        ai_generated=False,
        comments_enabled=True,
        duet_enabled=False,
        stitch_enabled=True,
        language="en",
    )


@pytest.mark.parametrize(
    ("allowed", "setting", "comments"),
    [(True, None, True), (False, 0, False), (True, 3, False), (True, 1, None), (None, 0, True), (None, None, None)],
)
def test_who_may_comment(allowed, setting, comments):
    """Both the post's status and its setting have to let everybody."""
    flags = read(status={"allow_comment": allowed}, item_comment_settings=setting).flags
    assert flags.comments_enabled is comments
