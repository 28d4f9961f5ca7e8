"""What the pages stand on."""

from collections.abc import Callable
from dataclasses import dataclass

from clipmeter.billing.alerts import Alerts
from clipmeter.billing.cards import Cards
from clipmeter.billing.invoices import Invoices
from clipmeter.billing.keys import Keys
from clipmeter.billing.limits import SpendingLimits
from clipmeter.billing.people import People
from clipmeter.billing.terms import TermsBook
from clipmeter.store.base import Store


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
    ready: Callable[[], bool]
    public_url: str
    """ "" for wherever it is asked."""
    oidc_name: str = ""
    """How the other service is called by which one can log in; "" for none."""

    @property
    def signup(self) -> str:
        """Who may sign up: anybody (open), the invited (invite), or nobody (closed)."""
        return self.people.house.sign_up

    @property
    def sends_mail(self) -> bool:
        """Whether links can be sent; else they come from the operator."""
        return self.people.house.mails
