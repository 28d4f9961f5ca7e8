"""What many commands share: their options, and the settings of this process."""

from typing import Annotated

import typer

from clipmeter.settings import Settings, read_settings

Json = Annotated[bool, typer.Option("--json", help="One JSON object or array on stdout, nothing else.")]
OfAccount = Annotated[str, typer.Option("--account", help="The account's id or e-mail address.")]
OnlyAccount = Annotated[str, typer.Option("--account", help="Only this account, by id or e-mail address.")]
OnlyMonth = Annotated[
    str, typer.Option("--month", metavar="YYYY-MM", help="Only requests that were admitted in this month (UTC).")
]
Account = Annotated[str, typer.Argument(metavar="ID|EMAIL")]
KeyId = Annotated[str, typer.Argument(metavar="KEY_ID", help="From `clipmeter keys list`.")]


def settings() -> Settings:
    """This process's settings."""
    return read_settings()
