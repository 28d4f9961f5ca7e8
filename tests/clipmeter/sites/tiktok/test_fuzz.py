"""Readers of bytes that were spoiled by chance, and by intent. `make fuzz` runs the same for as long as you like."""

import json
import random
import urllib.request

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from clipmeter.errors import UpstreamError
from clipmeter.sites.tiktok.full import read_app_full, read_page_full, read_saved_full
from invented import VIDEO_ID, app_item, page, web_item
from mutants import CHANGES, DEEP, small_answers, spoiled_link, stay_small, survive, survive_link

QUICK = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
SMALL = small_answers()
changes = st.lists(st.tuples(st.sampled_from(CHANGES), st.integers(0, 2**32)), max_size=4)


def spoiled(body, steps, others):
    """The body after these changes."""
    for change, seed in steps:
        chance = random.Random(seed)  # noqa: S311 - chance for a test
        body = change(chance, body, chance.choice(others))
    return body


@QUICK
@given(st.sampled_from(SMALL), changes)
def test_small_answers_spoiled_by_chance(body, steps):
    """A Video of the contract's types, the same with extras as without, or a Problem; within a second."""
    survive(spoiled(body, steps, SMALL))


@pytest.fixture(scope="module")
def served_pages(emulator):
    """Pages of full size as the emulator serves them."""
    ids = ("7516594811734854943", "7500000000000000201", "7500000000000000212", "7500000000000000213")
    return [urllib.request.urlopen(f"{emulator.url}/@_/video/{number}", timeout=10).read() for number in ids]  # noqa: S310


@settings(QUICK, max_examples=25)
@given(data=st.data(), steps=changes)
def test_whole_pages_spoiled_by_chance(served_pages, data, steps):
    """Of a quarter of a megabyte, as they come from the wire."""
    survive(spoiled(data.draw(st.sampled_from(served_pages)), steps, served_pages))


@QUICK
@given(st.integers(0, 2**64))
def test_links_spoiled_by_chance(seed):
    """A post, a short link of TikTok's, or invalid_parameter."""
    survive_link(spoiled_link(random.Random(seed)))  # noqa: S311 - chance for a test


@QUICK
@given(st.text())
def test_any_text_as_a_link(text):
    """The same of any text, lone surrogates included."""
    survive_link(text)


@given(st.binary())
def test_any_bytes(body):
    """Nothing of TikTok's in them at all."""
    survive(body)


@pytest.mark.parametrize(
    "value",
    [b"[" * DEEP, b"[" * DEEP + b"]" * DEEP, b'{"a":' * DEEP + b"1" + b"}" * DEEP],
    ids=["open", "lists", "objects"],
)
@pytest.mark.parametrize("place", ["video", "textExtra", "desc", "unknown", "challenges"])
def test_json_nested_ten_thousand_deep(value, place):
    """Wherever in a page or an item it is: upstream_error, no crash."""
    body = page(web_item(**{place: "HERE"})).replace(b'"HERE"', value)
    with pytest.raises(UpstreamError):
        read_page_full(body, VIDEO_ID)
    item = json.dumps(app_item(**{place: "HERE"})).encode().replace(b'"HERE"', value)
    with pytest.raises(UpstreamError):
        read_app_full(b'{"aweme_detail":' + item + b"}", VIDEO_ID)
    for data in (body, item, value):
        [answer] = read_saved_full(data).answers
        assert answer.code == "upstream_error"
        survive(data)


def test_bytes_that_are_no_utf8():
    """They become U+FFFD, in captions as in hashtags, and the rest is read."""
    body = page(web_item(textExtra=[{"hashtagName": "wind"}])).replace(b"wind", b"w\xff\xc0nd")
    video, extras = read_page_full(body, VIDEO_ID)
    assert "#w\ufffd\ufffdnd" in video.title
    assert extras.hashtags == ("w\ufffd\ufffdnd",)


def test_impossible_counts():
    """Negative ones and 10^30 are unknown, in the extras too."""
    absurd = dict.fromkeys(("playCount", "diggCount", "followerCount", "heartCount", "videoCount"), -1)
    absurd |= dict.fromkeys(("commentCount", "shareCount", "followingCount", "friendCount"), 10**30)
    item = web_item(stats=absurd, statsV2={}, authorStats=absurd)
    item["video"]["bitrateInfo"][0] |= {"Bitrate": -1, "BitrateFPS": 10**30}
    item["video"] |= {"bitrate": 10**30}
    video, extras = read_page_full(page(item), VIDEO_ID)
    assert (video.play_count, video.likes, video.comments, video.shares) == (None,) * 4
    assert all(getattr(extras.author_stats, name) is None for name in extras.author_stats.__struct_fields__)
    assert (extras.streams[0].bitrate, extras.streams[0].fps) == (None, None)


def test_captions_of_every_script():
    """Right-to-left text and marks stay as written; a half of a surrogate pair becomes U+FFFD."""
    written = "\u202eمرحبا\u2066 שלום 🪁 \u0000"  # noqa: RUF001 - Arabic is meant
    item = web_item(desc=f"{written} HALF", textExtra=[{"hashtagName": "مرحبا"}, {"hashtagName": "HALF"}])
    video, extras = read_page_full(page(item).replace(b"HALF", rb"a\ud800b"), VIDEO_ID)
    assert video.title == f"{written} a\ufffdb"
    assert extras.hashtags == ("مرحبا", "a\ufffdb")


def test_memory_stays_bounded():
    """All of the above, in one process, has not made it grow without end."""
    stay_small()
