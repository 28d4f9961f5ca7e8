"""The commands of `clipmeter accounts` that are about people who log in."""

from typing import Annotated

import typer

from clipmeter.cli import people
from clipmeter.cli.options import Account, Json, settings

humans = typer.Typer()


@humans.command("confirm")
def accounts_confirm(account: Account) -> None:
    """Say that the account's e-mail address is right, where no e-mail is sent."""
    people.confirm_address(settings(), account)


@humans.command("reset-password")
def accounts_reset_password(
    account: Account,
    hours: Annotated[int, typer.Option(help="For which the link is good.", min=1, max=720)] = 24,
    as_json: Json = False,
) -> None:
    """Make a link with which the account's owner chooses a password; pass it on to nobody else."""
    people.reset_password(settings(), account, hours=hours, as_json=as_json)


@humans.command("set-password")
def accounts_set_password(
    account: Account,
    stdin: Annotated[bool, typer.Option("--stdin", help="Read it from the first line of stdin.")] = False,
) -> None:
    """Give the account a password; the operator's own account has none until then."""
    people.set_password(settings(), account, from_stdin=stdin)


@humans.command("invite")
def accounts_invite(
    note: Annotated[str, typer.Option(help="To tell it from the others; only you see it.")] = "",
    days: Annotated[int, typer.Option(help="For which it is good.", min=1, max=365)] = 14,
    as_json: Json = False,
) -> None:
    """Make a link with which one person may sign up, where that is by invitation."""
    people.invite(settings(), note, days=days, as_json=as_json)


@humans.command("invites")
def accounts_invites(as_json: Json = False) -> None:
    """All invitations, oldest first, and who used them."""
    people.list_invites(settings(), as_json=as_json)


@humans.command("sessions")
def accounts_sessions(account: Account, as_json: Json = False) -> None:
    """Where somebody is logged in, the last used first."""
    people.list_sessions(settings(), account, as_json=as_json)


@humans.command("log-out")
def accounts_log_out(account: Account) -> None:
    """Log somebody out everywhere."""
    people.log_out(settings(), account)


@humans.command("export")
def accounts_export(account: Account) -> None:
    """All that is kept about an account, as one JSON object on stdout."""
    people.export_account(settings(), account)


@humans.command("delete")
def accounts_delete(
    account: Account, yes: Annotated[bool, typer.Option("--yes", help="Really; there is no way back.")] = False
) -> None:
    """Delete an account for good: no key works any more, personal data goes, the ledger stays."""
    people.delete_account(settings(), account, sure=yes)
