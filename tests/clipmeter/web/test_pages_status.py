"""The status page: what it counts, what it says when there is nothing to say, and what it never tells."""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from browsing import Browser
from clipmeter.records.board import DAYS, Look
from clipmeter.records.health import Record, Spell
from clipmeter.records.latency import BUCKETS, Latency, bucket_of
from clipmeter.web.pages.uptime import HEIGHT, lines, outcome

NO_SUCH_POST, BROKEN_PAGE = "7500000000000000404", "7500000000000050201"
DAY = 20_780
HOURS_LOOK = Look(DAY * 86_400, DAY * 24, Record((), ()), Record((), ()))


def spell(code="", number=1, day=DAY, who="video", ms=100):
    buckets = [0] * len(BUCKETS)
    buckets[bucket_of(ms)] = number
    return Spell(day, who, code, number, Latency(ms * number, ms, tuple(buckets)))


def test_what_counts():
    """No such post is an answer; faults and TikTok's refusals are failures; what the caller did wrong is neither."""
    its = outcome(
        [
            spell(number=90, ms=80),
            spell("not_found", 5),
            spell("upstream_rate_limit", 2, ms=300),
            spell("upstream_timeout", 1),
            spell("auth_error", 1),
            spell("service_unavailable", 1),
            spell("invalid_parameter", 50, ms=9_000),
            spell("payment_required", 50),
            spell("caller_left", 50),
            spell("concurrency_limit_exceeded", 50),
        ]
    )
    assert (its.answered, its.failed, its.counted) == (95, 5, 100)
    assert its.failures[0] == ("upstream_rate_limit", 2)
    assert (its.percent, its.kind, its.half_ms, its.most_ms) == ("95.00", "some", 100, 100)


@pytest.mark.parametrize(
    ("answered", "failed", "percent", "kind"),
    [
        (0, 0, "", "none"),
        (3, 0, "100", "good"),
        (999_999, 1, "99.99", "some"),
        (99, 1, "99.00", "some"),
        (90, 10, "90.00", "some"),
        (899, 101, "89.90", "bad"),
        (0, 7, "0.00", "bad"),
    ],
)
def test_shares_are_not_rounded_up(answered, failed, percent, kind):
    """100 % is said only where nothing failed, and nothing where nothing was asked."""
    its = outcome([spell(number=answered), spell("internal_error", failed)] if answered + failed else [])
    assert (its.percent, its.kind) == (percent, kind)


def test_each_day_has_its_bar():
    """Ninety days, the newest last; none is drawn where nothing was asked, failures always show, nothing overflows."""
    days = [
        spell(number=5, day=DAY),
        spell("upstream_error", 1, day=DAY - 1),
        spell(number=100_000, day=DAY - 2),
        spell("upstream_error", 1, day=DAY - 2),
        spell(day=DAY - DAYS),
    ]
    (line,) = lines(["video"], HOURS_LOOK, days, [spell()])
    assert len(line.spots) == DAYS
    assert [bar.kind for spot in line.spots[-4:] for bar in spot.bars] == ["none", "some", "good", "bad", "good"]
    assert line.whole.counted == 100_007
    assert [spot.outcome.counted for spot in line.asked] == [5, 1, 100_001]
    for spot in line.spots:
        assert all(bar.top >= 0 and bar.height > 0 and bar.top + bar.height <= HEIGHT for bar in spot.bars)


def test_what_is_only_in_the_records_is_shown_too():
    """A source that is not asked any more keeps its line; one that was never asked has an empty one."""
    found = lines(["new"], HOURS_LOOK, [spell(who="old")], [])
    assert [(line.name, line.whole.counted) for line in found] == [("new", 0), ("old", 1)]


@contextmanager
def visiting(server) -> Iterator[Browser]:
    with Browser(server.url) as browser:
        yield browser


def test_an_empty_server_says_so(new_served):
    """Nothing asked: no figure, no green, every endpoint and source named; as a page and as JSON, for strangers."""
    server = new_served()
    with visiting(server) as browser:
        page = browser.open("/status")
        told = browser.client.get("/status.json").json()
    assert page.status == 200
    assert "Nobody has asked for anything since" in page.text
    assert "There are no records yet" in page.text
    assert "%" not in page.text
    assert not re.search(r"\d ms", page.text)
    assert [tag for tag, given in page.tags if given.get("class") == "good"] == []
    assert [one["name"] for one in told["endpoints"]] == ["tiktok_video"]
    assert {one["state"] for one in told["sources"]} == {"closed"}
    assert told["sources"]
    for one in (*told["endpoints"], *told["sources"]):
        assert one["days"] == []
        assert one["whole"] == {
            "counted": 0,
            "answered": 0,
            "failed": {},
            "half_within_ms": None,
            "most_within_ms": None,
            "slowest_ms": None,
        }


def test_records_are_told(new_served, emulator, tmp_path):
    """Live requests are counted with their failures and lengths, those of test keys are not; the records outlive the
    server, and nothing of who asked for what is told."""
    server = new_served(upstream=emulator.url, max_age="0")
    live, test = server.keys["key"], server.keys["test_key"]
    ids = ("7516594811734854943", NO_SUCH_POST, BROKEN_PAGE)
    assert [server.get(key=live, video_id=video_id).status for video_id in ids] == [200, 404, 502]
    server.get(key=live, video_id="nonsense")
    server.get(key="ak_live_nonsense", video_id="7516594811734854943")
    server.get(key=test, video_id="7516594811734854943")
    assert server.stop() == 0
    server.start()
    with visiting(server) as browser:
        page = browser.open("/status")
        text = page.reply.text
        told = browser.client.get("/status.json").json()
    (endpoint,) = told["endpoints"]
    assert (endpoint["whole"]["counted"], endpoint["whole"]["failed"]) == (3, {"upstream_error": 1})
    assert endpoint["recent"] == endpoint["whole"]
    assert endpoint["days"][0].items() >= endpoint["whole"].items()
    assert 0 < endpoint["whole"]["half_within_ms"] <= endpoint["whole"]["slowest_ms"]
    assert sum(one["whole"]["counted"] for one in told["sources"]) >= 2
    assert "1 of 3 requests since" in page.text
    assert re.search("Answered 66.66 % Requests in 90 days 3 Failed 1 Half within", page.text)
    home = json.loads((Path(server.home) / "operator.json").read_text())
    for secret in (*home.values(), "7516594811734854943", emulator.url.removeprefix("http://"), str(tmp_path)):
        assert secret not in text
        assert secret not in json.dumps(told)


def test_without_a_database(new_served):
    """When the records cannot be read the page says so with 503, and so does the JSON; nothing is made up."""
    server = new_served()
    server.get(key=server.keys["test_key"], video_id="7516594811734854943")
    server.logged(server.keys["test_key"])  # a recorder that is still to open the file would make a new one
    database = server.home / "clipmeter.db-records"
    database.rename(database.with_suffix(".away"))
    with visiting(server) as browser:
        page = browser.open("/status")
        told = browser.client.get("/status.json")
    assert (page.status, told.status_code, told.json()["code"]) == (503, 503, "service_unavailable")
    assert "The records cannot be read now" in page.text
    assert "%" not in page.text
    database.with_suffix(".away").rename(database)


def test_the_page_is_readable_without_style(served):
    """No inline style or script; each picture has its words, and each line its table or says that there is nothing."""
    with visiting(served) as browser:
        page = browser.open("/status")
    assert not [tag for tag, given in page.tags if "style" in given or tag == "style"]
    assert not [given for tag, given in page.tags if tag == "script" and "src" not in given]
    pictures = [given for tag, given in page.tags if tag == "svg"]
    assert pictures
    assert all(given["role"] == "img" and "the last 90 days" in given["aria-label"] for given in pictures)
    ids = [given["id"] for _, given in page.tags if "id" in given]
    assert len(ids) == len(set(ids))
    assert page.reply.headers["content-security-policy"]
