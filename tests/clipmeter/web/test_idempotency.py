"""Idempotency-Key over real HTTP: a repeat gets the stored answer to the letter, and nothing is charged twice."""

import http.client
import json
import threading
import time
from urllib.parse import urlencode, urlsplit

import pytest

from fauxtok.server import start
from served import EXAMPLE, Served, fresh_ids

PATH = "/v1/tiktok/video"
IDS = iter(fresh_ids(100, 40_000))


@pytest.fixture(scope="module")
def weather():
    """A look-alike of the module's own, since its delay is changed."""
    running = start()
    yield running
    running.stop()


@pytest.fixture(scope="module")
def server(tmp_path_factory, weather):
    home = tmp_path_factory.mktemp("idempotency") / "home"
    running = Served(home, {"upstream": weather.url, "time_budget": "5", "free_requests": "2"}).start()
    yield running
    assert running.stop() == 0


@pytest.fixture
def payer(server):
    """An account that is charged from its third success on."""
    return server.new_account("--invoice")


def control(weather, what, **wish):
    line = http.client.HTTPConnection(urlsplit(weather.url).netloc, timeout=10)
    line.request("POST", f"/__fauxtok/{what}", json.dumps(wish))
    with line.getresponse() as answer:
        assert answer.status == 200
    line.close()


@pytest.fixture
def slowly(weather):
    """Pages take a second."""
    control(weather, "delay", ms=1000)
    yield
    control(weather, "delay", ms=0)


def ask(server, key, word, **query):
    """One request under the Idempotency-Key `word`; None for none."""
    headers = {"X-API-Key": key} | ({} if word is None else {"Idempotency-Key": word})
    return server.send("GET", f"{PATH}?{urlencode(query)}", headers)


def posted(server, account):
    return [row for row in server.ledger(account["account_id"]) if row["state"] == "posted"]


def test_a_repeat_is_the_first_answer(server, payer):
    """I6: byte for byte, under the first one's id, without a charge; the ledger has one row."""
    for _ in range(2):
        ask(server, payer["key"], None, video_id=next(IDS))
    wanted = next(IDS)
    first = ask(server, payer["key"], "one", video_id=wanted)
    again = ask(server, payer["key"], "one", video_id=wanted)
    assert (first.status, first.headers["X-Charge"], first.headers["Idempotency-Replayed"]) == (200, "6000", None)
    assert (again.status, again.headers["X-Charge"], again.headers["Idempotency-Replayed"]) == (200, "0", "true")
    assert (again.body, again.request_id) == (first.body, first.request_id)
    assert again.headers["X-Free-Remaining"] == "0"
    assert again.headers["Cache-Control"] == "private, no-store"
    assert int(again.headers["Age"]) <= 5
    assert [row["request_id"] for row in posted(server, payer)].count(first.request_id) == 1
    assert len(posted(server, payer)) == 3


def test_it_is_stored_and_not_fetched(server, payer, weather):
    """A repeat asks TikTok nothing, even when it wants the newest there is."""
    wanted = next(IDS)
    first = ask(server, payer["key"], "stored", video_id=wanted, max_age="0")
    control(weather, "mood", mood="deleted")
    try:
        again = ask(server, payer["key"], "stored", video_id=wanted, max_age="0")
    finally:
        control(weather, "mood", mood=None)
    assert (again.status, again.body) == (200, first.body)


def test_the_order_of_parameters_does_not_matter(server, payer):
    """The same parameters in another order are the same question."""
    wanted = next(IDS)
    first = ask(server, payer["key"], "order", video_id=wanted, include="flags", links="direct")
    again = ask(server, payer["key"], "order", links="direct", include="flags", video_id=wanted)
    assert (again.headers["Idempotency-Replayed"], again.body) == ("true", first.body)


def test_other_parameters_are_refused(server, payer):
    """The same key for another question is a 400, free, and the first answer stays."""
    wanted = next(IDS)
    ask(server, payer["key"], "other", video_id=wanted)
    for query in ({"video_id": next(IDS)}, {"video_id": wanted, "include": "flags"}):
        reply = ask(server, payer["key"], "other", **query)
        assert (reply.status, reply.code, reply.headers["X-Charge"]) == (400, "invalid_parameter", "0")
        assert "Idempotency-Key" in reply.json["error"]
    assert ask(server, payer["key"], "other", video_id=wanted).headers["Idempotency-Replayed"] == "true"
    assert len(posted(server, payer)) == 1


@pytest.mark.usefixtures("slowly")
def test_a_twin_waits_for_its_turn(server, payer):
    """While the first runs its twin gets 409; afterwards its answer. One of them ran."""
    wanted, got = next(IDS), []
    first = threading.Thread(target=lambda: got.append(ask(server, payer["key"], "twin", video_id=wanted)))
    first.start()
    time.sleep(0.4)
    twin = ask(server, payer["key"], "twin", video_id=wanted)
    assert (twin.status, twin.code, twin.headers["X-Charge"]) == (409, "idempotency_in_progress", "0")
    assert twin.headers["Retry-After"] == "1"
    first.join()
    again = ask(server, payer["key"], "twin", video_id=wanted)
    assert (again.headers["Idempotency-Replayed"], again.body) == ("true", got[0].body)
    assert len(posted(server, payer)) == 1


@pytest.mark.usefixtures("slowly")
def test_twenty_twins_are_one(server, payer):
    """Of twenty at once one runs and all others are told so."""
    wanted, got = next(IDS), []
    twins = [
        threading.Thread(target=lambda: got.append(ask(server, payer["key"], "twenty", video_id=wanted)))
        for _ in range(20)
    ]
    for twin in twins:
        twin.start()
    for twin in twins:
        twin.join()
    assert sorted(reply.status for reply in got) == [200, *[409] * 19]
    assert len(server.ledger(payer["account_id"])) == 1


def test_a_failure_is_not_stored(server, payer, weather):
    """After a 404 the same key runs anew, and its success is stored."""
    wanted = next(IDS)
    control(weather, "mood", mood="deleted")
    try:
        assert ask(server, payer["key"], "failed", video_id=wanted).status == 404
    finally:
        control(weather, "mood", mood=None)
    second = ask(server, payer["key"], "failed", video_id=wanted)
    assert (second.status, second.headers["Idempotency-Replayed"]) == (200, None)
    third = ask(server, payer["key"], "failed", video_id=wanted)
    assert (third.headers["Idempotency-Replayed"], third.request_id) == ("true", second.request_id)


@pytest.mark.usefixtures("slowly")
def test_who_hangs_up_comes_back_for_the_answer(server, payer):
    """With an Idempotency-Key the request runs on without its caller; the repeat gets its answer, charged once."""
    wanted = next(IDS)
    line = http.client.HTTPConnection(urlsplit(server.url).netloc, timeout=10)
    line.request("GET", f"{PATH}?video_id={wanted}", headers={"X-API-Key": payer["key"], "Idempotency-Key": "left"})
    time.sleep(0.3)
    line.close()
    give_up = time.monotonic() + 10
    while (reply := ask(server, payer["key"], "left", video_id=wanted)).status == 409:
        assert time.monotonic() < give_up
        time.sleep(0.1)
    assert (reply.status, reply.headers["Idempotency-Replayed"]) == (200, "true")
    assert len(server.ledger(payer["account_id"])) == 1


def test_it_survives_the_server(new_served, emulator):
    """What was answered before a kill -9 is answered the same after it."""
    served = new_served(upstream=emulator.url)
    account, wanted = served.new_account(), next(IDS)
    first = ask(served, account["key"], "kept", video_id=wanted)
    served.kill()
    served.start()
    again = ask(served, account["key"], "kept", video_id=wanted)
    assert (again.body, again.request_id) == (first.body, first.request_id)
    assert again.headers["Idempotency-Replayed"] == "true"


def test_modes_and_accounts_are_apart(server, payer):
    """A test key, a live key and another account may use the same word for different questions."""
    first = ask(server, payer["key"], "apart", video_id=next(IDS))
    test = ask(server, payer["test_key"], "apart", video_id=EXAMPLE)
    other = ask(server, server.new_account()["key"], "apart", video_id=next(IDS))
    assert {reply.status for reply in (first, test, other)} == {200}
    assert {reply.headers["Idempotency-Replayed"] for reply in (first, test, other)} == {None}
    assert ask(server, payer["test_key"], "apart", video_id=EXAMPLE).body == test.body


def test_all_keys_of_an_account_share_it(server, payer):
    """Another live key of the account gets the stored answer."""
    wanted = next(IDS)
    first = ask(server, payer["key"], "shared", video_id=wanted)
    second = server.json("keys", "create", "--account", payer["account_id"])["key"]
    assert ask(server, second, "shared", video_id=wanted).request_id == first.request_id


@pytest.mark.parametrize("word", ["x" * 256, "é", "a\tb"], ids=["long", "not ASCII", "tab"])
def test_odd_words(server, payer, word):
    """A key that is too long or has other characters than printable ASCII is a 400, and nothing ran."""
    headers = {"X-API-Key": payer["key"], "Idempotency-Key": word.encode("latin-1")}
    reply = server.send("GET", f"{PATH}?video_id={next(IDS)}", headers)
    assert (reply.status, reply.code) == (400, "invalid_parameter")
    assert server.ledger(payer["account_id"]) == []


@pytest.mark.parametrize("word", ["", "x" * 255, "with blanks, \"quotes\" and 'more'"], ids=["none", "longest", "odd"])
def test_usual_words(server, payer, word):
    """An empty key counts as none; any other printable text up to 255 characters is one."""
    wanted = next(IDS)
    ask(server, payer["key"], word, video_id=wanted)
    again = ask(server, payer["key"], word, video_id=wanted)
    assert again.headers["Idempotency-Replayed"] == ("true" if word else None)


def test_the_key_comes_first(server, payer):
    """A revoked key gets no stored answer, and a bad parameter is told before anything is looked up."""
    wanted = next(IDS)
    ask(server, payer["key"], "revoked", video_id=wanted)
    assert ask(server, payer["key"], "revoked", video_id="0").status == 400
    (live, *_) = [key for key in server.json("keys", "list", "--account", payer["account_id"]) if key["mode"] == "live"]
    assert server.run("keys", "revoke", live["key_id"]).returncode == 0
    assert ask(server, payer["key"], "revoked", video_id=wanted).status == 401
    assert server.run("keys", "enable", live["key_id"]).returncode == 0
    assert ask(server, payer["key"], "revoked", video_id=wanted).headers["Idempotency-Replayed"] == "true"


def test_a_blocked_account_gets_nothing(server, payer):
    """The stored answers of a blocked account are blocked too."""
    wanted = next(IDS)
    ask(server, payer["key"], "blocked", video_id=wanted)
    server.run("accounts", "block", payer["account_id"])
    assert ask(server, payer["key"], "blocked", video_id=wanted).status == 403


def test_free_answers_are_not_stored(server, payer, weather):
    """A stopgap (partial=1) and a 304 are free, and not stored: the next one runs anew."""
    wanted = next(IDS)
    control(weather, "mood", mood="empty", where=["page", "embed", "app"])
    try:
        stopgap = ask(server, payer["key"], "partial", video_id=wanted, partial="1", max_age="0")
    finally:
        control(weather, "mood", mood=None)
    assert (stopgap.status, stopgap.headers["X-Partial"]) == (200, "true")
    whole = ask(server, payer["key"], "partial", video_id=wanted, partial="1", max_age="0")
    assert (whole.headers["X-Partial"], whole.headers["Idempotency-Replayed"]) == (None, None)

    target = f"{PATH}?video_id={next(IDS)}"
    etag = server.send("GET", target, {"X-API-Key": payer["key"]}).headers["ETag"]
    headers = {"X-API-Key": payer["key"], "Idempotency-Key": "etag", "If-None-Match": etag}
    assert [server.send("GET", target, headers).status for _ in range(2)] == [304, 304]
    del headers["If-None-Match"]
    assert server.send("GET", target, headers).headers["Idempotency-Replayed"] is None
    assert server.send("GET", target, headers).headers["Idempotency-Replayed"] == "true"


def test_the_books_are_clean(server):
    """After all of this every invariant holds."""
    assert server.run("ledger", "verify").returncode == 0


def test_two_keys_are_refused(server, payer):
    """Nobody could say which of two keys a repeat means."""
    line = http.client.HTTPConnection(urlsplit(server.url).netloc, timeout=10)
    line.putrequest("GET", f"{PATH}?video_id={EXAMPLE}")
    for name, value in (("X-API-Key", payer["test_key"]), ("Idempotency-Key", "a"), ("Idempotency-Key", "b")):
        line.putheader(name, value)
    line.endheaders()
    with line.getresponse() as answer:
        assert (answer.status, json.loads(answer.read())["code"]) == (400, "invalid_parameter")
    line.close()
