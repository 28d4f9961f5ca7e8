"""The rows of the ledger, as people read them."""

from collections import deque
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime

from clipmeter.billing.credits import Credit
from clipmeter.store.base import Query, Steps, Store, plan

_PAGE = 1_000


@dataclass(frozen=True, slots=True)
class LedgerRow:
    """One admitted request, or a credit or refund: then the price is below 0 and the id is the credit's.

    Times are micro-seconds since 1970, UTC; `ended_at` is None while it is reserved.
    """

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


async def rows_of(store: Store, account_id: str | None, month: str = "") -> AsyncIterator[LedgerRow]:
    """The rows of one account, or of all one after another, of a month (`YYYY-MM`) or of all ("").

    Oldest first, as the request ids say. Read page by page, so that a ledger of any length fits; each page is one
    snapshot. One account's month takes as long as all of its rows.
    """
    if account_id is not None:
        async for row in _account(store, account_id, month):
            yield row
        return
    after = ""
    while (found := await store.read(_next_account(after))) is not None:
        async for row in _account(store, found, month):
            yield row
        after = found


async def row_of(store: Store, account_id: str, request_id: str) -> LedgerRow | None:
    """What became of one request; None: it was never admitted."""
    return await store.read(_row_of(account_id, request_id))


async def _account(store: Store, account_id: str, month: str) -> AsyncIterator[LedgerRow]:
    given = deque(row for row in await store.read(_given(account_id)) if month in {"", row.period})
    async for row in _requests(store, account_id, month):
        while given and given[0].admitted_at < row.admitted_at:
            yield given.popleft()
        yield row
    for one in given:
        yield one


async def _requests(store: Store, account_id: str, month: str) -> AsyncIterator[LedgerRow]:
    after = ""
    while page := await store.read(_page(account_id, after)):
        for row in page:
            if month in {"", row.period}:
                yield row
        after = page[-1].request_id


@plan
def _row_of(account_id: str, request_id: str) -> Steps[LedgerRow | None]:
    rows = yield Query("show_row", {"account_id": account_id, "request_id": request_id})
    return LedgerRow(*rows[0]) if rows else None


@plan
def _next_account(after: str) -> Steps[str | None]:
    rows = yield Query("show_accounts", {"after": after})
    return rows[0][0] if rows else None


@plan
def _given(account_id: str) -> Steps[list[LedgerRow]]:
    """What the operator gave, as rows: few, whatever the size of the ledger."""
    rows = yield Query("credit_list", {"account_id": account_id})
    return [_as_row(Credit(*row)) for row in rows]


def _as_row(given: Credit) -> LedgerRow:
    day = datetime.fromtimestamp(given.created_at // 1_000_000, UTC).strftime("%Y-%m-%d")
    return LedgerRow(
        given.credit_id,
        given.account_id,
        "",
        None,
        given.state,
        given.kind,
        0 if given.state == "voided" else -given.micros,
        day[:7],
        day,
        given.reason,
        "",
        given.created_at,
        None if given.state == "reserved" else given.created_at,
    )


@plan
def _page(account_id: str, after: str) -> Steps[list[LedgerRow]]:
    values = {"account_id": account_id, "after_id": after, "size": _PAGE}
    rows = yield Query("show_rows", values)
    return [LedgerRow(*row) for row in rows]
