"""Cards and events against a Stripe look-alike over HTTP, on both stores."""

import asyncio
import json
import time

import pytest

from clipmeter.billing.cards import Card, Cards
from clipmeter.billing.events import Events
from clipmeter.billing.payments import PaymentsOff, PaymentsUnavailable
from clipmeter.billing.stripe import Stripe
from clipmeter.errors import InvalidParameter, PaymentRequired, UnknownPath
from fauxstripe.hooks import signature
from fauxstripe.running import SECRET, started

PAGES = {"success_url": "http://127.0.0.1/billing?saved=1", "cancel_url": "http://127.0.0.1/billing"}
VISA, AMEX = Card("visa", "4242", 12, 2034), Card("amex", "0005", 12, 2034)


@pytest.fixture(scope="module")
def fauxstripe():
    """A Stripe of this module's own."""
    with started() as running:
        yield running


@pytest.fixture
async def stripe(fauxstripe):
    """The door to it."""
    door = Stripe(fauxstripe.key, url=fauxstripe.url)
    fauxstripe.control("clear")
    yield door
    fauxstripe.control("clear")
    await door.aclose()


@pytest.fixture
def cards(bank, stripe):
    return Cards(bank.store, stripe)


class Told(list):
    """Who was told of what."""

    async def __call__(self, name):
        self.append(name)
        return name.startswith("in_ours")


@pytest.fixture
def events(bank, cards):
    made = Events(bank.store, cards, SECRET, invoice_told=Told(), card_saved=Told())
    made.sent = 0
    return made


async def payment_of(bank, caller):
    return (await bank.accounts.find(caller.account_id)).payment


async def saved(fauxstripe, cards, account_id, number="4242424242424242"):
    """Save a card as its owner does, up to the way back."""
    page = await cards.checkout(account_id, **PAGES)
    status, went = await asyncio.to_thread(fauxstripe.fill_in, page, number)
    assert (status, went) == (303, PAGES["success_url"])


def newest(fauxstripe, kind):
    return [event for event in fauxstripe.control("events") if event["type"] == kind][-1]


def told(event, secret=SECRET, at=None):
    """An event as Stripe sends it."""
    body = json.dumps(event, indent=2).encode()
    return body, signature(secret, body, at)


async def test_add_replace_remove(fauxstripe, bank, cards):
    """A card is saved on Stripe's page and pays from then on; a new one takes its place; without one nothing pays."""
    caller = await bank.caller()
    assert await cards.card(caller.account_id) is None
    assert await cards.refresh(caller.account_id) is None

    await saved(fauxstripe, cards, caller.account_id)
    assert await cards.refresh(caller.account_id) == VISA == await cards.card(caller.account_id)
    assert await payment_of(bank, caller) == "card"

    await saved(fauxstripe, cards, caller.account_id, "378282246310005")
    assert await cards.refresh(caller.account_id) == AMEX
    customer = next(
        c for c in fauxstripe.control("things", kind="customer") if c["metadata"].get("account_id") == caller.account_id
    )
    kept = [m for m in fauxstripe.control("things", kind="payment_method") if m["customer"] == customer["id"]]
    assert [method["id"] for method in kept] == [customer["invoice_settings"]["default_payment_method"]]

    await cards.remove(caller.account_id)
    assert await cards.card(caller.account_id) is None
    assert await payment_of(bank, caller) == "none"
    await cards.remove(caller.account_id)


async def test_the_operators_bill_stays(fauxstripe, bank, cards):
    """An account that the operator bills by hand is not changed by a card, nor by its end."""
    caller = await bank.caller(payment="invoice")
    await saved(fauxstripe, cards, caller.account_id)
    assert await cards.refresh(caller.account_id) == VISA
    assert await payment_of(bank, caller) == "invoice"
    await cards.remove(caller.account_id)
    assert await payment_of(bank, caller) == "invoice"


@pytest.mark.parametrize(
    ("number", "words"),
    [
        ("4000000000000002", "Your card was declined."),
        ("4000000000009995", "Your card has insufficient funds."),
        ("4000000000000069", "Your card has expired."),
        ("4000000000000127", "Your card&#x27;s security code is incorrect."),
        ("4242424242424241", "Your card number is incorrect."),
    ],
)
async def test_a_decline_at_setup(fauxstripe, bank, cards, number, words):
    """A card that its bank declines is not saved; Stripe's page says why, and another one may be tried there."""
    caller = await bank.caller()
    page = await cards.checkout(caller.account_id, **PAGES)
    status, shown = await asyncio.to_thread(fauxstripe.fill_in, page, number)
    assert status == 200
    assert words in shown
    assert await cards.refresh(caller.account_id) is None
    assert await payment_of(bank, caller) == "none"
    assert (await asyncio.to_thread(fauxstripe.fill_in, page))[0] == 303
    assert await cards.refresh(caller.account_id) == VISA


async def test_a_bank_that_asks(fauxstripe, bank, cards):
    """A card whose bank asks its owner is saved once the owner has answered."""
    caller = await bank.caller()
    page = await cards.checkout(caller.account_id, **PAGES)
    assert (await asyncio.to_thread(fauxstripe.fill_in, page, "4000002500003155"))[0] == 200
    assert await cards.refresh(caller.account_id) is None
    assert (await asyncio.to_thread(fauxstripe.answer_challenge, page))[0] == 303
    assert (await cards.refresh(caller.account_id)).last4 == "3155"


async def test_one_customer(fauxstripe, bank, cards):
    """However often and however many at once a page is asked for: the account is one customer, answers lost or not."""
    caller = await bank.caller()
    fauxstripe.control("fault", kind="lost", path="/v1/customers", method="POST", times=1)
    await asyncio.gather(*(cards.checkout(caller.account_id, **PAGES) for _ in range(5)))
    await cards.checkout(caller.account_id, **PAGES)
    made = fauxstripe.control("things", kind="customer")
    assert len([c for c in made if c["metadata"].get("account_id") == caller.account_id]) == 1


async def test_a_customer_who_is_gone(fauxstripe, bank, cards):
    """A customer deleted at Stripe has no card; a page makes a new customer."""
    caller = await bank.caller()
    await saved(fauxstripe, cards, caller.account_id)
    await cards.refresh(caller.account_id)
    await cards.forget(caller.account_id)
    assert await payment_of(bank, caller) == "none"
    await saved(fauxstripe, cards, caller.account_id)
    assert await cards.refresh(caller.account_id) == VISA


async def test_an_unknown_account(cards):
    """Nobody's card: a sentence for a page, nothing elsewhere."""
    with pytest.raises(InvalidParameter):
        await cards.checkout("acct_nobody", **PAGES)
    assert await cards.refresh("acct_nobody") is None
    await cards.remove("acct_nobody")


async def test_without_stripe(bank):
    """Without a key cards are off: nothing is asked, webhooks are not there, and the rest works."""
    off = Cards(bank.store, Stripe(""))
    caller = await bank.caller()
    assert not off.is_on
    assert await off.card(caller.account_id) is None
    with pytest.raises(PaymentsOff):
        await off.checkout(caller.account_id, **PAGES)
    await off.remove(caller.account_id)
    await off.forget(caller.account_id)
    events = Events(bank.store, off, SECRET, invoice_told=Told(), card_saved=Told())
    with pytest.raises(UnknownPath):
        await events.receive(*told({"id": "evt_1"}))


@pytest.mark.parametrize("kind", ["rate_limit", "error", "unavailable", "cut", "lost"])
async def test_stripe_in_trouble(fauxstripe, bank, cards, kind):
    """While Stripe fails, the card stays as it is known here, and the next try finds its way."""
    caller = await bank.caller()
    await saved(fauxstripe, cards, caller.account_id)
    await cards.refresh(caller.account_id)
    fauxstripe.control("fault", kind=kind, path="/v1/payment_methods", times=100)
    with pytest.raises(PaymentsUnavailable):
        await cards.remove(caller.account_id)
    assert await cards.card(caller.account_id) == VISA
    assert await payment_of(bank, caller) == "card"
    fauxstripe.control("clear")
    await cards.remove(caller.account_id)
    assert await payment_of(bank, caller) == "none"


@pytest.mark.parametrize("kind", ["error", "cut", "lost"])
async def test_one_failure_is_not_seen(fauxstripe, bank, cards, kind):
    """One answer that does not come is asked for again, under the same key: nothing is done twice."""
    caller = await bank.caller()
    fauxstripe.control("fault", kind=kind, method="POST", times=1)
    await saved(fauxstripe, cards, caller.account_id)
    fauxstripe.control("fault", kind=kind, times=1)
    assert await cards.refresh(caller.account_id) == VISA


async def test_a_slow_answer_does_not_win(fauxstripe, bank, cards):
    """What Stripe said before a change is not written over what it said after, however late it comes."""
    caller = await bank.caller()
    await saved(fauxstripe, cards, caller.account_id)
    fauxstripe.control("fault", kind="slow", path="/v1/payment_methods", method="GET", seconds=0.7)
    slow = asyncio.create_task(cards.refresh(caller.account_id))
    await asyncio.sleep(0.3)
    await cards.remove(caller.account_id)
    await slow
    assert await cards.card(caller.account_id) is None
    assert await payment_of(bank, caller) == "none"


async def test_a_card_removed_while_requests_run(fauxstripe, bank, cards):
    """A request that was to be paid by a card that is gone when it succeeds is refused, and costs nothing."""
    caller = await bank.caller()
    await bank.succeed(caller, 50)
    await saved(fauxstripe, cards, caller.account_id)
    await cards.refresh(caller.account_id)
    holds = [await bank.admit(caller) for _ in range(3)]
    await bank.ledger.post(holds[0], video_id="7516594811734854943")
    await cards.remove(caller.account_id)
    for hold in holds[1:]:
        with pytest.raises(PaymentRequired):
            await bank.ledger.post(hold, video_id="7516594811734854943")
    assert [row.price_micros for row in await bank.rows(caller, "posted")][50:] == [6_000]
    with pytest.raises(PaymentRequired):
        await bank.admit(caller)


async def test_events_lead_to_the_card(fauxstripe, bank, cards, events):
    """An event is a hint: the card is asked for, and who waits for one is told; a repeat of the event does nothing."""
    caller = await bank.caller()
    await saved(fauxstripe, cards, caller.account_id)
    done = newest(fauxstripe, "checkout.session.completed")
    assert await events.receive(*told(done)) == "card"
    assert await cards.card(caller.account_id) == VISA
    assert events._card_saved == [caller.account_id]
    assert await events.receive(*told(done)) == "repeated"
    assert events._card_saved == [caller.account_id]

    await asyncio.to_thread(
        fauxstripe.control, "detach", method=newest(fauxstripe, "payment_method.attached")["data"]["object"]["id"]
    )
    assert await events.receive(*told(newest(fauxstripe, "payment_method.attached"))) == "card"  # old news, new state
    assert await cards.card(caller.account_id) is None
    assert await events.receive(*told(newest(fauxstripe, "payment_method.detached"))) == "card"
    assert await payment_of(bank, caller) == "none"


def event(kind, *, id_="evt_made", account=None, **thing):
    return {"id": id_, "object": "event", "type": kind, "created": 1, "account": account, "data": {"object": thing}}


async def test_events_of_others(events):
    """Unknown events, foreign customers, invoices and accounts are acknowledged, noted and ignored."""
    strange = {"id": "cus_nobody", "object": "customer"}
    assert await events.receive(*told(event("customer.updated", **strange))) == "ignored: no customer of ours"
    assert await events.receive(*told(event("customer.updated", **strange))) == "repeated"
    card = {"id": "pm_1", "object": "payment_method", "customer": None}
    assert (
        await events.receive(*told(event("payment_method.detached", id_="evt_2", **card)))
        == "ignored: no customer of ours"
    )
    assert await events.receive(*told(event("moon.full", id_="evt_3", id="m"))) == "ignored: not of interest"
    invoice = {"id": "in_theirs", "object": "invoice", "customer": "cus_nobody"}
    assert await events.receive(*told(event("invoice.paid", id_="evt_4", **invoice))) == "ignored: no invoice of ours"
    ours = {**invoice, "id": "in_ours"}
    assert await events.receive(*told(event("invoice.paid", id_="evt_5", **ours))) == "invoice"
    connected = event("invoice.paid", id_="evt_6", account="acct_connected", **ours)
    assert await events.receive(*told(connected)) == "ignored: of a connected account"
    assert events._invoice_told == ["in_theirs", "in_ours"]


HEADERS = ["", "t=,v1=", "v1=00", "t=1", "=,=", "t=1,v1=é", "t=x,v1=00", "t=9" * 3_000, "t=-1,v1=00", "t=1e9,v1=00"]


@pytest.mark.parametrize("header", HEADERS)
async def test_no_signature(events, header):
    """Whatever stands in place of a signature is refused with 400."""
    with pytest.raises(InvalidParameter):
        await events.receive(b"{}", header)


async def test_forged(events):
    """Another secret, another body, another time for the same signature, an old one: refused, and nothing is noted."""
    body, header = told(event("customer.updated", id="cus_nobody", object="customer"))
    now = int(time.time())
    wrong = [
        (body, signature("whsec_other", body)),
        (body.replace(b"nobody", b"nobodi"), header),
        (body + b" ", header),
        (body, header.replace(f"t={now}", f"t={now + 1}")),
        (body, signature(SECRET, body, now - 301)),
        (body, signature(SECRET, body, now - 86_400)),
        (body, header.replace("v1=", "v0=")),
        (b"\xff\xfe", signature(SECRET, b"\xff\xfe")),
    ]
    for forged, signed in wrong:
        with pytest.raises(InvalidParameter):
            await events.receive(forged, signed)
    assert await events.receive(body, header) == "ignored: no customer of ours"


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null", b'{"id": 1}', b'{"id":"evt_1","type":"x","created":1}'])
async def test_signed_nonsense(events, body):
    """Stripe's signature over what is no event: 400, not a crash."""
    with pytest.raises(InvalidParameter):
        await events.receive(body, signature(SECRET, body))


async def test_signatures_of_two_secrets(events):
    """While a secret is being changed Stripe signs with both: one that is right is enough."""
    body, header = told(event("moon.full", id="m"))
    when, _, right = header.partition(",")
    assert await events.receive(body, f"{when},v1={'0' * 64},{right},v0=abc") == "ignored: not of interest"


async def test_an_event_while_stripe_is_down(fauxstripe, bank, cards, events):
    """An event whose work fails is not taken for seen: Stripe sends it again, and then it is done."""
    caller = await bank.caller()
    await saved(fauxstripe, cards, caller.account_id)
    done = newest(fauxstripe, "checkout.session.completed")
    fauxstripe.control("down", down=True)
    with pytest.raises(PaymentsUnavailable):
        await events.receive(*told(done))
    assert await cards.card(caller.account_id) is None
    fauxstripe.control("down", down=False)
    assert await events.receive(*told(done)) == "card"
    assert await cards.card(caller.account_id) == VISA
