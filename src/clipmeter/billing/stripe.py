"""The door to Stripe. Thin: what is decided is decided elsewhere.

Rule 1: every write has an idempotency key, which the library repeats with each of its own tries.
Rule 2: none of the library's errors leave: PaymentsUnavailable (ask again later), CardDeclined (ask the card's owner)
or PaymentsRefused (do not repeat).
"""

from collections.abc import AsyncIterator, Callable, Coroutine
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from clipmeter.billing.payments import AtStripe, PaymentsOff, PaymentsRefused

if TYPE_CHECKING:
    from clipmeter.billing.stripelib import Client

_PAGE = 100
_GONE = "resource_missing"
Ask = Callable[[Any], Coroutine[Any, Any, Any]]
"""A call of the library's API."""


@dataclass(frozen=True, slots=True)
class Method:
    """A card that belongs to a customer. `is_default`: it is the one that invoices are charged to."""

    method_id: str
    brand: str
    last4: str
    exp_month: int
    exp_year: int
    is_default: bool


class Stripe:
    """Stripe's API. Connects when it is first used; close it in the loop that used it. An `InvoiceDoor`, too."""

    def __init__(self, secret_key: str, *, url: str = "", timeout: float = 15.0, tax: bool = False) -> None:
        """`secret_key`: "" when there is no Stripe: then all of this raises PaymentsOff.

        `url`: in place of Stripe's own, for tests; `timeout`: seconds for each try; `tax`: it will be asked to add tax,
        for which it must know where the customer lives.
        """
        self._key, self._url, self._timeout, self._tax = secret_key, url, timeout, tax
        self._made: Client | None = None

    @property
    def is_on(self) -> bool:
        """Whether there is a key for it."""
        return bool(self._key)

    async def aclose(self) -> None:
        """Close the connections; it can be used again."""
        made, self._made = self._made, None
        if made:
            await made.aclose()

    async def create_customer(self, account_id: str, email: str, *, key: str) -> str:
        """A new customer; its id."""
        params = {"email": email, "metadata": {"account_id": account_id}}
        made = await self._ask(lambda api: api.customers.create_async(params, _under(key)))
        return str(made.id)

    async def forget_customer(self, customer_id: str) -> None:
        """Delete it, with its cards and its e-mail address; its invoices stay. No harm when it is gone already."""
        await self._unless({_GONE}, lambda api: api.customers.delete_async(customer_id))

    async def setup_page(self, customer_id: str, *, success_url: str, cancel_url: str, metadata: dict[str, str]) -> str:
        """The address of a page of Stripe's where a card can be saved; it is good for a day."""
        params = {
            "mode": "setup",
            "customer": customer_id,
            "allowed_payment_method_types": ["card"],
            "success_url": success_url,
            "cancel_url": cancel_url,
            "metadata": metadata,
            **({"billing_address_collection": "required"} if self._tax else {}),
        }
        made = await self._ask(lambda api: api.checkout.sessions.create_async(params, _fresh()))
        return str(made.url)

    async def cards_of(self, customer_id: str) -> list[Method]:
        """The customer's cards, newest first. None of a customer who was deleted."""
        customer = await self._ask(lambda api: api.customers.retrieve_async(customer_id))
        if getattr(customer, "deleted", False):
            return []
        default = getattr(customer.invoice_settings, "default_payment_method", None)
        params = {"customer": customer_id, "type": "card", "limit": _PAGE}
        found = await self._ask(lambda api: api.payment_methods.list_async(params))
        newest_first = sorted(found.data, key=lambda one: -one.created)  # of the same second: as Stripe lists them
        return [_method(one, default) for one in newest_first]

    async def charge_to(self, customer_id: str, method_id: str) -> None:
        """Charge the customer's invoices to this card from now on."""
        params = {"invoice_settings": {"default_payment_method": method_id}}
        await self._ask(lambda api: api.customers.update_async(customer_id, params, _fresh()))

    async def detach(self, method_id: str) -> None:
        """Take a card away from its customer, for ever. No harm when it is gone already."""
        gone = {_GONE, "payment_method_unexpected_state", ""}
        await self._unless(gone, lambda api: api.payment_methods.detach_async(method_id, {}, _fresh()))

    async def find_invoice(self, customer_id: str, invoice_id: str) -> AtStripe | None:
        """The one that was made for our invoice; None: there is none."""
        params = {"customer": customer_id, "limit": _PAGE}
        async for one in self._pages(lambda api, more: api.invoices.list_async({**params, **more})):
            if _noted(one).get("invoice_id") == invoice_id:
                return await self._at(one)
        return None

    async def new_invoice(self, customer_id: str, invoice_id: str, title: str, *, tax: bool, key: str) -> AtStripe:
        """An empty draft. It stays one until it is finalized."""
        params = {
            "customer": customer_id,
            "currency": "usd",
            "collection_method": "charge_automatically",
            "auto_advance": False,
            "pending_invoice_items_behavior": "exclude",
            "description": title,
            "metadata": {"invoice_id": invoice_id},
            **({"automatic_tax": {"enabled": True}} if tax else {}),
        }
        return await self._at(await self._ask(lambda api: api.invoices.create_async(params, _under(key))))

    async def add_item(  # noqa: PLR0913 - what a line says
        self, customer_id: str, stripe_id: str, name: str, text: str, cents: int, *, key: str
    ) -> None:
        """A line of a draft. Below 0 it is a credit."""
        params = {
            "customer": customer_id,
            "invoice": stripe_id,
            "amount": cents,
            "currency": "usd",
            "description": text,
            "metadata": {"name": name},
        }
        await self._ask(lambda api: api.invoice_items.create_async(params, _under(key)))

    async def invoice(self, stripe_id: str) -> AtStripe:
        """As it is now. Raises PaymentsRefused (`resource_missing`) when there is none."""
        return await self._at(await self._ask(lambda api: api.invoices.retrieve_async(stripe_id)))

    async def finalize(self, stripe_id: str, *, key: str) -> AtStripe:
        """No more a draft. From then on Stripe tries again by itself when a card fails, as its settings say."""
        params = {"auto_advance": True}
        done = await self._ask(lambda api: api.invoices.finalize_invoice_async(stripe_id, params, _under(key)))
        return await self._at(done)

    async def pay(self, stripe_id: str, *, key: str) -> AtStripe:
        """Ask the customer's card. Raises CardDeclined; PaymentsRefused when there is no card, or it is paid already.

        Stripe repeats its answer to the same key, a decline too, so each new try needs a new one.
        """
        return await self._at(await self._ask(lambda api: api.invoices.pay_async(stripe_id, {}, _under(key))))

    async def void(self, stripe_id: str, *, key: str) -> AtStripe:
        """Nobody has to pay it any more."""
        return await self._at(await self._ask(lambda api: api.invoices.void_invoice_async(stripe_id, {}, _under(key))))

    async def find_refund(self, stripe_id: str, credit_id: str) -> str:
        """The credit note that was made for our refund; "" for none."""
        params = {"invoice": stripe_id, "limit": _PAGE}
        async for one in self._pages(lambda api, more: api.credit_notes.list_async({**params, **more})):
            if _noted(one).get("credit_id") == credit_id:
                return str(one.id)
        return ""

    async def refund(self, stripe_id: str, credit_id: str, cents: int, reason: str, *, key: str) -> str:
        """Pay back through a credit note, tax included: its id. Raises PaymentsRefused when less was paid."""
        params = {
            "invoice": stripe_id,
            "amount": cents,
            "refund_amount": cents,
            "memo": reason,
            "metadata": {"credit_id": credit_id},
        }
        made = await self._ask(lambda api: api.credit_notes.create_async(params, _under(key)))
        return str(made.id)

    async def _at(self, one: Any) -> AtStripe:  # noqa: ANN401 - the library's
        lines = list(one.lines.data)
        if one.lines.has_more:  # an invoice shows its first ten
            params = {"limit": _PAGE}
            pages = self._pages(lambda api, more: api.invoices.line_items.list_async(one.id, {**params, **more}))
            lines = [line async for line in pages]
        return AtStripe(
            stripe_id=one.id,
            status=one.status or "",
            attempted=one.attempted,
            number=one.number or "",
            pay_url=one.hosted_invoice_url or "",
            subtotal_cents=one.subtotal,
            items=frozenset(_noted(line).get("name", "") for line in lines),
        )

    async def _pages(self, page_after: Callable[[Any, dict[str, str]], Coroutine[Any, Any, Any]]) -> AsyncIterator[Any]:
        """All things of a list, page by page."""
        more: dict[str, str] = {}
        while True:
            page = await self._ask(lambda api, more=more: page_after(api, more))  # type: ignore[misc]  # no type fits
            for one in page.data:
                yield one
            if not page.has_more:
                return
            more = {"starting_after": str(page.data[-1].id)}

    async def _unless(self, reasons: set[str], call: Ask) -> None:
        """Do it, and take these refusals for done."""
        try:
            await self._ask(call)
        except PaymentsRefused as refused:
            if refused.reason not in reasons:
                raise

    async def _ask(self, call: Ask) -> Any:  # noqa: ANN401 - the library's
        if not self._key:
            raise PaymentsOff
        from clipmeter.billing.stripelib import Client, in_our_words  # noqa: PLC0415 - it takes a third of a second

        if self._made is None:
            self._made = Client(self._key, url=self._url, timeout=self._timeout)
        with in_our_words():
            return await call(self._made.v1)


def _under(key: str) -> dict[str, str]:
    return {"idempotency_key": key}


def _fresh() -> dict[str, str]:
    """For a write that may be done twice without harm."""
    return _under(str(uuid4()))


def _method(one: Any, default: str | None) -> Method:  # noqa: ANN401 - the library's
    card = one.card
    return Method(one.id, card.brand, card.last4, card.exp_month, card.exp_year, one.id == default)


def _noted(one: Any) -> dict[str, str]:  # noqa: ANN401 - the library's
    """Our own notes on a thing of Stripe's."""
    return {} if one.metadata is None else dict(one.metadata.to_dict())
