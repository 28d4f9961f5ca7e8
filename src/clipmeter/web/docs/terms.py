"""What requests cost who is looking."""

from collections.abc import Mapping
from dataclasses import dataclass

from clipmeter.billing.rules import Terms
from clipmeter.billing.terms import EVERYBODY
from clipmeter.errors import Problem
from clipmeter.web.pages.visit import Visit


@dataclass(frozen=True, slots=True)
class Price:
    """The terms in force, by endpoint."""

    terms: Mapping[str, Terms]
    is_sure: bool = True
    """False: the database could not be asked, so these are the settings', which the operator may have changed."""


async def price_for(visit: Visit) -> Price:
    """The visitor's own terms; a stranger's are those of everybody."""
    book = visit.site.terms
    if not visit.site.ready():
        return Price(book.defaults, is_sure=False)
    try:
        return Price(await book.of(visit.visitor.account_id if visit.visitor else EVERYBODY))
    except Problem:
        return Price(book.defaults, is_sure=False)
