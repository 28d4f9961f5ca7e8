"""`clipmeter accounts …` for people who log in: what a server without e-mail sends by hand, and what they ask for."""

import sys
from dataclasses import asdict
from datetime import UTC, datetime
from getpass import getpass
from typing import Any

import msgspec

from clipmeter.books import Books
from clipmeter.cli.books import found, with_books
from clipmeter.cli.show import JsonArray, fail, out, print_json, print_table
from clipmeter.settings import Settings

LOCAL = "http://127.0.0.1:8000"
INVITE_COLUMNS = ("created", "expires", "used by", "note")
SESSION_COLUMNS = ("seen", "created", "expires", "agent")


def confirm_address(settings: Settings, id_or_email: str) -> None:
    """Say that the account's address is right."""

    async def work(books: Books) -> str:
        account = await found(books.accounts, id_or_email)
        await books.people.confirm_unasked(account.account_id)
        return account.email

    out.print(f"{with_books(settings, work)} is confirmed.", soft_wrap=True, markup=False)


def reset_password(settings: Settings, id_or_email: str, *, hours: int, as_json: bool) -> None:
    """Show a link with which the account's owner chooses a password."""

    async def work(books: Books) -> str:
        account = await found(books.accounts, id_or_email)
        return await books.people.reset_link(account.account_id, seconds=hours * 3_600)

    _show_link(settings, with_books(settings, work), f"It is good once, for {hours} h.", as_json=as_json)


def set_password(settings: Settings, id_or_email: str, *, from_stdin: bool) -> None:
    """Give the account a password."""
    password = sys.stdin.readline().rstrip("\n") if from_stdin else _typed()

    async def work(books: Books) -> str:
        account = await found(books.accounts, id_or_email)
        await books.people.set_password(account.account_id, password)
        return account.email

    email = with_books(settings, work)
    out.print(f"{email} has a new password; every session is logged out.", soft_wrap=True, markup=False)


def invite(settings: Settings, note: str, *, days: int, as_json: bool) -> None:
    """Show a link with which one person may sign up."""
    made = with_books(settings, lambda books: books.people.invites.make(note, days * 86_400))
    _show_link(settings, made.path, f"One person may sign up by it, for {days} days.", as_json=as_json)


def list_invites(settings: Settings, *, as_json: bool) -> None:
    """Show all invitations."""
    made = with_books(settings, lambda books: books.people.invites.list_all())
    rows = [
        {
            "created": _time(row.created_at),
            "expires": _time(row.expires_at),
            "used by": row.account_id or "",
            "note": row.note,
        }
        for row in made
    ]
    if as_json:
        print_json([asdict(row) for row in made])
    else:
        print_table(INVITE_COLUMNS, rows, "No invitations yet; make one with: clipmeter accounts invite")


def list_sessions(settings: Settings, id_or_email: str, *, as_json: bool) -> None:
    """Show where somebody is logged in."""

    async def work(books: Books) -> list[Any]:
        return await books.people.sessions((await found(books.accounts, id_or_email)).account_id)

    sessions = with_books(settings, work)
    if as_json:
        print_json([asdict(row) for row in sessions])
        return
    rows = [
        {
            "seen": _time(row.seen_at),
            "created": _time(row.created_at),
            "expires": _time(row.expires_at),
            "agent": row.agent,
        }
        for row in sessions
    ]
    print_table(SESSION_COLUMNS, rows, "Nobody is logged in.")


def log_out(settings: Settings, id_or_email: str) -> None:
    """End all sessions of an account."""

    async def work(books: Books) -> None:
        await books.people.log_out_everywhere((await found(books.accounts, id_or_email)).account_id)

    with_books(settings, work)
    out.print(f"{id_or_email} is logged out everywhere.", soft_wrap=True, markup=False)


def export_account(settings: Settings, id_or_email: str) -> None:
    """Write all that is kept about an account to stdout: one JSON object, with the rows of the ledger."""

    async def work(books: Books) -> None:
        account = await found(books.accounts, id_or_email)
        told = await books.people.export(account.account_id)
        sys.stdout.buffer.write(msgspec.json.encode(told)[:-1] + b',"ledger":')
        rows = JsonArray()
        async for row in books.people.ledger(account.account_id):
            rows.add(asdict(row))
        rows.end()
        sys.stdout.buffer.write(b"}\n")

    with_books(settings, work)


def delete_account(settings: Settings, id_or_email: str, *, sure: bool) -> None:
    """Delete an account for good."""
    if not sure:
        fail(f"this deletes {id_or_email} for good: keys, sessions and personal data. If you are sure, add --yes.", 2)

    async def work(books: Books) -> None:
        await books.people.delete_unasked((await found(books.accounts, id_or_email)).account_id)

    with_books(settings, work)
    out.print(f"{id_or_email} is deleted; its rows of the ledger stay.", soft_wrap=True, markup=False)


def _show_link(settings: Settings, path: str, promise: str, *, as_json: bool) -> None:
    site = settings.public_url.rstrip("/")
    if as_json:
        print_json({"link": (site or LOCAL) + path})
        return
    out.print((site or LOCAL) + path, soft_wrap=True, markup=False)
    elsewhere = "" if site else f" CLIPMETER_PUBLIC_URL is not set: where this is not {LOCAL}, write its address there."
    out.print(promise + elsewhere, soft_wrap=True, markup=False)


def _typed() -> str:
    password = getpass("New password: ")
    if getpass("Once more: ") != password:
        fail("the two are not the same.", 2)
    return password


def _time(micros: int) -> str:
    return datetime.fromtimestamp(micros / 1e6, UTC).strftime("%Y-%m-%d %H:%MZ")
