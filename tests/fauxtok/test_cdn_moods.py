import http.client
import time

import pytest

from fauxtok.ids import EXAMPLE_ID


@pytest.fixture
def ask(visitor):
    """The example's video file, in a mood."""
    page = visitor.page(EXAMPLE_ID)
    link = page.item["video"]["playAddr"]

    def ask(wish, method="GET", **headers):
        assert visitor.post("cdn", wish).status == 200
        return visitor.file(page, link, method, **headers)

    return ask


@pytest.mark.parametrize(
    ("mood", "status", "word"),
    [("forbidden", 403, "in a mood"), ("missing", 404, "no such"), ("expired", 403, "expired")],
)
def test_refusals(ask, mood, status, word):
    """Each refusal says in X-Fauxtok which it was."""
    reply = ask({"mood": mood})
    assert reply.status == status
    assert word in reply.headers["x-fauxtok"]


def test_wrong_type(ask):
    """A page of HTML in the place of the film."""
    reply = ask({"mood": "wrong_type"})
    assert (reply.status, reply.headers["content-type"]) == (200, "text/html; charset=utf-8")


def test_cut_in_the_middle(ask):
    """Half of what was asked for comes, so that who resumes comes nearer the end each time."""
    with pytest.raises(http.client.IncompleteRead) as cut:
        ask({"mood": "cut"}, Range="bytes=1000000-")
    assert len(cut.value.partial) == (7786703 - 1_000_000) // 2


def test_slow(ask):
    """So many bytes a second."""
    began = time.monotonic()
    assert len(ask({"mood": "slow", "rate": 100_000}, Range="bytes=0-49999").body) == 50_000
    assert 0.4 < time.monotonic() - began < 3


def test_count_and_methods(ask, visitor):
    """Only the next so many requests, only those of the methods named; null and reset end the mood."""
    assert ask({"mood": "expired", "count": 1, "methods": ["GET"]}, "HEAD").status == 200
    page = visitor.page(EXAMPLE_ID)
    statuses = [visitor.file(page, page.item["video"]["playAddr"], Range="bytes=0-9").status for _ in range(2)]
    assert statuses == [403, 206]
    assert ask({"mood": "missing"}, "HEAD").status == 404
    assert ask({"mood": None}, "HEAD").status == 200
    visitor.post("cdn", {"mood": "missing"})
    visitor.post("reset", {})
    assert visitor.file(page, page.item["video"]["playAddr"], "HEAD").status == 200
    assert visitor.post("cdn", {"mood": "grumpy"}).status == 400


def test_wrong_links_stay_wrong(visitor):
    """A mood that only hampers gives nothing to who has no right to it."""
    page = visitor.page(EXAMPLE_ID)
    visitor.post("cdn", {"mood": "slow"})
    assert visitor.ask(page.item["video"]["playAddr"], "HEAD").status == 403
