"""The item of the mobile web's lists."""

import json

from clipmeter.sites.tiktok.loose import decode
from clipmeter.sites.tiktok.mobile import BasicItem, basic_video
from invented import basic_item


def test_the_mobile_lists_shape():
    """item_basic of 2026: [""] is no link, a hashtag's user_id is "0"."""
    got = basic_video(decode(json.dumps(basic_item()).encode(), BasicItem))
    assert got.url == "https://www.tiktok.com/@anna/video/7553515987694341383"
    assert (got.region, got.duration, got.play_count, got.saves) == ("MZ", 27, 1500000, None)
    assert (got.video_url, got.video_url_watermarked, got.dynamic_cover, got.music_url) == ("", "", "", "")
    assert got.mentioned_user_ids == ("6700494497212449797",)
