"""Invoices and their arithmetic: pure functions from what is owed to lines in whole cents.

Rule 1: a line is rounded once, down to whole cents; what is left below a cent is carried to the endpoint's next line.
Rule 2: nothing is lost: on every line charged + carried in = credit + cents * 10,000 + carried out.
Rule 3: credit goes first, exactly, even below a cent.
Rule 4: a card is never asked for less than the least that Stripe takes; then everything is carried.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import attrgetter
from typing import Literal, TypeAlias

CENT = 10_000
"""Micro-dollars."""
LEAST_CENTS = 50
"""What Stripe takes at least from a card, in US dollars."""

State: TypeAlias = Literal["draft", "sending", "open", "failed", "paid", "void", "carried"]


@dataclass(frozen=True, slots=True)
class Charged:
    """What the ledger charged for an endpoint in a month and no line has yet."""

    endpoint: str
    month: str
    requests: int
    micros: int


@dataclass(frozen=True, slots=True)
class Line:
    """One line of an invoice: an endpoint in a month. Micro-dollars, and the whole cents that are asked for it."""

    endpoint: str
    month: str
    """In which the requests were admitted: that of the invoice, or an earlier one for those that ended too late."""
    requests: int
    charged_micros: int
    carried_in_micros: int
    credit_micros: int
    carried_out_micros: int
    cents: int


@dataclass(frozen=True, slots=True)
class Draft:
    """The lines of an invoice and their sums. 0 cents: nothing is asked for."""

    lines: tuple[Line, ...]
    amount_cents: int
    credit_micros: int
    rest_micros: int
    """What is carried to the next invoice."""


@dataclass(frozen=True, slots=True)
class Invoice:
    """An invoice. Times are micro-seconds since 1970, UTC; what is not known yet is ""."""

    account_id: str
    invoice_id: str
    month: str
    number: int
    """0: the one of the month's end; 1 and up: those within the month."""
    state: State
    amount_cents: int
    """What is asked for, tax aside."""
    credit_micros: int
    """What was taken off before."""
    stripe_id: str
    stripe_number: str
    """As it is written on the invoice."""
    pay_url: str
    """Stripe's page to see and pay it."""
    problem: str
    """Why it was not sent or paid, in a sentence."""
    tries: int
    created_at: int
    changed_at: int


@dataclass(frozen=True, slots=True)
class Due:
    """What an account owes now. Micro-dollars, but for the cents of what was asked for already."""

    charged_micros: int
    """Charged and on no invoice yet."""
    carried_micros: int
    """Left by earlier invoices."""
    credit_micros: int
    """Given by the operator and not used yet."""
    unpaid: tuple[Invoice, ...]
    """Asked for, and not paid yet."""

    @property
    def open_micros(self) -> int:
        """What the next invoice would come to."""
        return max(0, self.charged_micros + self.carried_micros - self.credit_micros)

    @property
    def unpaid_cents(self) -> int:
        """What is asked for and not paid yet."""
        return sum(invoice.amount_cents for invoice in self.unpaid)


def draft(
    charged: Sequence[Charged], carried: Mapping[str, int], credit_micros: int, month: str, least_cents: int
) -> Draft:
    """An invoice of what was charged and what earlier ones carried (by endpoint), after the credit that is there."""
    due = _due(charged, carried, month)
    lines = _lines(due, carried, credit_micros, asked=True)
    if sum(line.cents for line in lines) < least_cents:
        lines = _lines(due, carried, credit_micros, asked=False)
    return Draft(
        tuple(lines),
        sum(line.cents for line in lines),
        sum(line.credit_micros for line in lines),
        sum(last_of(lines).values()),
    )


def last_of(lines: Sequence[Line]) -> dict[str, int]:
    """What is carried out by the last line of each endpoint."""
    return {line.endpoint: line.carried_out_micros for line in lines}


def first_state(made: Draft, *, by_hand: bool) -> State:
    """How a new invoice begins. `by_hand`: the operator asks for the money, not Stripe."""
    if made.amount_cents:
        return "open" if by_hand else "draft"
    return "paid" if made.credit_micros and made.rest_micros < CENT else "carried"


def _due(charged: Sequence[Charged], carried: Mapping[str, int], month: str) -> list[Charged]:
    """What needs a line, by endpoint and month: what was charged, and old rests of a cent or more."""
    named = {one.endpoint for one in charged}
    old = [Charged(endpoint, month, 0, 0) for endpoint, rest in carried.items() if rest >= CENT]
    return sorted([*charged, *(one for one in old if one.endpoint not in named)], key=attrgetter("endpoint", "month"))


def _lines(due: Sequence[Charged], carried: Mapping[str, int], credit: int, *, asked: bool) -> list[Line]:
    """Each line takes what the one before it of the same endpoint carries. Not `asked`: everything is carried."""
    lines: list[Line] = []
    for endpoint, its in groupby(due, key=attrgetter("endpoint")):
        rest = carried.get(endpoint, 0)
        for one in its:
            line = _line(one, rest, credit, asked=asked)
            lines.append(line)
            rest, credit = line.carried_out_micros, credit - line.credit_micros
    return lines


def _line(one: Charged, carried_in: int, credit: int, *, asked: bool) -> Line:
    used = min(credit, one.micros + carried_in)
    left = one.micros + carried_in - used
    cents = left // CENT if asked else 0
    return Line(one.endpoint, one.month, one.requests, one.micros, carried_in, used, left - cents * CENT, cents)
