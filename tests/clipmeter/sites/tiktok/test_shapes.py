"""What a piece of JSON is."""

from clipmeter.sites.tiktok.aweme import Aweme
from clipmeter.sites.tiktok.item import WebItem
from clipmeter.sites.tiktok.mobile import BasicItem
from clipmeter.sites.tiktok.older import OldItem, TileItem
from clipmeter.sites.tiktok.shapes import is_state, located, shape
from invented import app_item, basic_item, old_item, web_item


def test_a_post_is_known_by_the_whole_of_it():
    """Each shape is told, whichever foreign key stands in it."""
    assert shape(web_item(aweme_id="1")) is WebItem
    assert shape(app_item(id="1")) is Aweme
    assert shape(old_item()) is OldItem
    assert shape(basic_item()) is BasicItem
    assert shape({"id": "1", "playAddr": "", "coverUrl": ""}) is TileItem


def test_what_is_no_post_has_no_shape():
    """Values of other types, and objects with little evidence."""
    assert [shape(value) for value in (None, 1, "x", [], {}, {"id": "1"}, {"id": "1", "desc": ""})] == [None] * 7


def test_a_state_is_a_page_or_a_part_of_one():
    """Known by a key of TikTok's that holds an object."""
    assert is_state({"__DEFAULT_SCOPE__": {}})
    assert not is_state({"__DEFAULT_SCOPE__": []})
    assert not is_state([])


def test_wraps_are_looked_through_but_not_without_end():
    """A post under several wraps is found; the search ends."""
    assert located({"data": {"result": {"aweme_detail": app_item()}}})["aweme_id"]
    deep = app_item()
    for _ in range(50):
        deep = {"data": deep}
    assert located(deep) is None
