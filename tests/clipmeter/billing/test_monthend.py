"""A month's end that is killed: `make month-end-drill` in short, on both stores."""

import random

import pytest

from billed import opened
from clipmeter.billing.biller import Biller
from fauxstripe.running import started
from monthend import Kill, check, die_at, prepare, snapshot

DEATHS = (
    Kill("draft_of_month", "during", 5),
    Kill("sending", "after", 2),
    Kill("new_invoice", "during", 1),
    Kill("find_invoice", "after", 1),
    Kill("add_item", "after", 2),
    Kill("finalize", "after", 1),
    Kill("pay", "during", 1),
    Kill("apply", "before", 1),
)


@pytest.fixture
def fake():
    with started() as fake:
        fake.control("charging", at_once=False)
        yield fake


async def test_killed_at_every_step(where, fake):
    """I8: killed between any two steps, a month has one invoice each, to the micro-dollar; again: no change."""
    month = await prepare(where, fake, 20, random.Random(7))  # noqa: S311
    for kill in DEATHS:
        assert die_at(where, fake, month, kill), kill
    async with opened(where, fake) as office:
        await Biller(office.invoices).turn()
        sums = await check(where, fake, month)
        assert (sums.accounts, sums.invoices) == (20, 20)
        before = await snapshot(where, fake)
        assert (await office.invoices.run(month)).made == 0
        await Biller(office.invoices).turn()
        assert await snapshot(where, fake) == before


async def test_the_check_sees_a_second_invoice(where, fake):
    """The control: an invoice too many at Stripe, or a line that is off by a micro-dollar, is found out."""
    month = await prepare(where, fake, 6, random.Random(7))  # noqa: S311
    async with opened(where, fake) as office:
        await office.invoices.run(month)
        await check(where, fake, month)
        await office.bank.raw("UPDATE invoice_lines SET carried_out_micros = carried_out_micros + 1")
        with pytest.raises(AssertionError):
            await check(where, fake, month)
        await office.bank.raw("UPDATE invoice_lines SET carried_out_micros = carried_out_micros - 1")
        paid = next(one for one in await office.invoices.list() if one.stripe_id)
        (at,) = office.at_stripe(paid.invoice_id)
        await office.stripe.new_invoice(at["customer"], paid.invoice_id, "Once more", tax=False, key="once more")
        with pytest.raises(AssertionError):
            await check(where, fake, month)
