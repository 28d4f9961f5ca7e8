"""What pages say of this very server: the numbers in force, its settings, and what test mode answers."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from clipmeter.billing.money import short_dollars
from clipmeter.billing.rules import Terms
from clipmeter.billing.terms import EVERYBODY
from clipmeter.errors import Problem

if TYPE_CHECKING:  # it has the facts
    from clipmeter.web.pages.site import Site

_SPANS = ((86_400, "day"), (3_600, "hour"), (60, "minute"), (1, "second"))


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
    """What only the wiring knows. Seconds where no other unit is said."""

    contact: str = ""
    """Whom to ask for more; "" when the operator does not say."""
    links: str = "relay"
    link_seconds: int = 21_600
    relays: int = 200
    max_age: int = 60
    time_budget: float = 10
    pace: float = 10
    """Pages per second; 0: any number."""
    log_days: int = 30
    settings: tuple[Setting, ...] = ()
    test_ids: tuple[TestId, ...] = ()


async def terms_in_force(site: "Site") -> Mapping[str, Terms]:
    """The terms for everybody, by endpoint; those of the settings while the database cannot be asked."""
    try:
        return await site.terms.of(EVERYBODY)
    except Problem:
        return site.terms.defaults


def values_of(facts: Facts, terms: Terms) -> dict[str, str]:
    """What the placeholders of a guide stand for, all but the tables. `terms`: those of the first endpoint."""
    return {
        "terms": terms_sentence(terms),
        "free": f"{terms.free_requests:,}",
        "price_micros": str(terms.price_micros),
        "concurrency": str(terms.concurrency),
        "one_less": str(terms.concurrency - 1),
        "per_minute": f"{terms.concurrency * 120:,}",
        "more": f"Need more? Ask {facts.contact}." if facts.contact else "Need more? Ask whoever runs this server.",
        "relays": f"{facts.relays:,}",
        "max_age": span(facts.max_age) if facts.max_age else "no time at all",
        "link_life": span(facts.link_seconds),
        "links": facts.links,
        "time_budget": span(facts.time_budget),
        "pace": f"at most {facts.pace:g} pages a second from one address"
        if facts.pace
        else "one page for each question",
        "log_days": span(facts.log_days * 86_400) if facts.log_days else "not at all",
    }


def terms_sentence(terms: Terms) -> str:
    """The price for people."""
    price = short_dollars(terms.price_micros)
    if not terms.price_micros:
        return "Successful requests are free here."
    if not terms.free_requests:
        return f"Each successful request costs {price}; everything else is free."
    return (
        f"The first {terms.free_requests:,} successful requests of each month are free, without a card; each one after "
        f"that costs {price}."
    )


def span(seconds: float) -> str:
    """A time in the largest unit that says it whole: 6 hours, 90 seconds."""
    for size, unit in _SPANS:
        if seconds >= size and seconds % size == 0:
            count = int(seconds // size)
            return f"{count:,} {unit}" if count == 1 else f"{count:,} {unit}s"
    return f"{seconds:g} seconds"
