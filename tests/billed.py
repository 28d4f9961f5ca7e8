"""A bank with invoices and a Stripe that looks alike. For tests and measurements."""

from collections.abc import Mapping
from contextlib import asynccontextmanager
from typing import Any
from uuid import uuid4

from bank import SEARCH, VIDEO, Bank
from clipmeter.billing.invoices import Invoices
from clipmeter.billing.keys import Caller
from clipmeter.billing.rules import Terms
from clipmeter.billing.stripe import Stripe

MONTH = 32 * 86_400
"""Seconds after which it is surely another month, and not the one after that. Reservations outlive many of them."""
GOOD, FAILS_LATER = "4242424242424242", "4000000000000341"
PRICES = {VIDEO: Terms(61_234, 0, 100), SEARCH: Terms(105_001, 0, 100)}
"""Nothing is free, and no sum is in whole cents."""


class Office:
    """Books, Stripe and invoices."""

    def __init__(self, bank: Bank, fake: Any, stripe: Stripe, **options: Any) -> None:
        self.bank, self.fake, self.stripe = bank, fake, stripe
        self.invoices = Invoices(bank.store, stripe, **options)

    async def customer(self, number: str = GOOD, *, payment: str = "card") -> Caller:
        """A new account with a card that is charged when its time comes; "" for a customer without one."""
        caller = await self.bank.caller(payment=payment)
        customer_id = await self.stripe.create_customer(caller.account_id, "a@example.com", key=uuid4().hex)
        if number:
            self.fake.control("card", customer=customer_id, number=number)
            method = (await self.stripe.cards_of(customer_id))[0].method_id
            await self.stripe.charge_to(customer_id, method)
        await self.bank.raw(
            f"""INSERT INTO cards (account_id, customer_id, payment_method, brand, last4, exp_month, exp_year, ticket,
            applied, updated_at) VALUES ('{caller.account_id}', '{customer_id}', 'pm', '', '', 1, 2030, 0, 0, 0)"""  # noqa: S608
        )
        return caller

    async def use(self, caller: Caller, video: int, search: int = 0) -> None:
        """So many successes of each endpoint, all charged."""
        for endpoint, times in ((VIDEO, video), (SEARCH, search)):
            for _ in range(times):
                await self.bank.ledger.charge(caller, endpoint, video_id="1", request_id=uuid4().hex)

    async def month(self) -> str:
        """The month it is."""
        return (await self.invoices.clock())[1]

    async def over(self) -> str:
        """Let the month end: which one it was."""
        month = await self.month()
        self.bank.store.clock_shift += MONTH
        assert await self.month() != month
        return month

    async def status(self, caller: Caller) -> str:
        """active or blocked."""
        account = await self.bank.accounts.find(caller.account_id)
        assert account
        return account.status

    def at_stripe(self, caller_or_id: Any) -> list[Mapping[str, Any]]:
        """The invoices that Stripe has for one of ours, drafts too."""
        return [
            one for one in self.fake.control("things", kind="invoice") if one["metadata"]["invoice_id"] == caller_or_id
        ]


@asynccontextmanager
async def opened(where: str, fake: Any, **options: Any) -> Any:
    """An office over a database; at its end every invariant holds."""
    bank = await Bank(where, terms=dict(PRICES), hold_seconds=100 * MONTH).open()
    stripe = Stripe(fake.key, url=fake.url, timeout=5)
    try:
        yield Office(bank, fake, stripe, **options)
        assert await bank.ledger.verify() == []
    finally:
        await stripe.aclose()
        await bank.close()
