"""What can go wrong with Stripe, and what invoices ask of it."""

from dataclasses import dataclass
from typing import Protocol

from clipmeter.errors import Problem, ServiceError


class PaymentsUnavailable(ServiceError):
    """Stripe cannot be reached for now; nothing was changed that a repeat would not find."""

    def __init__(self, message: str | None = None, *, sign: str = "", fault: bool = False) -> None:
        """`fault`: Stripe answered with a fault of its own (500 and up), and would repeat that to the same key."""
        super().__init__(message, sign=sign)
        self.fault = fault


class PaymentsOff(PaymentsUnavailable):
    """This server has no keys of Stripe; the operator bills by hand."""


class PaymentsRefused(Problem):
    """Stripe refuses this; the sentence is its own. A repeat will not help."""

    status = 400
    reason: str = ""
    """Stripe's code, and the bank's after a slash where there is one: `resource_missing`, `card_declined/lost_card`."""


class CardDeclined(PaymentsRefused):
    """The card was declined."""

    status = 402


@dataclass(frozen=True, slots=True)
class AtStripe:
    """An invoice as Stripe has it now."""

    stripe_id: str
    status: str
    """draft, open, paid, void or uncollectible."""
    attempted: bool
    """A card was asked for the money."""
    number: str
    pay_url: str
    subtotal_cents: int
    """Tax aside."""
    items: frozenset[str]
    """The names of its lines."""


class InvoiceDoor(Protocol):
    """What invoices ask of Stripe. All raise PaymentsUnavailable or PaymentsRefused; `key` makes a repeat harmless."""

    async def find_invoice(self, customer_id: str, invoice_id: str) -> AtStripe | None:
        """The one that was made for our invoice; None: there is none."""

    async def new_invoice(self, customer_id: str, invoice_id: str, title: str, *, tax: bool, key: str) -> AtStripe:
        """An empty draft."""

    async def add_item(  # noqa: PLR0913 - what a line says
        self, customer_id: str, stripe_id: str, name: str, text: str, cents: int, *, key: str
    ) -> None:
        """A line of a draft."""

    async def invoice(self, stripe_id: str) -> AtStripe:
        """As it is now."""

    async def finalize(self, stripe_id: str, *, key: str) -> AtStripe:
        """No more a draft. From then on Stripe tries again by itself when a card fails, as its settings say."""

    async def pay(self, stripe_id: str, *, key: str) -> AtStripe:
        """Ask the customer's card. Raises CardDeclined too."""

    async def void(self, stripe_id: str, *, key: str) -> AtStripe:
        """Nobody has to pay it any more."""

    async def find_refund(self, stripe_id: str, credit_id: str) -> str:
        """The credit note that was made for our refund; "" for none."""

    async def refund(self, stripe_id: str, credit_id: str, cents: int, reason: str, *, key: str) -> str:
        """Pay back through a credit note: its id."""
