"""Spending limits over real HTTP: what they stop, what they let pass, and what the answers say of it."""

import http.client
import time
from urllib.parse import urlsplit

import pytest

from served import EXAMPLE, Served, fresh_ids

IDS = iter(fresh_ids(400, 50_000))
PRICE = 6_000


@pytest.fixture(scope="module")
def server(tmp_path_factory, emulator):
    """A server with two free requests a month."""
    home = tmp_path_factory.mktemp("limits") / "home"
    running = Served(home, {"upstream": emulator.url, "time_budget": "5", "free_requests": "2"}).start()
    yield running
    assert running.stop() == 0


@pytest.fixture
def payer(server):
    """An account whose two free requests are used up, and that is charged from now on."""
    account = server.new_account("--invoice")
    for _ in range(2):
        assert server.get(key=account["key"], video_id=next(IDS)).headers["X-Charge"] == "0"
    return account


def set_limits(server, account, **limits):
    options = [word for name, amount in limits.items() for word in (f"--{name}", amount)]
    done = server.run("limits", "set", account["account_id"], *options)
    assert done.returncode == 0, done.stderr


def spending(server, account, key="key"):
    return server.get("/v1/me", key=account[key]).json["spending"]


def live_key(server, account):
    return next(row for row in server.json("keys", "list", "--account", account["account_id"]) if row["mode"] == "live")


@pytest.mark.parametrize("name", ["daily", "monthly"])
def test_a_limit_stops_what_is_charged(server, payer, name):
    """I7: at the limit the next charge is 429 with its own code and the time of the reset; free, without a row."""
    set_limits(server, payer, **{name: "0.013"})
    replies = [server.get(key=payer["key"], video_id=next(IDS)) for _ in range(3)]
    assert [reply.status for reply in replies] == [200, 200, 429]
    last = replies[-1]
    assert (last.code, last.headers["X-Charge"]) == (f"{name}_limit_exceeded", "0")
    assert 1 <= int(last.headers["Retry-After"]) <= {"daily": 86_400, "monthly": 31 * 86_400}[name]
    assert [row["price_micros"] for row in server.ledger(payer["account_id"])] == [0, 0, PRICE, PRICE]
    told = spending(server, payer)
    assert (told[f"{name}_limit_micros"], told["today_micros"], told["this_month_micros"]) == (13_000, 12_000, 12_000)


def test_raised_and_removed(server, payer):
    """A limit that is raised or removed lets the next one pass at once; one that is not given stays."""
    set_limits(server, payer, daily="0", monthly="1")
    assert server.get(key=payer["key"], video_id=next(IDS)).code == "daily_limit_exceeded"
    set_limits(server, payer, daily="0.006")
    assert server.get(key=payer["key"], video_id=next(IDS)).status == 200
    assert server.get(key=payer["key"], video_id=next(IDS)).code == "daily_limit_exceeded"
    set_limits(server, payer, daily="none")
    assert server.get(key=payer["key"], video_id=next(IDS)).status == 200
    told = spending(server, payer)
    assert (told["daily_limit_micros"], told["monthly_limit_micros"]) == (None, 1_000_000)


def test_the_reset_is_the_next_day(server, payer):
    """Retry-After of the daily limit names 00:00 UTC."""
    set_limits(server, payer, daily="0")
    reply = server.get(key=payer["key"], video_id=next(IDS))
    left = 86_400 - time.time() % 86_400
    assert abs(int(reply.headers["Retry-After"]) - left) < 5 or left > 86_395


def test_free_requests_pass(server):
    """A limit of nothing does not stop what is free: neither the free tier nor test keys."""
    account = server.new_account("--invoice")
    set_limits(server, account, daily="0", monthly="0")
    replies = [server.get(key=account["key"], video_id=next(IDS)) for _ in range(3)]
    assert [reply.status for reply in replies] == [200, 200, 429]
    assert server.get(key=account["test_key"], video_id=EXAMPLE).status == 200


def test_a_limit_stops_remembered_answers_too(server, payer):
    """An answer that is at hand costs the same, and meets the same limit."""
    set_limits(server, payer, daily="0.012")
    video_id = next(IDS)
    replies = [server.get(key=payer["key"], video_id=video_id) for _ in range(3)]
    assert [reply.status for reply in replies] == [200, 200, 429]
    assert replies[1].headers["Cache-Status"] == "clipmeter; hit"
    assert replies[2].code == "daily_limit_exceeded"


def test_the_cap_of_a_key(server, payer):
    """A key at its cap is 429 monthly_limit_exceeded; the account's other keys go on."""
    key_id = live_key(server, payer)["key_id"]
    assert server.run("keys", "cap", key_id, "0.006").returncode == 0
    assert server.get(key=payer["key"], video_id=next(IDS)).status == 200
    refused = server.get(key=payer["key"], video_id=next(IDS))
    assert (refused.status, refused.code) == (429, "monthly_limit_exceeded")
    assert "API key" in refused.json["error"]
    other = server.json("keys", "create", "--account", payer["account_id"])["key"]
    assert server.get(key=other, video_id=next(IDS)).status == 200
    told = spending(server, payer)
    assert (told["key_monthly_limit_micros"], told["key_this_month_micros"]) == (PRICE, PRICE)
    assert (told["this_month_micros"], told["monthly_limit_micros"]) == (2 * PRICE, None)
    assert server.run("keys", "cap", key_id, "none").returncode == 0
    assert server.get(key=payer["key"], video_id=next(IDS)).status == 200


def test_a_repeat_passes(server, payer):
    """A stored answer is given again at any limit, since it is free."""
    headers = {"X-API-Key": payer["key"], "Idempotency-Key": "again"}
    target = f"/v1/tiktok/video?video_id={next(IDS)}"
    first = server.send("GET", target, headers)
    set_limits(server, payer, daily="0", monthly="0")
    again = server.send("GET", target, headers)
    assert (again.status, again.body, again.headers["X-Charge"]) == (200, first.body, "0")


def test_what_the_command_line_says(server, payer):
    """`limits show --json` says the same in micro-dollars, with the caps of the keys."""
    set_limits(server, payer, daily="0.5", monthly="$12.50")
    server.get(key=payer["key"], video_id=next(IDS))
    told = server.json("limits", "show", payer["account_id"])
    assert (told["daily_micros"], told["monthly_micros"]) == (500_000, 12_500_000)
    assert (told["today_micros"], told["this_month_micros"]) == (PRICE, PRICE)
    assert sorted(key["this_month_micros"] for key in told["keys"]) == [0, PRICE]
    shown = server.run("limits", "show", payer["account_id"]).stdout
    assert "$0.500000" in shown
    assert "$0.494000" in shown


def test_remembered_answers_are_charged(server, payer):
    """A second request for the same post is charged like the first, with all headers, and is one row of its own."""
    video_id = next(IDS)
    first, second = (server.get(key=payer["key"], video_id=video_id) for _ in range(2))
    assert (second.status, second.body) == (200, first.body)
    assert second.request_id != first.request_id
    assert (second.headers["X-Charge"], second.headers["X-Free-Remaining"]) == (str(PRICE), "0")
    assert second.headers["RateLimit"] == '"concurrency";r=3'
    assert second.headers["Cache-Status"] == "clipmeter; hit"
    assert second.headers["ETag"] == first.headers["ETag"]
    rows = {row["request_id"]: row for row in server.ledger(payer["account_id"])}
    assert (rows[second.request_id]["state"], rows[second.request_id]["price_micros"]) == ("posted", PRICE)
    assert rows[second.request_id]["video_id"] == video_id


def test_a_revoked_key_gets_nothing_from_memory(server, payer):
    """I9: a revoked, deleted or blocked caller is refused at once, an answer at hand or not."""
    video_id, key_id = next(IDS), live_key(server, payer)["key_id"]
    assert [server.get(key=payer["key"], video_id=video_id).status for _ in range(2)] == [200, 200]
    server.run("keys", "revoke", key_id)
    for query in ({"video_id": video_id}, {"video_id": "0"}, {}):
        reply = server.get(key=payer["key"], **query)
        assert (reply.status, reply.code) == (401, "invalid_api_key")
    server.run("keys", "enable", key_id)
    assert server.get(key=payer["key"], video_id=video_id).status == 200
    server.run("accounts", "block", payer["account_id"])
    assert server.get(key=payer["key"], video_id=video_id).status == 403
    assert server.get(key=payer["key"], video_id="0").status == 400
    server.run("accounts", "unblock", payer["account_id"])
    server.run("keys", "delete", key_id)
    assert server.get(key=payer["key"], video_id=video_id).status == 401


def test_who_hangs_up_on_a_remembered_answer(server, payer):
    """Callers who leave at once are charged once each at most, and leave nothing in flight."""
    video_id = next(IDS)
    server.get(key=payer["key"], video_id=video_id)
    before = len(server.ledger(payer["account_id"]))
    for _ in range(20):
        line = http.client.HTTPConnection(urlsplit(server.url).netloc, timeout=10)
        line.request("GET", f"/v1/tiktok/video?video_id={video_id}", headers={"X-API-Key": payer["key"]})
        line.close()
    time.sleep(0.5)
    rows = server.ledger(payer["account_id"])[before:]
    assert len(rows) <= 20
    assert {row["state"] for row in rows} <= {"posted", "voided"}
    assert server.get(key=payer["key"], video_id=video_id).headers["RateLimit"] == '"concurrency";r=3'


def test_the_books_are_clean(server):
    """After all of this every invariant holds."""
    assert server.run("ledger", "verify").returncode == 0
