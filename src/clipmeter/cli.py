"""The command line."""


def main() -> None:
    """Run the `clipmeter` command."""
