"""All commands of `clipmeter`: names, arguments and help. `parse` is listed here and lives apart."""

import os
import sys
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Literal, NoReturn

import typer

from clipmeter import __version__
from clipmeter.cli.bargains import alerts, forecast, terms
from clipmeter.cli.charges import credit, invoices, refund
from clipmeter.cli.groups import accounts, keys, ledger, limits
from clipmeter.cli.options import Json, settings
from clipmeter.cli.show import say
from clipmeter.errors import Problem
from clipmeter.settings import BadSetting
from clipmeter.store.sentences import explain

app = typer.Typer(
    name="clipmeter",
    help="The TikTok Video Details API that anybody can run.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.add_typer(accounts, name="accounts")
app.add_typer(keys, name="keys")
app.add_typer(limits, name="limits")
app.add_typer(terms, name="terms")
app.add_typer(alerts, name="alerts")
app.add_typer(ledger, name="ledger")
app.add_typer(invoices, name="invoices")


def run() -> None:
    """Run the command line; what goes wrong is told in a sentence."""
    try:
        app()
    except BadSetting as error:
        say(str(error))
        sys.exit(2)
    except Problem as problem:
        say(explain(problem, settings().database_name))
        sys.exit(1)
    except OSError as error:
        _give_up(error)


def _give_up(error: OSError) -> NoReturn:
    """The system refused: a full disk, a closed pipe."""
    with suppress(OSError):
        if not isinstance(error, BrokenPipeError):
            about = f"{error.filename}: " if error.filename else ""
            say(f"{about}{error.strerror or error}.")
    os._exit(1)  # the interpreter's own end would try to write once more, and complain


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"clipmeter {__version__}")
        raise typer.Exit


@app.callback()
def main(
    _version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    """The TikTok Video Details API that anybody can run."""


@app.command("serve")
def serve_command(
    host: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="The port; 0 for a free one.", min=0, max=65535)] = 8000,
    workers: Annotated[int, typer.Option(help="Processes; more than 1 needs PostgreSQL.", min=1, max=64)] = 1,
    worker: Annotated[str, typer.Option("--worker", hidden=True)] = "",
) -> None:
    """Serve the API, and print two curl lines to try it with."""
    from clipmeter.cli.serve import serve  # noqa: PLC0415 - only this command loads the web framework
    from clipmeter.cli.workers import supervise, work  # noqa: PLC0415

    if worker:
        work(settings(), worker)
    elif workers > 1:
        raise typer.Exit(supervise(settings(), host, port, workers))
    else:
        serve(settings(), host, port)


@app.command("video")
def video_command(
    link: Annotated[str, typer.Argument(metavar="LINK|ID", help="A link to a TikTok post, or its id.")],
    test: Annotated[bool, typer.Option("--test", help="Ask the built-in look-alike; needs no internet.")] = False,
    as_json: Json = False,
) -> None:
    """Look up one post, as the operator's own request.

    Exit status: 0 found, 2 not a link to a post, 3 there is no such video, 4 anything else (try again).
    """
    from clipmeter.cli.video import video  # noqa: PLC0415

    raise typer.Exit(video(settings(), link, test=test, as_json=as_json))


@app.command("download")
def download_command(
    links: Annotated[list[str], typer.Argument(metavar="LINK|ID…", help="Links to TikTok posts, or their ids.")],
    folder: Annotated[Path, typer.Option("-o", "--output", metavar="DIR", help="The folder to save to.")] = Path(),
    kind: Annotated[
        Literal["video", "hd", "watermarked", "music", "cover", "images"] | None,
        typer.Option(help="What to save. By default the video, or the images of a photo post.", show_default=False),
    ] = None,
    test: Annotated[bool, typer.Option("--test", help="Ask the built-in look-alike; needs no internet.")] = False,
    as_json: Json = False,
) -> None:
    """Save the files of posts, each post as the operator's own request. What broke off is resumed.

    Exit status: 0 all saved, 3 not all.
    """
    from clipmeter.cli.download import download  # noqa: PLC0415

    raise typer.Exit(download(settings(), links, folder, kind or "", test=test, as_json=as_json))


@app.command("parse", context_settings={"ignore_unknown_options": True, "help_option_names": []})
def parse_command(arguments: Annotated[list[str] | None, typer.Argument(metavar="FILE…")] = None) -> None:
    """Read saved pages or JSON of TikTok, offline. See `clipmeter parse --help`."""
    from clipmeter.cli.parse import main as parse  # noqa: PLC0415

    raise typer.Exit(parse(arguments or []))


@app.command("backup")
def backup_command(file: Annotated[Path, typer.Argument(metavar="FILE", help="A new file.")]) -> None:
    """Copy the database to FILE, while the server runs or without it, and check the copy. See docs/backup.md.

    Exit status: 0 the copy is sound, 1 it is not, or an invariant does not hold.
    """
    from clipmeter.cli.backup import back_up  # noqa: PLC0415

    raise typer.Exit(back_up(settings(), file))


@app.command("migrate")
def migrate_command(
    check: Annotated[
        bool, typer.Option("--check", help="Change nothing; exit status 0 when the schema is the newest, else 1.")
    ] = False,
) -> None:
    """Bring the database's schema up to date. With SQLite each start does so; see docs/nodes.md."""
    from clipmeter.cli.backup import migrate  # noqa: PLC0415

    raise typer.Exit(migrate(settings(), check_only=check))


@app.command("demo")
def demo_command() -> None:
    """Start a throw-away server, ask it for the documented example in test mode, print the answer, stop."""
    from clipmeter.cli.demo import demo  # noqa: PLC0415

    demo(settings())


@app.command("doctor")
def doctor_command(
    source: Annotated[
        str,
        typer.Option(metavar="FILE|ID", help="Instead, tell what changed in a saved page, or in a post's page now."),
    ] = "",
    as_json: Json = False,
) -> None:
    """Check settings, database, clock, TikTok and how its sources did. Exit status 1 when something is wrong."""
    from clipmeter.cli.changes import changes  # noqa: PLC0415
    from clipmeter.cli.doctor import doctor  # noqa: PLC0415

    if source:
        raise typer.Exit(changes(settings(), source, as_json=as_json))
    raise typer.Exit(doctor(as_json=as_json))


app.command("forecast")(forecast)
app.command("credit")(credit)
app.command("refund")(refund)
