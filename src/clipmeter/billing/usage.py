"""What an account used in a month, from the sums that the ledger keeps."""

from collections.abc import Mapping
from dataclasses import dataclass

from clipmeter.billing.rules import Terms
from clipmeter.store.base import Query, Steps, Store, plan


@dataclass(frozen=True, slots=True)
class MonthsUse:
    """One endpoint's successes in a month. Money in micro-dollars."""

    endpoint: str
    free_limit: int
    free_used: int
    free_left: int
    """0 in a month that is over."""
    paid: int
    own: int
    test: int
    charged_micros: int


async def this_month(store: Store) -> str:
    """The calendar month it is by the database's clock, UTC: `YYYY-MM`."""
    return await store.read(_this_month())


async def usage_of(store: Store, account_id: str, month: str, terms: Mapping[str, Terms]) -> list[MonthsUse]:
    """An account's use of every endpoint that has `terms`, in their order."""
    return await store.read(_usage_of(account_id, month, terms))


@plan
def _this_month() -> Steps[str]:
    rows = yield Query("this_month")
    return str(rows[0][0])


@plan
def _usage_of(account_id: str, month: str, terms: Mapping[str, Terms]) -> Steps[list[MonthsUse]]:
    rows = yield Query("usage_of", {"account_id": account_id, "which_month": month})
    sums = {row[0]: row[1:] for row in rows}
    now = yield from _this_month()
    found = []
    for endpoint, its in terms.items():
        free, paid, own, test, charged = sums.get(endpoint, (0, 0, 0, 0, 0))
        left = max(0, its.free_requests - free) if month == now else 0
        found.append(MonthsUse(endpoint, its.free_requests, free, left, paid, own, test, charged))
    return found
