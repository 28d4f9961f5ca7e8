"""The request log as pages and as a file, and the page of one request."""

import csv
import io
import re
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from browsing import Browser
from served import EXAMPLE, fresh_ids

NASTY = '<script>alert(1)</script>"><b>\u202e مرحبا'
GONE = "7500000000000000404"
UNKNOWN = f"req_{'0' * 32}"


@pytest.fixture(scope="module")
def member(served):
    """Somebody with a log: one test key, one live one, and a few requests of each."""
    with Browser(served.url) as browser:
        browser.email = browser.sign_up()
        for name, mode in (("CI", "test"), ("Laptop", "live")):
            page = browser.press("create", name=name, mode=mode)
            setattr(browser, mode, next(word for word in page.text.split() if word.startswith(f"ak_{mode}_")))
        headers = {"X-API-Key": browser.test, "Idempotency-Key": "once"}
        asked = (
            served.get(key=browser.test, video_id=EXAMPLE),
            served.get(key=browser.test, video_id=GONE),
            served.get(key=browser.test, url=NASTY),
            served.get(key=browser.test, url="=1+1"),
            served.get(key=browser.live, video_id=fresh_ids(1, 70_000)[0]),
            served.send("GET", f"/v1/tiktok/video?video_id={EXAMPLE}", headers),
        )
        names = ("ok", "gone", "nasty", "formula", "paid", "first")
        browser.asked = dict(zip(names, (reply.request_id for reply in asked), strict=True))
        for request_id in browser.asked.values():
            browser.open_when("/requests", request_id)
        served.send("GET", f"/v1/tiktok/video?video_id={EXAMPLE}", headers)  # its answer names the first one
        browser.asked["again"] = next(new for new in newest(browser) if new not in browser.asked.values())
        yield browser


def newest(browser: Browser) -> Iterator[str]:
    """The id of the newest row of the log, again and again."""
    until = time.monotonic() + 10
    while time.monotonic() < until:
        yield ids_in(browser.open("/requests"))[0]
        time.sleep(0.1)


def ids_in(page) -> list[str]:
    return list(dict.fromkeys(re.findall(r"/requests/(req_\w+)", page.reply.text)))


def names_in(member, path: str) -> list[str]:
    by_id = {request_id: name for name, request_id in member.asked.items()}
    return [by_id[request_id] for request_id in ids_in(member.open(path))]


def test_newest_first(member):
    """Every request has its row: when, with its zone; how it ended; what was asked; what it cost."""
    assert names_in(member, "/requests") == ["again", "first", "paid", "formula", "nasty", "gone", "ok"]
    text = member.page.text
    assert "UTC" in text
    assert "404 not_found" in text
    assert "<bdi>" in member.page.reply.text
    assert member.page.status == 200


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("result=not_found&mode=test&video_id=" + GONE, ["gone"]),
        ("result=5", []),
        ("mode=live", ["paid"]),
        ("mode=live&result=2", ["paid"]),
        ("charged=1", []),
        (f"video_id={GONE}", ["gone"]),
        ("endpoint=tiktok_video&mode=live", ["paid"]),
        ("endpoint=none", []),
        ("from=2020-01-01&to=2020-01-02", []),
        ("to=2020-01-02", []),
        ("from=2999-01-01", []),
    ],
)
def test_filters(member, query, names):
    """Alone and together; the form keeps what was chosen."""
    assert names_in(member, f"/requests?{query}") == names
    if not names:
        assert "No request" in member.page.text


def test_days(member):
    """Both days are included."""
    today = datetime.now(UTC).date()
    days = f"from={today - timedelta(days=1)}&to={today}"
    assert len(names_in(member, f"/requests?{days}")) == len(member.asked)


def test_by_key(member):
    """By the key's name."""
    key_id = re.search(r'value="(key_\w+)">\s*Laptop', member.open("/requests").reply.text)[1]
    assert names_in(member, f"/requests?key={key_id}") == ["paid"]


@pytest.mark.parametrize("query", ["from=yesterday", "to=2026-02-30", "video_id=abc", "from=9999-12-31&to=9999-12-31"])
def test_wrong_filters(member, query):
    """What cannot be read is told in a sentence, and stands in the form as it was typed."""
    page = member.open(f"/requests?{query}")
    assert page.status == 400
    assert query.partition("=")[2].partition("&")[0] in page.reply.text


def test_a_page_that_is_gone(member):
    """When the row at which a page began is deleted, the newest rows are there, and it is said."""
    page = member.open(f"/requests?before={UNKNOWN}")
    assert page.status == 400
    assert "newest" in page.text
    assert len(ids_in(page)) == len(member.asked)
    for nonsense in ("before=%27", f"before={UNKNOWN}&trail=a,b,,c", "before=" + "x" * 2000):
        assert member.open(f"/requests?{nonsense}").status in {200, 400}


def test_older_and_newer(served):
    """Pages hold all rows once, whichever way one turns them."""
    with Browser(served.url) as browser:
        browser.sign_up()
        key = next(word for word in browser.press("create", mode="test").text.split() if word.startswith("ak_test_"))
        asked = [served.get(key=key, video_id="abc").request_id for _ in range(103)]
        browser.open_when("/requests", asked[-1])
        pages = [ids_in(browser.page)]
        while older := re.search(r'rel="next" href="([^"]+)"', browser.page.reply.text):
            browser.open(older[1].replace("&amp;", "&"))
            pages.append(ids_in(browser.page))
        assert [len(page) for page in pages] == [50, 50, 3]
        assert [one for page in pages for one in page] == asked[::-1]
        for page in pages[-2::-1]:
            newer = re.search(r'rel="prev" href="([^"]+)"', browser.page.reply.text)
            assert ids_in(browser.open(newer[1].replace("&amp;", "&"))) == page


def test_as_a_file(member):
    """The same rows with the same filters; what people typed computes nothing in a spreadsheet."""
    reply = member.client.get("/requests.csv")
    assert reply.headers["content-type"].startswith("text/csv")
    assert reply.headers["cache-control"] == "no-store"
    rows = {row["request_id"]: row for row in csv.DictReader(io.StringIO(reply.text, newline=""))}
    assert list(rows) == list(member.asked.values())[::-1]
    assert rows[member.asked["formula"]]["asked"] == "'=1+1"
    assert rows[member.asked["nasty"]]["asked"] == NASTY
    gone = rows[member.asked["gone"]]
    assert (gone["status"], gone["code"], gone["key"], gone["mode"]) == ("404", "not_found", "CI", "test")
    only = member.client.get("/requests.csv?mode=live").text
    assert [row["request_id"] for row in csv.DictReader(io.StringIO(only, newline=""))] == [member.asked["paid"]]
    assert member.client.get("/requests.csv?from=yesterday").status_code == 400


def test_one_request(member):
    """What was asked and answered, by which source, the time by part, what it cost and why, a line to ask again."""
    page = member.open(f"/requests/{member.asked['paid']}")
    assert page.status == 200
    for words in ("Laptop", "Video page", "answered", "one of the free ones", "Key and balance", "$CLIPMETER_KEY"):
        assert words in page.text
    assert "curl -G" in page.text


def test_a_failure(member):
    """Its code leads to its page, every source that was asked is told, and nothing was charged."""
    page = member.open(f"/requests/{member.asked['gone']}")
    assert 'href="/docs/errors/not_found"' in page.reply.text
    assert "never charged" in page.text
    assert "$0.00" in page.text
    assert "Embed page" in page.text


def test_a_repeat(member):
    """It is said that the answer is an earlier one's."""
    assert "stored answer" in member.open(f"/requests/{member.asked['again']}").text
    assert "stored answer" not in member.open(f"/requests/{member.asked['first']}").text


def test_nothing_that_was_asked_is_html(member):
    """Wherever it stands, it is text, and turns round nothing beside it."""
    for path in ("/requests", f"/requests/{member.asked['nasty']}", f"/requests?video_id={NASTY}&result={NASTY}"):
        page = member.open(path)
        assert "<script>alert" not in page.reply.text
        assert not [tag for tag in page.planted if tag in {"script", "b"}]
    assert re.search(r"<bdi[^>]*>&lt;script", member.open("/requests").reply.text)


def test_signs_are_for_the_operator(member):
    """What exactly was seen of a source may name the operator's own addresses."""
    for path in ("/requests", f"/requests/{member.asked['gone']}", "/account/export"):
        assert "statusCode" not in member.open(path).reply.text


def test_ones_own_only(served, member):
    """Somebody else's request is as unknown as one that never was; a stranger has to log in."""
    theirs = f"/requests/{member.asked['ok']}"
    with Browser(served.url) as other:
        assert other.open(theirs).path == "/login"
        other.sign_up()
        pages = [other.open(path) for path in (theirs, f"/requests/{UNKNOWN}", "/requests/nonsense")]
        assert [page.status for page in pages] == [404, 404, 404]
        assert len({page.text for page in pages}) == 1
        assert "No requests yet" in other.open("/requests").text
        key_id = re.search(r'value="(key_\w+)">\s*Laptop', member.open("/requests").reply.text)[1]
        assert ids_in(other.open(f"/requests?key={key_id}")) == []
        assert other.open(f"/requests?before={member.asked['ok']}").status == 400


def test_after_log_out(served):
    """Nothing of these pages is kept for the back button."""
    with Browser(served.url) as browser:
        browser.sign_up()
        for path in ("/requests", "/requests.csv", "/usage", "/usage.csv", "/keys", f"/requests/{UNKNOWN}"):
            assert browser.client.get(path).headers["cache-control"] == "no-store"
        browser.open("/keys")
        browser.press("logout")
        for path in ("/requests", "/requests.csv", "/usage", "/usage.csv", "/keys", f"/requests/{UNKNOWN}"):
            assert browser.open(path).path == "/login"
