"""The web's rarer shapes."""

import json

from clipmeter.sites.tiktok.loose import decode
from clipmeter.sites.tiktok.older import OldItem, TileItem, old_video, tile_video
from invented import PLAIN, old_item


def read(item, kind, reader):
    return reader(decode(json.dumps(item).encode(), kind))


def test_the_oldest_shape():
    """itemInfos of 2020: lists of links, `original` "" for false, capitalised mentions."""
    got = read(old_item(), OldItem, old_video)
    assert got.url == "https://www.tiktok.com/@anna/video/6801600552594640133"
    assert (got.date_timestamp, got.duration, got.play_count, got.saves) == (1583621036, 39, 31853286, None)
    assert (got.video_url, got.video_url_watermarked, got.size) == (PLAIN, "", None)
    assert (got.author_avatar, got.music_cover) == (
        "https://p16.tiktokcdn.com/large",
        "https://p16.tiktokcdn.com/sound",
    )
    assert (got.music_original, got.mentioned_user_ids) == (False, ("12",))


def test_a_tile_of_a_creators_embed():
    """A tile gives its caption, cover, link and count of plays, and is dated by its id."""
    tile = {"id": "7553515987694341383", "desc": "a", "playAddr": PLAIN, "playCount": 5, "coverUrl": "https://p/c"}
    got = read(tile, TileItem, tile_video)
    assert (got.title, got.video_url, got.play_count, got.cover) == ("a", PLAIN, 5, "https://p/c")
    assert got.date_timestamp == 7553515987694341383 >> 32
