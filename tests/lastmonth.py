"""The end of a month: what was counted in this month is moved back into the last one. For tests and drills.

A month's end cannot be waited for, and a real process has no clock but the machine's. So the rows of a stopped server
are made older by as many days as this month has had, sums and all. The invariants hold before and after.
"""

from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import apsw

from clipmeter.store.recordsfile import records_file

_DAY = 86_400 * 1_000_000
_MOVES = (
    (
        "UPDATE requests SET admitted_at = admitted_at - :shift, ended_at = ended_at - :shift,"
        " deadline = deadline - :shift, day = date(day, :days), month = :last WHERE month = :month"
    ),
    "UPDATE usage SET month = :last WHERE month = :month",
    "UPDATE spend SET day = date(day, :days) WHERE substr(day, 1, 7) = :month",
)
_RECORDS = (
    "UPDATE request_log SET at = at - :shift",
    "UPDATE failures SET month = :last WHERE month = :month",
)


def end_the_month(database: Path) -> str:
    """Move this month's rows of a SQLite database into the last one; which that is, `YYYY-MM`."""
    now = datetime.now(UTC)
    last = (now - timedelta(days=now.day)).strftime("%Y-%m")
    values = {
        "shift": now.day * _DAY,
        "days": f"-{now.day} days",
        "month": now.strftime("%Y-%m"),
        "last": last,
    }
    for file, moves in ((database, _MOVES), (records_file(database), _RECORDS)):
        with closing(apsw.Connection(str(file))) as connection, connection:
            for move in moves:
                connection.execute(move, {name: value for name, value in values.items() if f":{name}" in move})
    return last
