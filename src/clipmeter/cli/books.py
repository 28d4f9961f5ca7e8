"""`clipmeter accounts`, `keys` and `ledger`: the books, beside a running server or without one."""

import asyncio
from collections import deque
from collections.abc import Callable, Coroutine
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any, TypeVar

from clipmeter.billing.accounts import Account, Accounts, Payment
from clipmeter.billing.ledger import LedgerRow
from clipmeter.billing.rules import Mode
from clipmeter.books import Books
from clipmeter.cli.show import JsonArray, fail, out, print_json, print_table
from clipmeter.settings import Settings

T = TypeVar("T")
ACCOUNT_COLUMNS = ("account_id", "email", "kind", "status", "payment", "created")
KEY_COLUMNS = ("key_id", "mode", "status", "hint", "name", "created")
LEDGER_COLUMNS = ("time", "request_id", "account_id", "video_id", "state", "reason", "kind", "price")
KEEP = "shown only now, so keep it."


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
        out.print(f"The keys are {KEEP} Database: {settings.database_name}", soft_wrap=True)


def list_accounts(settings: Settings, *, as_json: bool) -> None:
    """Show all accounts."""

    async def work(books: Books) -> list[Account]:
        return await books.accounts.list_all()

    rows = [_dated(account) for account in with_books(settings, work)]
    if as_json:
        print_json(rows)
    else:
        print_table(ACCOUNT_COLUMNS, rows, "No accounts yet; make one with: clipmeter accounts create EMAIL")


def set_account_status(settings: Settings, id_or_email: str, *, blocked: bool) -> None:
    """Block or unblock."""

    async def work(books: Books) -> None:
        account = await _found(books.accounts, id_or_email)
        await (books.accounts.block if blocked else books.accounts.unblock)(account.account_id)

    with_books(settings, work)
    out.print(f"{id_or_email} is {'blocked' if blocked else 'active'}.")


def create_key(settings: Settings, id_or_email: str, name: str, mode: Mode, *, as_json: bool) -> None:
    """Make a key and show it."""

    async def work(books: Books) -> Any:  # noqa: ANN401 - only shown
        account = await _found(books.accounts, id_or_email)
        return await books.keys.create(account.account_id, name, mode)

    made = with_books(settings, work)
    if as_json:
        print_json(made)
    else:
        out.print(f"key id  {made.key_id}\nkey     {made.key}\nThe key is {KEEP}", soft_wrap=True)


def list_keys(settings: Settings, id_or_email: str, *, as_json: bool) -> None:
    """Show an account's keys."""

    async def work(books: Books) -> list[Any]:
        return await books.keys.list_for((await _found(books.accounts, id_or_email)).account_id)

    rows = [_dated(key) for key in with_books(settings, work)]
    if as_json:
        print_json(rows)
    else:
        print_table(KEY_COLUMNS, [{**row, "hint": f"…{row['hint']}"} for row in rows], "No keys.")


def set_key_status(settings: Settings, key_id: str, action: str) -> None:
    """Revoke, enable or delete."""
    with_books(settings, lambda books: getattr(books.keys, action)(key_id))
    out.print(f"{key_id} is {action}d.")


def show_ledger(settings: Settings, id_or_email: str, *, limit: int, as_json: bool) -> None:
    """Show the ledger's rows: as JSON all of them, else the newest `limit`."""

    async def work(books: Books) -> None:
        account_id = (await _found(books.accounts, id_or_email)).account_id if id_or_email else None
        rows = books.ledger.show(account_id)
        if as_json:
            array = JsonArray()
            async for row in rows:
                array.add(asdict(row))
            array.end()
        else:
            newest = deque([row async for row in rows], limit)
            print_table(LEDGER_COLUMNS, [_row(row) for row in newest], "The ledger is empty.")

    with_books(settings, work)


def verify_ledger(settings: Settings, *, as_json: bool) -> int:
    """Check the invariants; the exit status."""
    found = with_books(settings, lambda books: books.ledger.verify())
    if as_json:
        print_json(found)
    elif found:
        print_table(("invariant", "what", "row"), [asdict(violation) for violation in found], "")
    else:
        out.print("[green]clean[/green]: every invariant holds")
    return 1 if found else 0


async def _found(accounts: Accounts, id_or_email: str) -> Account:
    account = await accounts.find(id_or_email)
    if account is None:
        fail(f"there is no account {id_or_email}; see: clipmeter accounts list")
    return account


def _row(row: LedgerRow) -> dict[str, Any]:
    fields = asdict(row)
    time = datetime.fromtimestamp(row.admitted_at / 1e6, UTC).strftime("%Y-%m-%d %H:%M:%SZ")
    return {**fields, "time": time, "price": f"${row.price_micros / 1e6:.6f}"}


def _dated(row: Any) -> dict[str, Any]:  # noqa: ANN401 - any of the rows with created_at
    fields = asdict(row)
    created = datetime.fromtimestamp(fields.pop("created_at") / 1e6, UTC)
    return {**fields, "created": created.strftime("%Y-%m-%dT%H:%M:%SZ")}
