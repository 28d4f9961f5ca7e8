"""10,000 webhook deliveries, shuffled, doubled and partly forged: are the books right in the end?

    python bench/webhooks.py --accounts 110 --rounds 6 --copies 3 --forged 250

A real server, a Stripe look-alike that sends and is asked over HTTP, and fails now and then. tests/webhookdrill.py says
what is compared. Exit status 1 at any deviation.
"""

import argparse
import asyncio
import sys
import tempfile
from pathlib import Path

from rich.console import Console

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

from fauxstripe.running import started
from webhookdrill import Result, drill


def main() -> int:
    """Run it, and say what came of it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--accounts", type=int, default=110)
    parser.add_argument("--rounds", type=int, default=6)
    parser.add_argument("--copies", type=int, default=3)
    parser.add_argument("--forged", type=int, default=250)
    parser.add_argument("--seed", type=int, default=1)
    given = vars(parser.parse_args())
    with tempfile.TemporaryDirectory() as folder, started() as fake:
        result = asyncio.run(drill(Path(folder), fake, **given))
    _show(result)
    return 1 if result.deviations else 0


def _show(result: Result) -> None:
    console = Console(highlight=False)
    rate = result.deliveries / result.seconds
    console.print(f"{result.deliveries:,} deliveries of {result.events:,} events of {result.accounts} accounts")
    console.print(f"seed {result.seed}, {result.seconds:.0f} s, {rate:.0f} per second")
    for kind, count in sorted(result.answers.items()):
        console.print(f"  {kind}: {count:,}")
    for deviation in result.deviations[:20]:
        console.print(f"  DEVIATION {deviation}")
    console.print(f"{len(result.deviations)} deviations")


if __name__ == "__main__":
    sys.exit(main())
