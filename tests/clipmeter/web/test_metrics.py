"""/metrics: what it counts, and who may read it."""

import re

import pytest

from served import EXAMPLE, fresh_ids


def number(text, name, **labels):
    """The value of one line; 0 when it is not there."""
    for line in text.splitlines():
        found = re.fullmatch(r"(\w+)(?:\{(.*)\})? (\S+)", line)
        if found and found[1] == name and dict(re.findall(r'(\w+)="(.*?)"', found[2] or "")).items() >= labels.items():
            return float(found[3])
    return 0.0


def read(served, **headers):
    return served.send("GET", "/metrics", headers)


def test_calls_are_counted_at_once(served, account):
    """A call that has ended is in the very next reading: by endpoint, mode, status and code, and by stage."""
    labels = {"endpoint": "tiktok_video", "mode": "test", "status": "200", "code": "ok"}
    before = read(served).body.decode()
    served.get(key=account["test_key"], video_id=EXAMPLE)
    served.get(key=account["test_key"], video_id="0")
    served.get(key="ak_live_wrong", video_id="0")
    after = read(served).body.decode()
    assert (
        number(after, "clipmeter_requests_total", **labels) == number(before, "clipmeter_requests_total", **labels) + 1
    )
    failed = {**labels, "status": "400", "code": "invalid_parameter"}
    assert number(after, "clipmeter_requests_total", **failed) >= 1
    unknown = {"mode": "unknown", "status": "401", "code": "invalid_api_key"}
    assert number(after, "clipmeter_requests_total", **unknown) >= 1
    for stage in ("admit", "source", "settle", "total"):
        assert number(after, "clipmeter_stage_seconds_count", stage=stage) >= 1
    assert number(after, "clipmeter_log_rows_dropped_total") == 0


def test_nothing_private_is_a_label(served, account):
    """No account, key, e-mail address, link or id stands in the numbers."""
    served.get(key=account["test_key"], video_id=EXAMPLE)
    text = read(served).body.decode()
    assert "clipmeter_in_flight 0" in text
    for word in (account["account_id"], account["key"], "@", EXAMPLE, "http", "acct_", "key_"):
        assert word not in text


def test_remembered_answers_are_counted(new_served, emulator):
    """Answers from memory have a number of their own."""
    served = new_served(upstream=emulator.url)
    for _ in range(3):
        served.get(key=served.keys["key"], video_id=fresh_ids(1, 100_000)[0])
    assert number(read(served).body.decode(), "clipmeter_remembered_answers_total", mode="live") == 2


@pytest.mark.parametrize("name", ["X-Forwarded-For", "Forwarded", "Via", "X-Real-IP", "x-forwarded-proto"])
def test_a_proxy_is_not_this_machine(served, name):
    """What came through a proxy on this machine is not local, whatever it claims to be."""
    reply = read(served, **{name: "127.0.0.1"})
    assert (reply.status, reply.code) == (401, "missing_api_key")


@pytest.mark.parametrize(
    "host", ["api.example.org", "api.example.org:80", "127.0.0.1.example.org", "[", "", "@localhost:x"]
)
def test_another_name_is_not_this_machine(served, host):
    """A request for a public name is not local: a proxy passed it on, or a web page tricked a browser."""
    assert read(served, Host=host).status == 401


@pytest.mark.parametrize("host", ["localhost", "localhost:80", "127.0.0.1", "[::1]:8000"])
def test_names_of_this_machine(served, host):
    """Every way to call this machine is local."""
    assert read(served, Host=host).status == 200


def test_the_operators_key_opens_it(served, account):
    """From elsewhere the operator's key opens it, and nobody else's."""
    proxied = {"X-Forwarded-For": "203.0.113.7"}
    assert read(served, **proxied, **{"X-API-Key": served.keys["key"]}).status == 200
    reply = read(served, **proxied, **{"X-API-Key": account["key"]})
    assert (reply.status, reply.code) == (401, "invalid_api_key")


def test_open_and_off(new_served, emulator):
    """`open`: for all; `off`: there is no such page, not even on this machine."""
    served = new_served(upstream=emulator.url, metrics="open")
    reply = read(served, **{"X-Forwarded-For": "203.0.113.7"})
    assert reply.status == 200
    assert reply.headers["Content-Type"].startswith("text/plain")
    served = new_served(upstream=emulator.url, metrics="off")
    assert (read(served).status, read(served).code) == (404, "not_found")
