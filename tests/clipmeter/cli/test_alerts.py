"""`clipmeter alerts` beside a real server."""


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
