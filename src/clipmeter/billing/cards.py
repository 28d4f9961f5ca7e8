"""Cards: saved on a page of Stripe's, never seen here. An account has one; a new one takes the place of the old.

Rule: what Stripe says is asked for, never taken from an event. A ticket is drawn before it is asked, and what it said
is written unless the answer to a later ticket was written already. So whatever comes in whatever order, what is written
last was true after the last change.
"""

import hashlib
from dataclasses import dataclass

from clipmeter.billing.payments import PaymentsRefused
from clipmeter.billing.stripe import Method, Stripe
from clipmeter.errors import InvalidParameter
from clipmeter.store.base import Lock, Query, Steps, Store, plan

_GONE = "resource_missing"
_NO_CARD = Method("", "", "", 0, 0, is_default=False)


@dataclass(frozen=True, slots=True)
class Card:
    """A card as its owner may see it. `brand` is Stripe's word: visa, mastercard, amex, …"""

    brand: str
    last4: str
    exp_month: int
    exp_year: int


class Cards:
    """The cards of all accounts. Without a key for Stripe all but `card` raises PaymentsOff."""

    def __init__(self, store: Store, stripe: Stripe) -> None:
        self._store, self._stripe = store, stripe

    @property
    def is_on(self) -> bool:
        """Whether cards can be saved."""
        return self._stripe.is_on

    async def checkout(self, account_id: str, *, success_url: str, cancel_url: str) -> str:
        """The address of Stripe's page where the account's card is saved; then call `refresh`.

        Raises InvalidParameter: no such account; PaymentsUnavailable.
        """
        customer_id = await self._customer(account_id)
        try:
            return await self._page(account_id, customer_id, success_url, cancel_url)
        except PaymentsRefused as refused:
            if refused.reason != _GONE:
                raise
        customer_id = await self._customer(account_id, instead_of=customer_id)  # it was deleted at Stripe
        return await self._page(account_id, customer_id, success_url, cancel_url)

    async def card(self, account_id: str) -> Card | None:
        """The account's card, as it was known last; None: it has none."""
        return await self._store.read(_card(account_id))

    async def owner(self, customer_id: str) -> str:
        """The account that is this customer of Stripe's; "" for none of ours."""
        return await self._store.read(_owner(customer_id))

    async def refresh(self, account_id: str) -> Card | None:
        """Ask Stripe for the account's card: from now on it pays by that, or no longer. Raises PaymentsUnavailable."""
        drawn = await self._store.write(_draw(account_id))
        if drawn is None:
            return None
        customer_id, ticket = drawn
        method = await self._newest(customer_id)
        return await self._store.write(_write(account_id, ticket, method or _NO_CARD))

    async def remove(self, account_id: str) -> None:
        """Take the account's card away, here and at Stripe. Raises PaymentsUnavailable: then it is still there."""
        customer_id = await self._store.read(_payer_customer(account_id))
        if customer_id:
            for method in await self._methods(customer_id):
                await self._stripe.detach(method.method_id)
            await self.refresh(account_id)

    async def forget(self, account_id: str) -> None:
        """Delete the account's customer at Stripe, with its card and its e-mail address; its invoices stay there."""
        customer_id = await self._store.read(_payer_customer(account_id))
        if customer_id and self.is_on:
            await self._stripe.forget_customer(customer_id)
            await self.refresh(account_id)

    async def _page(self, account_id: str, customer_id: str, success_url: str, cancel_url: str) -> str:
        return await self._stripe.setup_page(
            customer_id, success_url=success_url, cancel_url=cancel_url, metadata={"account_id": account_id}
        )

    async def _customer(self, account_id: str, *, instead_of: str = "") -> str:
        """The account's customer at Stripe, made when there is none."""
        email, known = await self._store.read(_payer(account_id))
        if known != instead_of:
            return known
        # A crash before it is written makes it again, under the same key while neither address nor need have changed.
        mark = hashlib.sha256(f"{email} {instead_of}".encode()).hexdigest()[:16]
        made = await self._stripe.create_customer(account_id, email, key=f"customer-{account_id}-{mark}")
        return await self._store.write(_is_customer(account_id, made, instead_of))

    async def _newest(self, customer_id: str) -> Method | None:
        """The customer's newest card. It is the one to be charged, and the others go."""
        methods = await self._methods(customer_id)
        if not methods:
            return None
        newest, *older = methods
        if not newest.is_default:
            try:
                await self._stripe.charge_to(customer_id, newest.method_id)
            except PaymentsRefused as refused:
                if refused.reason != _GONE:
                    raise  # it was taken away meanwhile: an event will say so, and lead here again
        for method in older:
            await self._stripe.detach(method.method_id)
        return newest

    async def _methods(self, customer_id: str) -> list[Method]:
        try:
            return await self._stripe.cards_of(customer_id)
        except PaymentsRefused as refused:
            if refused.reason != _GONE:
                raise
            return []


@plan
def _card(account_id: str) -> Steps[Card | None]:
    rows = yield Query("card_get", {"account_id": account_id})
    return Card(*rows[0]) if rows else None


@plan
def _owner(customer_id: str) -> Steps[str]:
    rows = yield Query("card_owner", {"customer_id": customer_id})
    return str(rows[0][0]) if rows else ""


@plan
def _payer(account_id: str) -> Steps[tuple[str, str]]:
    rows = yield Query("card_payer", {"account_id": account_id})
    if not rows:
        raise InvalidParameter("There is no such account.")
    email, customer_id = rows[0]
    return email, customer_id


@plan
def _payer_customer(account_id: str) -> Steps[str]:
    rows = yield Query("card_payer", {"account_id": account_id})
    return str(rows[0][1]) if rows else ""


@plan
def _is_customer(account_id: str, customer_id: str, instead_of: str) -> Steps[str]:
    """The customer that was written, which is another one when somebody else was faster."""
    values = {"account_id": account_id, "customer_id": customer_id}
    if instead_of:
        yield Query("card_customer_change", {**values, "gone_customer_id": instead_of})
    else:
        yield Query("card_customer_add", values)
    _, written = yield from _payer(account_id)
    return written


@plan
def _draw(account_id: str) -> Steps[tuple[str, int] | None]:
    rows = yield Query("card_ticket", {"account_id": account_id})
    return (rows[0][0], rows[0][1]) if rows else None


@plan
def _write(account_id: str, ticket: int, method: Method) -> Steps[Card | None]:
    yield Lock(account_id)
    values = {"account_id": account_id, "ticket": ticket, "payment_method": method.method_id, "brand": method.brand}
    dates = {"last_digits": method.last4, "exp_month": method.exp_month, "exp_year": method.exp_year}
    if (yield Query("card_write", {**values, **dates})):
        yield Query("card_pays", {"account_id": account_id, "payment": "card" if method.method_id else "none"})
    return (yield from _card(account_id))
