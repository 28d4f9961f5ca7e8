"""Recorded answers with every include, held against a reader of their own: plain JSON, keys without case or dashes."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from clipmeter.model import FIELDS, INCLUDES

CORPUS = Path(__file__).resolve().parents[5] / "shared" / "corpus"
pytestmark = pytest.mark.skipif(not CORPUS.exists(), reason="no recorded answers here")

SCRIPT = re.compile(
    r'<script[^>]*\bid="(?:__UNIVERSAL_DATA_FOR_REHYDRATION__|__NEXT_DATA__)"[^>]*>(.*?)</script>', re.DOTALL
)
PLAYED = (
    *("playaddr", "playaddrstruct", "playaddrh264", "downloadnowatermarkaddr", "playaddrbytevc1", "playaddr265"),
    "urls",
)
MARKED = ("downloadaddr", "downloadsuffixlogoaddr")


@pytest.fixture(scope="module")
def answers():
    """What `parse --include all` says of every recorded post, with the post itself."""
    expected = [json.loads(line) for line in (CORPUS / "expected.jsonl").read_text("utf8").split("\n") if line]
    paths = [CORPUS / entry["file"] for entry in expected]
    command = [sys.executable, "-m", "clipmeter", "parse", "--include", "all", *map(str, paths)]
    lines = subprocess.run(command, capture_output=True, check=False).stdout.splitlines()
    assert len(lines) == len(expected)
    pairs = [(entry, json.loads(line)) for entry, line in zip(expected, lines, strict=True)]
    assert all(("video" in answer) == (entry["verdict"] == "video") for entry, answer in pairs)
    good = [(entry, answer["video"]) for entry, answer in pairs if "video" in answer]
    return [(entry["file"], video, *recorded(CORPUS / entry["file"], video["video_id"])) for entry, video in good]


def recorded(path, video_id):
    """The post as recorded, its keys made alike, and every text in the file."""
    text = path.read_text("utf8", "replace")
    values = [json.loads(body) for body in ([text] if path.suffix == ".json" else SCRIPT.findall(text))]
    texts = {value for value in walk(values) if isinstance(value, str)}
    posts = [value for value in walk(alike(values)) if isinstance(value, dict) and is_post(value, video_id)]
    return posts[0], texts


def is_post(value, video_id):
    if "itembasic" in value:
        return value["itembasic"]["id"] == video_id
    if "awemeid" in value and "statistics" in value:
        return value["awemeid"] == video_id
    return value.get("id") == video_id and "desc" in value and "stats" in value


def alike(value):
    if isinstance(value, dict):
        return {key.replace("_", "").lower(): alike(inner) for key, inner in value.items()}
    return [alike(inner) for inner in value] if isinstance(value, list) else value


def walk(value):
    yield value
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from walk(inner)


def all_of(value, key):
    """Everything that stands under a key, anywhere inside."""
    return [inner[key] for inner in walk(value) if isinstance(inner, dict) and key in inner]


def video_part(post):
    """Where a post keeps its files."""
    video = post.get("itembasic", post).get("video") or {}
    return video.get("videoplayinfo", video)


def links(value):
    """The links of an address that anybody may follow."""
    return {
        url for url in walk(value) if isinstance(url, str) and url.startswith("http") and "/aweme/v1/play/" not in url
    }


def rungs(post):
    video = video_part(post)
    return video.get("bitrateinfo") or (video["bitrate"] if isinstance(video.get("bitrate"), list) else [])


def files(post):
    """The links of each file: mentions that share one are of one file."""
    video, groups = video_part(post), []
    for found in [
        *(video.get(key) for key in (*PLAYED, *MARKED)),
        *(rung["playaddr"]["urllist"] for rung in rungs(post)),
    ]:
        group = links(found.get("urllist") if isinstance(found, dict) else found)
        same = [other for other in groups if other & group]
        groups = [other for other in groups if not other & group] + ([group.union(*same)] if group else [])
    return groups


def is_photo(post):
    return bool(all_of(post, "images"))


def test_every_include_stands_after_the_37(answers):
    """Keys in the contract's order, then those of INCLUDES in theirs."""
    assert len(answers) > 400
    for file, video, *_ in answers:
        assert tuple(video) == (*FIELDS, *INCLUDES), file
        assert video["source"] == "file"


def test_no_link_is_invented(answers):
    """Every link of every include stands in the file to the letter."""
    for file, video, _, texts in answers:
        found = [entry["url"] for key in ("images", "streams", "subtitles") for entry in video[key]]
        assert set(found) <= texts, file
        assert len(set(found)) == len(found), file


def test_every_image_of_a_photo_post(answers):
    """As many as recorded, in their order, with their sides; of another post none."""
    seen = 0
    for file, video, post, _ in answers:
        entries = [entry for found in all_of(post, "images") for entry in found]
        assert len(video["images"]) == len(entries), file
        for got, entry in zip(video["images"], entries, strict=True):
            assert got["url"] == entry["imageurl"]["urllist"][0], file
            assert [got["width"], got["height"]] == [entry["imagewidth"], entry["imageheight"]], file
        assert video["flags"]["media_type"] == ("photo" if entries else "video")
        seen += len(entries)
    assert seen > 20


def test_every_file_is_a_stream_once(answers):
    """As many streams as there are files with a link that anybody may follow, each with one of its file's links."""
    for file, video, post, _ in answers:
        expected = [] if is_photo(post) else files(post)
        urls = [stream["url"] for stream in video["streams"]]
        assert len(urls) == len(expected), file
        assert all(sum(url in group for url in urls) == 1 for group in expected), file


def test_a_rungs_facts_are_its_streams(answers):
    """Bitrate, size, sides, frames and codec as the rung says them, and what follows from codec and link."""
    codecs = {"h264": "h264", "h265_hvc1": "h265", 0: "h264", 1: "h265", 2: "bytevc2"}
    seen = 0
    for file, video, post, _ in answers:
        for rung in [] if is_photo(post) else rungs(post):
            address = rung["playaddr"]
            found = [stream for stream in video["streams"] if stream["url"] in links(address["urllist"])]
            for got in found:
                assert got["bitrate"] == rung["bitrate"], file
                assert got["size"] == int(address["datasize"]), file
                assert got["codec"] == codecs[rung.get("codectype", rung.get("isbytevc1"))], file
                assert got["fps"] == (rung.get("bitratefps") or rung.get("fps") or None), file
                assert got["playable"] == (got["codec"] != "bytevc2"), file
                assert got["audio"] == ("/media-video-hvc1/" not in got["url"]), file
                if "width" in address:
                    assert [got["width"], got["height"]] == [address["width"], address["height"]], file
            seen += len(found)
    assert seen > 300


def test_the_mark(answers):
    """What a link says of the mark holds; the file given for downloads has it where no link says; others unsaid."""
    for file, video, post, _ in answers:
        part = video_part(post)
        marked = links([part.get(key) for key in MARKED])
        for got in video["streams"]:
            said = re.search(r"[?&]lr=(tiktok_m|tiktok|unwatermarked)\b", got["url"])
            if said:
                assert got["watermark"] == (said[1] != "unwatermarked"), file
            elif got["url"] in marked:
                assert got["watermark"] is True, file
            else:
                plain = bool(marked) or part.get("haswatermark") is False
                assert got["watermark"] is (False if plain else None), file
        if video["video_url_watermarked"] and not video["video_url"]:
            assert all(got["watermark"] for got in video["streams"]), file


def test_every_hashtag(answers):
    """Those of the caption and those the post is listed under, each once, whatever its case."""
    seen = 0
    for file, video, post, _ in answers:
        listed = [
            *post.get("challenges", []),
            *(post.get("chalist") or []),
            *all_of(post.get("itembasic"), "challenges"),
        ]
        names = [*all_of(post, "hashtagname"), *all_of(listed, "title"), *all_of(listed, "chaname")]
        got = [name.casefold() for name in video["hashtags"]]
        assert set(got) == {name.casefold() for name in names if name}, file
        assert len(set(got)) == len(got), file
        assert set(video["hashtags"]) <= set(names), file
        seen += len(got)
    assert seen > 800


def test_every_mention(answers):
    """The ids of `mentioned_user_ids`, each with the name that stands beside it."""
    for file, video, post, _ in answers:
        entries = [entry for entry in walk(post) if isinstance(entry, dict) and "userid" in entry]
        beside = {entry["userid"]: entry.get("useruniqueid") or "" for entry in entries}
        assert [entry["id"] for entry in video["mentions"]] == video["mentioned_user_ids"], file
        for entry in video["mentions"]:
            assert entry["username"] == beside[entry["id"]], file


def test_every_subtitle(answers):
    """As many as there are files of them, each with its language, format, source and size."""
    seen = 0
    for file, video, post, _ in answers:
        part = video_part(post)
        captions = (part.get("clainfo") or {}).get("captioninfos") or []
        entries = {entry["url"]: entry for entry in [*captions, *(part.get("subtitleinfos") or [])]}
        got = {entry["url"]: entry for entry in video["subtitles"]}
        assert got.keys() == entries.keys(), file
        for url, entry in entries.items():
            assert got[url]["language"] == (entry.get("languagecodename") or entry.get("language") or entry["lang"]), (
                file
            )
            assert got[url]["format"] == (entry.get("format") or entry["captionformat"]), file
            assert got[url]["source"] == entry.get("source", "ASR"), file
            assert got[url]["size"] == (int(entry["size"]) if "size" in entry else None), file
            assert got[url]["text"] is None
        seen += len(entries)
    assert seen > 100


def test_the_authors_counts(answers):
    """The exact ones before the rounded; null where the record has none or, in the app, nothing but zeros."""
    names = {
        "followers": "followercount",
        "following": "followingcount",
        "videos": "videocount",
        "friends": "friendcount",
    }
    seen = 0
    for file, video, post, _ in answers:
        if "statistics" in post:
            assert video["author_stats"]["videos"] == (post["author"].get("awemecount") or None), file
            assert 0 not in video["author_stats"].values() or video["author_stats"]["videos"], file
            continue
        creator = post.get("itembasic", {}).get("creator", {})
        stats = {**(creator.get("stats") or post.get("authorstats") or {}), **post.get("authorstatsv2", {})}
        for key, name in {**names, "likes": "heartcount"}.items():
            assert video["author_stats"][key] == (int(stats[name]) if name in stats else None), (file, key)
        seen += bool(stats)
    assert seen > 200


def test_the_flags(answers):
    """Each as recorded; null where the record does not say."""
    comments = {0: True, 3: False}
    for file, video, post, _ in answers:
        flags = video["flags"]
        control = post.get("videocontrol") or {}
        assert flags["duet_enabled"] is control.get("allowduet", post.get("duetenabled")), file
        assert flags["stitch_enabled"] is control.get("allowstitch", post.get("stitchenabled")), file
        assert flags["comments_enabled"] is comments.get(post.get("itemcommentstatus", post.get("itemcommentsettings")))
        assert flags["language"] == (post.get("textlanguage") or post.get("desclanguage") or ""), file
        made = [post.get("isaigc"), post.get("aigclabeltype"), *(post.get("aigcinfo") or {}).values()]
        said = [value for value in made if value is not None]
        assert flags["ai_generated"] is (any(said) if said else None), file
        top = post.get("ispinneditem", post.get("istop"))
        assert flags["pinned"] is (None if top is None else bool(top)), file
