"""Webhooks over HTTP: a real server, and a Stripe look-alike that it asks and that tells it."""

import json

import pytest

from bank import SECRET as BOOKS_SECRET
from bank import store_at
from clipmeter.billing.cards import Cards
from clipmeter.billing.stripe import Stripe
from fauxstripe.hooks import signature
from fauxstripe.running import SECRET, started
from webhookdrill import drill

PAGES = {"success_url": "http://127.0.0.1/a", "cancel_url": "http://127.0.0.1/b"}
UNKNOWN = {"id": "evt_1", "object": "event", "type": "moon.full", "created": 1, "data": {"object": {"id": "moon"}}}


@pytest.fixture(scope="module")
def stripe():
    """A Stripe of this module's own."""
    with started() as running:
        yield running


@pytest.fixture(scope="module")
def with_stripe(stripe, tmp_path_factory):
    """A server that asks it, and that it tells of events."""
    from served import Served  # noqa: PLC0415 - a server is not always needed

    home = tmp_path_factory.mktemp("stripe") / "home"
    server = Served(home, {**stripe.settings, "secret": BOOKS_SECRET}).start()
    stripe.control("webhooks", url=f"{server.url}/stripe/webhook", hold=False)
    yield server
    assert server.stop() == 0


def post(served, body, header):
    headers = {"Content-Type": "application/json"} | ({"Stripe-Signature": header} if header else {})
    return served.send("POST", "/stripe/webhook", headers, body)


def signed(event, at=None):
    body = json.dumps(event).encode()
    return body, signature(SECRET, body, at)


async def checkout(served, stripe, account_id):
    """The page that the account's billing page would lead to."""
    store = store_at(str(served.home / "clipmeter.db"))
    door = Stripe(stripe.key, url=stripe.url)
    await store.open()
    try:
        return await Cards(store, door).checkout(account_id, **PAGES)
    finally:
        await door.aclose()
        await store.close()


def payment(served, account):
    return served.get("/v1/me", key=account["key"]).json["payment"]


async def test_from_a_card_to_a_paid_account(with_stripe, stripe):
    """Who saves a card on Stripe's page pays by it, though nobody came back from there; who has none left does not."""
    account = with_stripe.new_account()
    assert payment(with_stripe, account) == "none"
    page = await checkout(with_stripe, stripe, account["account_id"])
    assert stripe.fill_in(page)[0] == 303
    stripe.settled()
    assert payment(with_stripe, account) == "card"
    attached = [event for event in stripe.control("events") if event["type"] == "payment_method.attached"]
    stripe.control("detach", method=attached[-1]["data"]["object"]["id"])
    stripe.settled()
    assert payment(with_stripe, account) == "none"
    assert {status for _, status in stripe.control("idle")["log"]} == {200}


async def test_while_stripe_is_down(with_stripe, stripe):
    """An event that cannot be acted upon is answered 503, so that Stripe sends it again; then it is."""
    account = with_stripe.new_account()
    page = await checkout(with_stripe, stripe, account["account_id"])
    stripe.control("webhooks", hold=True)
    stripe.fill_in(page)
    stripe.control("down", down=True)
    assert set(stripe.control("deliver")["answers"]) == {"true 503"}
    assert payment(with_stripe, account) == "none"
    stripe.control("down", down=False)
    assert set(stripe.control("deliver")["answers"]) == {"true 200"}
    stripe.control("webhooks", hold=False)
    assert payment(with_stripe, account) == "card"


def test_statuses(with_stripe):
    """200 for what Stripe signed, even when it means nothing here; 400 for all else, in the contract's shape."""
    reply = post(with_stripe, *signed(UNKNOWN))
    assert (reply.status, reply.json) == (200, {"received": "ignored: not of interest"})
    assert post(with_stripe, *signed(UNKNOWN)).json == {"received": "repeated"}
    body, header = signed(UNKNOWN)
    for forged in ("", "t=1,v1=00", header[:-1] + "g", signature("whsec_other", body)):
        reply = post(with_stripe, body, forged)
        assert (reply.status, reply.code) == (400, "invalid_parameter")
        assert reply.request_id
    assert post(with_stripe, *signed(UNKNOWN, at=1_700_000_000)).status == 400
    assert post(with_stripe, body + b"\n", header).status == 400
    assert post(with_stripe, b"x" * 1_000_001, header).status == 413
    assert with_stripe.get("/stripe/webhook").status == 405


def test_without_stripe(served):
    """A server without keys for Stripe has no such address."""
    reply = post(served, *signed(UNKNOWN))
    assert (reply.status, reply.code) == (404, "not_found")


async def test_disorder(tmp_path):
    """Events shuffled, doubled and partly forged, while Stripe fails: as if each had come once, in order."""
    with started() as fake:
        result = await drill(tmp_path, fake, accounts=8, rounds=2, copies=2, forged=20, seed=7)
    assert result.deviations == []
    assert result.answers["forged 400"] == 40
    assert result.events > 100
