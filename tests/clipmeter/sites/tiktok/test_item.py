"""The web's item."""

import copy
import json

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clipmeter.errors import Problem, UpstreamError
from clipmeter.model import FIELDS, Video
from clipmeter.sites.tiktok.item import WebItem, web_video
from clipmeter.sites.tiktok.loose import convert, decode
from invented import AT, BEST, MARKED, PLAIN, VIDEO_ID, step, web_item


def read(item):
    return web_video(decode(json.dumps(item).encode(), WebItem))


def with_video(**changes):
    item = web_item()
    return web_item(video={**item["video"], **changes})


def test_every_field_of_a_whole_item():
    """A whole item gives all 37 fields, exact counts before rounded ones."""
    assert read(web_item()) == Video(
        video_id=VIDEO_ID,
        url=f"https://www.tiktok.com/@anna.kite/video/{VIDEO_ID}",
        title="a kite #wind @zoe 🪁",
        region="VN",
        date="2025-07-09 03:30:45",
        date_timestamp=AT,
        duration=31,
        play_count=9412345,
        likes=384512,
        comments=1893,
        shares=9258,
        downloads=None,
        saves=13833,
        is_ad=False,
        cover="https://p16.tiktokcdn.com/cover",
        dynamic_cover="https://p16.tiktokcdn.com/dynamic",
        origin_cover="https://p16.tiktokcdn.com/origin",
        video_url=PLAIN,
        video_url_hd=BEST,
        video_url_watermarked=MARKED,
        size=1000,
        size_hd=3000,
        size_watermarked=None,
        author="anna.kite",
        author_name="Anna 🪁",
        author_id="107955",
        author_avatar="https://p16.tiktokcdn.com/large",
        author_url="https://www.tiktok.com/@anna.kite",
        music_id="7516599978421209887",
        music_title="original sound",
        music_author="Anna",
        music_url="https://v16.tiktokcdn.com/sound.mp3",
        music_cover="https://p16.tiktokcdn.com/sound-thumb",
        music_album="",
        music_original=True,
        music_duration=31,
        mentioned_user_ids=("6722144503841571845",),
    )


def test_a_photo_post_has_no_video_links_and_no_duration():
    """Its url ends in /photo/ID; its sound's length is not its own."""
    got = read(web_item(imagePost={"images": [{"imageURL": {"urlList": ["https://p/1"]}}]}))
    assert got.url.endswith(f"/photo/{VIDEO_ID}")
    assert (got.video_url, got.video_url_hd, got.video_url_watermarked, got.size, got.duration) == ("", "", "", None, 0)


@pytest.mark.parametrize("empty", [None, {}, {"images": []}, {"images": None}, "", []])
def test_an_empty_image_post_beside_a_video_is_a_video(empty):
    """Nothing but photos makes a photo post."""
    assert "/video/" in read(web_item(imagePost=empty)).url


@pytest.mark.parametrize("said", [0, "0", "", None, "x", -1, [], 10**15])
def test_the_id_dates_a_post_that_is_not_dated(said):
    """createTime 0, missing or absurd: the upper half of the id is the date."""
    assert read(web_item(createTime=said)).date_timestamp == int(VIDEO_ID) >> 32


def test_a_said_date_is_never_overruled_by_the_id():
    """A scheduled post's id is days older than its publication."""
    assert read(web_item(createTime=AT + 500_000)).date_timestamp == AT + 500_000


def test_sigi_items_have_the_author_beside():
    """In SIGI_STATE the author is a string, and name, id and picture stand in the item."""
    got = read(web_item(author="anna", nickname="Anna", authorId="7", avatarThumb="https://p/a"))
    assert (got.author, got.author_name, got.author_id, got.author_avatar) == ("anna", "Anna", "7", "https://p/a")


def test_what_is_missing_is_unknown():
    """An item with nothing but an id: counts null, texts empty, and a link that TikTok understands."""
    got = read({"id": int(VIDEO_ID)})
    assert got == Video(
        video_id=VIDEO_ID,
        url=f"https://www.tiktok.com/@_/video/{VIDEO_ID}",
        date=got.date,
        date_timestamp=int(VIDEO_ID) >> 32,
    )


def test_mentions_keep_their_order_without_repeats():
    """textExtra first, then the paragraphs' own; "", "0" and 0 are no accounts; numbers become texts."""
    extra = [{"userId": "2"}, {"userId": ""}, {"userId": "0"}, {"userId": 0}, None, "x", {"userId": 1}]
    contents = [{"textExtra": [{"userId": "2"}, {"userId": "3"}]}, None, {"textExtra": None}, {"textExtra": {}}]
    assert read(web_item(textExtra=extra, contents=contents)).mentioned_user_ids == ("2", "1", "3")


def test_a_link_that_stands_in_a_list_is_found():
    """An export wrote playAddr as a list; a list with one empty text is no link."""
    assert read(with_video(playAddr=[PLAIN])).video_url == PLAIN
    assert read(with_video(playAddr=[""], bitrateInfo=None)).video_url == ""


def test_play_addr_struct_stands_in():
    """Without playAddr, PlayAddrStruct names the plain file and its size."""
    struct = {"UrlList": [PLAIN], "DataSize": 77, "Width": 576, "Height": 1024}
    got = read(with_video(playAddr="", PlayAddrStruct=struct, bitrateInfo=[]))
    assert (got.video_url, got.size) == (PLAIN, 77)


def test_same_link_with_and_without_mark_is_marked():
    """playAddr equal to downloadAddr (2019-22): there is no plain file."""
    got = read(with_video(playAddr=MARKED, bitrateInfo=[step(MARKED), step(BEST, width=1080, height=1920)]))
    assert (got.video_url, got.video_url_hd, got.video_url_watermarked, got.size_watermarked) == ("", "", MARKED, 1000)


def test_a_size_without_a_link_is_not_told():
    """video.size of a post without playAddr belongs to nothing a caller gets."""
    assert read(with_video(playAddr="", bitrateInfo=None, size="8324659")).size is None


@pytest.mark.parametrize("bad", [None, "", "abc", 0, "0", "1" * 26, 1.5, True, [], {}, "١٢"])
def test_an_item_without_an_id_is_no_post(bad):
    """No id, no post: the source's fault."""
    with pytest.raises(UpstreamError):
        read(web_item(id=bad))


odd = st.sampled_from(
    [None, "", "x", 0, -1, 1, 10**30, 1.5, True, False, [], [""], [None], {}, {"x": 1}, "https://v/x", [[]]]
)


def paths(value, at=()):
    if isinstance(value, dict):
        for key, inner in value.items():
            yield (*at, key)
            yield from paths(inner, (*at, key))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield (*at, index)
            yield from paths(inner, (*at, index))


@given(st.data())
def test_any_field_may_be_of_any_type(data):
    """Whatever is changed or dropped in an item: a Video of right types, or a Problem; both ways of decoding agree."""
    item = web_item(contents=[{"textExtra": [{"userId": "9"}]}], imagePost=None)
    for path in data.draw(st.lists(st.sampled_from(sorted(paths(item), key=str)), max_size=4)):
        change(item, path, copy.deepcopy(data.draw(odd)))
    try:
        got = read(item)
    except Problem:
        return
    assert got == web_video(convert(copy.deepcopy(item), WebItem))
    assert msgspec.convert(msgspec.to_builtins(got), Video, strict=True) == got
    assert list(msgspec.json.decode(msgspec.json.encode(got))) == list(FIELDS)


def change(item, path, value):
    """Puts the value there ("x": takes away what is there), unless an earlier change has taken the place away."""
    for key in path[:-1]:
        try:
            item = item[key]
        except (TypeError, KeyError, IndexError):
            return
    if isinstance(item, list) and isinstance(path[-1], int):
        item[path[-1] : path[-1] + 1] = [value]
    elif isinstance(item, dict) and isinstance(path[-1], str):
        item[path[-1]] = value
        if value == "x":
            del item[path[-1]]
