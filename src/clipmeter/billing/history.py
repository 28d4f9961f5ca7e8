"""The rows of the ledger, as people read them."""

from collections.abc import Iterator
from dataclasses import dataclass

from clipmeter.store.base import Plan, Query, Store

_PAGE = 500


@dataclass(frozen=True, slots=True)
class LedgerRow:
    """One admitted request. Times are micro-seconds since 1970, UTC; `ended_at` is None while it is reserved."""

    request_id: str
    account_id: str
    endpoint: str
    video_id: str | None
    state: str
    kind: str
    price_micros: int
    period: str
    """The month it counts in, `YYYY-MM`."""
    day: str
    reason: str
    key_id: str
    admitted_at: int
    ended_at: int | None


def rows_of(store: Store, account_id: str | None) -> Iterator[LedgerRow]:
    """The rows of one account, or of all one after another, read page by page; each page is one snapshot."""
    if account_id is not None:
        yield from _account(store, account_id)
        return
    after = ""
    while (found := store.read(_next_account(after))) is not None:
        yield from _account(store, found)
        after = found


def _account(store: Store, account_id: str) -> Iterator[LedgerRow]:
    after_time, after_id = -1, ""
    while page := store.read(_page(account_id, after_time, after_id)):
        yield from page
        after_time, after_id = page[-1].admitted_at, page[-1].request_id


def _next_account(after: str) -> Plan[str | None]:
    rows = yield Query("show_accounts", {"after": after})
    return rows[0][0] if rows else None


def _page(account_id: str, after_time: int, after_id: str) -> Plan[list[LedgerRow]]:
    values = {"account_id": account_id, "after_time": after_time, "after_id": after_id, "size": _PAGE}
    rows = yield Query("show_rows", values)
    return [LedgerRow(*row) for row in rows]
