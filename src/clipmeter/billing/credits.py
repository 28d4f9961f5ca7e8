"""What the operator gives back: credits, which the next invoices use up, and refunds of what a card has paid.

Each is a row of its own, and shows in the ledger as one. A refund is written first, as `reserved`, then made at Stripe,
then `posted`; a process that ends in between is continued by the next one.
"""

from contextlib import suppress
from dataclasses import dataclass
from uuid import uuid4

from clipmeter.billing.invoiceplans import found
from clipmeter.billing.invoicing import CENT, Invoice
from clipmeter.billing.money import short_dollars
from clipmeter.billing.payments import InvoiceDoor, PaymentsRefused, PaymentsUnavailable
from clipmeter.errors import InvalidParameter
from clipmeter.store.base import Lock, Query, Steps, Store, plan

MOST = 10**12
"""Micro-dollars: nobody is given more at once."""
_MAX_REASON = 500


@dataclass(frozen=True, slots=True)
class Credit:
    """What the operator gave. `created_at`: micro-seconds since 1970, UTC."""

    account_id: str
    credit_id: str
    kind: str
    """credit or refund."""
    micros: int
    reason: str
    state: str
    """posted; of a refund also reserved (Stripe does not have it yet) or voided (Stripe refused it)."""
    invoice_id: str
    """That a refund pays back."""
    stripe_id: str
    """Of the credit note."""
    problem: str
    tries: int
    created_at: int


class Credits:
    """All that was given."""

    def __init__(self, store: Store, stripe: InvoiceDoor) -> None:
        self._store, self._stripe = store, stripe

    async def give(self, account_id: str, micros: int, reason: str) -> Credit:
        """A credit, good at once for the next invoices. Raises InvalidParameter."""
        _check(micros, reason)
        return await self._store.write(_give(account_id, f"cr_{uuid4().hex}", micros, reason))

    async def refund(self, invoice_id: str, micros: int, reason: str) -> Credit:
        """Pay back a part of a paid invoice, or all of it, to the card it was paid with.

        Raises InvalidParameter, and PaymentsRefused when Stripe does not take it. When Stripe cannot be reached it is
        reserved, and `finish` makes it.
        """
        _check(micros, reason)
        if micros % CENT:
            raise InvalidParameter("A refund is in whole cents.")
        invoice = await self._store.read(found(invoice_id))
        if invoice is None:
            raise InvalidParameter("There is no such invoice.")
        given = await self._store.write(_refund(invoice, f"re_{uuid4().hex}", micros, reason))
        if given.state == "reserved":
            with suppress(PaymentsUnavailable):
                await self._send(given)
        return next(one for one in await self.list(given.account_id) if one.credit_id == given.credit_id)

    async def finish(self) -> None:
        """Make the refunds that Stripe does not have yet. Raises PaymentsUnavailable."""
        for given in await self._store.read(_reserved()):
            try:
                await self._send(given)
            except PaymentsRefused:  # noted, for the operator to see
                continue

    async def list(self, account_id: str) -> list[Credit]:
        """What an account was given, oldest first."""
        return await self._store.read(credits_of(account_id))

    async def _send(self, given: Credit) -> None:
        try:
            note = await self._made(given)
        except PaymentsRefused as problem:
            if problem.reason == "idempotency_error":
                await self._store.write(_trouble(given, problem.message, fault=True))
                raise
            await self._store.write(_end(given, "voided", "", problem.message))
            raise
        except PaymentsUnavailable as problem:
            await self._store.write(_trouble(given, problem.message, fault=problem.fault))
            raise
        await self._store.write(_end(given, "posted", note, ""))

    async def _made(self, given: Credit) -> str:
        """The credit note; looked for first, since a key is good for a day only."""
        invoice = await self._store.read(found(given.invoice_id))
        stripe_id = invoice.stripe_id if invoice else ""
        if note := await self._stripe.find_refund(stripe_id, given.credit_id):
            return note
        key = f"{given.credit_id}-{given.tries}"
        return await self._stripe.refund(stripe_id, given.credit_id, given.micros // CENT, given.reason, key=key)


def _check(micros: int, reason: str) -> None:
    if not 0 < micros <= MOST:
        raise InvalidParameter(f"Give more than $0 and at most {short_dollars(MOST)}.")
    if not reason.strip() or len(reason) > _MAX_REASON:
        raise InvalidParameter(f"Give a reason of 1 to {_MAX_REASON} characters.")


@plan
def credits_of(account_id: str) -> Steps[list[Credit]]:
    """What an account was given, oldest first."""
    return [Credit(*row) for row in (yield Query("credit_list", {"account_id": account_id}))]


@plan
def _reserved() -> Steps[list[Credit]]:
    return [Credit(*row) for row in (yield Query("credit_reserved"))]


@plan
def _give(account_id: str, credit_id: str, micros: int, reason: str) -> Steps[Credit]:
    yield Lock(account_id)
    if not (yield Query("account_find", {"id": account_id, "email": ""})):
        raise InvalidParameter("There is no such account.")
    return (yield from _add(account_id, credit_id, "credit", micros, reason, "posted", ""))


@plan
def _refund(invoice: Invoice, credit_id: str, micros: int, reason: str) -> Steps[Credit]:
    """Two refunds at once cannot pass the invoice's amount, since they take turns."""
    yield Lock(invoice.account_id)
    left = yield from _refundable(invoice)
    if micros > left:
        raise InvalidParameter(f"At most {short_dollars(left)} of this invoice can be paid back.")
    state = "reserved" if invoice.stripe_id else "posted"
    return (yield from _add(invoice.account_id, credit_id, "refund", micros, reason, state, invoice.invoice_id))


@plan
def _refundable(invoice: Invoice) -> Steps[int]:
    """What is left to pay back of an invoice, in micro-dollars. Raises InvalidParameter unless it is paid."""
    named = {"account_id": invoice.account_id, "invoice_id": invoice.invoice_id}
    ((state, _),) = yield Query("invoice_state", named)
    if state != "paid":
        raise InvalidParameter("This invoice is not paid; to lower the next one, give a credit.")
    ((refunded,),) = yield Query("credit_refunded", named)
    return invoice.amount_cents * CENT - int(refunded)


@plan
def _add(  # noqa: PLR0913, PLR0917 - what a row says
    account_id: str, credit_id: str, kind: str, micros: int, reason: str, state: str, invoice_id: str
) -> Steps[Credit]:
    values = {"account_id": account_id, "credit_id": credit_id, "kind": kind, "micros": micros}
    yield Query("credit_add", {**values, "reason": reason.strip(), "state": state, "invoice_id": invoice_id})
    rows = yield Query("credit_list", {"account_id": account_id})
    return next(Credit(*row) for row in rows if row[1] == credit_id)


@plan
def _end(given: Credit, state: str, stripe_id: str, problem: str) -> Steps[None]:
    yield Query("credit_end", {**_name(given), "state": state, "stripe_id": stripe_id, "problem": problem})


@plan
def _trouble(given: Credit, problem: str, *, fault: bool) -> Steps[None]:
    yield Query("credit_trouble", {**_name(given), "problem": problem, "faults": int(fault)})


def _name(given: Credit) -> dict[str, str]:
    return {"account_id": given.account_id, "credit_id": given.credit_id}
