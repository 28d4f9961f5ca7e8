"""The app's item."""

import json

import pytest

from clipmeter.errors import UpstreamError
from clipmeter.sites.tiktok.aweme import Aweme, app_video
from clipmeter.sites.tiktok.loose import decode
from invented import BEST, MARKED, PLAIN, VIDEO_ID, app_item


def read(item):
    return app_video(decode(json.dumps(item).encode(), Aweme))


def test_an_item_of_the_app():
    """Milliseconds become seconds, each link has its size, bytevc2 is passed over, downloads are told."""
    got = read(app_item())
    assert (got.url, got.duration, got.downloads) == (f"https://www.tiktok.com/@anna.kite/video/{VIDEO_ID}", 31, 1)
    assert (got.video_url, got.size) == (PLAIN, 1000)
    assert (got.video_url_hd, got.size_hd) == (BEST, 2000)
    assert (got.video_url_watermarked, got.size_watermarked) == (MARKED, 1100)
    assert (got.is_ad, got.region, got.saves) == (True, "US", 0)
    assert (got.music_id, got.music_original) == ("7516599978421209887", True)
    assert (got.dynamic_cover, got.music_url) == (
        "https://p16.tiktokcdn.com/moving",
        "https://v16.tiktokcdn.com/sound.mp3",
    )
    assert (got.author_avatar, got.music_cover) == (
        "https://p16.tiktokcdn.com/medium",
        "https://p16.tiktokcdn.com/sound-large",
    )
    assert got.mentioned_user_ids == ("6722144503841571845",)


def test_a_photo_posts_play_addr_is_its_sound():
    """A photo post of the app has no video links and no duration."""
    got = read(app_item(image_post_info={"images": [{"display_image": {"url_list": ["https://p/1"]}}]}))
    assert (got.video_url, got.video_url_hd, got.video_url_watermarked, got.size, got.duration) == ("", "", "", None, 0)
    assert "/photo/" in got.url


def test_nulls_everywhere():
    """The app writes null for much; what is null is unknown."""
    got = read({"aweme_id": VIDEO_ID, **dict.fromkeys(app_item().keys() - {"aweme_id"})})
    assert (got.play_count, got.video_url, got.author, got.mentioned_user_ids) == (None, "", "", ())


def test_no_id_no_post():
    """An item without an id is the source's fault."""
    with pytest.raises(UpstreamError):
        read(app_item(aweme_id=None))
