"""Terms and forecasts over real HTTP and from the command line."""

from served import fresh_ids


def endpoint_of(served, path, account):
    (endpoint,) = served.get(path, key=account["key"]).json["endpoints"]
    return endpoint


def test_pages_tell_the_terms_in_force(served):
    """`terms set` shows at once in /v1/me, /v1/usage and /v1/forecast of that account, and of no other."""
    mine, other = served.new_account(), served.new_account()
    before = endpoint_of(served, "/v1/me", mine)
    done = served.run("terms", "set", "--account", mine["account_id"], "--price", "0.0025", "--free", "20")
    assert "$0.002500 a success, 20 free a month, 3 in flight" in done.stdout
    me = endpoint_of(served, "/v1/me", mine)
    assert (me["price_micros"], me["free_limit"], me["concurrency"]) == (2_500, 20, 3)
    assert endpoint_of(served, "/v1/usage", mine)["free_limit"] == 20
    forecast = endpoint_of(served, "/v1/forecast", mine)
    assert (forecast["price_micros"], forecast["free_limit"]) == (2_500, 20)
    assert endpoint_of(served, "/v1/me", other) == before
    assert served.run("terms", "clear", "--account", mine["account_id"]).returncode == 0
    assert endpoint_of(served, "/v1/me", mine) == before


def test_the_sign_up_page_tells_what_holds_for_all(served):
    """Who thinks of signing up reads the price and the free tier that they will get."""
    assert served.run("terms", "set", "--price", "0.0123", "--free", "7").returncode == 0
    try:
        assert "The first 7 successful requests of each month are free" in served.get("/signup").body.decode()
        assert "7 free a month" in served.get("/").body.decode()
    finally:
        served.run("terms", "clear")


def test_terms_show(served):
    """It lists what holds for all and where accounts differ; for one account what is in force."""
    account = served.new_account()
    served.run("terms", "set", "--account", account["account_id"], "--concurrency", "9")
    (row,) = [one for one in served.json("terms", "show")["differ"] if one["account_id"] == account["account_id"]]
    assert (row["endpoint"], row["price_micros"], row["concurrency"]) == ("tiktok_video", None, 9)
    (own,) = served.json("terms", "show", "--account", account["account_id"])
    assert own == {"endpoint": "tiktok_video", "price_micros": 6000, "free_requests": 50, "concurrency": 9}
    shown = served.run("terms", "show").stdout
    assert row["email"] in shown
    assert "$0.006000" in shown


def test_wrong_terms(served):
    """Wrong values, accounts and endpoints are refused with a sentence, and change nothing."""
    account = served.new_account()
    whose = ("--account", account["account_id"])
    for words in (
        (*whose, "--price", "cheap"),
        (*whose, "--price", "none"),
        (*whose, "--price", "-1"),
        (*whose, "--free", "1.5"),
        (*whose, "--concurrency", "0"),
        (*whose, "--endpoint", "nothing", "--free", "1"),
        ("--account", "nobody@example.org", "--free", "1"),
        whose,
    ):
        done = served.run("terms", "set", *words)
        assert done.returncode in {1, 2}, words
        assert done.stderr.count("\n") == 1 or "Usage" in done.stderr
    assert not [one for one in served.json("terms", "show")["differ"] if one["account_id"] == account["account_id"]]


def test_forecast(served):
    """/v1/forecast and `clipmeter forecast` say the same: so far, at this rate, and what that costs."""
    account = served.new_account("--invoice")
    served.run("terms", "set", "--account", account["account_id"], "--free", "0")
    for video_id in fresh_ids(4, 210_000):
        assert served.get(key=account["key"], video_id=video_id).status == 200
    page = served.get("/v1/forecast", key=account["key"])
    assert page.headers["X-Charge"] == "0"
    told = page.json
    (endpoint,) = told["endpoints"]
    assert endpoint["free_used"] + endpoint["paid"] == 4
    assert endpoint["expected_free"] + endpoint["expected_paid"] >= 4
    assert told["expected_micros"] == told["at_most_micros"] == endpoint["expected_micros"]
    same = served.json("forecast", account["account_id"])
    assert (same["month"], same["charged_micros"]) == (told["month"], told["charged_micros"])
    assert "charged so far; at this rate" in served.run("forecast", account["account_id"]).stdout
