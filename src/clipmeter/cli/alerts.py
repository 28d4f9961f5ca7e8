"""`clipmeter alerts`: where an account is told of its spending, and what it was told."""

from dataclasses import asdict
from typing import Any

from clipmeter.billing.alerts import AlertAddress, Told
from clipmeter.billing.money import dollars
from clipmeter.books import Books
from clipmeter.cli.books import found, with_books
from clipmeter.cli.show import out, print_json, print_table
from clipmeter.model import utc_text
from clipmeter.settings import Settings

COLUMNS = ("told at", "period", "limit", "used")


def show_alerts(settings: Settings, id_or_email: str, *, as_json: bool) -> None:
    """Show the address, the key that signs what goes there, and the newest alerts."""

    async def work(books: Books) -> tuple[str, AlertAddress, list[Told]]:
        account = await found(books.accounts, id_or_email)
        address = await books.alerts.address(account.account_id)
        return account.email, address, await books.alerts.told(account.account_id)

    email, address, told = with_books(settings, work)
    if as_json:
        print_json({"email": email, "url": address.url, "key": address.key, "told": [asdict(one) for one in told]})
        return
    by_mail = email if settings.smtp_url else "nobody (CLIPMETER_SMTP_URL is not set)"
    _say(f"e-mail  {by_mail}\nurl     {address.url or 'none'}\nkey     {address.key}")
    print_table(COLUMNS, [_row(one) for one in told], "No alerts yet.")


def set_alert_url(settings: Settings, id_or_email: str, url: str) -> None:
    """Say where alerts go besides by e-mail; `none` for nowhere."""
    address = "" if url.strip().lower() == "none" else url

    async def work(books: Books) -> AlertAddress:
        account = await found(books.accounts, id_or_email)
        await books.alerts.set_url(account.account_id, address)
        return await books.alerts.address(account.account_id)

    now = with_books(settings, work)
    if now.url:
        _say(f"Alerts of {id_or_email} go to {now.url}, signed with the key\n{now.key}")
    else:
        _say(f"Alerts of {id_or_email} go nowhere but to its e-mail address.")


def _row(told: Told) -> dict[str, Any]:
    values = (utc_text(told.told_at // 1_000_000), told.period, dollars(told.limit_micros), f"{told.percent} %")
    return dict(zip(COLUMNS, values, strict=True))


def _say(text: str) -> None:
    out.print(text, soft_wrap=True, markup=False)
