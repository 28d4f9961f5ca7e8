"""The look-alike itself: keys, idempotency, faults, webhooks, as Stripe documents them."""

import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
import stripe

from fauxstripe.cardbook import CARDS
from fauxstripe.running import started

PAGES = {"success_url": "http://127.0.0.1/done?s={CHECKOUT_SESSION_ID}", "cancel_url": "http://127.0.0.1/b"}


@pytest.fixture(scope="module")
def running():
    """A Stripe of this module's own."""
    with started() as one:
        yield one


@pytest.fixture
def client(running):
    """Stripe's library, which makes no repeats of its own here."""
    running.control("clear")
    http = stripe.RequestsClient()
    addresses = {"api": running.url}
    yield stripe.StripeClient(running.key, base_addresses=addresses, http_client=http, max_network_retries=0).v1
    http.close()
    running.control("clear")


@pytest.fixture
def customer(client):
    return client.customers.create({"email": "jo@example.org"})


def asked(running, client, customer, number):
    """Fill in a new page."""
    setup = {"mode": "setup", "customer": customer.id, "allowed_payment_method_types": ["card"], **PAGES}
    session = client.checkout.sessions.create(setup)
    return session, running.fill_in(session.url, number)


def invoice_of(client, customer, cents=120):
    invoice = client.invoices.create({"customer": customer.id, "auto_advance": False})
    client.invoice_items.create({"customer": customer.id, "invoice": invoice.id, "amount": cents})
    return client.invoices.finalize_invoice(invoice.id)


def test_a_wrong_key(running):
    """401, as with Stripe."""
    http = stripe.RequestsClient()
    wrong = stripe.StripeClient("sk_test_wrong", base_addresses={"api": running.url}, http_client=http).v1
    with pytest.raises(stripe.AuthenticationError):
        wrong.customers.list()
    http.close()


def test_an_unknown_parameter(client):
    """Stripe refuses what it does not know; so does this, and keeps nothing under the key."""
    with pytest.raises(stripe.InvalidRequestError, match="unknown parameter: colour"):
        client.customers.create({"colour": "red"}, {"idempotency_key": "unknown"})
    client.customers.create({"email": "a@example.org"}, {"idempotency_key": "unknown"})


def test_the_same_key_again(running, client):
    """The same answer, nothing new, and a header that says so; other parameters are an error; a day later it is new."""
    first = client.customers.create({"email": "a@example.org"}, {"idempotency_key": "again"})
    second = client.customers.create({"email": "a@example.org"}, {"idempotency_key": "again"})
    assert second.id == first.id
    assert second.last_response.headers["Idempotent-Replayed"] == "true"
    with pytest.raises(stripe.IdempotencyError, match="same parameters"):
        client.customers.create({"email": "b@example.org"}, {"idempotency_key": "again"})
    running.control("clock", advance=86_401)
    third = client.customers.create({"email": "b@example.org"}, {"idempotency_key": "again"})
    running.control("clock", advance=-86_401)
    assert third.id != first.id


def test_a_decline_is_kept_under_its_key(client, customer):
    """A repeat with the same key gets the same decline, though the card is a better one by then."""
    bad = client.payment_methods.attach("pm_card_chargeCustomerFail", {"customer": customer.id})
    good = client.payment_methods.attach("pm_card_visa", {"customer": customer.id})
    invoice = invoice_of(client, customer)
    with pytest.raises(stripe.CardError) as declined:
        client.invoices.pay(invoice.id, {"payment_method": bad.id}, {"idempotency_key": "pay"})
    assert (declined.value.code, declined.value.error.decline_code) == ("card_declined", "generic_decline")
    client.customers.update(customer.id, {"invoice_settings": {"default_payment_method": good.id}})
    with pytest.raises(stripe.CardError):
        client.invoices.pay(invoice.id, {"payment_method": bad.id}, {"idempotency_key": "pay"})
    assert client.invoices.pay(invoice.id, {}, {"idempotency_key": "pay again"}).status == "paid"
    with pytest.raises(stripe.InvalidRequestError, match="already paid"):
        client.invoices.pay(invoice.id)


FAULTS = {
    "rate_limit": (stripe.RateLimitError, 0),
    "error": (stripe.APIError, 0),
    "unavailable": (stripe.APIError, 0),
    "cut": (stripe.APIConnectionError, 0),
    "lost": (stripe.APIConnectionError, 1),
    "kept_error": (stripe.APIError, 0),
}


@pytest.mark.parametrize("kind", FAULTS)
def test_faults(running, client, kind):
    """Each fault comes once, where it was asked for; only `lost` has done something, only `kept_error` comes again."""
    error, done = FAULTS[kind]
    email = f"{kind}@example.org"
    running.control("fault", kind=kind, path="/v1/customers", method="POST", after=1)
    client.customers.create({"email": "other@example.org"})
    with pytest.raises(error):
        client.customers.create({"email": email}, {"idempotency_key": kind})
    assert len(client.customers.list({"email": email}).data) == done
    if kind == "kept_error":
        with pytest.raises(error):
            client.customers.create({"email": email}, {"idempotency_key": kind})
    else:
        client.customers.create({"email": email}, {"idempotency_key": kind})
        assert len(client.customers.list({"email": email}).data) == 1


def test_down(running, client):
    """While it is down nobody gets an answer, and then everybody does."""
    running.control("down", down=True)
    with pytest.raises(stripe.APIConnectionError):
        client.customers.list()
    running.control("down", down=False)
    client.customers.list()


@pytest.mark.parametrize("card", CARDS, ids=lambda card: card.token)
def test_each_card_on_the_page(running, client, customer, card):
    """Each documented test card does on the page what Stripe's documentation says."""
    session, (status, shown) = asked(running, client, customer, card.number)
    if card.challenge:
        assert "Complete authentication" in shown
        status, shown = running.answer_challenge(session.url)
    now = client.checkout.sessions.retrieve(session.id, {"expand": ["setup_intent"]})
    if card.setup[0]:
        assert (status, now.status, now.setup_intent.status) == (200, "open", "requires_payment_method")
        assert now.setup_intent.last_setup_error.code == card.setup[0]
    else:
        assert (status, shown) == (303, f"http://127.0.0.1/done?s={session.id}")
        assert (now.status, now.setup_intent.status) == ("complete", "succeeded")
        assert client.payment_methods.retrieve(now.setup_intent.payment_method).card.last4 == card.number[-4:]
        assert running.fill_in(session.url)[0] == 410


@pytest.mark.parametrize("card", CARDS, ids=lambda card: card.token)
def test_each_card_charged(client, customer, card):
    """Each card by its token: refused when it is saved, refused when it is charged without its owner, or paid."""
    if card.setup[0]:
        with pytest.raises(stripe.CardError) as declined:
            client.payment_methods.attach(card.token, {"customer": customer.id})
        assert declined.value.code == card.setup[0]
        return
    method = client.payment_methods.attach(card.token, {"customer": customer.id})
    invoice = invoice_of(client, customer)
    if card.charge[0]:
        with pytest.raises(stripe.CardError) as declined:
            client.invoices.pay(invoice.id, {"payment_method": method.id})
        assert declined.value.code == card.charge[0]
        assert client.invoices.retrieve(invoice.id).status == "open"
    else:
        assert client.invoices.pay(invoice.id, {"payment_method": method.id}).status == "paid"


def test_an_invoice_paid_by_hand(running, client, customer):
    """Whoever has the page of an open invoice can pay it there, with another card if the first is declined."""
    invoice = invoice_of(client, customer)
    assert "Your card was declined." in running.fill_in(invoice.hosted_invoice_url, "4000000000000002")[1]
    assert "This invoice is paid." in running.fill_in(invoice.hosted_invoice_url)[1]
    assert client.payment_methods.list({"customer": customer.id, "type": "card"}).data == []


def test_too_small_and_nothing(client, customer):
    """Less than 50 cents is not asked of a card: it goes to the customer's balance; the invoice counts as paid."""
    assert invoice_of(client, customer, 49).status == "paid"
    assert client.customers.retrieve(customer.id).balance == 49


def test_refunds(client, customer):
    """A credit note gives back at most what was paid, in all."""
    method = client.payment_methods.attach("pm_card_visa", {"customer": customer.id})
    invoice = invoice_of(client, customer)
    client.invoices.pay(invoice.id, {"payment_method": method.id})
    client.credit_notes.create({"invoice": invoice.id, "amount": 100, "refund_amount": 100})
    with pytest.raises(stripe.InvalidRequestError):
        client.credit_notes.create({"invoice": invoice.id, "amount": 21, "refund_amount": 21})
    client.credit_notes.create({"invoice": invoice.id, "amount": 20, "refund_amount": 20})


def test_by_itself(running, client, customer):
    """Stripe tries an invoice that advances by itself again, and tells what came of it."""
    method = client.payment_methods.attach("pm_card_visa", {"customer": customer.id})
    invoice = client.invoices.create({"customer": customer.id, "auto_advance": True})
    client.invoice_items.create({"customer": customer.id, "invoice": invoice.id, "amount": 70})
    client.invoices.finalize_invoice(invoice.id)
    client.customers.update(customer.id, {"invoice_settings": {"default_payment_method": method.id}})
    running.control("try_again")
    assert client.invoices.retrieve(invoice.id).status == "paid"


class Endpoint:
    """Takes webhooks, and answers as it is told."""

    def __init__(self, *statuses):
        self.got, self.statuses = [], list(statuses)
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                outer.got.append((body, self.headers["Stripe-Signature"]))
                self.send_response(outer.statuses.pop(0) if outer.statuses else 200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *args):
                pass

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/hook"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def endpoint():
    made = Endpoint()
    yield made
    made.close()


def test_webhooks(client, endpoint):
    """Events are sent signed, so that Stripe's own library takes them, and again while they are not taken."""
    endpoint.statuses = [500, 503]
    with started(webhook_url=endpoint.url) as running:
        http = stripe.RequestsClient()
        client = stripe.StripeClient(running.key, base_addresses={"api": running.url}, http_client=http).v1
        made = client.customers.create({"email": "jo@example.org"})
        http.close()
        running.settled()
        assert len(endpoint.got) == 3
        for body, header in endpoint.got:
            event = stripe.Webhook.construct_event(body, header, running.secret)
            assert (event.type, event.data.object.id) == ("customer.created", made.id)


def test_held_back_shuffled_doubled_and_forged(endpoint):
    """What is held back is sent on demand, in another order, more than once, with forgeries among it."""
    with started(webhook_url=endpoint.url) as running:
        running.control("webhooks", hold=True)
        http = stripe.RequestsClient()
        client = stripe.StripeClient(running.key, base_addresses={"api": running.url}, http_client=http).v1
        for number in range(20):
            client.customers.create({"email": f"jo{number}@example.org"})
        http.close()
        assert endpoint.got == []
        told = running.control("deliver", shuffle=True, copies=2, forged=30, callers=1, seed=3)
        assert (told["events"], told["deliveries"]) == (20, 70)
        true = []
        for body, header in endpoint.got:
            try:
                true.append(stripe.Webhook.construct_event(body, header, running.secret).id)
            except (stripe.SignatureVerificationError, TypeError):
                continue
        in_order = [event["id"] for event in running.control("events")]
        assert sorted(true) == sorted(2 * in_order)
        assert true != sorted(true, key=in_order.index)
