"""Saved bytes of a kind nobody tells."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clipmeter.errors import NotFound, Problem, UpstreamError, UpstreamRateLimit
from clipmeter.model import Video
from clipmeter.sites.tiktok.saved import read_saved
from invented import (
    PLAIN,
    VIDEO_ID,
    app_item,
    basic_item,
    detail,
    html,
    old_item,
    page,
    script,
    sigi_page,
    web_item,
)

OTHER = "7524919459643919625"
REDUCED = {"id": VIDEO_ID, "desc": "", "createTime": 1, "contents": [], "stats": {"playCount": 1}}


def saved(value, asked=None):
    return read_saved(value if isinstance(value, bytes) else json.dumps(value).encode(), asked)


def one(value, asked=None):
    got = saved(value, asked)
    assert not got.listed
    return got.answers[0]


@pytest.mark.parametrize(
    "value",
    [
        page(web_item()),
        sigi_page(web_item()),
        web_item(),
        web_item(aweme_id="v10044g50000c57j52jc77u0ej5jo1i0"),
        web_item(author="anna"),
        web_item(items=[], data={}, props=None),
        REDUCED,
        {"id": VIDEO_ID, "video": {"cover": "", "duration": 3}, "author": {}},
        app_item(),
        app_item(id="5", stats=None),
        detail(web_item()),
        detail(web_item())["__DEFAULT_SCOPE__"],
        detail(web_item())["__DEFAULT_SCOPE__"]["webapp.video-detail"],
        {"itemStruct": web_item()},
        {"itemInfo": {"itemStruct": web_item()}, "statusCode": 0},
        {"props": {"pageProps": {"itemInfo": {"itemStruct": web_item()}}}},
        {"ItemModule": {VIDEO_ID: web_item()}, "VideoPage": {"statusCode": 0}},
        {"aweme_detail": app_item(), "status_code": 0},
        {"data": {"aweme_detail": app_item()}},
        {"type": 1, "item": web_item()},
    ],
)
def test_one_post_in_every_wrap(value):
    """A page, an item of any shape, or one in any wrap gives the same post; a foreign key changes nothing."""
    got = one(value)
    assert isinstance(got, Video)
    assert got.video_id == VIDEO_ID


@pytest.mark.parametrize(
    ("value", "video_id"), [(old_item(), "6801600552594640133"), (basic_item(), "7553515987694341383")]
)
def test_rarer_shapes(value, video_id):
    """The oldest shape and the mobile lists'."""
    assert one(value).video_id == video_id
    assert one({"videoData": value}).video_id == video_id


@pytest.mark.parametrize(
    "value",
    [
        {"itemList": [web_item(), web_item(id=OTHER)], "statusCode": 0},
        {"items": [web_item(), web_item(id=OTHER)]},
        {"data": [{"type": 1, "item": web_item()}, {"type": 1, "item": web_item(id=OTHER)}]},
        {"data": {"itemList": [web_item(), web_item(id=OTHER)]}},
        [web_item(), web_item(id=OTHER)],
        {"aweme_list": [app_item(), app_item(aweme_id=OTHER)]},
        {"aweme_details": [app_item(), app_item(aweme_id=OTHER)]},
        {"data": [{"aweme_info": app_item()}, {"aweme_info": app_item(aweme_id=OTHER)}]},
        {"search_item_list": [{"aweme_info": app_item()}, {"aweme_info": app_item(aweme_id=OTHER)}]},
        {"ItemModule": {VIDEO_ID: web_item(), OTHER: web_item(id=OTHER)}},
    ],
)
def test_a_list_in_every_container(value):
    """A list gives an answer for every entry in its order; with an id asked for that entry only."""
    got = saved(value)
    assert got.listed
    assert [answer.video_id for answer in got.answers] == [VIDEO_ID, OTHER]
    assert one(value, OTHER).video_id == OTHER
    assert isinstance(one(value, "1"), NotFound)


def test_mobile_lists_and_old_lists_and_tiles():
    """Lists whose entries have another shape than the web's."""
    tile = {"id": VIDEO_ID, "desc": "", "playAddr": PLAIN, "playCount": 1, "coverUrl": ""}
    embed = {"source": {"data": {"/embed/@anna": {"userInfo": {"code": 0}, "videoList": [tile, tile]}}}}
    for value in ({"item_list": [basic_item()] * 2}, {"items": [old_item()] * 2}, embed):
        got = saved(value)
        assert got.listed
        assert all(isinstance(answer, Video) for answer in got.answers)
        assert len(got.answers) == 2


def test_an_entry_that_is_no_post_keeps_its_place():
    """A list loses no rows: what is no post is a problem at its index."""
    got = saved({"data": [{"type": 4, "user_list": []}, {"type": 1, "item": web_item()}, None, web_item(id="x")]})
    assert [isinstance(answer, Video) for answer in got.answers] == [False, True, False, False]


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        (b"", UpstreamRateLimit),
        (b"Please wait...", UpstreamRateLimit),
        ({"code": 10000, "type": "verify"}, UpstreamRateLimit),
        ({"statusCode": 10204, "statusMsg": "item doesn't exist"}, NotFound),
        ({"status_code": 10216, "status_msg": ""}, NotFound),
        ({"itemInfo": {}, "statusCode": 10204}, NotFound),
        (detail(code=10204), NotFound),
        ({"aweme_detail": None, "filter_detail": {"filter_reason": "x"}, "status_code": 0}, NotFound),
        (page(code=10204), NotFound),
        ({"aweme_list": [], "status_code": 0}, UpstreamError),
        ({"code": -1, "msg": "Url parsing is failed! Please check url."}, UpstreamError),
        ({"__DEFAULT_SCOPE__": {"webapp.user-detail": {}}}, UpstreamError),
        ({}, UpstreamError),
        ([], UpstreamError),
        ([1, 2], UpstreamError),
        (b"123", UpstreamError),
        (b'{"id": "1"', UpstreamError),
        (b"[" * 100_000, UpstreamError),
        (html(script("__NEXT_DATA__", {"props": {"pageProps": {"product": {"id": "1"}}}})), UpstreamError),
        # neighbours of posts that are none
        ({"cid": "1", "aweme_id": VIDEO_ID, "create_time": 1, "text": "nice", "text_extra": []}, UpstreamError),
        ({"id": VIDEO_ID, "uniqueId": "anna", "nickname": "Anna", "createTime": 1}, UpstreamError),
        ({"id": VIDEO_ID, "title": "wind", "desc": "", "stats": {"videoCount": 1, "viewCount": 1}}, UpstreamError),
    ],
)
def test_what_holds_no_post_says_why(value, kind):
    """Failures, other pages, other JSON and neighbours of posts: the right problem."""
    assert isinstance(one(value), kind)


def test_the_asked_id_holds_for_single_posts_too():
    """Another post than the asked one is not found, in every shape."""
    for value in (web_item(), app_item(), old_item(), basic_item(), page(web_item()), detail(web_item())):
        assert isinstance(one(value, "1"), NotFound)
    assert one(web_item(), VIDEO_ID).video_id == VIDEO_ID


@given(st.binary(max_size=200) | st.text(max_size=100).map(lambda text: ("{" + text).encode("utf-8", "replace")))
def test_no_bytes_raise(data):
    """Whatever the bytes are, there is an answer."""
    assert all(isinstance(answer, (Video, Problem)) for answer in read_saved(data).answers)


WRAPS = {"itemInfo", "itemStruct", "ItemModule", "__DEFAULT_SCOPE__", "webapp.video-detail", "props", "pageProps"}
LISTS = {"data", "items", "itemList", "aweme_list", "aweme_detail", "item", "statusCode", "code", "filter_detail"}
KEYS = sorted({*web_item(), *app_item(), *old_item(), *basic_item(), "playAddr", "coverUrl", *WRAPS, *LISTS})
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3) | st.just(VIDEO_ID),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(KEYS),
            inner,
            max_size=5,
        )
    ),
    max_leaves=20,
)


@given(values)
def test_no_json_raises(value):
    """Whatever TikTok's own keys are filled with, there is an answer."""
    assert all(isinstance(answer, (Video, Problem)) for answer in saved(value).answers)
