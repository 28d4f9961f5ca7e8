"""`include=`: the list of names, and the body."""

import json

import msgspec
import pytest

from clipmeter.endpoints.includes import read_includes, with_includes
from clipmeter.errors import InvalidParameter
from clipmeter.model import FIELDS, INCLUDES, Extras, Image, Stream, Video

VIDEO = Video(video_id="1", url="https://www.tiktok.com/@_/video/1")


@pytest.mark.parametrize(
    ("value", "names"),
    [
        (None, ()),
        ("", ()),
        (" , ,", ()),
        ("images", ("images",)),
        ("source,images", ("images", "source")),
        (" flags ,  streams,flags,", ("streams", "flags")),
        (",".join(reversed(INCLUDES)), INCLUDES),
    ],
)
def test_a_list_of_names(value, names):
    """Blanks and repeats do not count; the order is always that of INCLUDES."""
    assert read_includes(value) == names


@pytest.mark.parametrize("value", ["image", "Images", "images,nope", "all", "images;flags", "images flags", "\ud800"])
def test_an_unknown_name_is_told_with_the_known_ones(value):
    """400 invalid_parameter."""
    with pytest.raises(InvalidParameter) as caught:
        read_includes(value)
    assert all(name in caught.value.message for name in INCLUDES)


def test_a_long_list_of_nonsense_makes_a_short_sentence():
    """A few of the unknown names stand for all."""
    with pytest.raises(InvalidParameter, match="and 997 more") as caught:
        read_includes(",".join(f"{n:0100}" for n in range(1000)))
    assert len(caught.value.message) < 400


def test_the_body_has_the_37_keys_and_then_the_named_ones():
    """In their order, and nothing that was not asked for."""
    extras = Extras(images=(Image(url="https://p/1", width=3),), streams=(Stream(url="https://v/1", codec="h264"),))
    body = json.loads(msgspec.json.encode(with_includes(VIDEO, extras, "webpage", ("images", "streams", "source"))))
    assert list(body) == [*FIELDS, "images", "streams", "source"]
    assert body["images"] == [{"url": "https://p/1", "width": 3, "height": None}]
    assert body["streams"][0] == {
        "url": "https://v/1",
        "codec": "h264",
        "width": None,
        "height": None,
        "bitrate": None,
        "fps": None,
        "size": None,
        "audio": True,
        "playable": True,
        "watermark": None,
    }
    assert body["source"] == "webpage"


def test_without_names_the_body_is_the_videos_to_the_letter():
    """The same bytes as the contract's 37."""
    assert msgspec.json.encode(with_includes(VIDEO, Extras(), "x", ())) == msgspec.json.encode(VIDEO)
