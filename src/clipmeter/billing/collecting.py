"""The outbox of invoices: one after another they are made at Stripe, filled, finalized and paid.

Rule 1: a process may end between any two steps, and another one may do the same at the same time. So each write has an
idempotency key that follows from the invoice, and what was begun before is looked for before it is made.
Rule 2: only the one invoice of Stripe's whose id was saved here is ever finalized, and only with the right amount.
Rule 3: what Stripe says is written under a ticket that was drawn before it was asked.
"""

from clipmeter.billing import invoiceplans as plans
from clipmeter.billing.invoicing import CENT, Invoice, Line, State
from clipmeter.billing.money import short_dollars
from clipmeter.billing.payments import AtStripe, InvoiceDoor, PaymentsRefused
from clipmeter.store.base import Store


class Collector:
    """Drives invoices to their end, from wherever they stand."""

    def __init__(self, store: Store, stripe: InvoiceDoor, *, tax: bool) -> None:
        """`tax`: Stripe works it out and adds it."""
        self._store, self._stripe, self._tax = store, stripe, tax

    async def send(self, invoice: Invoice) -> None:
        """All steps that are left. Raises PaymentsUnavailable, PaymentsRefused; sent again, it goes on from there."""
        invoice, at = await self._at_stripe(invoice)
        if at.status == "draft":
            await self._fill(invoice, at)
        await self._collect(invoice, at)

    async def look(self, invoice: Invoice) -> str:
        """Write how an invoice stands at Stripe now: the account's status after that."""
        drawn = await self._store.write(plans.ticket(invoice))
        return (await self._write(invoice, drawn, await self._stripe.invoice(invoice.stripe_id), ""))[0]

    async def pay(self, invoice: Invoice) -> str:
        """Ask the card of a failed invoice again: the account's status after that."""
        drawn = await self._store.write(plans.ticket(invoice))
        at, problem = await self._paid(invoice.stripe_id, f"{invoice.invoice_id}-pay-again-{drawn}")
        return (await self._write(invoice, drawn, at, problem))[0]

    async def void(self, invoice: Invoice) -> str:
        """Ask for it no more: the account's status after that."""
        drawn = await self._store.write(plans.ticket(invoice))
        at = await self._stripe.void(invoice.stripe_id, key=f"{invoice.invoice_id}-void-{drawn}")
        return (await self._write(invoice, drawn, at, ""))[0]

    async def _at_stripe(self, invoice: Invoice) -> tuple[Invoice, AtStripe]:
        if invoice.stripe_id:
            try:
                return invoice, await self._stripe.invoice(invoice.stripe_id)
            except PaymentsRefused as problem:
                if problem.reason != "resource_missing" or invoice.state != "sending":
                    raise
                invoice = await self._store.write(plans.gone(invoice))
        is_new = await self._store.write(plans.sending(invoice))
        customer_id = await self._customer(invoice)
        # A key is good for a day only, and a crash may be longer ago than that.
        at = None if is_new else await self._stripe.find_invoice(customer_id, invoice.invoice_id)
        if at is None:
            title, key = f"Usage in {invoice.month}", _key(invoice, "invoice")
            at = await self._stripe.new_invoice(customer_id, invoice.invoice_id, title, tax=self._tax, key=key)
        saved = await self._store.write(plans.at_stripe(invoice, at.stripe_id))
        if saved.state != "sending":
            raise PaymentsRefused(f"This invoice was made {saved.state} meanwhile.")
        return saved, at if saved.stripe_id == at.stripe_id else await self._stripe.invoice(saved.stripe_id)

    async def _fill(self, invoice: Invoice, at: AtStripe) -> None:
        customer_id = await self._customer(invoice)
        for line in await self._store.read(plans.lines_of(invoice)):
            name = f"{line.endpoint} {line.month}"
            if line.cents and name not in at.items:
                key = _key(invoice, name)
                await self._stripe.add_item(customer_id, at.stripe_id, name, text_of(line), line.cents, key=key)
        cents = (await self._stripe.invoice(at.stripe_id)).subtotal_cents
        if cents != invoice.amount_cents:
            sign = f"the draft {at.stripe_id} comes to {cents} cents in place of {invoice.amount_cents}"
            raise PaymentsRefused("Stripe's draft has a wrong amount.", sign=sign)

    async def _collect(self, invoice: Invoice, at: AtStripe) -> None:
        drawn = await self._store.write(plans.ticket(invoice))
        problem = ""
        at = await self._stripe.invoice(at.stripe_id)
        if at.status == "draft":
            at = await self._stripe.finalize(at.stripe_id, key=_key(invoice, "finalize"))
        if at.status == "open" and not at.attempted:
            at, problem = await self._paid(at.stripe_id, _key(invoice, "pay"))
        if not (await self._write(invoice, drawn, at, problem))[1]:
            await self.look(invoice)  # an event told of it meanwhile, maybe of how it stood before it was paid

    async def _paid(self, stripe_id: str, key: str) -> tuple[AtStripe, str]:
        """How it stands after its card was asked, and why it was not paid."""
        try:
            return await self._stripe.pay(stripe_id, key=key), ""
        except PaymentsRefused as problem:  # declined, or there is no card, or somebody else was faster
            return await self._stripe.invoice(stripe_id), problem.message

    async def _write(self, invoice: Invoice, drawn: int, at: AtStripe, problem: str) -> tuple[str, bool]:
        values = {"stripe_number": at.number, "pay_url": at.pay_url}
        return await self._store.write(plans.apply(invoice, drawn, state_of(at, problem), problem, values))

    async def _customer(self, invoice: Invoice) -> str:
        payer = await self._store.read(plans.payer_of(invoice.account_id, invoice.month))
        if not payer.customer_id:
            raise PaymentsRefused("The account is no customer of Stripe any more.")
        return payer.customer_id


def state_of(at: AtStripe, problem: str) -> State:
    """What Stripe's status is here; `problem`: why the card was not charged just now."""
    if at.status == "draft":
        return "sending"
    if at.status == "uncollectible" or (at.status == "open" and (at.attempted or problem)):
        return "failed"
    return "paid" if at.status == "paid" else "void" if at.status == "void" else "open"


def text_of(line: Line) -> str:
    """What the customer reads: the endpoint, how often, and what else is in the amount."""
    parts = [f"{line.endpoint}, {line.month}: {line.requests:,} requests, {short_dollars(line.charged_micros)}"]
    if line.carried_in_micros >= CENT:
        parts.append(f"{short_dollars(line.carried_in_micros)} from earlier invoices")
    if line.credit_micros:
        parts.append(f"less {short_dollars(line.credit_micros)} credit")
    return ", ".join(parts)


def _key(invoice: Invoice, step: str) -> str:
    # Stripe repeats its own faults to a key for a day, so after one of those the key changes.
    return f"{invoice.invoice_id}-{step}-{invoice.tries}"
