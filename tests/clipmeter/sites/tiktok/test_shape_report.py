"""What the report of a changed page says, and that it says nothing of pages as they are."""

import json
import urllib.request
from pathlib import Path

import pytest

from clipmeter.sites.tiktok.loose import decode_any
from clipmeter.sites.tiktok.page import scripts
from clipmeter.sites.tiktok.shape_report import compare
from served import EXAMPLE, fresh_ids

CORPUS = Path(__file__).resolve().parents[5] / "shared" / "corpus"
PAGES = sorted((CORPUS / "web_html").glob("video_*.html"))


def page(emulator, video_id):
    with urllib.request.urlopen(f"{emulator.url}/@_/video/{video_id}", timeout=10) as answer:  # noqa: S310 - loopback http
        return answer.read()


@pytest.fixture
def item(emulator):
    """The item of a good page, and a way to make a page of it again."""
    state = decode_any(next(scripts(page(emulator, EXAMPLE))))
    return state["__DEFAULT_SCOPE__"]["webapp.video-detail"]["itemInfo"]["itemStruct"], lambda: rendered(state)


def rendered(state):
    script = json.dumps(state).encode()
    return b'<script id="__UNIVERSAL_DATA_FOR_REHYDRATION__" type="application/json">' + script + b"</script>"


def told(body):
    return [(found.field, found.expected, found.found) for found in compare(body)]


@pytest.mark.skipif(not PAGES, reason="no recorded answers here")
@pytest.mark.parametrize("file", PAGES, ids=lambda file: file.name)
def test_recorded_pages_are_as_expected(file):
    """No recorded desktop page deviates."""
    assert compare(file.read_bytes()) == []


@pytest.mark.skipif(not PAGES, reason="no recorded answers here")
def test_a_recorded_refusal_is_no_change():
    """A page that says that there is no such post is as it should be."""
    refusals = [file for file in (CORPUS / "errors").glob("*.html") if b'"statusCode":10204' in file.read_bytes()]
    assert all(compare(file.read_bytes()) == [] for file in refusals)


@pytest.mark.parametrize("video_id", [EXAMPLE, *fresh_ids(30)])
def test_pages_of_the_emulator_are_as_expected(emulator, video_id):
    """The emulator's pages, photo posts too, have the shape that readers expect."""
    assert told(page(emulator, video_id)) == []


def test_a_missing_field(item):
    """A field that was always there and is gone is named, once."""
    fields, again = item
    del fields["statsV2"]["playCount"], fields["locationCreated"]
    assert told(again()) == [("locationCreated", "text", "missing"), ("statsV2.playCount", "text", "missing")]


def test_a_missing_object_is_told_once(item):
    """Of an object that is gone its own fields are not told of as well."""
    fields, again = item
    del fields["music"]
    assert told(again()) == [("music", "object", "missing")]


def test_another_type(item):
    """A field of another type is named with both types, in lists once however many entries are wrong."""
    fields, again = item
    fields["author"]["id"] = 107955
    fields["stats"] = []
    for step in fields["video"]["bitrateInfo"]:
        step["PlayAddr"]["DataSize"] = None
    assert told(again()) == [
        ("author.id", "text", "number"),
        ("stats", "object", "list"),
        ("video.bitrateInfo[].PlayAddr.DataSize", "text or number", "null"),
    ]


def test_a_new_key(item):
    """A key that no recording has is named."""
    fields, again = item
    fields["statsV3"] = {}
    assert told(again()) == [("statsV3", "not there", "object")]


@pytest.mark.parametrize(
    ("state", "field"),
    [
        ({}, "__DEFAULT_SCOPE__"),
        ({"__DEFAULT_SCOPE__": {"webapp.app-context": {}}}, "webapp.video-detail"),
        ({"__DEFAULT_SCOPE__": {"webapp.video-detail": {"statusCode": 0, "itemInfo": {}}}}, "itemInfo.itemStruct"),
    ],
)
def test_a_moved_item(state, field):
    """Where the item is not where it was, the first missing step is named."""
    assert [found[0] for found in told(rendered(state))] == [field]


@pytest.mark.parametrize("body", [b"", b"<html></html>", b"\xff\xfe", b"<script id=SIGI_STATE>{", b"[" * 20_000])
def test_anything_can_be_compared(body):
    """No bytes make the report fail."""
    assert compare(body)
