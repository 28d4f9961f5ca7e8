import pytest
from hypothesis import given
from hypothesis import strategies as st

from fauxtok.ids import EXAMPLE_ID
from fauxtok.short import LEADS, id_of_code, short_code


@given(st.integers(1, 2**63))
def test_code_and_id_are_one(number):
    """A code leads back to its id, and only to it."""
    assert id_of_code(short_code(number)) == number


def test_codes_that_mean_nothing():
    """Anything else is nobody's code."""
    good = short_code(EXAMPLE_ID)
    assert [id_of_code(code) for code in ("", "Z", "ZZ", good[:-1], good.lower(), "ZMabc", good + "0")] == [None] * 7


def test_redirects(visitor):
    """Each shape of short link leads to the post; an unknown code to the front page."""
    code = short_code(EXAMPLE_ID)
    for link in (
        f"https://vm.tiktok.com/{code}/",
        f"https://vt.tiktok.com/{code}",
        f"https://www.tiktok.com/t/{code}/",
    ):
        reply = visitor.ask(link)
        assert reply.status == 301
        assert reply.headers["location"].startswith(f"https://www.tiktok.com/@tiktok/video/{EXAMPLE_ID}?_r=1")
    assert visitor.ask("https://vm.tiktok.com/nope/").headers["location"] == "https://www.tiktok.com/"
    photo = visitor.ask(f"https://vm.tiktok.com/{short_code(7500000000000000201)}/")
    assert "/photo/7500000000000000201?" in photo.headers["location"]


def test_old_links(visitor):
    """Older shapes of a link lead to the page."""
    for path in (f"/share/video/{EXAMPLE_ID}", f"/v/{EXAMPLE_ID}.html", f"/embed/{EXAMPLE_ID}"):
        assert visitor.ask(path).headers["location"] == f"https://www.tiktok.com/@/video/{EXAMPLE_ID}"


@pytest.mark.parametrize("code", LEADS)
def test_codes_that_lead_astray(visitor, code):
    """A closed list of codes that lead in a circle, to another host, to this machine, or to no post."""
    assert id_of_code(code) is None
    reply = visitor.ask(f"https://vm.tiktok.com/{code}/")
    assert (reply.status, reply.headers["location"]) == (302, LEADS[code])


def test_the_loop_is_one(visitor):
    """ZLoop leads back to itself by way of another host."""
    first = visitor.ask("https://vm.tiktok.com/ZLoop/").headers["location"]
    assert visitor.ask(first).headers["location"] == "https://vm.tiktok.com/ZLoop/"
