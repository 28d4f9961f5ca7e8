"""What the guides say of this very server: the numbers in force, its settings, and what test mode answers."""

from dataclasses import dataclass

from clipmeter.billing.rules import Terms
from clipmeter.web.pages.prices import price_sentence
from clipmeter.web.pages.setup import Setup, span

_DAY = 86_400
_PER_MINUTE = 120
"""Requests through one place, at half a second each."""


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting, as an operator writes it."""

    name: str
    default: str
    """ "" for an empty one."""
    help: str


@dataclass(frozen=True, slots=True)
class TestId:
    """What test mode answers to one documented id."""

    video_id: str
    status: int
    code: str
    """ "" for a video."""
    means: str
    short_link: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What only the wiring knows."""

    relays: int = 200
    """Files that one account may have relayed at once."""
    time_budget: float = 10
    """Seconds that a call may spend on TikTok."""
    pace: float = 10
    """Pages per second that each address may ask for; 0: any number."""
    settings: tuple[Setting, ...] = ()
    test_ids: tuple[TestId, ...] = ()


def values_of(setup: Setup, facts: Facts, terms: Terms) -> dict[str, str]:
    """What the placeholders of a guide stand for, all but the tables. `terms`: those of the first endpoint."""
    pace = f"at most {facts.pace:g} pages a second from one address" if facts.pace else "one page for each question"
    return {
        "terms": price_sentence(terms, setup),
        "free": f"{terms.free_requests:,}",
        "price_micros": str(terms.price_micros),
        "concurrency": str(terms.concurrency),
        "one_less": str(terms.concurrency - 1),
        "per_minute": f"{terms.concurrency * _PER_MINUTE:,}",
        "more": f"Need more? Ask {_contact(setup)}.",
        "relays": f"{facts.relays:,}",
        "max_age": span(setup.max_age) if setup.max_age else "no time at all",
        "link_life": setup.link_life,
        "links": setup.links,
        "time_budget": f"{facts.time_budget:g} seconds",
        "pace": pace,
        "log_days": span(setup.log_days * _DAY) if setup.log_days else "not at all",
    }


def _contact(setup: Setup) -> str:
    return f"[{setup.contact}]({setup.contact_href})" if setup.contact else "whoever runs this server"
