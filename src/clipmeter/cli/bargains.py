"""The commands of what requests cost, and of who hears of it: `terms`, `forecast` and `alerts`."""

from typing import Annotated

import typer

from clipmeter.cli.alerts import set_alert_url, show_alerts
from clipmeter.cli.options import Account, Json, settings
from clipmeter.cli.terms import clear_terms, set_terms, show_forecast, show_terms

terms = typer.Typer(help="Price, free tier and concurrency, for all accounts or for one.", no_args_is_help=True)
alerts = typer.Typer(help="Who is told when spending nears a limit: at 50, 75 and 100 %.", no_args_is_help=True)

Whose = Annotated[str, typer.Option("--account", metavar="ID|EMAIL", help="Only this account; else all accounts.")]
Where = Annotated[str, typer.Option("--endpoint", metavar="NAME", help="Only this endpoint; else every endpoint.")]


@terms.command("show")
def terms_show(account: Whose = "", as_json: Json = False) -> None:
    """The terms in force for an account; without one those for all, and of which accounts they differ."""
    show_terms(settings(), account, as_json=as_json)


@terms.command("set")
def terms_set(
    account: Whose = "",
    endpoint: Where = "",
    price: Annotated[
        str | None, typer.Option(metavar="DOLLARS|default", help="Of a success past the free ones.", show_default=False)
    ] = None,
    free: Annotated[
        str | None, typer.Option(metavar="N|default", help="Free successes per calendar month.", show_default=False)
    ] = None,
    concurrency: Annotated[
        str | None, typer.Option(metavar="N|default", help="Requests that may be in flight.", show_default=False)
    ] = None,
) -> None:
    """Change them for the next request on, on every node. What is not given stays; default takes it back."""
    words = {"price_micros": price, "free_requests": free, "concurrency": concurrency}
    set_terms(settings(), account, endpoint, words)


@terms.command("clear")
def terms_clear(account: Whose = "", endpoint: Where = "") -> None:
    """Let nothing differ any more: an account gets what all get, all get what the settings say."""
    clear_terms(settings(), account, endpoint)


def forecast(account: Account, as_json: Json = False) -> None:
    """What this month would cost the account at the rate so far, free of charge."""
    show_forecast(settings(), account, as_json=as_json)


@alerts.command("show")
def alerts_show(account: Account, as_json: Json = False) -> None:
    """Where the account is told, the key that signs what is sent there, and what it was told."""
    show_alerts(settings(), account, as_json=as_json)


@alerts.command("url")
def alerts_url(
    account: Account,
    url: Annotated[str, typer.Argument(metavar="URL|none", help="https://…; none: by e-mail only.")],
) -> None:
    """Send the account's alerts to this address too, as signed JSON. See docs/limits.md."""
    set_alert_url(settings(), account, url)
