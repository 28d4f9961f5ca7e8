import gzip
from random import Random

from fauxtok.ids import EXAMPLE_ID

IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 Mobile/15E148"


def test_example_is_the_documented_one(visitor):
    """The documented example has the values of the API's documentation."""
    it = visitor.page(EXAMPLE_ID).item
    assert it["id"] == str(EXAMPLE_ID)
    assert it["desc"] == "🌈🐬🦄 life after @Zara Larsson Symphony vocals 🌈🐬🦄"
    assert it["createTime"] == "1750093630"
    assert it["statsV2"] == {
        "playCount": "18912653", "diggCount": "879920", "commentCount": "4382", "shareCount": "17420",
        "collectCount": "38685", "repostCount": "211",
    }  # fmt: skip
    assert (it["isAd"], it["locationCreated"], it["video"]["duration"], it["video"]["size"]) == (
        True,
        "US",
        66,
        "7786703",
    )
    assert (it["author"]["uniqueId"], it["author"]["nickname"], it["author"]["id"]) == ("tiktok", "TikTok", "107955")
    assert [extra["userId"] for extra in it["textExtra"]] == ["205879097384816641"]
    music = it["music"]
    assert (music["id"], music["title"], music["authorName"]) == (
        "7516599978421209887",
        "original sound - tiktok",
        "TikTok",
    )
    assert (music["original"], music["duration"], music.get("album", "")) == (True, 66, "")
    best = max(it["video"]["bitrateInfo"], key=lambda rung: rung["PlayAddr"]["Width"])
    assert (best["PlayAddr"]["Width"], best["PlayAddr"]["DataSize"]) == (1080, "38711004")


def test_any_plausible_id_has_a_page_with_valid_json(visitor):
    """Thirty ids at random: each page is as bulky as TikTok's and its script is JSON with that very item."""
    dice = Random(4)  # noqa: S311 - any ids will do
    for _ in range(30):
        number = (dice.randrange(1_420_000_000, 1_790_000_000) << 32) + dice.getrandbits(32)
        page = visitor.page(number)
        it = page.item
        assert it["id"] == str(number)
        assert 230_000 < len(page.body) < 400_000
        assert isinstance(it["stats"]["collectCount"], str)
        assert len(it["video"]["bitrateInfo"]) >= 2
        assert it["video"]["PlayAddrStruct"]["UrlList"][2].startswith("https://www.tiktok.com/aweme/v1/play/")


def test_no_slash_in_the_script(visitor):
    """Slashes are written \\u002F, as TikTok writes them."""
    body = visitor.page(EXAMPLE_ID).body
    start = body.index(b'application/json">{"__DEFAULT') + 18
    assert b"/" not in body[start : body.index(b"</script>", start)]
    assert rb"https:\u002F\u002F" in body


def test_cookies_are_set(visitor):
    """A page sets TikTok's cookies; a visitor who brings tt_chain_token keeps it."""
    page = visitor.page(EXAMPLE_ID)
    names = {line.partition("=")[0] for line in page.headers.get_all("set-cookie")}
    assert names == {"ttwid", "tt_csrf_token", "tt_chain_token", "msToken"}
    assert visitor.page(EXAMPLE_ID).token != page.token
    assert visitor.page(EXAMPLE_ID, Cookie=f"a=b; tt_chain_token={page.token}").token == page.token


def test_gzip_is_the_same_page(visitor):
    """A compressed page unpacks to the plain one, for the same visitor."""
    plain = visitor.page(EXAMPLE_ID)
    packed = visitor.page(EXAMPLE_ID, Accept_Encoding="gzip, br", Cookie=f"tt_chain_token={plain.token}")
    assert packed.headers["content-encoding"] == "gzip"
    assert len(packed.body) < len(plain.body) / 3
    assert gzip.decompress(packed.body) == plain.body


def test_mobile_page(visitor):
    """A mobile browser gets the other scope, statusMessage, and no isAd, statsV2 or bitrateInfo."""
    scopes = visitor.page(EXAMPLE_ID, User_Agent=IPHONE).scopes
    assert "webapp.video-detail" not in scopes
    detail = scopes["webapp.reflow.video.detail"]
    it = detail["itemInfo"]["itemStruct"]
    assert (detail["statusCode"], detail["statusMessage"]) == (0, "")
    assert not {"isAd", "statsV2"} & it.keys()
    assert "bitrateInfo" not in it["video"]
    assert it["stats"]["collectCount"] == 38685
    assert it["video"]["playAddr"].startswith("https://")


def test_photo_post(visitor):
    """A photo post has images and no video; its /photo/ page has no data."""
    it = visitor.page(7500000000000000201).item
    assert (it["video"]["playAddr"], it["video"]["duration"]) == ("", 0)
    assert it["imagePost"]["images"][0]["imageWidth"] == 1080
    assert "webapp.video-detail" not in visitor.ask("/@_/photo/7500000000000000201").scopes


def test_unusual_videos(visitor):
    """No plain file, no downloads, a shop page: each says so as TikTok's pages do."""
    video = visitor.page(7500000000000000202).item["video"]
    assert video["playAddr"] == video["downloadAddr"] != ""
    video = visitor.page(7500000000000000203).item["video"]
    assert video["downloadAddr"] == ""
    assert video["playAddr"]
    video = visitor.page(7500000000000000204).item["video"]
    assert "bitrateInfo" not in video
    assert video["playAddr"] == video["downloadAddr"] == ""


def test_impossible_ids_are_missing(visitor):
    """An id of no plausible time does not exist."""
    for number in (7, 9_000_000_000_000_000_000):
        detail = visitor.page(number).scopes["webapp.video-detail"]
        assert (detail["statusCode"], detail["statusMsg"]) == (10204, "item doesn't exist")


def test_any_name_will_do(visitor):
    """The name in the path is ignored, empty or not."""
    for name in ("", "_", "someone.else"):
        assert visitor.ask(f"/@{name}/video/{EXAMPLE_ID}").item["id"] == str(EXAMPLE_ID)
