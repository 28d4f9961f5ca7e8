"""Events: what Stripe tells by webhook.

Rule 1: nothing is believed but what Stripe signed, over the very bytes that came, a few minutes ago at most.
Rule 2: an event is only a hint that something changed. What it is now is asked for, so the order of events does not
matter, and an event that comes twice does no harm.
Rule 3: an event counts as seen once its work is done. If that fails, Stripe is told so, and sends it again.
"""

from collections.abc import Awaitable, Callable
from typing import Any

import msgspec

from clipmeter.billing.cards import Cards
from clipmeter.errors import InvalidParameter, UnknownPath
from clipmeter.store.base import Query, Steps, Store, plan

TOLERANCE = 300
"""Seconds that an event may be on its way; Stripe signs each repeat anew."""
_LONGEST_HEADER = 4_000

OF_CARDS = frozenset(
    {
        "checkout.session.completed",
        "customer.deleted",
        "customer.updated",
        "payment_method.attached",
        "payment_method.automatically_updated",
        "payment_method.detached",
        "payment_method.updated",
        "setup_intent.succeeded",
    }
)
"""Events after which a customer's card may be another one."""
OF_INVOICES = frozenset(
    {
        "invoice.finalized",
        "invoice.marked_uncollectible",
        "invoice.overpaid",
        "invoice.paid",
        "invoice.payment_action_required",
        "invoice.payment_failed",
        "invoice.payment_succeeded",
        "invoice.updated",
        "invoice.voided",
    }
)
"""Events after which an invoice may stand differently."""
_NEW_CARD = "checkout.session.completed"

InvoiceTold = Callable[[str], Awaitable[bool]]
"""Look how an invoice of Stripe's stands now; False: it is none of ours."""
CardSaved = Callable[[str], Awaitable[Any]]
"""An account has a new card."""


class _Object(msgspec.Struct):
    id: str = ""
    object: str = ""
    customer: str | None = None


class _Before(msgspec.Struct):
    customer: str | None = None


class _Data(msgspec.Struct):
    object: _Object
    previous_attributes: _Before | None = None


class _Event(msgspec.Struct):
    """Of an event what is needed here; https://docs.stripe.com/api/events/object."""

    id: str
    type: str
    created: int
    data: _Data
    account: str | None = None

    @property
    def customer_id(self) -> str:
        """Whose it is; a card that was detached says whose it was."""
        thing, before = self.data.object, self.data.previous_attributes
        if thing.object == "customer":
            return thing.id
        return thing.customer or (before.customer if before else None) or ""


class Events:
    """Takes what Stripe tells."""

    def __init__(
        self, store: Store, cards: Cards, secret: str, *, invoice_told: InvoiceTold, card_saved: CardSaved
    ) -> None:
        """`secret`: the endpoint's, from Stripe; "" when webhooks are off."""
        self._store, self._cards, self._secret = store, cards, secret
        self._invoice_told, self._card_saved = invoice_told, card_saved

    async def receive(self, body: bytes, signature: str) -> str:
        """Take one delivery: what was done about it. `signature`: the header Stripe-Signature.

        Raises InvalidParameter: not Stripe's, or too old; UnknownPath: webhooks are off; PaymentsUnavailable and
        ServiceUnavailable: send it again.
        """
        if not (self._secret and self._cards.is_on):
            raise UnknownPath
        event = self._read(body, signature)
        if await self._store.read(_known(event.id)):
            return "repeated"
        outcome = await self._done(event)
        await self._store.write(_seen(event, outcome))
        return outcome

    def _read(self, body: bytes, signature: str) -> _Event:
        """Rule 1."""
        from clipmeter.billing.stripelib import is_signed  # noqa: PLC0415 - it takes a third of a second

        try:
            text = body.decode()
        except UnicodeDecodeError:
            raise InvalidParameter("This is not from Stripe.") from None
        plausible = signature.isascii() and len(signature) <= _LONGEST_HEADER
        if not plausible or not is_signed(text, signature, self._secret, TOLERANCE):
            raise InvalidParameter("The signature is not Stripe's, or too old.")
        try:
            return msgspec.json.decode(body, type=_Event)
        except msgspec.DecodeError:
            raise InvalidParameter("This is no event.") from None

    async def _done(self, event: _Event) -> str:
        """Rule 2."""
        if event.account:
            return "ignored: of a connected account"
        if event.type in OF_INVOICES:
            ours = await self._invoice_told(event.data.object.id)
            return "invoice" if ours else "ignored: no invoice of ours"
        if event.type not in OF_CARDS:
            return "ignored: not of interest"
        account_id = await self._cards.owner(event.customer_id)
        if not account_id:
            return "ignored: no customer of ours"
        card = await self._cards.refresh(account_id)
        if card and event.type == _NEW_CARD:
            await self._card_saved(account_id)
        return "card"


@plan
def _known(event_id: str) -> Steps[bool]:
    return bool((yield Query("event_known", {"event_id": event_id})))


@plan
def _seen(event: _Event, outcome: str) -> Steps[None]:
    values = {"event_id": event.id, "kind": event.type, "created_seconds": event.created, "outcome": outcome}
    yield Query("event_add", values)
