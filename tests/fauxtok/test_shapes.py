import json
import shutil
import subprocess
from urllib.parse import urlsplit

import pytest

from fauxtok import words
from fauxtok.ids import DOCUMENTED

ID = {it.name: number for number, it in DOCUMENTED.items()}


def test_many_photos(visitor):
    """35 pictures of their own sizes, each of which the CDN has, and a song of the library."""
    page = visitor.page(ID["many_photos"])
    images = page.item["imagePost"]["images"]
    assert len(images) == 35
    assert len({image["imageURL"]["urlList"][0] for image in images}) == 35
    for image in (images[0], images[34]):
        picture = visitor.ask(image["imageURL"]["urlList"][1])
        assert (picture.status, picture.headers["content-type"]) == (200, "image/jpeg")
    music = page.item["music"]
    assert (music["original"], music["album"]) == (False, "Paper Lanterns")
    assert visitor.ask(music["playUrl"]).status == 200
    assert page.item["video"]["playAddr"] == ""


def test_subtitled(visitor):
    """Eight languages, each a file of its own whose size is told and whose cues cover the video."""
    it = visitor.page(ID["subtitled"]).item
    subtitles = it["video"]["subtitleInfos"]
    assert len({subtitle["LanguageCodeName"] for subtitle in subtitles}) == 8
    assert len(it["video"]["claInfo"]["captionInfos"]) == 8
    for subtitle in subtitles:
        text = visitor.ask(subtitle["Url"])
        assert text.headers["content-type"] == "text/vtt"
        assert str(len(text.body)) == subtitle["Size"]
        assert text.body.startswith(b"WEBVTT\n\n")
        assert b"00:00:28.000 --> 00:00:31.000" in text.body
        assert subtitle["LanguageCodeName"].encode() in text.body


@pytest.mark.parametrize(("name", "plain", "hd"), [("big", 60_000_000, 104_857_600), ("huge", 1 << 30, 3 << 29)])
def test_large_files(visitor, name, plain, hd):
    """Sizes as told, and any stretch of them, without the whole being made."""
    page = visitor.page(ID[name])
    video = page.item["video"]
    assert (int(video["size"]), sorted(rung["PlayAddr"]["DataSize"] for rung in video["bitrateInfo"])) == (
        plain,
        sorted([str(plain), str(hd)]),
    )
    head = visitor.file(page, video["playAddr"], "HEAD")
    assert (head.headers["content-length"], head.body) == (str(plain), b"")
    assert visitor.file(page, video["playAddr"], Range="bytes=4-7").body == b"ftyp"
    assert visitor.file(page, video["playAddr"], Range="bytes=-3").body == b"\0\0\0"
    assert int(visitor.file(page, video["downloadAddr"], "HEAD").headers["content-length"]) == plain + 400_000


def test_captions_that_fight_back(visitor):
    """Markup cannot leave the script, marks and control characters come as they are."""
    page = visitor.page(ID["caption_markup"])
    assert page.item["desc"] == words.MARKUP
    assert page.body.count(b"</script>") == visitor.page(ID["found"]).body.count(b"</script>")
    assert visitor.page(ID["caption_direction"]).item["desc"] == words.DIRECTION
    assert "\u202e" in words.DIRECTION


@pytest.mark.parametrize(
    "path", ["/@_/video/{}", "/embed/v2/{}", "/aweme/v1/feed/?aweme_id={}", "/oembed?url=https://www.tiktok.com/v/{}"]
)
def test_halves_of_surrogate_pairs(visitor, path):
    """The escapes of half a pair stand in the caption, on every source; no UTF-8 could hold the half itself."""
    body = visitor.ask(path.format(ID["caption_halves"])).body
    assert rb"\ud83d in half \udc4d" in body
    assert "👍".encode() in body
    assert json.loads(rb'"\ud83d"') == "\ud83d"


def test_impossible_counts(visitor):
    """Negative numbers and 10^30, as numbers and as text, on the page and in the app's JSON."""
    it = visitor.page(ID["impossible_counts"]).item
    assert (it["stats"]["playCount"], it["stats"]["diggCount"], it["statsV2"]["playCount"]) == (
        10**30,
        -1,
        "1" + "0" * 30,
    )
    told = visitor.ask(f"/aweme/v1/feed/?aweme_id={ID['impossible_counts']}").json["aweme_list"][0]["statistics"]
    assert told["download_count"] == -(10**30)


def test_own_files_are_no_moods(visitor):
    """A post whose files are unlike others' is had by its id only, as the CDN could not know of the mood."""
    for name in ("huge", "many_photos", "subtitled"):
        assert visitor.post("mood", {"mood": name}).status == 400


@pytest.mark.skipif(shutil.which("ffprobe") is None, reason="ffmpeg is not installed")
@pytest.mark.parametrize(("name", "seconds"), [("big", 180), ("huge", 1200)])
def test_ffprobe_reads_large_files(visitor, name, seconds):
    """A real demuxer finds length and picture size over HTTP, by ranges."""
    page = visitor.page(ID[name])
    for rung in page.item["video"]["bitrateInfo"]:
        link = urlsplit(rung["PlayAddr"]["UrlList"][0])
        headers = f"Cookie: tt_chain_token={page.token}\r\nReferer: https://www.tiktok.com/\r\n"
        asked = ["-headers", headers, "-show_entries", "stream=width,duration,codec_name", "-of", "json"]
        address = f"{visitor.running.url}{link.path}?{link.query}"
        seen = subprocess.run(["ffprobe", "-v", "error", *asked, address], capture_output=True, check=True)
        (track,) = json.loads(seen.stdout)["streams"]
        assert (track["codec_name"], track["width"]) == ("h264", rung["PlayAddr"]["Width"])
        assert (float(track["duration"]), seen.stderr) == (seconds, b"")
