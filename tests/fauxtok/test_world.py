from hypothesis import given, settings
from hypothesis import strategies as st

from fauxtok import world
from fauxtok.ids import EXAMPLE_ID
from fauxtok.world import FIRST_SECOND, is_plausible, post

ORDINARY = st.builds(
    lambda seconds, rest: (seconds << 32) + rest, st.integers(FIRST_SECOND, 1795000000), st.integers(0, 2**32 - 1)
)


@given(ORDINARY)
@settings(max_examples=100, deadline=None)
def test_one_video_per_id(number):
    """An id gives the same post every time, also when nothing is remembered."""
    before = post(number)
    world._ordinary.cache_clear()
    assert post(number) == before


@given(ORDINARY)
@settings(max_examples=100, deadline=None)
def test_created_within_a_minute_of_the_id(number):
    """createTime lies within a minute of the time in the id."""
    assert abs(post(number).created - (number >> 32)) < 60


@given(ORDINARY)
@settings(max_examples=100, deadline=None)
def test_extras_are_counted_in_utf16(number):
    """Start and end cut the mention or hashtag out of the caption, counted in UTF-16 units."""
    it = post(number)
    wide = it.text.encode("utf-16-le")
    for extra in it.extras:
        cut = wide[extra.start * 2 : extra.end * 2].decode("utf-16-le")
        assert cut == f"#{extra.name}" if extra.kind == "tag" else cut.startswith("@")


@given(ORDINARY)
@settings(max_examples=50, deadline=None)
def test_sizes_hold_the_film(number):
    """Every announced size has room for a film of that length, so that each file can be made."""
    it = post(number)
    assert min(rung.size for rung in it.rungs) > it.duration * 15_000
    assert it.marked_size > it.rungs[0].size


def test_posts_are_varied():
    """A few hundred ids show every sort of caption, region, sound and ladder of qualities."""
    posts = [post((1740000000 + step * 9_973 << 32) + step) for step in range(400)]
    assert {""} < {it.text for it in posts}
    assert any("\n" in it.text for it in posts)
    assert any(ord(max(it.text or " ")) > 0xFFFF for it in posts)
    assert len({it.region for it in posts}) > 15
    assert {it.music.original for it in posts} == {it.is_ad for it in posts} == {True, False}
    assert {max(min(rung.width, rung.height) for rung in it.rungs) for it in posts} == {576, 720, 1080}
    assert len({it.author.id for it in posts}) > 300


def test_plausible_ids():
    """Plausible is from 2014 to tomorrow."""
    now = 1_795_331_000
    assert is_plausible(EXAMPLE_ID, now)
    assert is_plausible(now + 86_000 << 32, now)
    assert not is_plausible(now + 87_000 << 32, now)
    assert not is_plausible(1388534399 << 32, now)
    assert not is_plausible(42, now)
