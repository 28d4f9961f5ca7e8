"""The invariants that a database can show, as queries that must return no row."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from clipmeter.billing.invoicing import LEAST_CENTS
from clipmeter.billing.keys import KEYS_PER_ACCOUNT
from clipmeter.billing.plans import GRACE_MICROS
from clipmeter.store.base import Query, Row, Steps, plan


@dataclass(frozen=True, slots=True)
class Violation:
    """Something that must never be: which invariant (I1 to I10), what, and the row that shows it."""

    invariant: str
    what: str
    row: Row


INVOICE_CHECKS = (
    ("I8", "invoices have more than the ledger charged", "verify_lines"),
    ("I8", "a charge is on no invoice of a month that was run", "verify_unbilled"),
    ("I8", "a line of an invoice does not add up", "verify_line_sums"),
    ("I8", "a line carries in what no earlier one carried out", "verify_carried"),
    ("I8", "an invoice is not the sum of its lines", "verify_invoice_sums"),
    ("I8", "a card is asked for less than Stripe takes", "verify_least"),
    ("I8", "more credit was used than given", "verify_credit"),
    ("I8", "more was paid back than paid", "verify_refunds"),
    ("I8", "an account is blocked without a reason, or not in spite of one", "verify_status"),
)
"""Those of invoices, which `clipmeter invoices verify` runs alone."""
CHECKS = (
    ("I1", "more free requests than the month had", "verify_free"),
    ("I1", "a request was charged while free ones were left", "verify_free_first"),
    ("I2", "more requests in flight than allowed", "verify_running"),
    ("I5", "a reservation is long past its deadline", "verify_overdue"),
    ("I6", "a stored answer belongs to no success", "verify_replays"),
    ("I7", "more was charged in a day than its limit", "verify_daily"),
    ("I7", "more was charged in a month than its limit", "verify_monthly"),
    ("I7", "more was charged to a key than its cap", "verify_key_monthly"),
    ("I7", "money is reserved beyond the daily limit", "verify_reserved_daily"),
    ("I7", "money is reserved beyond the monthly limit", "verify_reserved_monthly"),
    ("I7", "money is reserved beyond the cap of a key", "verify_reserved_key"),
    ("I8", "the counters are not the sums of the ledger", "verify_sums"),
    ("I8", "the charges by day and key are not the sums of the ledger", "verify_spend"),
    ("I9", "an account has more keys than allowed", "verify_keys"),
    ("I10", "the period is not that of the admission", "verify_period"),
    ("I10", "a row ended before it began", "verify_order"),
    ("I10", "a row that did not succeed has a price", "verify_price"),
    *INVOICE_CHECKS,
)


@dataclass(frozen=True, slots=True)
class Looking:
    """How far a verification is: the check that begins now, how many have passed, of how many."""

    invariant: str
    what: str
    done: int
    of: int
    rows: int
    """Rows of the ledger in the snapshot that is looked at."""


Told = Callable[[Looking], None]


@plan
def violations(told: Told = lambda _: None, checks: Sequence[tuple[str, str, str]] = CHECKS) -> Steps[list[Violation]]:
    """Every violation, all from one snapshot. The limits are those that were in force for each row.

    `told` hears of each check, maybe in another thread.
    """
    values = {"keys": KEYS_PER_ACCOUNT, "slack_micros": 12 * GRACE_MICROS, "cents": LEAST_CENTS}
    ((rows,),) = yield Query("verify_rows")
    found: list[Violation] = []
    for done, (invariant, what, query) in enumerate(checks):
        told(Looking(invariant, what, done, len(checks), rows))
        found += [Violation(invariant, what, row) for row in (yield Query(query, values))]
    told(Looking("", "", len(checks), len(checks), rows))
    return found
