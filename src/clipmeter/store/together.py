"""What both drivers share when they ask a query for many sets of values at once: its shape, and whose rows are whose.

Rule: the sets of a batch belong to different accounts, so that what an INSERT or UPDATE returns is told apart by its
account, and no row is changed twice.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from clipmeter.store.base import Row

WHERE = re.compile(r"^WHERE ", re.MULTILINE)
_VALUES = re.compile(r"\bVALUES \((.*?)\)(?=\nON CONFLICT|\nRETURNING|\Z)", re.DOTALL)
_RETURNING = re.compile(r"\nRETURNING (.*)\Z", re.DOTALL)


def written_for_many(sql: str, rows: str, ending: str = "") -> str:
    """An INSERT or UPDATE of the rows of `rows`, which returns the account of each as its last column.

    `ending` closes the SELECT that takes the place of VALUES; "": the statement is of no shape that can be asked so.
    """
    if sql.startswith("INSERT") and _VALUES.search(sql):
        sql = _VALUES.sub(lambda found: f"SELECT {found[1]} FROM {rows}{ending}", sql)  # noqa: S608 - our own queries
    elif sql.startswith("UPDATE") and len(WHERE.findall(sql)) == 1 and "SELECT" not in sql:
        sql = WHERE.sub(lambda _: f"FROM {rows}\nWHERE ", sql)
    else:
        return ""
    return _RETURNING.sub(r"\nRETURNING \1, account_id", sql)


def told_apart(
    batch: Sequence[Mapping[str, Any]], rows: Sequence[Row], *, by_account: bool, first: int = 0
) -> list[list[Row]]:
    """The rows of each set: by their last column, the account, or by their first, the place counted from `first`."""
    found: list[list[Row]] = [[] for _ in batch]
    if by_account:
        place = {values["account_id"]: at for at, values in enumerate(batch)}
        for row in rows:
            found[place[row[-1]]].append(row[:-1])
    else:
        for row in rows:
            found[row[0] - first].append(row[1:])
    return found
