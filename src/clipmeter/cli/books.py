"""`clipmeter accounts` and `keys`: the books, beside a running server or without one."""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any, TypeVar

from clipmeter.billing.accounts import Account, Accounts, Payment
from clipmeter.billing.rules import Mode
from clipmeter.books import Books
from clipmeter.cli.show import fail, out, print_json, print_table
from clipmeter.settings import Settings

T = TypeVar("T")
ACCOUNT_COLUMNS = ("account_id", "email", "kind", "status", "payment", "created")
KEY_COLUMNS = ("key_id", "mode", "status", "hint", "name", "created")


def with_books(settings: Settings, work: Callable[[Books], Coroutine[Any, Any, T]]) -> T:
    """Run `work` over opened books. Raises the Problem it ends in."""

    async def run() -> T:
        books = Books(settings)
        async with books.open():
            return await work(books)

    return asyncio.run(run())


def create_account(settings: Settings, email: str, *, invoice: bool, as_json: bool) -> None:
    """Make an account and show its keys."""
    payment: Payment = "invoice" if invoice else "none"
    made = with_books(settings, lambda books: books.accounts.create(email, payment=payment))
    if as_json:
        print_json(made)
    else:
        out.print(f"account  {made.account_id}\nkey      {made.key}\ntest key {made.test_key}", soft_wrap=True)
        out.print(f"The keys are shown only now, so keep them. Database: {settings.database_name}", soft_wrap=True)


def list_accounts(settings: Settings, *, as_json: bool) -> None:
    """Show all accounts."""

    async def work(books: Books) -> list[Account]:
        return await books.accounts.list_all()

    rows = [_dated(account) for account in with_books(settings, work)]
    if as_json:
        print_json(rows)
        return
    for row in rows:
        row["email"] = "" if row["status"] == "deleted" else row["email"]
    print_table(ACCOUNT_COLUMNS, rows, "No accounts yet; make one with: clipmeter accounts create EMAIL")


def set_account_status(settings: Settings, id_or_email: str, *, blocked: bool) -> None:
    """Block or unblock."""

    async def work(books: Books) -> bool:
        account = await found(books.accounts, id_or_email)
        if not blocked:
            return await books.accounts.unblock(account.account_id)
        await books.accounts.block(account.account_id)
        return False

    is_active = with_books(settings, work)
    out.print(f"{id_or_email} is {'active' if is_active else 'blocked'}.")
    if not (blocked or is_active):
        out.print(
            "It has an invoice that is not paid: clipmeter invoices list --account " + id_or_email, soft_wrap=True
        )


def set_payment(settings: Settings, id_or_email: str, *, by_hand: bool) -> None:
    """Let the operator bill it, or its card."""

    async def work(books: Books) -> Payment:
        account = await found(books.accounts, id_or_email)
        return await books.accounts.bill_by_hand(account.account_id, by_hand=by_hand)

    told = {
        "invoice": "You bill it by hand: it goes on past the free tier without a card.",
        "card": "Its card pays past the free tier.",
        "none": "It has no card: past the free tier it gets 402 until it adds one.",
    }
    out.print(told[with_books(settings, work)])


def create_key(settings: Settings, id_or_email: str, name: str, mode: Mode, *, as_json: bool) -> None:
    """Make a key and show it."""

    async def work(books: Books) -> Any:  # noqa: ANN401 - only shown
        account = await found(books.accounts, id_or_email)
        return await books.keys.create(account.account_id, name, mode)

    made = with_books(settings, work)
    if as_json:
        print_json(made)
    else:
        out.print(f"key id  {made.key_id}\nkey     {made.key}\nThe key is shown only now, so keep it.", soft_wrap=True)


def list_keys(settings: Settings, id_or_email: str, *, as_json: bool) -> None:
    """Show an account's keys."""

    async def work(books: Books) -> list[Any]:
        return await books.keys.list_for((await found(books.accounts, id_or_email)).account_id)

    rows = [_dated(key) for key in with_books(settings, work)]
    if as_json:
        print_json(rows)
    else:
        print_table(KEY_COLUMNS, [{**row, "hint": f"…{row['hint']}"} for row in rows], "No keys.")


def set_key_status(settings: Settings, key_id: str, action: str) -> None:
    """Revoke, enable or delete."""
    with_books(settings, lambda books: getattr(books.keys, action)(key_id))
    out.print(f"{key_id} is {action}d.")


async def found(accounts: Accounts, id_or_email: str) -> Account:
    """The account. Ends the command with a sentence when there is none."""
    account = await accounts.find(id_or_email)
    if account is None:
        fail(f"there is no account {id_or_email}; see: clipmeter accounts list")
    return account


def _dated(row: Any) -> dict[str, Any]:  # noqa: ANN401 - any of the rows with created_at
    fields = asdict(row)
    created = datetime.fromtimestamp(fields.pop("created_at") / 1e6, UTC)
    return {**fields, "created": created.strftime("%Y-%m-%dT%H:%M:%SZ")}
