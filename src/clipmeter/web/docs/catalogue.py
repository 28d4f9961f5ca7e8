"""The front page: what this is, and all endpoints with their prices."""

from dataclasses import dataclass
from typing import Any

from clipmeter.endpoints import ENDPOINTS
from clipmeter.endpoints.base import Endpoint
from clipmeter.web.docs.endpoint import PATH, body_of
from clipmeter.web.docs.highlight import highlight
from clipmeter.web.docs.samples import KEY, sample_of
from clipmeter.web.docs.terms import Price, price_for
from clipmeter.web.pages.prices import price_sentence, price_words
from clipmeter.web.pages.setup import Setup
from clipmeter.web.pages.visit import Answer, Visit, public


@dataclass(frozen=True, slots=True)
class Row:
    """An endpoint in the list."""

    endpoint: Endpoint[Any]
    path: str
    price: str


def rows_of(price: Price, setup: Setup) -> list[Row]:
    """All endpoints, in order."""
    return [Row(e, f"{PATH}/{e.slug}", price_words(price.terms[e.name], setup)) for e in ENDPOINTS]


async def show(visit: Visit) -> Answer:
    """The page."""
    first, setup, price = ENDPOINTS[0], visit.site.setup, await price_for(visit)
    terms = price.terms[first.name]
    return visit.render(
        "docs/catalogue.html",
        rows=rows_of(price, setup),
        first=first,
        sample=highlight(sample_of(first, visit.base_url, "curl").code.rstrip(), "curl"),
        body=highlight(body_of(first, visit.base_url), "json"),
        key=KEY,
        terms=terms,
        price=price_sentence(terms, setup),
        is_sure=price.is_sure,
    )


async def to_list(visit: Visit) -> Answer:
    """The list of endpoints is the front page."""
    return visit.go("/#endpoints")


PAGES = (public("/", show), public(PATH, to_list))
