import json
import re

from fauxtok.ids import EXAMPLE_ID


def test_oembed(visitor):
    """Title, author and picture, and 400 for what is no post."""
    told = visitor.ask(f"/oembed?url=https%3A%2F%2Fwww.tiktok.com%2F%40tiktok%2Fvideo%2F{EXAMPLE_ID}").json
    assert (told["author_unique_id"], told["author_name"]) == ("tiktok", "TikTok")
    assert told["title"].startswith("🌈🐬🦄")
    assert visitor.ask(told["thumbnail_url"]).status == 200
    assert visitor.ask("/oembed?url=https://www.tiktok.com/@tiktok").status == 400


def test_embed_page(visitor):
    """Counts and author, in the embed's own script."""
    body = visitor.ask(f"/embed/v2/{EXAMPLE_ID}").body.decode()
    found = re.search(r'<script id="__FRONTITY_CONNECT_STATE__" type="application/json">(.*?)</script>', body)
    assert found is not None
    data = json.loads(found[1])["source"]["data"][f"/embed/v2/{EXAMPLE_ID}"]["videoData"]
    assert data["itemInfos"]["playCount"] == 18912653
    assert data["authorInfos"]["uniqueId"] == "tiktok"
    assert data["textExtra"][0]["UserId"] == "205879097384816641"
