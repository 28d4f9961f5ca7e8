"""The rows of the ledger, as people read them."""

from collections.abc import AsyncIterator
from dataclasses import dataclass

from clipmeter.store.base import Query, Steps, Store, plan

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


async def rows_of(store: Store, account_id: str | None) -> AsyncIterator[LedgerRow]:
    """The rows of one account, or of all one after another, read page by page; each page is one snapshot."""
    if account_id is not None:
        async for row in _account(store, account_id):
            yield row
        return
    after = ""
    while (found := await store.read(_next_account(after))) is not None:
        async for row in _account(store, found):
            yield row
        after = found


async def _account(store: Store, account_id: str) -> AsyncIterator[LedgerRow]:
    after_time, after_id = -1, ""
    while page := await store.read(_page(account_id, after_time, after_id)):
        for row in page:
            yield row
        after_time, after_id = page[-1].admitted_at, page[-1].request_id


@plan
def _next_account(after: str) -> Steps[str | None]:
    rows = yield Query("show_accounts", {"after": after})
    return rows[0][0] if rows else None


@plan
def _page(account_id: str, after_time: int, after_id: str) -> Steps[list[LedgerRow]]:
    values = {"account_id": account_id, "after_time": after_time, "after_id": after_id, "size": _PAGE}
    rows = yield Query("show_rows", values)
    return [LedgerRow(*row) for row in rows]
