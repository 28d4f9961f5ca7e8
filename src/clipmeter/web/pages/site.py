"""What the pages stand on."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from clipmeter.billing.alerts import Alerts
from clipmeter.billing.cards import Cards
from clipmeter.billing.invoices import Invoices
from clipmeter.billing.keys import Keys
from clipmeter.billing.ledger import Ledger
from clipmeter.billing.limits import SpendingLimits
from clipmeter.billing.people import People
from clipmeter.billing.terms import TermsBook
from clipmeter.call import Call
from clipmeter.endpoints.base import Endpoint
from clipmeter.media.links import Links
from clipmeter.records.board import Board
from clipmeter.records.requests import RequestLog
from clipmeter.records.statistics import Statistics
from clipmeter.store.base import Store
from clipmeter.web.docs.facts import Facts
from clipmeter.web.pages.setup import Setup

if TYPE_CHECKING:  # it is imported by those who use it
    from clipmeter.billing.oidc import Oidc


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """The parts that the pages use."""

    store: Store
    people: People
    keys: Keys
    limits: SpendingLimits
    alerts: Alerts
    cards: Cards
    invoices: Invoices
    terms: TermsBook
    log: RequestLog
    statistics: Statistics
    board: Board
    """How endpoints and sources did."""
    call: Call
    """What answers paid requests; the playground asks by it as well."""
    ledger: Ledger
    """Tells what a request would cost."""
    links: Links
    """Makes the links by which the pages show a post's files."""
    endpoints: Sequence[Endpoint[Any]]
    """What is sold, in the order of the catalogue."""
    ready: Callable[[], bool]
    public_url: str
    """ "" for wherever it is asked."""
    breakers: Callable[[], Mapping[str, str]]
    """The sources of live requests: closed, open or half-open, as this process sees them."""
    setup: Setup = Setup()
    facts: Facts = Facts()
    oidc: "Oidc | None" = None
    """The other service by which one can log in; None: there is none."""

    @property
    def oidc_name(self) -> str:
        """How that service is called; "" for none."""
        return self.oidc.name if self.oidc else ""

    @property
    def signup(self) -> str:
        """Who may sign up: anybody (open), the invited (invite), or nobody (closed)."""
        return self.people.house.sign_up

    @property
    def sends_mail(self) -> bool:
        """Whether links can be sent; else they come from the operator."""
        return self.people.house.mails
