"""What invoices do to the database, each step as a plan: one transaction, written once for every database.

draft ─► sending ─► open ─► paid          carried: too little to ask for, or nothing after the credit
                        └─► failed ─► paid | void
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from hashlib import blake2b

from clipmeter.billing.accounts import refresh_status
from clipmeter.billing.invoicing import (
    CENT,
    LEAST_CENTS,
    Charged,
    Draft,
    Due,
    Invoice,
    Line,
    State,
    draft,
    first_state,
)
from clipmeter.errors import InvalidParameter
from clipmeter.store.base import Lock, Query, Steps, plan

_PAGE = 500
DECLINED = "The card was declined."
OTHERWISE = 1
"""Cents that an invoice asks for at least when the operator bills by hand."""


@dataclass(frozen=True, slots=True)
class Payer:
    """Who an invoice is for."""

    payment: str
    customer_id: str
    credit_micros: int
    next_number: int
    unfinished: int

    @property
    def by_hand(self) -> bool:
        """The operator asks for the money, not Stripe."""
        return self.payment == "invoice" or not self.customer_id


def invoice_id_of(account_id: str, month: str, number: int) -> str:
    """The same whenever it is asked: a repeat makes no second invoice."""
    return f"inv_{blake2b(f'{account_id} {month} {number}'.encode(), digest_size=12).hexdigest()}"


@plan
def months_due() -> Steps[list[str]]:
    """The months that are over and not invoiced yet, oldest first."""
    return [month for (month,) in (yield Query("invoice_months_due"))]


@plan
def clock() -> Steps[tuple[int, str, int]]:
    """Micro-seconds since 1970, the month it is, and how many requests of earlier months are in flight."""
    ((now, month, in_flight),) = yield Query("invoice_clock")
    return now, month, in_flight


@plan
def accounts_due(month: str) -> Steps[list[str]]:
    """The accounts that have charges up to a month on no invoice yet."""
    found: list[str] = []
    page = [""]
    while page:
        rows = yield Query("invoice_accounts", {"after": page[-1], "which_month": month, "size": _PAGE})
        page = [account_id for (account_id,) in rows]
        found += page
    return found


@plan
def accounts_over(threshold_micros: int) -> Steps[list[str]]:
    """The accounts that may owe so much for this month."""
    return [account_id for (account_id,) in (yield Query("invoice_over", {"threshold_micros": threshold_micros}))]


@plan
def month_done(month: str, at: int) -> Steps[None]:
    """All of a month's invoices are written: of what had ended until `at`."""
    yield Query("mark_set", {"name": f"invoiced {month}", "value": str(at)})


@plan
def draft_of_month(account_id: str, month: str) -> Steps[Invoice | None]:
    """The invoice of a month's end, made when there is none; None: nothing was charged."""
    yield Lock(account_id)
    if (made := (yield from _of_month(account_id, month, 0))) is not None:
        return made
    charged = yield from _charged(account_id, month)
    if not charged:
        return None
    payer = yield from payer_of(account_id, month)
    return (yield from _write(account_id, month, 0, charged, payer))


@plan
def draft_within(account_id: str, month: str, least_micros: int) -> Steps[Invoice | None]:
    """An invoice within the month, of an account that owes so much; None: it owes less, or another is on its way."""
    yield Lock(account_id)
    payer = yield from payer_of(account_id, month)
    charged = yield from _charged(account_id, month)
    carried = yield from _carried(account_id)
    owed = sum(one.micros for one in charged) + sum(carried.values()) - payer.credit_micros
    if payer.by_hand or payer.unfinished or owed < max(least_micros, LEAST_CENTS * CENT):
        return None
    return (yield from _write(account_id, month, payer.next_number, charged, payer))


@plan
def due(account_id: str, month: str) -> Steps[Due]:
    """What an account owes now, in `month`."""
    payer = yield from payer_of(account_id, month)
    charged = yield from _charged(account_id, month)
    carried = yield from _carried(account_id)
    invoices = [Invoice(*row) for row in (yield Query("invoice_list_of", {"account_id": account_id}))]
    unpaid = tuple(one for one in invoices if one.state in {"draft", "sending", "open", "failed"})
    return Due(sum(one.micros for one in charged), sum(carried.values()), payer.credit_micros, unpaid)


@plan
def payer_of(account_id: str, month: str) -> Steps[Payer]:
    """How an account pays. Raises InvalidParameter when it is unknown."""
    rows = yield Query("invoice_payer", {"account_id": account_id, "which_month": month})
    if not rows:
        raise InvalidParameter("There is no such account.")
    return Payer(*rows[0])


@plan
def listed(account_id: str | None) -> Steps[list[Invoice]]:
    """The invoices of an account, or all; oldest first."""
    query = Query("invoice_list") if account_id is None else Query("invoice_list_of", {"account_id": account_id})
    return [Invoice(*row) for row in (yield query)]


@plan
def unfinished() -> Steps[list[Invoice]]:
    """Those that Stripe has to be asked about, oldest first."""
    return [Invoice(*row) for row in (yield Query("invoice_unfinished"))]


@plan
def found(id_: str) -> Steps[Invoice | None]:
    """One invoice, by its id here or at Stripe; None: there is none."""
    rows = yield Query("invoice_find", {"id": id_})
    return Invoice(*rows[0]) if rows else None


@plan
def lines_of(invoice: Invoice) -> Steps[list[Line]]:
    """What is on an invoice."""
    return [Line(*row) for row in (yield Query("invoice_lines_of", _name(invoice)))]


@plan
def counts(month: str) -> Steps[dict[str, tuple[int, int]]]:
    """The invoices of a month by state: how many, and the cents that they ask for."""
    rows = yield Query("invoice_counts", {"which_month": month})
    return {state: (count, cents) for state, count, cents in rows}


@plan
def sending(invoice: Invoice) -> Steps[bool]:
    """From now on Stripe may have it; False: it may have had it before."""
    return bool((yield Query("invoice_sending", _name(invoice))))


@plan
def at_stripe(invoice: Invoice, stripe_id: str) -> Steps[Invoice]:
    """Remember which one it is at Stripe; the one that was remembered first counts."""
    yield Lock(invoice.account_id)
    yield Query("invoice_at_stripe", {**_name(invoice), "stripe_id": stripe_id})
    rows = yield Query("invoice_find", {"id": invoice.invoice_id})
    return Invoice(*rows[0])


@plan
def gone(invoice: Invoice) -> Steps[Invoice]:
    """Its draft was deleted at Stripe; the invoice that can be made again."""
    yield Lock(invoice.account_id)
    yield Query("invoice_gone", {**_name(invoice), "stripe_id": invoice.stripe_id})
    rows = yield Query("invoice_find", {"id": invoice.invoice_id})
    return Invoice(*rows[0])


@plan
def trouble(invoice: Invoice, problem: str, *, fault: bool) -> Steps[None]:
    """Why it could not be sent. `fault`: Stripe answered with a fault of its own, and would do so to the same key."""
    yield Query("invoice_trouble", {**_name(invoice), "problem": problem, "faults": int(fault)})


@plan
def ticket(invoice: Invoice) -> Steps[int]:
    """To be drawn before Stripe is asked how an invoice stands."""
    ((drawn,),) = yield Query("invoice_ticket", _name(invoice))
    return int(drawn)


@plan
def apply(
    invoice: Invoice, drawn: int, state: State, problem: str, values: Mapping[str, str]
) -> Steps[tuple[str, bool]]:
    """Write what Stripe said under a ticket, and block or unblock the account: its status, and whether it was written.

    Nothing is written when something was under a later ticket. `values`: stripe_number, pay_url.
    """
    yield Lock(invoice.account_id)
    ((before, why),) = yield Query("invoice_state", _name(invoice))
    if before == "failed" and state == "open":  # Stripe does not say that it was to be paid when there was no card
        state = "failed"
    reason = problem or (why if before == "failed" else "") or DECLINED
    told = {"state": state, "problem": reason if state == "failed" else "", "ticket": drawn}
    written = yield Query("invoice_apply", {**_name(invoice), **values, **told})
    return (yield from refresh_status(invoice.account_id)), bool(written)


@plan
def settle(invoice: Invoice) -> Steps[bool]:
    """The operator has the money; False: the invoice is Stripe's, or not open."""
    yield Lock(invoice.account_id)
    return bool((yield Query("invoice_settle", _name(invoice))))


@plan
def forgive(invoice: Invoice) -> Steps[bool]:
    """Nobody has to pay it any more; False: the invoice is Stripe's, or at its end."""
    yield Lock(invoice.account_id)
    return bool((yield Query("invoice_forgive", _name(invoice))))


@plan
def _of_month(account_id: str, month: str, number: int) -> Steps[Invoice | None]:
    values = {"account_id": account_id, "which_month": month, "number": number}
    rows = yield Query("invoice_of_month", values)
    return Invoice(*rows[0]) if rows else None


@plan
def _charged(account_id: str, month: str) -> Steps[list[Charged]]:
    rows = yield Query("invoice_charged", {"account_id": account_id, "which_month": month})
    return [Charged(*row) for row in rows]


@plan
def _carried(account_id: str) -> Steps[dict[str, int]]:
    rows = yield Query("invoice_carried", {"account_id": account_id})
    return {endpoint: int(rest) for endpoint, rest in rows}


@plan
def _write(account_id: str, month: str, number: int, charged: list[Charged], payer: Payer) -> Steps[Invoice]:
    carried = yield from _carried(account_id)
    least = OTHERWISE if payer.by_hand else LEAST_CENTS
    made = draft(charged, carried, payer.credit_micros, month, least)
    invoice_id = invoice_id_of(account_id, month, number)
    yield Query("invoice_add", _row(account_id, invoice_id, month, number, made, payer))
    for line in made.lines:
        values = asdict(line)
        values["line_month"] = values.pop("month")
        yield Query("invoice_line_add", {"account_id": account_id, "invoice_id": invoice_id, **values})
    rows = yield Query("invoice_find", {"id": invoice_id})
    return Invoice(*rows[0])


def _row(  # noqa: PLR0913, PLR0917 - what a row says
    account_id: str, invoice_id: str, month: str, number: int, made: Draft, payer: Payer
) -> dict[str, str | int]:
    return {
        "account_id": account_id,
        "invoice_id": invoice_id,
        "which_month": month,
        "number": number,
        "state": first_state(made, by_hand=payer.by_hand),
        "amount_cents": made.amount_cents,
        "credit_micros": made.credit_micros,
    }


def _name(invoice: Invoice) -> dict[str, str]:
    return {"account_id": invoice.account_id, "invoice_id": invoice.invoice_id}
