"""Facts of accounts that a connection of SQLite was told, remembered for as long as nothing can have changed them.

Of all that is asked for a charge these are the dearest, and they are nearly always the same. Nothing is guessed:

  others write         SQLite counts that (`PRAGMA data_version`); it trusts its own pages as long as this is trusted
  this one writes      `SPARING` changes no fact; `OF_ONE` those of the account it names; all else: all are forgotten
  a day ends, an undo  all are forgotten
"""

from collections.abc import Iterable, Mapping
from typing import Any

from clipmeter.store.base import Row

RECALLED = frozenset(("admit_facts",))
"""Queries for the facts of one account, in one row; the last column is the time."""
SPARING = frozenset(("charge_row+settle_usage+settle_spend",))
"""What counts a request that was paid for: it is not in flight, and takes no free one."""
OF_ONE = frozenset(
    (
        "admit_row",
        "cancel_row",
        "charge_row+settle_usage",
        "decline_row",
        "pass_on",
        "replay_begin",
        "replay_keep",
        "settle_row",
        "settle_usage",
        "settle_usage+settle_spend",
    )
)
"""Other queries that write on the path of a request: nothing of another account than `account_id`."""
MOST = 20_000
"""Accounts whose facts are remembered; those that were told first are forgotten first."""


class Recall:
    """The facts of one connection."""

    def __init__(self) -> None:
        self._told: dict[str, dict[tuple[Any, ...], Row]] = {}
        self._as_of: tuple[object, str] = (None, "")

    def as_of(self, version: object, day: str) -> None:
        """Forget what was true of another version of the database, or on another day."""
        if (version, day) != self._as_of:
            self.clear()
            self._as_of = version, day

    def find(self, account_id: str, asked: tuple[Any, ...]) -> Row | None:
        """What was told, but for the time."""
        its = self._told.get(account_id)
        return its.get(asked) if its else None

    def remember(self, account_id: str, asked: tuple[Any, ...], row: Row) -> None:
        """What the database told just now."""
        its = self._told.get(account_id)
        if its is None:
            its = self._told[account_id] = {}
            while len(self._told) > MOST:
                del self._told[next(iter(self._told))]
        its[asked] = row[:-1]

    def written(self, name: str, batch: Iterable[Mapping[str, Any]]) -> None:
        """Something is written with these sets of values."""
        if name in OF_ONE:
            for values in batch:
                self._told.pop(values["account_id"], None)
        elif name not in SPARING:
            self.clear()

    def clear(self) -> None:
        """Forget everything."""
        self._told.clear()
