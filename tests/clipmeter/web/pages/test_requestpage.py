"""What the page of one request says of its charge and its time, and the line that asks again."""

import shlex
from urllib.parse import parse_qs, urlsplit

import pytest

from clipmeter.billing.history import LedgerRow
from clipmeter.endpoints import ENDPOINTS
from clipmeter.records.requests import LogRow
from clipmeter.web.pages.requestpage import again, charge_of, is_repeat, stages_of

TIMINGS = {"admit": 1.0, "source": 6.0, "settle": 2.0, "total": 10.0}


def row(**values):
    usual = {
        "request_id": "req_1",
        "at": 0,
        "endpoint": "tiktok_video",
        "mode": "live",
        "key_id": "key_1",
        "asked": "1",
        "video_id": "1",
        "source": "webpage",
        "attempts": (),
        "sign": "",
        "status": 200,
        "code": "",
        "charge_micros": 0,
        "timings": TIMINGS,
        "from_memory": False,
    }
    return LogRow(**{**usual, **values})


def ledger(state, kind="paid", reason="", price=6000):
    return LedgerRow(
        "req_1", "acct_1", "video", "1", state, kind, price, "2026-11", "2026-11-23", reason, "key_1", 0, 1
    )


@pytest.mark.parametrize(
    ("log", "books", "micros", "word"),
    [
        (row(charge_micros=6000), ledger("posted"), 6000, "past the free ones of November 2026"),
        (row(), ledger("posted", "free", price=0), 0, "one of the free ones"),
        (row(mode="test"), ledger("posted", "test", price=0), 0, "test key"),
        (row(), ledger("posted", "own", price=0), 0, "operator"),
        (row(status=404, code="not_found"), ledger("voided", reason="not_found"), 0, "never charged"),
        (row(status=304), ledger("voided", reason="not_modified"), 0, "304"),
        (row(source="oembed"), ledger("voided", reason="partial"), 0, "embed"),
        (row(status=499, code="caller_left"), ledger("voided", reason="CancelledError"), 0, "left"),
        (row(status=499, code="caller_left"), ledger("posted"), 6000, "success"),
        (row(status=499, code="caller_left"), ledger("expired"), 0, "in time"),
        (row(), ledger("reserved"), 0, "being settled"),
        (row(status=402, code="payment_required", source=""), None, 0, "refused"),
        (row(source="", attempts=()), None, 0, "Idempotency-Key"),
    ],
)
def test_charge(log, books, micros, word):
    """The ledger decides what it cost; the sentence says why."""
    charge = charge_of(log, books)
    assert charge.micros == micros
    assert word in charge.why


def test_repeats():
    """Only a success that nothing gave is a repeat."""
    assert is_repeat(row(source=""))
    assert not is_repeat(row(source="webpage", from_memory=True))
    assert not is_repeat(row(source="", status=404, code="not_found"))


def test_stages():
    """One after another, and what is left of the whole at the end; a time of nothing divides by nothing."""
    stages = stages_of(row())
    assert [(stage.ms, stage.begins, stage.share) for stage in stages] == [
        (1, 0, 10),
        (6, 10, 60),
        (2, 70, 20),
        (1, 90, 10),
    ]
    assert stages_of(row(timings={})) == stages_of(row(timings={"total": 0.0})) == []
    assert len(stages_of(row(timings={"admit": 0.5, "total": 0.5}))) == 1


@pytest.mark.parametrize(
    "asked",
    [
        "7516594811734854943",
        "https://x.example/?a=b&c='d'",
        "$(touch x) `y`",
        "\u202e\u05e9\u05dc\u05d5\u05dd\n",
        "Ünïcode",
    ],
)
def test_the_line_asks_for_the_same(asked):
    """Whatever was asked: the shell gives curl the same text, and nothing in the line turns the writing round."""
    line = again(ENDPOINTS[0], "http://127.0.0.1:8080", asked)
    words = shlex.split(line.replace("\\\n", ""))
    if "--data-urlencode" in words:
        name, _, text = words[-1].partition("=")
    else:
        ((name, (text,)),) = parse_qs(urlsplit(words[1]).query).items()
    assert (name, text) == ("video_id" if asked.isdigit() else "url", asked)
    assert line.isascii()


@pytest.mark.parametrize("asked", ["", "x" * 500])
def test_no_line_for_what_is_not_known(asked):
    """What is not in the log whole cannot be asked again."""
    assert again(ENDPOINTS[0], "http://127.0.0.1", asked) == ""
