"""The path's promises, seen from outside: real processes, real HTTP, the ledger read by the command line."""

import http.client
import json
import random
import subprocess
import sys
import threading
import time
import urllib.request
from concurrent.futures import ThreadPoolExecutor

import pytest

from fauxtok.server import start
from fauxtok.world import post
from served import fresh_ids

IDS = subprocess.run([sys.executable, "-m", "fauxtok", "--ids"], capture_output=True, check=True)
OUTCOMES = json.loads(IDS.stdout)


def stats(emulator):
    with urllib.request.urlopen(emulator.url + "/__fauxtok/stats", timeout=10) as answer:  # noqa: S310 - loopback http
        return json.loads(answer.read())


@pytest.fixture
def slow():
    """An emulator that takes 300 ms for a page."""
    running = start(delay_ms=300)
    yield running
    running.stop()


@pytest.mark.parametrize("row", OUTCOMES, ids=lambda row: row["outcome"])
def test_every_outcome(served, account, row):
    """Each documented id gives its status and code in test mode, free of charge, with a sentence."""
    reply = served.get(key=account["test_key"], video_id=row["id"])
    assert (reply.status, reply.headers["X-Charge"]) == (row["status"], "0")
    if row["status"] == 200:
        assert reply.json["video"]["video_id"] == row["id"]
    else:
        assert reply.code == row["code"]
        assert len(reply.json["error"]) > 20
        assert ("Retry-After" in reply.headers) == (row["status"] in {429, 503})


def test_failures_are_never_charged(served):
    """Live failures of every kind end as voided rows without a price, and use up no free request."""
    account = served.new_account()
    failing = [row for row in OUTCOMES if row["status"] not in {200, 504}]
    for row in failing:
        assert served.get(key=account["key"], video_id=row["id"]).headers["X-Free-Remaining"] == "50"
    rows = served.ledger(account["account_id"])
    assert {(row["state"], row["price_micros"]) for row in rows} <= {("voided", 0)}
    assert rows


def test_fifty_free_then_402(served):
    """Of 60 successful requests on a fresh account 50 are free, then 402; the ledger has exactly those 50."""
    account = served.new_account()
    replies = [served.get(key=account["key"], video_id=video_id) for video_id in fresh_ids(60, 1000)]
    assert [reply.status for reply in replies] == [200] * 50 + [402] * 10
    assert [reply.headers["X-Free-Remaining"] for reply in replies[:50]] == [str(49 - n) for n in range(50)]
    assert {reply.code for reply in replies[50:]} == {"payment_required"}
    posted = [row for row in served.ledger(account["account_id"]) if row["state"] == "posted"]
    assert [row["request_id"] for row in posted] == [reply.request_id for reply in replies[:50]]
    assert {row["kind"] for row in posted} == {"free"}
    assert served.run("ledger", "verify").returncode == 0


def test_paid_after_free(served):
    """An account that is billed goes on past the 50 at the documented price."""
    account = served.new_account("--invoice")
    replies = [served.get(key=account["key"], video_id=video_id) for video_id in fresh_ids(52, 2000)]
    assert [reply.headers["X-Charge"] for reply in replies] == ["0"] * 50 + ["6000"] * 2
    assert {reply.status for reply in replies} == {200}


def test_three_callers_in_a_loop_never_see_429(served):
    """Three callers, each with one request at a time, get 50 answers and then 402s, never a 429."""
    account = served.new_account()
    todo, statuses, lock = iter(fresh_ids(70, 3000)), [], threading.Lock()

    def caller(_number):
        while True:
            with lock:
                video_id = next(todo, None)
            if video_id is None:
                return
            statuses.append(served.get(key=account["key"], video_id=video_id).status)

    with ThreadPoolExecutor(3) as pool:
        list(pool.map(caller, range(3)))
    assert (statuses.count(200), statuses.count(402), len(statuses)) == (50, 20, 70)


def test_never_more_than_three_at_once(new_served, slow):
    """Of 20 at once three are seen by the upstream, and the others get 429 with limit and current."""
    served = new_served(upstream=slow.url)
    account = served.new_account()
    with ThreadPoolExecutor(20) as pool:
        replies = list(pool.map(lambda video_id: served.get(key=account["key"], video_id=video_id), fresh_ids(20)))
    assert stats(slow)["max_in_flight"] == 3
    refused = [reply for reply in replies if reply.status == 429]
    assert len(refused) == 17
    assert all(reply.code == "concurrency_limit_exceeded" and reply.json["limit"] == 3 for reply in refused)
    assert all(isinstance(reply.json["current"], int) and reply.headers["Retry-After"] for reply in refused)


def test_test_mode_has_three_slots_of_its_own(served, account):
    """Test keys have three in flight too, and no quota: 60 successes in a row."""
    replies = [served.get(key=account["test_key"], video_id=video_id) for video_id in fresh_ids(60, 4000)]
    assert {reply.status for reply in replies} == {200}
    rows = [row for row in served.ledger(account["account_id"]) if row["kind"] == "test"]
    assert {row["price_micros"] for row in rows} == {0}


def test_operator_has_no_limits(served):
    """The operator's own live key is metered at price 0, past 50 and more than three at once."""
    with ThreadPoolExecutor(8) as pool:
        key = served.keys["key"]
        replies = list(pool.map(lambda video_id: served.get(key=key, video_id=video_id), fresh_ids(60, 5000)))
    assert {reply.status for reply in replies} == {200}
    rows = [row for row in served.ledger(served.keys["account_id"]) if row["state"] == "posted"]
    assert len(rows) >= 60
    assert {(row["kind"], row["price_micros"]) for row in rows} == {("own", 0)}


def test_commands_are_honoured_by_the_next_request(served):
    """Revoking, enabling, deleting and blocking from the command line hold from the next request on."""
    account = served.new_account()
    keys = served.json("keys", "list", "--account", account["account_id"])
    (live,) = (key for key in keys if key["mode"] == "live")
    ask = lambda: served.get(key=account["key"], video_id=fresh_ids(1, 6000)[0]).status  # noqa: E731
    assert ask() == 200
    served.run("keys", "revoke", live["key_id"])
    assert ask() == 401
    served.run("keys", "enable", live["key_id"])
    assert ask() == 200
    served.run("accounts", "block", account["account_id"])
    assert ask() == 403
    served.run("accounts", "unblock", account["account_id"])
    served.run("keys", "delete", live["key_id"])
    assert ask() == 401
    assert served.run("keys", "enable", live["key_id"]).returncode == 1


def test_remembered_answers_are_charged_successes(new_served, emulator):
    """A second caller is answered from memory, without a page, and charged like the first."""
    served = new_served(upstream=emulator.url)
    first, second, video_id = served.new_account(), served.new_account(), fresh_ids(1, 7000)[0]
    before = stats(emulator)["requests"]
    replies = [served.get(key=one["key"], video_id=video_id) for one in (first, second, second)]
    assert [reply.headers["X-Free-Remaining"] for reply in replies] == ["49", "49", "48"]
    assert stats(emulator)["requests"] == before + 1


def test_hanging_up_early_is_free(new_served, slow):
    """A caller who leaves before the result is known is not charged, and the slot is free again at once."""
    served = new_served(upstream=slow.url)
    account = served.new_account()
    command = "import http.client,sys; c=http.client.HTTPConnection(sys.argv[1]); c.request('GET', sys.argv[2], headers={'X-API-Key': sys.argv[3]}); c.sock.settimeout(0.1); c.getresponse()"  # noqa: E501
    for video_id in fresh_ids(3, 8000):
        target = f"/v1/tiktok/video?video_id={video_id}"
        arguments = [sys.executable, "-c", command, served.url.removeprefix("http://"), target, account["key"]]
        subprocess.run(arguments, capture_output=True, check=False, timeout=20)
    time.sleep(0.3)
    rows = served.ledger(account["account_id"])
    assert {row["state"] for row in rows} == {"voided"}
    assert stats(slow)["in_flight"] == 0


def test_impossible_ids_are_free_and_unasked(served, account, emulator):
    """An id dated after tomorrow is a free 404, and TikTok is not asked."""
    before = stats(emulator)["requests"]
    future = str(int(time.time() + 3 * 86400) << 32)
    reply = served.get(key=account["key"], video_id=future)
    assert (reply.status, reply.code, reply.headers["X-Charge"]) == (404, "not_found", "0")
    assert stats(emulator)["requests"] == before


def test_upstream_gone(new_served):
    """Without TikTok the answer is a clear 502, free, and soon."""
    served = new_served(upstream="http://127.0.0.1:9")
    begun = time.monotonic()
    reply = served.get(key=served.keys["key"], video_id=fresh_ids(1)[0])
    assert (reply.status, reply.code) == (502, "upstream_connection_error")
    assert time.monotonic() - begun < 5


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_kill_9_in_a_burst(new_served, emulator, seed):
    """I3, I5: after kill -9 and a restart the ledger is clean, has every 200 that was read, and holds nothing."""
    served = new_served(upstream=emulator.url, max_age="0")
    accounts = [served.new_account("--invoice") for _ in range(4)]
    read, stop = [], threading.Event()

    def caller(number):
        key = accounts[number % 4]["key"]
        for video_id in fresh_ids(2000, 10_000 * (number + 1)):
            if stop.is_set():
                return
            try:
                reply = served.get(key=key, video_id=video_id)
            except (OSError, http.client.HTTPException):
                return
            if reply.status == 200:
                read.append(reply.request_id)

    with ThreadPoolExecutor(8) as pool:
        running = [pool.submit(caller, number) for number in range(8)]
        until = time.monotonic() + 30
        while not read and time.monotonic() < until:  # a busy machine takes its time
            time.sleep(0.02)
        time.sleep(random.Random(seed).uniform(0.1, 0.8))  # noqa: S311 - a moment to kill at
        served.kill()
        stop.set()
        for one in running:
            one.result(30)
    served.start()
    assert served.get("/readyz").status == 200
    rows = served.json("ledger", "show")
    assert not [row for row in rows if row["state"] == "reserved"]
    assert set(read) <= {row["request_id"] for row in rows if row["state"] == "posted"}
    assert read
    assert served.run("ledger", "verify").returncode == 0
    slots = [served.get(key=accounts[0]["key"], video_id=video_id).status for video_id in fresh_ids(3, 500_000)]
    assert slots == [200] * 3


def test_a_second_start_prints_keys_that_work(new_served, emulator):
    """The curl lines of the first and of every later start work, also after the keys were revoked."""
    served = new_served(upstream=emulator.url)
    first = served.keys
    served.stop()
    served.start()
    assert served.keys == first
    for key in served.json("keys", "list", "--account", first["account_id"]):
        served.run("keys", "delete", key["key_id"])
    served.stop()
    served.start()
    assert served.get(key=served.keys["test_key"], video_id="7516594811734854943").status == 200
    assert (served.home / "operator.json").stat().st_mode & 0o777 == 0o600


def test_exact_counts_before_rounded_ones(served, account):
    """Where TikTok shows a rounded count and tells the exact one too, callers get the exact one."""
    (rounded,) = (row["id"] for row in OUTCOMES if row["outcome"] == "rounded")
    video = served.get(key=account["test_key"], video_id=rounded).json["video"]
    assert video["play_count"] == post(int(rounded)).counts.plays
    assert video["play_count"] % 1000
