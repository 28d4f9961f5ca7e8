"""Reading the request log: one row, or a page of those that are asked for, in a time that does not grow with the log.

The post, the code and the key lead to their rows by an index. What else is asked for is looked for among the rows that
these lead to, newest first, through so many of them at a time; who wants to look further back goes on from there.
"""

from dataclasses import dataclass
from typing import Any

import msgspec

from clipmeter.errors import InvalidParameter
from clipmeter.store.base import Query, Row, Steps, plan

MOST = 10_000
"""Rows that are looked through at once."""
ALL = 2**62
_LAST = (2**63 - 1, "\x7f")
"""Comes after every row."""


class Tried(msgspec.Struct, frozen=True):
    """One try at a source. `code`: "" when it answered."""

    source: str
    code: str
    ms: float
    sign: str = ""


@dataclass(frozen=True, slots=True)
class LogRow:
    """One row of an account's log. `at`: micro-seconds since 1970, UTC, by the database's clock."""

    request_id: str
    at: int
    endpoint: str
    mode: str
    key_id: str
    asked: str
    video_id: str | None
    source: str
    attempts: tuple[Tried, ...]
    sign: str
    status: int
    code: str
    charge_micros: int
    timings: dict[str, float]
    from_memory: bool


@dataclass(frozen=True, slots=True)
class Filters:
    """Which rows; "" or 0 for any."""

    video_id: str = ""
    code: str = ""
    key_id: str = ""
    endpoint: str = ""
    mode: str = ""
    status_class: int = 0
    """The first digit of the status: 4 for all of 400 to 499."""
    charged: int = 0
    """1: only what cost something."""
    since: int = 0
    """Micro-seconds since 1970; rows of that moment are in."""
    until: int = 0
    """The same; rows of that moment are out."""

    @property
    def is_indexed(self) -> bool:
        """Whether what is asked for is found without looking at many rows."""
        given = (self.video_id, self.code, self.key_id)
        return not (self.endpoint or self.mode or self.status_class or self.charged) and sum(map(bool, given)) <= 1


@dataclass(frozen=True, slots=True)
class Found:
    """A page. `next`: `before` of the next one; "": there is nothing older.

    `is_cut`: it holds all that matches among the rows that were looked through; older ones may match too.
    """

    rows: list[LogRow]
    next: str
    is_cut: bool


@plan
def find(account_id: str, before: str, limit: int, filters: Filters, most: int) -> Steps[Found]:
    """A page of at most `limit` rows, out of the next `most`. Raises InvalidParameter: there is no row `before`."""
    before_time, before_id = _LAST
    if before:
        found = (yield Query("log_at", {"account_id": account_id, "request_id": before})) if _is_text(before) else []
        if not found:
            raise InvalidParameter("before names no request of this log; give the `next` of the page before.")
        before_time, before_id = found[0][0], before
    if filters.until and filters.until <= before_time:
        before_time, before_id = filters.until, ""
    asked = {name: getattr(filters, name) for name in Filters.__slots__ if name != "until"}
    values = {**asked, "account_id": account_id, "before_time": before_time, "before_id": before_id}
    by = _led_by(filters)
    rows = yield Query("log_page" + by, {**values, "most": most, "size": limit + 1})
    page = [_row(row) for row in rows[:limit]]
    if len(rows) > limit:
        return Found(page, page[-1].request_id, is_cut=False)
    edge = [] if most == ALL else (yield Query("log_edge" + by, {**values, "most": most}))
    return Found(page, edge[0][1] if edge else "", is_cut=bool(edge))


@plan
def find_one(account_id: str, request_id: str) -> Steps[LogRow | None]:
    """One row."""
    if not _is_text(request_id):
        return None
    rows = yield Query("log_one", {"account_id": account_id, "request_id": request_id})
    return _row(rows[0]) if rows else None


def _is_text(asked: str) -> bool:
    """Whether any database can be asked for it; what it cannot be asked for, it does not have."""
    return "\0" not in asked


def _led_by(filters: Filters) -> str:
    """The index that leads to the fewest rows, as the names of the queries have it."""
    if filters.video_id:
        return "_by_video"
    if filters.code:
        return "_by_code"
    return "_by_key" if filters.key_id else ""


def _row(row: Row) -> LogRow:
    values: dict[str, Any] = dict(zip(LogRow.__slots__, row, strict=True))
    values["attempts"] = msgspec.json.decode(values["attempts"], type=tuple[Tried, ...])
    values["timings"] = msgspec.json.decode(values["timings"], type=dict[str, float])
    return LogRow(**{**values, "from_memory": bool(values["from_memory"])})
