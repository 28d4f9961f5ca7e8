"""Invoices: what the ledger charged, asked for once a month, once.

    ledger ─► lines in whole cents ─► one invoice per account and month ─► Stripe ─► paid, or failed: account blocked

Rule 1: the lines are written in one transaction, from what is on no line yet. So whoever runs a month, how often, and
whatever stops in between, each charge is on exactly one line.
Rule 2: what is written is then sent, and sent again until Stripe has it; a repeat makes nothing twice.
"""

import asyncio
from collections.abc import Callable, Coroutine, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import structlog

from clipmeter.billing import invoiceplans as plans
from clipmeter.billing.accounts import refresh_status
from clipmeter.billing.collecting import Collector
from clipmeter.billing.credits import Credit, Credits
from clipmeter.billing.invoicing import Due, Invoice, Line
from clipmeter.billing.payments import PaymentsOff, PaymentsRefused, PaymentsUnavailable
from clipmeter.billing.stripe import Stripe
from clipmeter.billing.verify import INVOICE_CHECKS, Told, Violation, violations
from clipmeter.errors import InvalidParameter
from clipmeter.store.base import Store

__all__ = ["Credit", "Due", "Invoice", "Invoices", "Line", "Progress", "Run"]

log = structlog.get_logger()

AT_ONCE = 8
"""Invoices on their way to Stripe; it takes 100 requests per second."""
PATIENCE = 3
"""Invoices in a row that Stripe may fail to take before the others are left for later."""
_TOGETHER = 100
"""Invoices that are written at once."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a run is: what it does, how many are done of how many."""

    what: str
    done: int
    of: int


@dataclass(frozen=True, slots=True)
class Run:
    """A month after its run."""

    month: str
    made: int
    """Invoices written by this run."""
    states: dict[str, tuple[int, int]]
    """All of the month by state: how many, and the cents that they ask for."""
    unsent: tuple[Invoice, ...]
    """Those that Stripe does not have yet, with the problem."""


Hear = Callable[[Progress], None]


class Invoices:
    """All invoices."""

    def __init__(self, store: Store, stripe: Stripe, *, threshold_micros: int = 0, tax: bool = False) -> None:
        """`threshold_micros`: what is charged within the month, 0 for nothing; `tax`: Stripe adds it."""
        self._store = store
        self._threshold = threshold_micros
        self._collector = Collector(store, stripe, tax=tax) if stripe.is_on else None
        self.credits = Credits(store, stripe)

    async def run(self, month: str, *, told: Hear = lambda _: None) -> Run:
        """Write and send the invoices of a month that is over; `told` hears how far it is.

        Doing it again changes nothing but what could not be sent before. Raises InvalidParameter while it is not over.
        """
        now, this_month, _ = await self._store.read(plans.clock())
        if month >= this_month:
            raise InvalidParameter(f"{month} is not over yet; a month ends at 00:00 UTC.")
        before = await self._count(month)
        await self._write(month, told)
        await self._store.write(plans.month_done(month, now))
        waiting = [one for one in await self._store.read(plans.unfinished()) if one.month == month]
        unsent, _ = await self._send_all(waiting, told)
        states = await self._store.read(plans.counts(month))
        return Run(month, await self._count(month) - before, states, tuple(unsent))

    async def months_due(self) -> list[str]:
        """The months that are over and have not been run, oldest first."""
        return await self._store.survey(plans.months_due())

    async def clock(self) -> tuple[int, str, int]:
        """Micro-seconds since 1970, the month it is, and how many requests of earlier months are in flight."""
        return await self._store.read(plans.clock())

    async def finish(self) -> list[Invoice]:
        """Send what is not sent, ask for what Stripe has not said the end of; refunds too.

        Those that Stripe refuses, with its reason. Raises PaymentsUnavailable while it cannot be reached.
        """
        if self._collector is None:
            return []
        waiting = await self._store.read(plans.unfinished())
        unsent = await self._send_now(waiting)
        await self.credits.finish()
        return unsent

    async def settle_up(self, account_id: str) -> None:
        """Ask for all that an account owes before it goes, what waits to be sent too.

        Raises PaymentsUnavailable while that cannot be asked for. What the card does not pay stays in the books.
        """
        if self._collector is None:
            return
        waiting = await self._store.read(plans.unfinished())
        await self._send_now([one for one in waiting if one.account_id == account_id])
        _, month, _ = await self._store.read(plans.clock())
        made = await self._store.write(plans.draft_within(account_id, month, 0))
        await self._send_now([made] if made else [])

    async def charge_open(self, account_id: str, *, least_micros: int | None = None) -> Invoice | None:
        """Charge within the month what is open, when it is the threshold or more (or `least_micros`).

        None: it is less, or nothing is charged within the month, or an earlier invoice is not paid.
        """
        least = self._threshold if least_micros is None else least_micros
        if self._collector is None or (least_micros is None and not self._threshold):
            return None
        _, month, _ = await self._store.read(plans.clock())
        made = await self._store.write(plans.draft_within(account_id, month, least))
        if made is None:
            return None
        await self._send_all([made], lambda _: None)
        return await self.find(made.invoice_id)

    async def charge_all_open(self) -> list[Invoice]:
        """The same for every account that may have reached the threshold."""
        if not self._threshold or self._collector is None:
            return []
        accounts = await self._store.survey(plans.accounts_over(self._threshold))
        return [made for account_id in accounts if (made := await self.charge_open(account_id))]

    async def find(self, id_: str) -> Invoice | None:
        """One, by its id here or at Stripe; None: there is none."""
        return await self._store.read(plans.found(id_)) if id_ else None

    async def lines(self, invoice: Invoice) -> list[Line]:
        """What is on it."""
        return await self._store.read(plans.lines_of(invoice))

    async def due(self, account_id: str) -> Due:
        """What an account owes now. Raises InvalidParameter when it is unknown."""
        _, month, _ = await self._store.read(plans.clock())
        return await self._store.read(plans.due(account_id, month))

    async def verify(self, told: Told = lambda _: None) -> list[Violation]:
        """I8: where the invoices are not the ledger, their sums or their states; an empty list is the proof."""
        return await self._store.survey(violations(told, INVOICE_CHECKS))

    async def told(self, stripe_id: str) -> bool:
        """Something happened to an invoice of Stripe's: see what, and block or unblock; False: it is none of ours.

        Raises PaymentsUnavailable.
        """
        invoice = await self.find(stripe_id)
        if invoice is None or self._collector is None:
            return False
        await self._collector.look(invoice)
        return True

    async def pay_failed(self, account_id: str) -> str:
        """Ask the account's card again for its failed invoices: the account's status after that.

        Raises PaymentsUnavailable.
        """
        status = await self._store.write(refresh_status(account_id))
        for invoice in await self.list(account_id):
            if invoice.state == "failed":
                status = await self._door_of(invoice).pay(invoice)
        return status

    async def settle(self, invoice_id: str) -> None:
        """The operator has the money of an invoice that is not Stripe's. Raises InvalidParameter."""
        invoice = await self._known(invoice_id)
        if not await self._store.write(plans.settle(invoice)):
            raise InvalidParameter(
                f"This invoice is {invoice.state}" + (" and Stripe's." if invoice.stripe_id else ".")
            )

    async def void(self, invoice_id: str) -> None:
        """Ask for the money no more, if it is not paid. Raises InvalidParameter and as Stripe does."""
        invoice = await self._known(invoice_id)
        if invoice.stripe_id and invoice.state in {"open", "failed"}:
            await self._door_of(invoice).void(invoice)
        elif not await self._store.write(plans.forgive(invoice)):
            at_stripe = " at Stripe; delete its draft there first" if invoice.state == "sending" else ""
            raise InvalidParameter(f"This invoice is {invoice.state}{at_stripe}.")

    async def credit(self, account_id: str, micros: int, reason: str, *, refund_of: str = "") -> Credit:
        """Give a credit, or pay an invoice back. Raises InvalidParameter, and of a refund PaymentsRefused."""
        if refund_of:
            return await self.credits.refund(refund_of, micros, reason)
        return await self.credits.give(account_id, micros, reason)

    def _door_of(self, invoice: Invoice) -> Collector:
        if self._collector is None or not invoice.stripe_id:
            raise PaymentsOff
        return self._collector

    async def _known(self, invoice_id: str) -> Invoice:
        if (invoice := await self.find(invoice_id)) is None:
            raise InvalidParameter("There is no such invoice; see: clipmeter invoices list")
        return invoice

    async def _count(self, month: str) -> int:
        return sum(count for count, _ in (await self._store.read(plans.counts(month))).values())

    async def _write(self, month: str, told: Hear) -> None:
        accounts = await self._store.survey(plans.accounts_due(month))
        for done in range(0, len(accounts), _TOGETHER):
            told(Progress("writing", done, len(accounts)))
            some = accounts[done : done + _TOGETHER]
            await _all(self._store.write(plans.draft_of_month(account_id, month)) for account_id in some)

    async def _send_now(self, invoices: Sequence[Invoice]) -> list[Invoice]:
        """Those that Stripe refuses. Raises PaymentsUnavailable while it cannot be reached."""
        unsent, failures = await self._send_all(invoices, lambda _: None)
        if failures:
            raise PaymentsUnavailable(sign=f"{len(unsent)} invoices wait")
        return unsent

    async def _send_all(self, invoices: Sequence[Invoice], told: Hear) -> tuple[list[Invoice], int]:
        """Those that could not be sent, as they are now, and how often Stripe could not be reached.

        After some such failures in a row the rest is not tried.
        """
        if self._collector is None or not invoices:
            return [*invoices], 0
        queue, failures, in_a_row, done = iter(invoices), 0, 0, 0

        async def work(collector: Collector) -> None:
            nonlocal failures, in_a_row, done
            for invoice in queue:
                failed = not await self._sent(collector, invoice)
                failures, in_a_row, done = failures + failed, (in_a_row + 1) * failed, done + 1
                told(Progress("sending", done, len(invoices)))
                if in_a_row >= PATIENCE:
                    return

        await _all(work(self._collector) for _ in range(min(AT_ONCE, len(invoices))))
        left = {one.invoice_id: one for one in await self._store.read(plans.unfinished())}
        return [left[one.invoice_id] for one in invoices if one.invoice_id in left], failures

    async def _sent(self, collector: Collector, invoice: Invoice) -> bool:
        """False: Stripe cannot be reached."""
        try:
            await collector.send(invoice)
        except PaymentsUnavailable as problem:
            await self._store.write(plans.trouble(invoice, problem.message, fault=problem.fault))
            return False
        except PaymentsRefused as problem:
            log.warning(
                "an invoice was refused", invoice_id=invoice.invoice_id, problem=problem.message, sign=problem.sign
            )
            # A key that was used for something else, by an older version say, is not used again.
            other_key = problem.reason == "idempotency_error"
            await self._store.write(plans.trouble(invoice, problem.message, fault=other_key))
        return True

    async def list(self, account_id: str | None = None) -> list[Invoice]:
        """The invoices of an account, or of all; oldest first."""
        return await self._store.survey(plans.listed(account_id))


async def _all(work: Iterable[Coroutine[Any, Any, Any]]) -> None:
    """All of it, to its end; then the first problem of it is raised."""
    ended = await asyncio.gather(*work, return_exceptions=True)
    for problem in ended:
        if isinstance(problem, BaseException):
            raise problem
