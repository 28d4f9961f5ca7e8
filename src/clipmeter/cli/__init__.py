"""The command line. `clipmeter parse` starts on its own, without what the other commands load."""

import sys


def main() -> None:
    """The `clipmeter` command."""
    if sys.argv[1:2] == ["parse"]:
        from clipmeter.cli.parse import main as parse  # noqa: PLC0415 - it must start within a quarter of a second

        sys.exit(parse(sys.argv[2:]))
    from clipmeter.cli.commands import run  # noqa: PLC0415 - heavy imports, not wanted above

    run()
