"""The page of usage: the sentence, the charts, the tables beside them, the file."""

import csv
import io
import json
import re

import pytest

from browsing import Browser
from served import fresh_ids

NASTY = "</script><script>alert(1)</script>"
GONE = "7500000000000000404"


@pytest.fixture(scope="module")
def member(served):
    """Somebody with two successes and a failure of a live key, and a success of a test key."""
    with Browser(served.url) as browser:
        browser.sign_up()
        keys = {}
        for name, mode in ((NASTY, "live"), ("CI", "test")):
            page = browser.press("create", name=name, mode=mode)
            keys[mode] = next(word for word in page.text.split() if word.startswith(f"ak_{mode}_"))
        ids = fresh_ids(2, 80_000)
        last = [served.get(key=keys["live"], video_id=video_id) for video_id in ids]
        last.append(served.get(key=keys["live"], video_id="abc"))
        last.append(served.get(key=keys["test"], video_id=ids[0]))
        for mode, counts in (("live", "21"), ("test", "1")):  # successes, failures
            for count in counts:
                browser.open_when(f"/usage?mode={mode}", f'"values":[{"0," * 29}{count}]')
        yield browser


def data_of(page, name: str) -> dict:
    """What the script of a chart reads."""
    found = re.search(rf'<script type="application/json" id="{name}-data">(.*?)</script>', page.reply.text)
    return json.loads(found[1])


def last_values(page, name: str) -> dict[str, int]:
    """The last day of each series."""
    return {one["label"]: one["values"][-1] for one in data_of(page, name)["series"]}


def test_before_the_first_request(served):
    """The page says where to begin, and what will be here."""
    with Browser(served.url) as browser:
        browser.sign_up()
        page = browser.open("/usage")
        assert "0 of 50 free requests used, resets 1 " in page.text
        assert "00:00 UTC" in page.text
        assert "No requests yet" in page.text
        assert 'href="/start"' in page.reply.text
        assert browser.open("/usage.csv").reply.text.count("\n") == 1


def test_the_sentence(member):
    """It counts free successes, as the ledger does."""
    assert "2 of 50 free requests used, resets 1 " in member.open("/usage").text


def test_charts(member):
    """Each has the day's numbers; so has the table beside it, and the picture for browsers without scripts."""
    page = member.open("/usage")
    assert last_values(page, "requests") == {"Free": 2, "Paid": 0, "Test": 1, "Failed": 1}
    assert last_values(page, "errors") == {"invalid_parameter": 1}
    assert all(value > 0 for value in last_values(page, "latency").values())
    assert "Nothing was charged" in page.text
    x = data_of(page, "requests")["x"]
    assert (len(x), x[-1] % 86_400) == (30, 0)
    cells = "".join(f"<td[^>]*>{number}</td>" for number in (2, 0, 1, 1))
    assert len(re.findall(r"\d{4}-\d\d-\d\d</th>" + cells, page.reply.text)) == 1
    assert len([tag for tag, given in page.tags if tag == "rect" and given["class"] in {"c1", "c3", "c4"}]) == 4
    assert not [given for _, given in page.tags if "style" in given]


@pytest.mark.parametrize(("query", "days"), [("range=7", 7), ("range=90", 90), ("range=nonsense&by=x&mode=y", 30)])
def test_ranges(member, query, days):
    """As many days as were asked for; what cannot be read is the usual."""
    assert len(data_of(member.open(f"/usage?{query}"), "requests")["x"]) == days


def test_a_month(member):
    """From its first day."""
    page = member.open("/usage")
    month = re.search(r"range=(\d{4}-\d\d)", page.reply.text)[1]
    assert data_of(member.open(f"/usage?range={month}"), "requests")["x"][0] % 86_400 == 0


def test_by_mode(member):
    """Test keys alone, and live ones alone."""
    assert last_values(member.open("/usage?mode=test"), "requests") == {"Free": 0, "Paid": 0, "Test": 1, "Failed": 0}
    assert last_values(member.open("/usage?mode=live"), "requests") == {"Free": 2, "Paid": 0, "Test": 0, "Failed": 1}


def test_by_key(member):
    """Keys have their names, which are text in the data of the charts too."""
    page = member.open("/usage?by=key")
    assert last_values(page, "requests") == {NASTY: 3, "CI": 1}
    assert "<script>alert" not in page.reply.text
    assert "script" not in page.planted


def test_by_endpoint(member):
    """Endpoints are called by their titles, with their ids beside."""
    page = member.open("/usage?by=endpoint")
    assert last_values(page, "requests") == {"TikTok Video Details": 4}
    assert "tiktok_video" in page.text


def test_as_a_file(member):
    """The same numbers, for each mode, and for each key where these were asked for."""
    rows = list(csv.DictReader(io.StringIO(member.client.get("/usage.csv").text, newline="")))
    assert [(row["mode"], row["requests"], row["free"], row["test"], row["failed"]) for row in rows] == [
        ("live", "3", "2", "0", "1"),
        ("test", "1", "0", "1", "0"),
    ]
    assert rows[0]["charged_usd"] == "0.000000"
    assert int(rows[0]["p95_ms_at_most"]) >= int(rows[0]["p50_ms_at_most"]) > 0
    by_key = list(csv.DictReader(io.StringIO(member.client.get("/usage.csv?by=key&mode=test").text, newline="")))
    assert [(row["key"], row["requests"]) for row in by_key] == [("CI", "1")]


def test_per_key_on_the_page_of_keys(member):
    """How much each was used this month, when last, and where its requests are."""
    text = member.open("/keys").text
    assert "3 requests this month" in text
    assert "1 request this month" in text
    assert text.count("last used 20") == 2
