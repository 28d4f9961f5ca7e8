"""Invoices on both stores: what is written of the ledger, and what becomes of it at Stripe."""

import asyncio
import urllib.request

import pytest

from bank import SEARCH, VIDEO
from billed import FAILS_LATER, GOOD, opened
from clipmeter.billing.invoiceplans import invoice_id_of
from clipmeter.billing.invoices import Invoices
from clipmeter.billing.invoicing import CENT
from clipmeter.billing.payments import PaymentsRefused, PaymentsUnavailable
from clipmeter.billing.stripe import Stripe
from clipmeter.errors import AccountBlocked, InvalidParameter
from fauxstripe.running import started


@pytest.fixture(scope="module")
def running():
    with started() as fake:
        yield fake


@pytest.fixture
def fake(running):
    yield running
    running.control("clear")
    running.control("charging", at_once=True)


@pytest.fixture
async def office(where, fake):
    async with opened(where, fake) as office:
        yield office


async def only(office, caller):
    (invoice,) = await office.invoices.list(caller.account_id)
    return invoice


async def test_a_month(office):
    """I8: one invoice, a line for each endpoint in whole cents, paid by the card; the rest is carried."""
    caller = await office.customer()
    await office.use(caller, 10, 3)
    run = await office.invoices.run(await office.over())
    assert (run.made, run.states, run.unsent) == (1, {"paid": (1, 92)}, ())
    invoice = await only(office, caller)
    assert [
        (line.endpoint, line.requests, line.charged_micros, line.cents) for line in await office.invoices.lines(invoice)
    ] == [
        (VIDEO, 10, 612_340, 61),
        (SEARCH, 3, 315_003, 31),
    ]
    (at,) = office.at_stripe(invoice.invoice_id)
    assert (at["status"], at["total"], at["number"]) == ("paid", 92, invoice.stripe_number)
    assert [line["amount"] for line in at["lines"]["data"]] == [61, 31]
    due = await office.invoices.due(caller.account_id)
    assert (due.charged_micros, due.carried_micros, due.unpaid) == (0, 7_343, ())


async def test_again_changes_nothing(office):
    """The same month run again, and twice at once, makes no second invoice and asks Stripe for nothing."""
    callers = [await office.customer() for _ in range(3)]
    for caller in callers:
        await office.use(caller, 20)
    month = await office.over()
    await asyncio.gather(office.invoices.run(month), office.invoices.run(month))
    before = await office.invoices.list()
    calls = len(office.fake.control("requests"))
    again = await office.invoices.run(month)
    assert (again.made, again.unsent) == (0, ())
    assert await office.invoices.list() == before
    assert len(office.fake.control("requests")) == calls
    assert len(before) == 3
    assert all(len(office.at_stripe(one.invoice_id)) == 1 for one in before)


async def test_not_over(office):
    """A month is invoiced when it is over, not before."""
    with pytest.raises(InvalidParameter, match="not over"):
        await office.invoices.run(await office.month())


async def test_a_decline(office):
    """A card that is declined blocks the account; another card pays the invoice and unblocks it."""
    caller = await office.customer(FAILS_LATER)
    await office.use(caller, 20)
    run = await office.invoices.run(await office.over())
    assert run.states == {"failed": (1, 122)}
    failed = await only(office, caller)
    assert failed.problem
    assert failed.pay_url
    assert await office.status(caller) == "blocked"
    with pytest.raises(AccountBlocked):
        await office.use(caller, 1)
    assert await office.invoices.pay_failed(caller.account_id) == "blocked"
    (customer_id,) = {one["customer"] for one in office.at_stripe(failed.invoice_id)}
    office.fake.control("card", customer=customer_id, number=GOOD)
    await office.stripe.charge_to(customer_id, (await office.stripe.cards_of(customer_id))[0].method_id)
    assert await office.invoices.pay_failed(caller.account_id) == "active"
    assert (await only(office, caller)).state == "paid"
    await office.use(caller, 1)


async def test_no_card_any_more(office):
    """A card that was removed meanwhile fails its invoice like a declined one, also when Stripe is asked again."""
    caller = await office.customer("")
    await office.use(caller, 20)
    await office.invoices.run(await office.over())
    failed = await only(office, caller)
    assert (failed.state, await office.status(caller)) == ("failed", "blocked")
    assert await office.invoices.told(failed.stripe_id)
    assert ((await only(office, caller)).state, await office.status(caller)) == ("failed", "blocked")


async def test_paid_on_stripes_page(office):
    """An invoice that is paid on Stripe's page unblocks the account once its event is heard; twice is no harm."""
    caller = await office.customer(FAILS_LATER)
    await office.use(caller, 20)
    await office.invoices.run(await office.over())
    invoice = await only(office, caller)
    office.fake.fill_in(invoice.pay_url, GOOD)
    for _ in range(2):
        assert await office.invoices.told(invoice.stripe_id)
    assert ((await only(office, caller)).state, await office.status(caller)) == ("paid", "active")
    assert not await office.invoices.told("in_of_somebody_else")


async def test_the_operators_block_stays(office):
    """Paying an invoice does not take back what the operator has blocked, and the other way round."""
    caller = await office.customer(FAILS_LATER)
    await office.use(caller, 20)
    await office.invoices.run(await office.over())
    await office.bank.accounts.block(caller.account_id)
    assert not await office.bank.accounts.unblock(caller.account_id)
    assert await office.status(caller) == "blocked"
    await office.bank.accounts.block(caller.account_id)
    await office.invoices.void((await only(office, caller)).invoice_id)
    assert ((await only(office, caller)).state, await office.status(caller)) == ("void", "blocked")
    assert await office.bank.accounts.unblock(caller.account_id)


async def test_small_amounts_are_carried(office):
    """Less than Stripe takes is carried whole, and asked for with the next month's."""
    caller = await office.customer()
    await office.use(caller, 5)
    first = await office.invoices.run(await office.over())
    assert first.states == {"carried": (1, 0)}
    assert (await office.invoices.due(caller.account_id)).open_micros == 306_170
    await office.use(caller, 5)
    second = await office.invoices.run(await office.over())
    assert second.states == {"paid": (1, 61)}
    assert (await office.invoices.due(caller.account_id)).open_micros == 2_340


async def test_nothing_charged_nothing_made(office):
    """A month without charges has no invoice, nor has one whose rest is carried on."""
    caller = await office.customer()
    await office.use(caller, 5)
    await office.invoices.run(await office.over())
    assert (await office.invoices.run(await office.over())).made == 0
    assert len(await office.invoices.list(caller.account_id)) == 1


async def test_late_rows(office):
    """What was admitted in a month and ended after its invoice is on the next one, as a line of its own."""
    caller = await office.customer()
    await office.use(caller, 20)
    late = await office.bank.admit(caller)
    month = await office.over()
    await office.invoices.run(month)
    await office.bank.ledger.post(late)
    assert (await office.invoices.run(month)).made == 0
    await office.use(caller, 20)
    next_month = await office.over()
    await office.invoices.run(next_month)
    _, second = await office.invoices.list(caller.account_id)
    lines = await office.invoices.lines(second)
    assert [(line.month, line.requests, line.charged_micros) for line in lines] == [
        (month, 1, 61_234),
        (next_month, 20, 1_224_680),
    ]
    assert second.state == "paid"


async def test_stripe_down_over_the_months_end(office):
    """Stripe is down for a day: the invoices are written, and sent when it is back, one each."""
    callers = [await office.customer() for _ in range(5)]
    for caller in callers:
        await office.use(caller, 20)
    month = await office.over()
    office.fake.control("down", down=True)
    run = await office.invoices.run(month)
    assert (run.made, len(run.unsent)) == (5, 5)
    assert {one.state for one in run.unsent} <= {"draft", "sending"}
    assert {await office.status(caller) for caller in callers} == {"active"}
    with pytest.raises(PaymentsUnavailable):
        await office.stripe.invoice("in_any")
    with pytest.raises(PaymentsUnavailable):
        await office.invoices.finish()
    office.fake.control("clock", advance=86_400)
    office.bank.store.clock_shift += 86_400
    office.fake.control("clear")
    assert await office.invoices.finish() == []
    invoices = await office.invoices.list()
    assert {one.state for one in invoices} == {"paid"}
    assert [len(office.at_stripe(one.invoice_id)) for one in invoices] == [1] * 5


FAULTS = ("in_use", "rate_limit", "error", "kept_error", "cut", "lost")


@pytest.mark.parametrize(
    ("where", "kind"),
    [*(("sqlite", kind) for kind in FAULTS), ("postgres", "kept_error"), ("postgres", "lost")],
    indirect=["where"],
)
@pytest.mark.parametrize("step", range(5))
async def test_faults_at_every_step(office, kind, step):
    """Whatever Stripe does at whichever of its steps: in the end one invoice with the right amount, charged once."""
    caller = await office.customer()
    await office.use(caller, 20, 4)
    month = await office.over()
    office.fake.control("charging", at_once=False)
    office.fake.control("fault", kind=kind, times=4, method="POST", after=step)
    await office.invoices.run(month)
    office.fake.control("clear")
    await office.invoices.finish()
    invoice = await only(office, caller)
    assert invoice.state == "paid"
    at = office.at_stripe(invoice.invoice_id)
    assert [(one["status"], one["total"], len(one["lines"]["data"])) for one in at] == [("paid", 164, 2)]
    charges = [one for one in office.fake.control("things", kind="charge") if one["customer"] == at[0]["customer"]]
    assert [one["amount"] for one in charges] == [164]


async def test_found_after_the_keys_day(office):
    """A key of Stripe's is good for a day: what was made before that is found again, and not made twice."""
    caller = await office.customer()
    await office.use(caller, 20, 4)
    month = await office.over()
    office.fake.control("fault", kind="lost", times=3, method="POST", path="/v1/invoices")
    office.fake.control("fault", kind="cut", times=100)
    assert len((await office.invoices.run(month)).unsent) == 1
    office.fake.control("clear")
    office.fake.control("clock", advance=3 * 86_400)
    assert await office.invoices.finish() == []
    invoice = await only(office, caller)
    assert [one["status"] for one in office.at_stripe(invoice.invoice_id)] == ["paid"]


async def test_a_key_that_was_used_for_something_else(office):
    """Settings or words may have changed since a key was used first: then another one is."""
    caller = await office.customer()
    await office.use(caller, 20)
    month = await office.over()
    made_id = invoice_id_of(caller.account_id, month, 0)
    await office.stripe.create_customer("other", "b@example.com", key=f"{made_id}-invoice-0")
    assert [one.invoice_id for one in (await office.invoices.run(month)).unsent] == [made_id]
    assert await office.invoices.finish() == []
    assert (await only(office, caller)).state == "paid"
    assert len(office.at_stripe(made_id)) == 1


async def test_a_draft_that_was_deleted(office):
    """A draft that somebody deletes in Stripe's dashboard is made again, once."""
    caller = await office.customer()
    await office.use(caller, 20)
    month = await office.over()
    office.fake.control("fault", kind="cut", times=3, method="POST", path="/v1/invoiceitems")
    (waiting,) = (await office.invoices.run(month)).unsent
    assert waiting.stripe_id
    request = urllib.request.Request(f"{office.fake.url}/v1/invoices/{waiting.stripe_id}", method="DELETE")  # noqa: S310
    request.add_header("Authorization", f"Bearer {office.fake.key}")
    urllib.request.urlopen(request).close()  # noqa: ASYNC210, S310
    assert await office.invoices.finish() == []
    invoice = await only(office, caller)
    assert (invoice.state, invoice.stripe_id == waiting.stripe_id) == ("paid", False)
    assert [one["total"] for one in office.at_stripe(invoice.invoice_id)] == [122]


async def test_an_event_in_the_middle(where, fake):
    """An event that is heard between finalizing and paying does not hide that it was paid."""

    class Gossip(Stripe):
        async def pay(self, stripe_id, *, key):
            await office.invoices.told(stripe_id)
            return await super().pay(stripe_id, key=key)

    fake.control("charging", at_once=False)
    async with opened(where, fake) as office:
        caller = await office.customer()
        await office.use(caller, 20)
        gossip = Gossip(fake.key, url=fake.url)
        await Invoices(office.bank.store, gossip).run(await office.over())
        await gossip.aclose()
        assert (await only(office, caller)).state == "paid"


async def test_void_before_it_is_sent(office):
    """An invoice that Stripe cannot take is given up by the operator; it is not sent after all."""
    caller = await office.customer()
    await office.use(caller, 20)
    await office.bank.raw(f"UPDATE cards SET customer_id = 'cus_none' WHERE account_id = '{caller.account_id}'")  # noqa: S608
    (waiting,) = (await office.invoices.run(await office.over())).unsent
    await office.invoices.void(waiting.invoice_id)
    assert await office.invoices.finish() == []
    assert ((await only(office, caller)).state, await office.status(caller)) == ("void", "active")
    with pytest.raises(InvalidParameter, match="is void"):
        await office.invoices.void(waiting.invoice_id)


async def test_months_missed(office):
    """Months that nobody ran are found, oldest first, and invoiced one by one."""
    caller = await office.customer()
    months = []
    for _ in range(3):
        await office.use(caller, 20)
        months.append(await office.over())
    assert await office.invoices.months_due() == months
    for month in months:
        await office.invoices.run(month)
    assert await office.invoices.months_due() == []
    assert [(one.month, one.state) for one in await office.invoices.list()] == [(month, "paid") for month in months]


async def test_by_hand(office):
    """An account that the operator bills has its invoice written, not sent; it is paid when the operator says so."""
    caller = await office.bank.caller(payment="invoice")
    await office.use(caller, 5)
    run = await office.invoices.run(await office.over())
    assert (run.states, run.unsent) == ({"open": (1, 30)}, ())
    invoice = await only(office, caller)
    assert (invoice.stripe_id, await office.status(caller)) == ("", "active")
    assert (await office.invoices.due(caller.account_id)).unpaid_cents == 30
    await office.invoices.settle(invoice.invoice_id)
    assert (await only(office, caller)).state == "paid"
    with pytest.raises(InvalidParameter):
        await office.invoices.settle(invoice.invoice_id)


async def test_tax_is_stripes(where, fake):
    """With the setting, Stripe adds tax; our lines and their sum stay what the ledger says."""
    fake.control("tax", percent=20)
    async with opened(where, fake, tax=True) as office:
        caller = await office.customer()
        await office.use(caller, 20)
        await office.invoices.run(await office.over())
        invoice = await only(office, caller)
        (at,) = office.at_stripe(invoice.invoice_id)
        assert (invoice.amount_cents, at["subtotal"], at["total"], invoice.state) == (122, 122, 146, "paid")
    fake.control("tax", percent=0)


async def test_the_threshold(where, fake):
    """What passes the threshold is charged within the month; the month's end charges the rest. Once each."""
    async with opened(where, fake, threshold_micros=1_000_000) as office:
        caller, poor = await office.customer(), await office.customer()
        await office.use(caller, 20)
        await office.use(poor, 10)
        assert [one.amount_cents for one in await office.invoices.charge_all_open()] == [122]
        assert await office.invoices.charge_all_open() == []
        await office.use(caller, 20)
        await office.invoices.charge_all_open()
        await office.use(caller, 10)
        await office.invoices.run(await office.over())
        made = await office.invoices.list(caller.account_id)
        assert [(one.number, one.amount_cents, one.state) for one in made] == [
            (1, 122, "paid"),
            (2, 122, "paid"),
            (0, 62, "paid"),
        ]


async def test_a_credit(office):
    """A credit lowers the next invoice to the micro-dollar, and is used up."""
    caller = await office.customer()
    await office.use(caller, 20)
    await office.invoices.credit(caller.account_id, 250_001, "An apology")
    assert (await office.invoices.due(caller.account_id)).open_micros == 1_224_680 - 250_001
    await office.invoices.run(await office.over())
    invoice = await only(office, caller)
    assert (invoice.amount_cents, invoice.credit_micros) == (97, 250_001)
    due = await office.invoices.due(caller.account_id)
    assert (due.credit_micros, due.carried_micros) == (0, 4_679)
    rows = await office.bank.rows(caller)
    assert [(row.price_micros, row.reason) for row in rows if row.kind == "credit"] == [(-250_001, "An apology")]


async def test_a_credit_for_everything(office):
    """A credit that covers the month leaves nothing to pay; what is left of it stays."""
    caller = await office.customer()
    await office.use(caller, 20)
    await office.invoices.credit(caller.account_id, 5_000_000, "Welcome")
    run = await office.invoices.run(await office.over())
    assert run.states == {"paid": (1, 0)}
    assert (await office.invoices.due(caller.account_id)).credit_micros == 5_000_000 - 1_224_680


async def test_a_refund(office):
    """A part of a paid invoice goes back to its card, once, never more than was paid, and is in the ledger."""
    caller = await office.customer()
    await office.use(caller, 20)
    await office.invoices.run(await office.over())
    invoice = await only(office, caller)
    given = await office.invoices.credit(caller.account_id, 100 * CENT, "It was slow", refund_of=invoice.invoice_id)
    assert (given.state, bool(given.stripe_id)) == ("posted", True)
    (note,) = [one for one in office.fake.control("things", kind="credit_note") if one["invoice"] == invoice.stripe_id]
    assert (note["amount"], note["memo"]) == (100, "It was slow")
    with pytest.raises(InvalidParameter, match=r"\$0\.22"):
        await office.invoices.credit(caller.account_id, 23 * CENT, "More", refund_of=invoice.invoice_id)
    with pytest.raises(InvalidParameter, match="whole cents"):
        await office.invoices.credit(caller.account_id, CENT + 1, "Odd", refund_of=invoice.invoice_id)
    rows = [row for row in await office.bank.rows(caller) if row.kind == "refund"]
    assert [(row.price_micros, row.state) for row in rows] == [(-1_000_000, "posted")]


@pytest.mark.parametrize("kind", ["kept_error", "cut", "lost"])
async def test_a_refund_that_stripe_did_not_hear(office, kind):
    """A refund that is lost on the way is made later, once."""
    caller = await office.customer()
    await office.use(caller, 20)
    await office.invoices.run(await office.over())
    invoice = await only(office, caller)
    office.fake.control("fault", kind=kind, times=3, method="POST", path="credit_notes")
    given = await office.invoices.credit(caller.account_id, CENT, "Lost", refund_of=invoice.invoice_id)
    assert given.state == "reserved"
    office.fake.control("clear")
    await office.invoices.finish()
    assert [one.state for one in await office.invoices.credits.list(caller.account_id)] == ["posted"]
    notes = [one for one in office.fake.control("things", kind="credit_note") if one["invoice"] == invoice.stripe_id]
    assert [one["amount"] for one in notes] == [1]


async def test_a_refund_of_what_is_not_paid(office):
    """Nothing is paid back of an invoice that nobody has paid."""
    caller = await office.customer(FAILS_LATER)
    await office.use(caller, 20)
    await office.invoices.run(await office.over())
    with pytest.raises(InvalidParameter, match="not paid"):
        await office.invoices.credit(caller.account_id, CENT, "No", refund_of=(await only(office, caller)).invoice_id)


async def test_a_refund_that_stripe_refuses(office):
    """What Stripe refuses is void in the ledger, with its sentence."""
    caller = await office.customer()
    await office.use(caller, 20)
    await office.invoices.run(await office.over())
    invoice = await only(office, caller)
    await office.stripe.refund(
        invoice.stripe_id, "by hand", 100, "In the dashboard", key="by hand" + invoice.invoice_id
    )
    with pytest.raises(PaymentsRefused):
        await office.invoices.credit(caller.account_id, 100 * CENT, "Again", refund_of=invoice.invoice_id)
    (given,) = await office.invoices.credits.list(caller.account_id)
    assert (given.state, bool(given.problem)) == ("voided", True)
    assert [row.price_micros for row in await office.bank.rows(caller) if row.kind == "refund"] == [0]


async def test_before_an_account_goes(office):
    """Who goes is asked for all they owe, what waits too; while Stripe does not take that, it says so."""
    caller = await office.customer()
    await office.use(caller, 20)
    month = await office.over()
    office.fake.control("fault", kind="rate_limit", times=3, method="POST", path="/v1/invoices")
    await office.invoices.run(month)
    await office.use(caller, 30)
    for _ in range(2):
        office.fake.control("fault", kind="rate_limit", times=3, method="POST", path="/v1/invoices")
        with pytest.raises(PaymentsUnavailable):
            await office.invoices.settle_up(caller.account_id)
        office.fake.control("clear")
    await office.invoices.settle_up(caller.account_id)
    invoices = await office.invoices.list(caller.account_id)
    assert [(one.state, one.amount_cents) for one in invoices] == [("paid", 122), ("paid", 184)]
    await office.invoices.settle_up(caller.account_id)
    assert len(await office.invoices.list(caller.account_id)) == 2
