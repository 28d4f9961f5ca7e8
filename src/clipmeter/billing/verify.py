"""The invariants that a database can show, as queries that must return no row."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from clipmeter.billing.keys import KEYS_PER_ACCOUNT
from clipmeter.billing.plans import GRACE_MICROS
from clipmeter.billing.rules import TEST_CONCURRENCY, Terms
from clipmeter.store.base import Plan, Query, Row


@dataclass(frozen=True, slots=True)
class Violation:
    """Something that must never be: which invariant (I1 to I10), what, and the row that shows it."""

    invariant: str
    what: str
    row: Row


CHECKS = (
    ("I5", "a reservation is long past its deadline", "verify_overdue"),
    ("I8", "the counters are not the sums of the ledger", "verify_sums"),
    ("I9", "an account has more keys than allowed", "verify_keys"),
    ("I10", "the period is not that of the admission", "verify_period"),
    ("I10", "a row ended before it began", "verify_order"),
    ("I10", "a row that did not succeed has a price", "verify_price"),
)
CHECKS_BY_ENDPOINT = (
    ("I1", "more free requests than the month has", "verify_free"),
    ("I1", "a request was charged while free ones were left", "verify_free_first"),
    ("I2", "more requests in flight than allowed", "verify_running"),
)


def violations(terms: Mapping[str, Terms]) -> Plan[list[Violation]]:
    """Every violation, all from one snapshot. The limits are those in force now."""
    found: list[Violation] = []
    values: dict[str, Any] = {"keys": KEYS_PER_ACCOUNT, "slack_micros": 12 * GRACE_MICROS}
    for invariant, what, query in CHECKS:
        found += [Violation(invariant, what, row) for row in (yield Query(query, values))]
    for endpoint, its in terms.items():
        values = {"endpoint": endpoint, "free_requests": its.free_requests, "concurrency": its.concurrency}
        for invariant, what, query in CHECKS_BY_ENDPOINT:
            rows = yield Query(query, {**values, "test_concurrency": TEST_CONCURRENCY})
            found += [Violation(invariant, what, row) for row in rows]
    return found
