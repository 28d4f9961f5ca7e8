"""`clipmeter alerts` beside a real server, and alerts that arrive."""

import hashlib
import hmac

import pytest

from hooked import hooked
from served import fresh_ids


@pytest.fixture(scope="module")
def hook():
    with hooked() as running:
        yield running


def test_the_address(served):
    """It is set, shown with its key, and removed; a private one is refused."""
    account = served.new_account()["account_id"]
    done = served.run("alerts", "url", account, "https://hooks.example.org/x")
    told = served.json("alerts", "show", account)
    assert told["url"] == "https://hooks.example.org/x"
    assert told["key"] in done.stdout
    assert told["told"] == []
    refused = served.run("alerts", "url", account, "https://169.254.169.254/")
    assert (refused.returncode, refused.stdout) == (1, "")
    assert "public internet" in refused.stderr
    assert served.run("alerts", "url", account, "none").returncode == 0
    assert served.json("alerts", "show", account)["url"] == ""
    assert "No alerts yet" in served.run("alerts", "show", account).stdout


def test_an_alert_arrives(new_served, emulator, hook):
    """Half of a limit spent over HTTP: within seconds the account's address hears of it, signed, and only once."""
    served = new_served(upstream=emulator.url, free_requests="0", alert_anywhere="true", max_age="0")
    account = served.new_account("--invoice")
    assert served.run("limits", "set", account["account_id"], "--daily", "0.024").returncode == 0
    assert served.run("alerts", "url", account["account_id"], hook.url).returncode == 0
    ids = iter(fresh_ids(4, 230_000))
    for _ in range(2):
        assert served.get(key=account["key"], video_id=next(ids)).status == 200
    (came,) = hook.wait(1)
    assert (came.json["percent"], came.json["charged_micros"]) == (50, 12_000)
    key = served.json("alerts", "show", account["account_id"])["key"]
    stamp, digest = (part.partition("=")[2] for part in came.headers["x-clipmeter-signature"].split(","))
    right = hmac.new(key.encode(), f"{stamp}.".encode() + came.body, hashlib.sha256).hexdigest()
    assert digest == right
    for _ in range(2):
        assert served.get(key=account["key"], video_id=next(ids)).status == 200
    assert served.get(key=account["key"], video_id=fresh_ids(1, 230_100)[0]).status == 429
    assert hook.wait(2)[1].json["percent"] == 100
    assert [one["percent"] for one in served.json("alerts", "show", account["account_id"])["told"]] == [100, 50]
