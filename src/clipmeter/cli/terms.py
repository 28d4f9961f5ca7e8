"""`clipmeter terms` and `clipmeter forecast`: what requests cost, and what a month of them would."""

from dataclasses import asdict
from typing import Any

from clipmeter.billing.forecast import Expected, Forecast, forecast_of
from clipmeter.billing.money import dollars, read_dollars
from clipmeter.billing.rules import Terms
from clipmeter.billing.terms import EVERYBODY, Overrides, SetTerms
from clipmeter.books import Books
from clipmeter.cli.books import found, with_books
from clipmeter.cli.show import fail, out, print_json, print_table
from clipmeter.errors import InvalidParameter
from clipmeter.settings import Settings

COLUMNS = ("account", "endpoint", "price", "free per month", "in flight")
FORECAST_COLUMNS = ("endpoint", "free", "paid", "charged", "a day", "expected free", "expected paid", "would cost")
AS_ALL = "as all"
"""Where an account's terms do not differ."""
DEFAULT = "default"
"""What people write to let something no longer differ."""


def show_terms(settings: Settings, id_or_email: str, *, as_json: bool) -> None:
    """Show the terms in force for one account; without one the defaults and everything that differs from them."""
    if id_or_email:
        _show_terms_of(settings, id_or_email, as_json=as_json)
        return

    async def work(books: Books) -> tuple[dict[str, Terms], list[SetTerms]]:
        return await books.bargains.of(EVERYBODY), await books.bargains.list_all()

    for_all, differ = with_books(settings, work)
    if as_json:
        print_json({"for_all": _json(for_all), "differ": [_json_row(row) for row in differ]})
        return
    own = [_row(row.email or row.account_id, row.endpoint, row.overrides) for row in differ if row.account_id]
    print_table(COLUMNS, [*(_row("all", name, its) for name, its in for_all.items()), *own], "")


def set_terms(settings: Settings, id_or_email: str, endpoint: str, words: dict[str, str | None]) -> None:
    """Set what was given of price, free requests and concurrency, at one endpoint or at all."""
    given = {name: _read(name, word) for name, word in words.items() if word is not None}
    if not given:
        fail("give --price, --free or --concurrency, or several of them.", 2)

    async def work(books: Books) -> dict[str, Terms]:
        account_id = await _whose(books, id_or_email)
        for name in _endpoints(books, endpoint):
            await books.bargains.set(account_id, name, given)
        return await books.bargains.of(account_id)

    _print_terms(id_or_email, with_books(settings, work))


def clear_terms(settings: Settings, id_or_email: str, endpoint: str) -> None:
    """Let nothing differ any more, at one endpoint or at all."""

    async def work(books: Books) -> dict[str, Terms]:
        account_id = await _whose(books, id_or_email)
        for name in _endpoints(books, endpoint):
            await books.bargains.clear(account_id, name)
        return await books.bargains.of(account_id)

    _print_terms(id_or_email, with_books(settings, work))


def show_forecast(settings: Settings, id_or_email: str, *, as_json: bool) -> None:
    """Show what the account's month would cost."""

    async def work(books: Books) -> Forecast:
        account_id = (await found(books.accounts, id_or_email)).account_id
        return await forecast_of(books.store, account_id, books.bargains.defaults)

    forecast = with_books(settings, work)
    if as_json:
        print_json({"month": forecast.month, **asdict(forecast)})
        return
    print_table(FORECAST_COLUMNS, [_forecast_row(one) for one in forecast.endpoints], "")
    out.print(say_forecast(forecast), soft_wrap=True, markup=False)


def say_forecast(forecast: Forecast) -> str:
    """The month in one or two sentences."""
    said = (
        f"{forecast.month}: {dollars(forecast.charged_micros)} charged so far; at this rate "
        f"{dollars(forecast.expected_micros)} by the end of the month."
    )
    if forecast.at_most_micros == forecast.expected_micros:
        return said
    if forecast.bounds.payment == "none":
        return f"{said} The account has no payment method, so that nothing is charged past the free requests."
    return f"{said} The spending limits keep it to {dollars(forecast.at_most_micros)}."


def _show_terms_of(settings: Settings, id_or_email: str, *, as_json: bool) -> None:
    async def work(books: Books) -> dict[str, Terms]:
        return await books.bargains.of((await found(books.accounts, id_or_email)).account_id)

    terms = with_books(settings, work)
    if as_json:
        print_json(_json(terms))
    else:
        print_table(COLUMNS, [_row(id_or_email, name, its) for name, its in terms.items()], "")


async def _whose(books: Books, id_or_email: str) -> str:
    return (await found(books.accounts, id_or_email)).account_id if id_or_email else EVERYBODY


def _endpoints(books: Books, endpoint: str) -> list[str]:
    return [endpoint] if endpoint else list(books.bargains.defaults)


def _read(name: str, word: str) -> int | None:
    """A value as people write it. Raises InvalidParameter."""
    if word.strip().lower() == DEFAULT:
        return None
    if name == "price_micros":
        micros = read_dollars(word)
        if micros is None:
            raise InvalidParameter(f"A price is dollars like 0.006, or {DEFAULT}.")
        return micros
    if not (word.isascii() and word.isdigit() and len(word) <= 15):
        raise InvalidParameter(f"{word!r} is no whole number; write one, or {DEFAULT}.")
    return int(word)


def _print_terms(id_or_email: str, terms: dict[str, Terms]) -> None:
    for name, its in terms.items():
        out.print(
            f"{name}, {id_or_email or 'all accounts'}: {dollars(its.price_micros)} a success, "
            f"{its.free_requests:,} free a month, "
            f"{its.concurrency:,} in flight.",
            soft_wrap=True,
            markup=False,
        )


def _row(whose: str, endpoint: str, its: Terms | Overrides) -> dict[str, Any]:
    price = None if its.price_micros is None else dollars(its.price_micros)
    numbers = (None if number is None else f"{number:,}" for number in (its.free_requests, its.concurrency))
    words = (AS_ALL if value is None else value for value in (price, *numbers))
    return dict(zip(COLUMNS, (whose, endpoint, *words), strict=True))


def _json(terms: dict[str, Terms]) -> list[dict[str, Any]]:
    return [{"endpoint": name, **asdict(its)} for name, its in terms.items()]


def _json_row(row: SetTerms) -> dict[str, Any]:
    return {"account_id": row.account_id, "email": row.email, "endpoint": row.endpoint, **asdict(row.overrides)}


def _forecast_row(one: Expected) -> dict[str, Any]:
    so_far = one.so_far
    values = (one.endpoint, f"{so_far.free:,}", f"{so_far.paid:,}", dollars(so_far.charged_micros), f"{one.per_day:,}")
    expected = (f"{one.free:,}", f"{one.paid:,}", dollars(one.micros))
    return dict(zip(FORECAST_COLUMNS, (*values, *expected), strict=True))
