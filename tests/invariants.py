"""Which invariants are tested by how many cases on which store: by what the docstrings of the tests name.

python tests/invariants.py      the table of docs/ledger.md
"""

import re
import sys
from collections import defaultdict
from pathlib import Path

import pytest

NAMED = re.compile(r"\bI(\d+)(?: to I(\d+))?\b")
ONE_STORE = {
    "store/test_postgres.py": ["postgres"],
    "store/test_power_loss.py": ["sqlite"],
    "store/test_nodes.py": ["sqlite"],
    "clipmeter/test_call.py": ["sqlite"],
    "web/": ["sqlite"],
    "cli/": ["sqlite"],
}
NO_PROOF = {"test_checker", "test_verify", "test_mutants"}
"""They prove that the others would see a fault."""


def named(text: str) -> set[int]:
    """The numbers of the invariants in a docstring."""
    return {n for one, other in NAMED.findall(text) for n in range(int(one), int(other or one) + 1)}


def stores_of(item: pytest.Function) -> list[str]:
    """Which stores a case runs on; both for one that needs none."""
    words = set(re.findall(r"sqlite|postgres", item.nodeid.partition("::")[2]))
    if words:
        return sorted(words, reverse=True)
    return next((stores for path, stores in ONE_STORE.items() if path in item.nodeid), ["sqlite", "postgres"])


class Collected:
    """A plugin that counts instead of running."""

    def __init__(self) -> None:
        self.cases: dict[tuple[int, str], int] = defaultdict(int)
        self.files: dict[int, set[str]] = defaultdict(set)

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Every case of every test that names an invariant."""
        for item in session.items:
            if isinstance(item, pytest.Function) and item.path.stem not in NO_PROOF:
                for number in named(item.function.__doc__ or ""):
                    self.files[number].add(item.path.stem)
                    for store in stores_of(item):
                        self.cases[number, store] += 1


def main() -> None:
    """Print the table."""
    collected = Collected()
    folder = Path(__file__).parent
    pytest.main(["--collect-only", "-qq", "--no-summary", str(folder)], plugins=[collected])
    print("\n| # | cases on SQLite | on PostgreSQL | tests |\n| --- | --- | --- | --- |")  # noqa: T201
    for number in range(1, 11):
        files = ", ".join(sorted(collected.files[number]))
        counts = [str(collected.cases[number, store]) for store in ("sqlite", "postgres")]
        print(f"| I{number} | {counts[0]} | {counts[1]} | {files} |")  # noqa: T201


if __name__ == "__main__":
    sys.exit(main())
