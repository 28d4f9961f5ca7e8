"""`clipmeter invoices`, `credit` and `refund`: what is asked for, what came of it, and what is given back."""

import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from clipmeter.billing.credits import Credit
from clipmeter.billing.invoices import Invoice, Line, Run
from clipmeter.billing.invoices import Progress as Step
from clipmeter.billing.invoicing import CENT
from clipmeter.billing.money import read_dollars, short_dollars
from clipmeter.books import Books
from clipmeter.cli.books import found, with_books
from clipmeter.cli.ledger import watched
from clipmeter.cli.show import counted, err, fail, out, print_json, print_table
from clipmeter.errors import InvalidParameter
from clipmeter.settings import Settings

COLUMNS = ("invoice_id", "month", "account", "state", "amount", "number", "problem")
LINE_COLUMNS = ("endpoint", "month", "requests", "charged", "carried in", "credit", "amount", "carried out")
_MONTH = re.compile(r"[0-9]{4}-(?:0[1-9]|1[0-2])")


def run_invoices(settings: Settings, month: str, *, as_json: bool) -> int:
    """Run a month, or every month that is over and was not run (""); the exit status."""
    if month and not _MONTH.fullmatch(month):
        raise InvalidParameter(f"{month} is no month; write it YYYY-MM, like 2026-11.")

    async def work(books: Books) -> list[Run]:
        months = [month] if month else await books.invoices.months_due()
        with stepped() as told:
            return [await books.invoices.run(one, told=told) for one in months]

    runs = with_books(settings, work)
    if as_json:
        print_json([_run_row(run) for run in runs])
    elif not runs:
        out.print("Every month that is over has been run.")
    for run in runs if not as_json else ():
        _say_run(run)
    return 1 if any(run.unsent for run in runs) else 0


def list_invoices(settings: Settings, id_or_email: str, month: str, *, as_json: bool) -> None:
    """Show invoices: of an account, of a month, or all ("")."""

    async def work(books: Books) -> tuple[list[Invoice], dict[str, str]]:
        account_id = (await found(books.accounts, id_or_email)).account_id if id_or_email else None
        emails = {account.account_id: account.email for account in await books.accounts.list_all()}
        return [one for one in await books.invoices.list(account_id) if month in {"", one.month}], emails

    invoices, emails = with_books(settings, work)
    empty = "There are no such invoices." if id_or_email or month else "No invoices yet."
    if as_json:
        print_json([asdict(invoice) for invoice in invoices])
    else:
        print_table(COLUMNS, [_row(invoice, emails) for invoice in invoices], empty)


def show_invoice(settings: Settings, invoice_id: str, *, as_json: bool) -> None:
    """Show one with its lines, and what was paid back of it."""

    async def work(books: Books) -> tuple[Invoice, list[Line], list[Credit]]:
        invoice = await _known(books, invoice_id)
        given = await books.invoices.credits.list(invoice.account_id)
        refunds = [one for one in given if one.invoice_id == invoice.invoice_id]
        return invoice, await books.invoices.lines(invoice), refunds

    invoice, lines, refunds = with_books(settings, work)
    if as_json:
        parts = {"lines": [asdict(line) for line in lines], "refunds": [asdict(refund) for refund in refunds]}
        print_json({**asdict(invoice), **parts})
        return
    made = datetime.fromtimestamp(invoice.created_at / 1e6, UTC).strftime("%Y-%m-%d %H:%MZ")
    facts = {**_row(invoice, {}), "made": made, "page": invoice.pay_url}
    for name, value in facts.items():
        if value:
            out.print(f"{name:10}  {value}", soft_wrap=True, markup=False)
    print_table(LINE_COLUMNS, [_line_row(line) for line in lines], "No lines.")
    for refund in refunds:
        what = f"{short_dollars(refund.micros)} paid back ({refund.state}): {refund.reason} {refund.problem}"
        out.print(what, soft_wrap=True, markup=False)


def verify_invoices(settings: Settings, *, as_json: bool) -> int:
    """Check that the invoices are the ledger; the exit status."""

    async def work(books: Books) -> tuple[list[Any], int]:
        with watched() as told:
            return await books.invoices.verify(told), len(await books.invoices.list())

    violations, count = with_books(settings, work)
    if as_json:
        print_json(violations)
    elif violations:
        print_table(("invariant", "what", "row"), [asdict(violation) for violation in violations], "")
    else:
        out.print(
            f"[green]clean[/green]: {counted(count, 'invoice')}; they are what the ledger charged", soft_wrap=True
        )
    return 1 if violations else 0


def settle_invoice(settings: Settings, invoice_id: str) -> None:
    """The operator has the money."""
    with_books(settings, lambda books: books.invoices.settle(invoice_id))
    out.print(f"{invoice_id} is paid.")


def void_invoice(settings: Settings, invoice_id: str) -> None:
    """Ask for the money no more."""
    with_books(settings, lambda books: books.invoices.void(invoice_id))
    out.print(f"{invoice_id} is void.")


def retry_invoices(settings: Settings, id_or_email: str) -> int:
    """Ask the account's card again; the exit status."""

    async def work(books: Books) -> str:
        return await books.invoices.pay_failed((await found(books.accounts, id_or_email)).account_id)

    status = with_books(settings, work)
    out.print(f"{id_or_email} is {status}.")
    return 0 if status == "active" else 1


def give_credit(settings: Settings, id_or_email: str, amount: str, reason: str) -> None:
    """Take something off the next invoices."""
    micros = _amount(amount)

    async def work(books: Books) -> int:
        account_id = (await found(books.accounts, id_or_email)).account_id
        await books.invoices.credit(account_id, micros, reason)
        return (await books.invoices.due(account_id)).credit_micros

    left = with_books(settings, work)
    out.print(f"{id_or_email} has {short_dollars(left)} of credit for its next invoices.", soft_wrap=True, markup=False)


def give_refund(settings: Settings, invoice_id: str, amount: str, reason: str) -> None:
    """Pay back a part of an invoice, or all of it."""
    micros = _amount(amount)

    async def work(books: Books) -> Credit:
        invoice = await _known(books, invoice_id)
        return await books.invoices.credit(invoice.account_id, micros, reason, refund_of=invoice.invoice_id)

    given = with_books(settings, work)
    how = "is paid back" if given.state == "posted" else "will be paid back when Stripe can be reached"
    out.print(f"{short_dollars(given.micros)} of {given.invoice_id} {how}.", soft_wrap=True, markup=False)


@contextmanager
def stepped() -> Iterator[Callable[[Step], None]]:
    """Shows how far a run is, on a terminal; elsewhere nothing."""
    if not sys.stderr.isatty():
        yield lambda _: None
        return
    columns = (BarColumn(20), MofNCompleteColumn(), TimeElapsedColumn(), TextColumn("{task.description}"))
    with Progress(*columns, console=err, transient=True) as progress:
        task = progress.add_task("", total=None)

        def tell(now: Step) -> None:
            progress.update(task, completed=now.done, total=now.of, description=f"{now.what} invoices")

        yield tell


async def _known(books: Books, invoice_id: str) -> Invoice:
    invoice = await books.invoices.find(invoice_id)
    if invoice is None:
        fail(f"there is no invoice {invoice_id}; see: clipmeter invoices list")
    return invoice


def _amount(text: str) -> int:
    micros = read_dollars(text)
    if not micros:
        raise InvalidParameter("Give more than $0.")
    return micros


def _say_run(run: Run) -> None:
    parts = [
        f"{count:,} {state} ({short_dollars(cents * CENT)})" for state, (count, cents) in sorted(run.states.items())
    ]
    told = ", ".join(parts) or "nobody was charged anything"
    out.print(f"{run.month}: {counted(run.made, 'invoice')} written now; all: {told}", soft_wrap=True, markup=False)
    for invoice in run.unsent:
        why = invoice.problem or "there is no key for Stripe"
        err.print(f"{invoice.invoice_id} waits: {why}", soft_wrap=True, markup=False)


def _run_row(run: Run) -> dict[str, Any]:
    states = {state: {"invoices": count, "cents": cents} for state, (count, cents) in run.states.items()}
    return {"month": run.month, "made": run.made, "states": states, "unsent": [asdict(one) for one in run.unsent]}


def _row(invoice: Invoice, emails: dict[str, str]) -> dict[str, Any]:
    month = invoice.month if not invoice.number else f"{invoice.month} ({invoice.number})"
    return {
        "invoice_id": invoice.invoice_id,
        "month": month,
        "account": emails.get(invoice.account_id, invoice.account_id),
        "state": invoice.state,
        "amount": short_dollars(invoice.amount_cents * CENT),
        "number": invoice.stripe_number,
        "problem": invoice.problem,
    }


def _line_row(line: Line) -> dict[str, Any]:
    return {
        "endpoint": line.endpoint,
        "month": line.month,
        "requests": f"{line.requests:,}",
        "charged": short_dollars(line.charged_micros),
        "carried in": short_dollars(line.carried_in_micros),
        "credit": short_dollars(line.credit_micros),
        "amount": short_dollars(line.cents * CENT),
        "carried out": short_dollars(line.carried_out_micros),
    }
