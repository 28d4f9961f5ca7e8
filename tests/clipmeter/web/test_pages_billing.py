"""The page about money: adding, replacing and removing a card by way of Stripe's page, and what it says of invoices."""

import pytest

from browsing import PASSWORD, Browser
from fauxstripe.running import started
from lastmonth import end_the_month
from served import Served, fresh_ids

IDS = iter(fresh_ids(400, 90_000))
NASTY = '<script>alert(1)</script>"><b>'
FAILS_LATER = "4000000000000341"


@pytest.fixture(scope="module")
def stripe():
    with started() as running:
        yield running


@pytest.fixture(scope="module")
def paying(tmp_path_factory, emulator, stripe):
    """A server with one free request a month that takes cards."""
    home = tmp_path_factory.mktemp("billing") / "home"
    settings = {"upstream": emulator.url, "free_requests": "1", "time_budget": "5", **stripe.settings}
    server = Served(home, settings).start()
    yield server
    assert server.stop() == 0


@pytest.fixture
def member(paying):
    with Browser(paying.url) as browser:
        browser.email = browser.sign_up()
        page = browser.press("create", name="Laptop")
        browser.key = next(word for word in page.text.split() if word.startswith("ak_live_") and "…" not in word)
        browser.open("/billing")
        yield browser


def stripes_page(browser) -> str:
    """Press the button; the address that the page leads on to."""
    page = browser.press("card")
    assert page.status == 200
    (url,) = [given["href"] for tag, given in page.tags if given.get("class") == "button"]
    (refresh,) = [given["content"] for tag, given in page.tags if given.get("http-equiv") == "refresh"]
    assert refresh == f"0; url={url}"
    return url


def add_card(browser, stripe, number="4242424242424242"):
    """All the way to Stripe and back."""
    status, back = stripe.fill_in(stripes_page(browser), number)
    assert status == 303, back
    return browser.open(back)


def test_add_replace_and_remove(paying, stripe, member):
    """A card that was typed in at Stripe is known at once; the account pays by it; another takes its place."""
    assert "No card" in member.page.text
    page = add_card(member, stripe)
    assert (page.status, page.path) == (200, "/billing")
    assert "Visa that ends in 4242" in page.text
    assert paying.get("/v1/me", key=member.key).json["payment"] == "card"
    page = add_card(member, stripe, "5555555555554444")
    assert "ends in 4444" in page.text
    assert "4242" not in page.text
    page = member.press("remove")
    assert "removed" in page.text
    assert "No card" in page.text
    assert paying.get("/v1/me", key=member.key).json["payment"] == "none"


def test_from_402_to_paid_and_back(paying, stripe, member):
    """Past the free requests: 402 without a card, paid with it, 402 again from the request after its removal."""
    assert paying.get(key=member.key, video_id=next(IDS)).headers["X-Charge"] == "0"
    assert paying.get(key=member.key, video_id=next(IDS)).code == "payment_required"
    add_card(member, stripe)
    assert paying.get(key=member.key, video_id=next(IDS)).headers["X-Charge"] == "6000"
    page = member.open("/billing")
    assert "For the next invoice $0.006" in page.text
    assert "$0.006 so far" in page.text
    member.press("remove")
    assert paying.get(key=member.key, video_id=next(IDS)).code == "payment_required"


def test_turned_back(stripe, member):
    """A card that is declined at Stripe, or a person who thinks better of it, changes nothing."""
    url = stripes_page(member)
    status, said = stripe.fill_in(url, "4000000000000002")
    assert status == 200 or status >= 400
    assert "declined" in said
    assert "No card" in member.open("/billing/card").text
    assert "No card was added" in member.open("/billing?said=card-none").text


def test_stripe_is_down(stripe, member):
    """Without Stripe the page still shows all; the button says what is wrong, and works again afterwards."""
    stripe.control("down", down=True)
    try:
        page = member.press("card")
        assert page.status == 503
        assert "Stripe cannot be reached" in page.text
        assert member.open("/billing").status == 200
        assert member.open("/billing/card").path == "/billing"
    finally:
        stripe.control("down", down=False)
    member.open("/billing")
    assert "4242" in add_card(member, stripe).text


def test_somebody_elses_way_back(paying, stripe, member):
    """Who opens the address to which Stripe leads back sees their own card, not that of the one who was there."""
    _, back = stripe.fill_in(stripes_page(member))
    with Browser(paying.url) as other:
        assert other.open(back).path == "/login"
        other.sign_up()
        assert "No card" in other.open(back).text


def test_deleted_once_stripe_has_the_invoice(paying, stripe, member):
    """While Stripe takes no invoice, whoever owes something cannot be deleted; then it is paid, and they are gone."""
    add_card(member, stripe)
    paying.run("terms", "set", "--account", member.email, "--price", "1", "--free", "0")
    assert paying.get(key=member.key, video_id=next(IDS)).headers["X-Charge"] == "1000000"
    stripe.control("fault", kind="unavailable", path="/v1/invoices", times=100)
    try:
        member.open("/account/delete")
        assert member.press("delete", password=PASSWORD).status == 503
    finally:
        stripe.control("clear")
    account_id = paying.get("/v1/me", key=member.key).json["account_id"]
    assert "deleted" in member.press("delete", password=PASSWORD).text
    assert paying.get("/v1/me", key=member.key).status == 401
    (invoice,) = [one for one in paying.json("invoices", "list") if one["account_id"] == account_id]
    assert (invoice["state"], invoice["amount_cents"]) == ("paid", 100)


def test_without_stripe(served):
    """A server without Stripe's keys says so, and has no button."""
    with Browser(served.url) as browser:
        browser.sign_up()
        page = browser.open("/billing")
        assert "takes no cards" in page.text
        assert not [one for one in page.forms if one.fields.get("do") in {"card", "remove", "pay"}]
        mark = page.form("logout").fields["csrf"]
        assert browser.send("/billing", {"do": "card", "csrf": mark}).status == 503
        assert browser.send("/billing", {"do": "pay", "csrf": mark}).status in {200, 503}


@pytest.mark.timeout(240)
def test_blocked_until_paid(tmp_path, emulator):
    """A card that fails at the month's end blocks the account, which the page says; another one pays and unblocks."""
    with started() as stripe:
        settings = {"upstream": emulator.url, "free_requests": "0", "price_micros": "1000000", **stripe.settings}
        server = Served(tmp_path / "home", settings).start()
        try:
            with Browser(server.url) as browser:
                email = browser.sign_up()
                page = browser.press("create", name="Laptop")
                key = next(word for word in page.text.split() if word.startswith("ak_live_") and "…" not in word)
                browser.open("/billing")
                add_card(browser, stripe, FAILS_LATER)
                assert server.get(key=key, video_id=next(IDS)).headers["X-Charge"] == "1000000"
                server.stop()
                month = end_the_month(server.home / "clipmeter.db")
                assert server.run("invoices", "run", "--month", month).returncode == 0
                assert server.run("credit", email, "0.25", "--reason", NASTY).returncode == 0
                server.start()
                page = browser.open("/billing")
                assert "This account is blocked" in page.text
                assert "payment failed" in page.text
                assert NASTY in page.text
                assert not [tag for tag in page.planted if tag in {"script", "b"}]
                assert server.get(key=key, video_id=next(IDS)).code == "account_blocked"
                assert "did not pay" in browser.press("pay").text
                page = add_card(browser, stripe)
                assert "blocked" not in page.text
                assert " paid " in page.text
                assert server.get(key=key, video_id=next(IDS)).status == 200
        finally:
            server.stop()
