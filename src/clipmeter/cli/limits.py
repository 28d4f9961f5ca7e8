"""`clipmeter limits` and `clipmeter keys cap`: what an account may be charged, in exact dollars."""

from dataclasses import asdict
from typing import Any

from clipmeter.billing.limits import KeyCap, Limits
from clipmeter.billing.money import dollars, read_dollars
from clipmeter.books import Books
from clipmeter.cli.books import found, with_books
from clipmeter.cli.show import fail, out, print_json, print_table
from clipmeter.settings import Settings

COLUMNS = ("limit", "allowed", "charged", "left")


def show_limits(settings: Settings, id_or_email: str, *, as_json: bool) -> None:
    """Show an account's limits, its keys' caps, and what was charged."""

    async def work(books: Books) -> tuple[str, Limits, list[KeyCap]]:
        account_id = (await found(books.accounts, id_or_email)).account_id
        return account_id, await books.limits.get(account_id), await books.limits.of_keys(account_id)

    account_id, limits, keys = with_books(settings, work)
    if as_json:
        print_json({"account_id": account_id, **asdict(limits), "keys": [asdict(key) for key in keys]})
        return
    rows = [
        _row("today", limits.daily_micros, limits.today_micros),
        _row("this month", limits.monthly_micros, limits.this_month_micros),
        *(_row(key.key_id, key.monthly_micros, key.this_month_micros) for key in keys if _is_of_interest(key)),
    ]
    print_table(COLUMNS, rows, "")


def set_limits(settings: Settings, id_or_email: str, daily: str | None, monthly: str | None) -> None:
    """Set or remove limits; one that is not given stays as it is."""
    if daily is None and monthly is None:
        fail("give --daily or --monthly or both: dollars like 12.50, or none.", 2)
    given = {name: read_dollars(text) for name, text in (("daily", daily), ("monthly", monthly)) if text is not None}

    async def work(books: Books) -> Limits:
        account_id = (await found(books.accounts, id_or_email)).account_id
        now = await books.limits.get(account_id)
        await books.limits.set(
            account_id,
            daily_micros=given.get("daily", now.daily_micros),
            monthly_micros=given.get("monthly", now.monthly_micros),
        )
        return await books.limits.get(account_id)

    limits = with_books(settings, work)
    out.print(
        f"{id_or_email} may be charged {_amount(limits.daily_micros)} a day "
        f"({dollars(limits.today_micros)} today) and {_amount(limits.monthly_micros)} a month "
        f"({dollars(limits.this_month_micros)} this month), UTC.",
        soft_wrap=True,
        markup=False,
    )


def cap_key(settings: Settings, key_id: str, amount: str) -> None:
    """Set or remove what one key may be charged in a month."""
    micros = read_dollars(amount)

    async def work(books: Books) -> None:
        await books.limits.set_for_key(await books.limits.owner(key_id), key_id, micros)

    with_books(settings, work)
    out.print(f"{key_id} may be charged {_amount(micros)} a month, UTC.", soft_wrap=True, markup=False)


def _row(name: str, limit: int | None, charged: int) -> dict[str, Any]:
    left = "" if limit is None else dollars(max(0, limit - charged))
    return {"limit": name, "allowed": _amount(limit), "charged": dollars(charged), "left": left}


def _is_of_interest(key: KeyCap) -> bool:
    return key.monthly_micros is not None or key.this_month_micros > 0


def _amount(micros: int | None) -> str:
    return "any amount" if micros is None else dollars(micros)
