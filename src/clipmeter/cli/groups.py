"""The commands of the books: `accounts`, `keys`, `limits` and `ledger`."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from clipmeter.cli.books import (
    create_account,
    create_key,
    list_accounts,
    list_keys,
    set_account_status,
    set_key_status,
    set_payment,
)
from clipmeter.cli.export import export_ledger
from clipmeter.cli.humans import humans
from clipmeter.cli.ledger import show_ledger, verify_ledger
from clipmeter.cli.limits import cap_key, set_limits, show_limits
from clipmeter.cli.options import Account, Json, KeyId, OfAccount, OnlyAccount, OnlyMonth, settings

accounts = typer.Typer(help="Who may ask, and who pays.", no_args_is_help=True)
accounts.add_typer(humans)
keys = typer.Typer(help="API keys: up to 10 per account, shown once.", no_args_is_help=True)
limits = typer.Typer(help="What an account may be charged per day and month.", no_args_is_help=True)
ledger = typer.Typer(help="Every request that was admitted, and how it ended.", no_args_is_help=True)


@accounts.command("create")
def accounts_create(
    email: Annotated[str, typer.Argument(metavar="EMAIL")],
    invoice: Annotated[
        bool, typer.Option("--invoice", help="Goes on past the free tier; you bill the account yourself.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Make an account, with a live and a test key, which are shown now and never again."""
    create_account(settings(), email, invoice=invoice, as_json=as_json)


@accounts.command("list")
def accounts_list(as_json: Json = False) -> None:
    """All accounts, oldest first."""
    list_accounts(settings(), as_json=as_json)


@accounts.command("block")
def accounts_block(account: Account) -> None:
    """Refuse the account's requests from now on, with 403."""
    set_account_status(settings(), account, blocked=True)


@accounts.command("unblock")
def accounts_unblock(account: Account) -> None:
    """Take a block back."""
    set_account_status(settings(), account, blocked=False)


@accounts.command("payment")
def accounts_payment(
    account: Account,
    how: Annotated[
        Literal["invoice", "card"],
        typer.Argument(
            help="`invoice`: it goes on past the free tier and you send the bill; `card`: only with a card."
        ),
    ],
) -> None:
    """Say how an account pays past the free tier."""
    set_payment(settings(), account, by_hand=how == "invoice")


@keys.command("create")
def keys_create(
    account: OfAccount,
    name: Annotated[str, typer.Option(help="To tell it from the others.")] = "",
    test: Annotated[bool, typer.Option("--test", help="A key for test mode.")] = False,
    as_json: Json = False,
) -> None:
    """Make a key; it is shown now and never again."""
    create_key(settings(), account, name, "test" if test else "live", as_json=as_json)


@keys.command("list")
def keys_list(account: OfAccount, as_json: Json = False) -> None:
    """The account's keys, by their last four characters."""
    list_keys(settings(), account, as_json=as_json)


@keys.command("cap")
def keys_cap(
    key_id: KeyId,
    amount: Annotated[str, typer.Argument(metavar="DOLLARS|none", help="Like 5 or 12.50; none removes the cap.")],
) -> None:
    """Limit what the key may be charged in a calendar month (UTC), from now on."""
    cap_key(settings(), key_id, amount)


@keys.command("revoke")
def keys_revoke(key_id: KeyId) -> None:
    """Refuse the key at once; `enable` takes it back."""
    set_key_status(settings(), key_id, "revoke")


@keys.command("enable")
def keys_enable(key_id: KeyId) -> None:
    """Take a revocation back."""
    set_key_status(settings(), key_id, "enable")


@keys.command("delete")
def keys_delete(key_id: KeyId) -> None:
    """Refuse the key for ever."""
    set_key_status(settings(), key_id, "delete")


@limits.command("show")
def limits_show(account: Account, as_json: Json = False) -> None:
    """The account's spending limits and caps, and what was charged."""
    show_limits(settings(), account, as_json=as_json)


@limits.command("set")
def limits_set(
    account: Account,
    daily: Annotated[
        str | None, typer.Option(metavar="DOLLARS|none", help="Per day, until 00:00 UTC.", show_default=False)
    ] = None,
    monthly: Annotated[
        str | None, typer.Option(metavar="DOLLARS|none", help="Per calendar month (UTC).", show_default=False)
    ] = None,
) -> None:
    """Limit what the account may be charged, from now on. Free requests pass; a limit not given stays."""
    set_limits(settings(), account, daily, monthly)


@ledger.command("show")
def ledger_show(
    account: OnlyAccount = "",
    month: OnlyMonth = "",
    state: Annotated[
        Literal["reserved", "posted", "voided", "expired"] | None,
        typer.Option(help="Only rows that are so now.", show_default=False),
    ] = None,
    limit: Annotated[int, typer.Option(help="The newest so many (without --json).", min=1)] = 50,
    as_json: Json = False,
) -> None:
    """The ledger's rows, oldest first; with --json all of them."""
    show_ledger(settings(), account, month, state or "", limit=limit, as_json=as_json)


@ledger.command("export")
def ledger_export(
    file: Annotated[
        Path | None, typer.Option("-o", "--output", metavar="FILE", help="Instead of stdout.", show_default=False)
    ] = None,
    how: Annotated[
        Literal["csv", "jsonl", "parquet"] | None,
        typer.Option("--format", help="By default what FILE ends in, else csv.", show_default=False),
    ] = None,
    account: OnlyAccount = "",
    month: OnlyMonth = "",
) -> None:
    """The ledger's rows as CSV, JSON lines or Parquet; a ledger of any size fits. Columns: docs/ledger.md."""
    export_ledger(settings(), file, how or "", account, month)


@ledger.command("verify")
def ledger_verify(as_json: Json = False) -> None:
    """Check the invariants. Exit status 0 when all hold, 1 with the offending rows."""
    raise typer.Exit(verify_ledger(settings(), as_json=as_json))
