"""The commands of what is asked for and given back: `invoices`, `credit` and `refund`."""

from typing import Annotated

import typer

from clipmeter.cli.invoices import (
    give_credit,
    give_refund,
    list_invoices,
    retry_invoices,
    run_invoices,
    settle_invoice,
    show_invoice,
    verify_invoices,
    void_invoice,
)
from clipmeter.cli.options import Account, Json, OnlyAccount, settings

invoices = typer.Typer(help="What the ledger charged, asked for once a month.", no_args_is_help=True)

InvoiceId = Annotated[str, typer.Argument(metavar="INVOICE", help="From `clipmeter invoices list`, or Stripe's id.")]
Dollars = Annotated[str, typer.Argument(metavar="DOLLARS", help="Like 5 or 12.50.")]
Reason = Annotated[str, typer.Option(help="For the books; of a refund, for the account too.")]


@invoices.command("run")
def invoices_run(
    month: Annotated[
        str,
        typer.Option(metavar="YYYY-MM", help="A month that is over. By default all that are and were not run."),
    ] = "",
    as_json: Json = False,
) -> None:
    """Write and send a month's invoices, as a running server does by itself. Again: only what is left.

    Exit status: 0 all are sent, 1 some wait for Stripe, with the reason.
    """
    raise typer.Exit(run_invoices(settings(), month, as_json=as_json))


@invoices.command("list")
def invoices_list(
    account: OnlyAccount = "",
    month: Annotated[str, typer.Option(metavar="YYYY-MM", help="Only invoices of this month.")] = "",
    as_json: Json = False,
) -> None:
    """Invoices, oldest first."""
    list_invoices(settings(), account, month, as_json=as_json)


@invoices.command("show")
def invoices_show(invoice: InvoiceId, as_json: Json = False) -> None:
    """One invoice with its lines."""
    show_invoice(settings(), invoice, as_json=as_json)


@invoices.command("verify")
def invoices_verify(as_json: Json = False) -> None:
    """Check that the invoices are what the ledger charged. Exit status 0 when they are, 1 with the offending rows."""
    raise typer.Exit(verify_invoices(settings(), as_json=as_json))


@invoices.command("retry")
def invoices_retry(account: Account) -> None:
    """Ask the account's card again for invoices that failed. Exit status 1 while the account stays blocked."""
    raise typer.Exit(retry_invoices(settings(), account))


@invoices.command("settle")
def invoices_settle(invoice: InvoiceId) -> None:
    """Say that an invoice of an account that you bill yourself is paid."""
    settle_invoice(settings(), invoice)


@invoices.command("void")
def invoices_void(invoice: InvoiceId) -> None:
    """Ask for the money of an invoice that is not paid no more, for ever."""
    void_invoice(settings(), invoice)


def credit(account: Account, amount: Dollars, reason: Reason) -> None:
    """Take something off an account's next invoices; it is a row of the ledger."""
    give_credit(settings(), account, amount, reason)


def refund(invoice: InvoiceId, amount: Dollars, reason: Reason) -> None:
    """Pay back a part of a paid invoice, or all of it, to the card that paid; it is a row of the ledger."""
    give_refund(settings(), invoice, amount, reason)
