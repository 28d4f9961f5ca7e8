"""What a piece of JSON is."""

from clipmeter.sites.tiktok.shapes import is_state, located, reader
from invented import app_item, basic_item, old_item, web_item


def test_a_post_is_known_by_the_whole_of_it():
    """Each shape has its reader, whichever foreign key stands in it."""
    assert reader(web_item(aweme_id="1"))(web_item()).downloads is None
    assert reader(app_item(id="1"))(app_item()).downloads == 1
    assert reader(old_item())
    assert reader(basic_item())


def test_what_is_no_post_has_no_reader():
    """Values of other types, and objects with little evidence."""
    assert [reader(value) for value in (None, 1, "x", [], {}, {"id": "1"}, {"id": "1", "desc": ""})] == [None] * 7


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
