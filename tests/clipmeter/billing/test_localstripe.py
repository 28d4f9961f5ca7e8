"""The card part against localstripe, a Stripe that others wrote: a second opinion on what we send and read.

It knows no Checkout and no idempotency, so cards are attached by its API, as Checkout would.
"""

import hashlib
import hmac
import json
import socket
import subprocess
import sys
import time

import httpx
import pytest

from clipmeter.billing.cards import Card, Cards
from clipmeter.billing.events import Events
from clipmeter.billing.payments import CardDeclined, PaymentsUnavailable
from clipmeter.billing.stripe import Stripe
from clipmeter.billing.stripelib import Client, in_our_words

KEY = "sk_test_localstripe"
VISA = Card("visa", "4242", 12, 2030)
# It binds every address and keeps its memory in a file; here it must do neither.
START = """
import sys
from aiohttp import web
from localstripe import resources, server
resources.Store.dump_to_disk = lambda self: None
web.run_app(server.app, host="127.0.0.1", port=int(sys.argv[1]), print=None, access_log=None)
"""


@pytest.fixture(scope="module")
def url():
    """localstripe as a process of its own."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = subprocess.Popen([sys.executable, "-c", START, str(port)])
    until = time.monotonic() + 20
    try:
        while True:
            try:
                httpx.get(f"http://127.0.0.1:{port}/v1/customers", auth=(KEY, ""))
                break
            except httpx.TransportError:
                assert time.monotonic() < until
                assert process.poll() is None
                time.sleep(0.1)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(10)


@pytest.fixture
async def stripe(url):
    door = Stripe(KEY, url=url)
    yield door
    await door.aclose()


@pytest.fixture
async def api(url):
    """Stripe's own library."""
    client = Client(KEY, url=url, timeout=10)
    yield client.v1
    await client.aclose()


@pytest.fixture
def cards(bank, stripe):
    return Cards(bank.store, stripe)


async def customer_of(cards, account_id):
    """Make the account a customer; the page that it asks for is not to be had here."""
    with pytest.raises(PaymentsUnavailable):
        await cards.checkout(account_id, success_url="http://127.0.0.1/a", cancel_url="http://127.0.0.1/b")
    return await cards._customer(account_id)


async def payment_of(bank, caller):
    return (await bank.accounts.find(caller.account_id)).payment


async def test_add_replace_remove(bank, cards, api, stripe):
    """A card that was saved pays; a newer one takes its place; removed, nothing pays."""
    caller = await bank.caller()
    customer = await customer_of(cards, caller.account_id)
    await api.payment_methods.attach_async("pm_card_visa", {"customer": customer})
    assert await cards.refresh(caller.account_id) == VISA
    assert await payment_of(bank, caller) == "card"
    (first,) = await stripe.cards_of(customer)
    assert first.is_default

    time.sleep(1.1)  # noqa: ASYNC251 - its clock has whole seconds, by which it sorts
    await api.payment_methods.attach_async("pm_card_chargeCustomerFail", {"customer": customer})
    assert (await cards.refresh(caller.account_id)).last4 == "0341"
    (second,) = await stripe.cards_of(customer)
    assert second.is_default
    assert second.method_id != first.method_id

    await cards.remove(caller.account_id)
    assert await stripe.cards_of(customer) == []
    assert await payment_of(bank, caller) == "none"


async def test_a_decline_when_saved(bank, cards, api):
    """A card that its bank declines is not saved; the error is ours."""
    caller = await bank.caller()
    customer = await customer_of(cards, caller.account_id)
    with pytest.raises(CardDeclined) as declined, in_our_words():
        await api.payment_methods.attach_async("pm_card_visa_chargeDeclined", {"customer": customer})
    assert declined.value.reason == "card_declined"
    assert await cards.refresh(caller.account_id) is None


async def test_a_customer_who_is_gone(bank, cards, api, stripe):
    """A customer deleted there has no card."""
    caller = await bank.caller()
    customer = await customer_of(cards, caller.account_id)
    await api.payment_methods.attach_async("pm_card_visa", {"customer": customer})
    await cards.refresh(caller.account_id)
    await stripe.forget_customer(customer)
    await stripe.forget_customer(customer)
    assert await cards.refresh(caller.account_id) is None
    assert await payment_of(bank, caller) == "none"


async def test_a_card_taken_away_twice(bank, cards, api, stripe):
    """Detaching what is detached does no harm, nor what never was."""
    caller = await bank.caller()
    customer = await customer_of(cards, caller.account_id)
    method = await api.payment_methods.attach_async("pm_card_visa", {"customer": customer})
    await stripe.detach(method.id)
    await stripe.detach(method.id)
    await stripe.detach("pm_never")


async def test_its_signature(bank, cards):
    """An event signed as localstripe signs is taken."""

    async def told(_name):
        return True

    secret, body = (
        "whsec_of_localstripe",
        json.dumps({"id": "evt_1", "type": "x", "created": 1, "data": {"object": {}}}),
    )
    events = Events(bank.store, cards, secret, invoice_told=told, card_saved=told)
    now = int(time.time())
    signature = hmac.new(secret.encode(), b"%d.%s" % (now, body.encode()), hashlib.sha256).hexdigest()
    assert await events.receive(body.encode(), f"t={now},v1={signature}") == "ignored: not of interest"
