"""The playground's words and blanks, without a server."""

import pytest

from clipmeter.billing.rules import Grant, Outlook, Terms, Wait
from clipmeter.endpoints.tiktok_video import TIKTOK_VIDEO
from clipmeter.errors import PaymentRequired
from clipmeter.web.pages.blanks import blanks_of, query_of
from clipmeter.web.pages.costs import cost_of, reset

TERMS = Terms(6_000, 50, 3)
CASES = [
    (
        Grant("free", 0),
        "live",
        13,
        TERMS,
        "free",
        "13 of 50 free requests are left this month. They reset 1 Dec 00:00 UTC",
    ),
    (Grant("paid", 6_000), "live", 0, TERMS, "$0.006", "$0.006 if it succeeds, nothing if it fails. The free requests"),
    (Grant("paid", 6_000), "live", 0, Terms(6_000, 0, 3), "$0.006", "$0.006 if it succeeds, nothing if it fails."),
    (Grant("paid", 0), "live", 0, Terms(0, 50, 3), "free", "cost nothing here"),
    (Grant("free", 0), "live", 50, Terms(0, 50, 3), "free", "cost nothing here"),
    (Grant("own", 0), "live", 50, TERMS, "free", "operator's own"),
    (Grant("test", 0), "test", 50, TERMS, "free", "never charged"),
    (Wait(1, 3), "live", 1, TERMS, "free, or refused", "in flight"),
    (PaymentRequired(), "live", 0, TERMS, "refused: 402", "cost nothing: The free requests of this month"),
]


@pytest.mark.parametrize("case", CASES)
def test_what_a_request_would_cost(case):
    """Every verdict of the ledger has its words, with the numbers exact and the reset with its zone."""
    verdict, mode, left, terms, short, part = case
    cost = cost_of(Outlook(verdict, left, terms), mode, "2026-11")
    assert cost.short == short
    assert part in cost.sentence
    assert cost.code == ("payment_required" if "402" in short else "")


@pytest.mark.parametrize(("month", "said"), [("2026-11", "1 Dec 00:00 UTC"), ("2026-12", "1 Jan 00:00 UTC")])
def test_reset(month, said):
    """A month is over at the first of the next, a year's last one too."""
    assert reset(month) == said


def test_blanks_follow_from_the_endpoint():
    """Each parameter has its blank of the right kind; those that alone are a whole request stand in front."""
    blanks = {blank.name: blank for blank in blanks_of(TIKTOK_VIDEO, (("include", "flags,images"), ("max_age", "7")))}
    assert list(blanks) == [parameter.name for parameter in TIKTOK_VIDEO.parameters]
    assert {name for name, blank in blanks.items() if blank.is_main} == {"url", "video_id"}
    kinds = ["text", "text", "number", "choice", "words", "text", "choice"]
    assert [blank.kind for blank in blanks.values()] == kinds
    assert blanks["include"].picked == {"flags", "images"}
    assert blanks["max_age"].value == "7"
    assert blanks["links"].choices == ("direct", "relay")
    assert all(blank.meaning.endswith(".") for blank in blanks.values())


def test_the_query_of_a_form():
    """What is empty is not sent, ticked words become a list in their order, and other fields are none of it."""
    fields = {"url": " https://a.example ", "video_id": "", "include.streams": "1", "include.images": "1", "csrf": "x"}
    assert query_of(TIKTOK_VIDEO, fields) == (("url", "https://a.example"), ("include", "images,streams"))
    assert query_of(TIKTOK_VIDEO, {"include": "nonsense"}) == (("include", "nonsense"),)
