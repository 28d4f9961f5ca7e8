"""What an account reads of itself, over real HTTP: /v1/me, /v1/usage, /v1/forecast, /v1/requests."""

import time

import pytest

from served import EXAMPLE, fresh_ids

PATHS = ("/v1/me", "/v1/usage", "/v1/forecast", "/v1/requests")


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("key", [None, "ak_live_wrong"])
def test_keys_are_asked_for(served, path, key):
    """Without a right key there is a 401, as everywhere."""
    reply = served.get(path, key=key)
    assert (reply.status, reply.code) == (401, "invalid_api_key" if key else "missing_api_key")


@pytest.mark.parametrize("path", PATHS)
def test_they_are_free(served, path):
    """They cost nothing, take no free request, and are in no log."""
    account = served.new_account()
    reply = served.get(path, key=account["key"])
    assert (reply.status, reply.headers["X-Charge"]) == (200, "0")
    assert served.ledger(account["account_id"]) == []
    time.sleep(1)
    assert served.get("/v1/requests", key=account["key"]).json == {"requests": [], "next": None}


@pytest.mark.parametrize("path", PATHS)
def test_other_methods(served, account, path):
    """Other methods are refused with 405."""
    reply = served.send("POST", path, {"X-API-Key": account["key"]})
    assert (reply.status, reply.code) == (405, "method_not_allowed")


def test_me(served):
    """Whose key it is, in which mode, and what it may do."""
    account = served.new_account("--invoice")
    me = served.get("/v1/me", key=account["test_key"]).json
    keys = served.json("keys", "list", "--account", account["account_id"])
    (own,) = (key["key_id"] for key in keys if key["mode"] == "test")
    (endpoint,) = me.pop("endpoints")
    assert me.pop("spending") == {
        "daily_limit_micros": None,
        "today_micros": 0,
        "monthly_limit_micros": None,
        "this_month_micros": 0,
        "key_monthly_limit_micros": None,
        "key_this_month_micros": 0,
    }
    assert me.pop("email").endswith("@example.org")
    assert me == {
        "account_id": account["account_id"],
        "kind": "user",
        "status": "active",
        "payment": "invoice",
        "mode": "test",
        "key_id": own,
    }
    assert endpoint == {
        "endpoint": "tiktok_video",
        "price_micros": 6000,
        "free_limit": 50,
        "free_left": 50,
        "concurrency": 3,
        "in_flight": 0,
    }


def test_the_operator_has_no_limit(served):
    """The operator's own account says so."""
    (endpoint,) = served.get("/v1/me", key=served.keys["key"]).json["endpoints"]
    assert endpoint["concurrency"] is None


def test_a_blocked_account_can_read_why(served):
    """A blocked account still sees what it used, and that it is blocked."""
    account = served.new_account()
    served.run("accounts", "block", account["account_id"])
    assert served.get("/v1/me", key=account["key"]).json["status"] == "blocked"
    assert served.get("/v1/usage", key=account["key"]).status == 200


def test_usage(served):
    """Free and paid successes, charges, test requests and failures by code, of this month."""
    account = served.new_account("--invoice")
    for video_id in fresh_ids(52, 50_000):
        assert served.get(key=account["key"], video_id=video_id).status == 200
    for query in ({"video_id": "0"}, {"video_id": "0"}, {}):
        assert served.get(key=account["key"], **query).status == 400
    assert served.get(key=account["test_key"], video_id=EXAMPLE).status == 200
    served.logged(account["key"], 56, limit=100)
    usage = served.get("/v1/usage", key=account["key"]).json
    assert usage["endpoints"] == [
        {
            "endpoint": "tiktok_video",
            "free_limit": 50,
            "free_used": 50,
            "free_left": 0,
            "paid": 2,
            "own": 0,
            "test": 1,
            "charged_micros": 12_000,
            "failures": {"invalid_parameter": 2, "missing_parameter": 1},
        }
    ]
    assert usage["month"] == time.strftime("%Y-%m", time.gmtime())
    assert usage["resets_at_timestamp"] > time.time()
    assert usage["resets_at"].endswith("-01 00:00:00")


def test_usage_of_another_month(served, account):
    """An earlier month is empty and has nothing left; a later one or another word is a 400."""
    usage = served.get("/v1/usage", key=account["key"], month="2024-12").json
    assert (usage["month"], usage["resets_at"]) == ("2024-12", "2025-01-01 00:00:00")
    assert (usage["endpoints"][0]["free_used"], usage["endpoints"][0]["free_left"]) == (0, 0)
    for month in ("2999-01", "2024-13", "2024-1", "now", "2024-01x"):
        reply = served.get("/v1/usage", key=account["key"], month=month)
        assert (reply.status, reply.code, reply.headers["X-Charge"]) == (400, "invalid_parameter", "0")


def test_the_log_of_each_outcome(served):
    """A success and failures are there with what was asked, what came of it, and where the time went."""
    account = served.new_account()
    link = f"https://www.tiktok.com/@tiktok/video/{EXAMPLE}"
    good = served.get(key=account["test_key"], url=link, max_age="0", unknown="secret")
    wrong = served.get(key=account["key"], url="https://example.com/1")
    row, first = served.logged(account["key"], 2)["requests"]
    first, row = sorted((row, first), key=lambda one: one["at_micros"])
    assert (first["request_id"], first["asked"], first["video_id"]) == (good.request_id, link, EXAMPLE)
    assert (first["status"], first["code"], first["mode"], first["charge_micros"]) == (200, "", "test", 0)
    assert (first["source"], first["from_memory"]) == ("webpage", False)
    assert set(first["timings"]) == {"admit", "source", "settle", "total"}
    assert first["timings"]["source"] <= first["timings"]["total"]
    assert abs(first["at_micros"] / 1e6 - time.time()) < 30
    assert (row["request_id"], row["asked"]) == (wrong.request_id, "https://example.com/1")
    assert (row["status"], row["code"], row["source"]) == (400, "invalid_parameter", "")
    assert "secret" not in str(first)


def test_charges_are_the_ledgers(served):
    """What the log says was charged is what X-Charge said."""
    account = served.new_account("--invoice")
    replies = [served.get(key=account["key"], video_id=video_id) for video_id in fresh_ids(51, 60_000)]
    rows = served.logged(account["key"], 51, limit=100)["requests"]
    assert {row["request_id"]: str(row["charge_micros"]) for row in rows} == {
        reply.request_id: reply.headers["X-Charge"] for reply in replies
    }


def test_pages_and_filters(served):
    """Page after page, newest first; filters narrow it down; `next` is null at the end."""
    account = served.new_account()
    ids = fresh_ids(5, 70_000)
    replies = [served.get(key=account["test_key"], video_id=video_id) for video_id in ids]
    served.get(key=account["test_key"], video_id="0")
    served.logged(account["key"], 6)
    seen, before = [], ""
    while before is not None:
        page = served.get("/v1/requests", key=account["key"], limit="4", before=before).json
        seen += [row["request_id"] for row in page["requests"]]
        before = page["next"]
    assert seen[1:] == [reply.request_id for reply in reversed(replies)]
    (one,) = served.get("/v1/requests", key=account["key"], video_id=ids[2]).json["requests"]
    assert one["request_id"] == replies[2].request_id
    failed = served.get("/v1/requests", key=account["key"], code="invalid_parameter", key_id=one["key_id"]).json
    assert len(failed["requests"]) == 1


@pytest.mark.parametrize(
    "query",
    [
        {"limit": "0"},
        {"limit": "101"},
        {"limit": "-1"},
        {"limit": "many"},
        {"before": "req_unknown"},
        {"before": "x" * 60_000},
    ],
)
def test_wrong_queries_of_the_log(served, account, query):
    """A wrong limit or a place that is not in the log is a 400 with a sentence."""
    reply = served.get("/v1/requests", key=account["key"], **query)
    assert (reply.status, reply.code) == (400, "invalid_parameter")


def test_others_see_nothing(served):
    """An account's requests are in no other account's log, not even the operator's."""
    account = served.new_account()
    served.get(key=account["test_key"], video_id=EXAMPLE)
    served.logged(account["key"], 1)
    for key in (served.new_account()["key"], served.keys["key"]):
        rows = served.get("/v1/requests", key=key, limit="100").json["requests"]
        assert account["account_id"] not in str(rows)
        assert not [row for row in rows if row["key_id"] == account.get("key_id")]


def test_remembered_answers_say_so(new_served, emulator):
    """An answer from memory is in the log as such, without tries."""
    served = new_served(upstream=emulator.url)
    (video_id,) = fresh_ids(1, 80_000)
    for _ in range(2):
        assert served.get(key=served.keys["key"], video_id=video_id).status == 200
    rows = served.logged(served.keys["key"], 2)["requests"]
    assert [(row["from_memory"], row["source"], row["charge_micros"]) for row in rows] == [
        (True, "webpage", 0),
        (False, "webpage", 0),
    ]
    assert rows[0]["attempts"] == []


def test_the_log_survives_a_stop(new_served, emulator):
    """What was answered just before a clean stop is in the log after it."""
    served = new_served(upstream=emulator.url)
    (video_id,) = fresh_ids(1, 90_000)
    reply = served.get(key=served.keys["key"], video_id=video_id)
    assert served.stop() == 0
    served.start()
    (row,) = served.get("/v1/requests", key=served.keys["key"]).json["requests"]
    assert row["request_id"] == reply.request_id
