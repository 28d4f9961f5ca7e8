"""The page of an endpoint, and the same as Markdown: all of it follows from the endpoint's definition."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import msgspec

from clipmeter.billing.rules import Terms
from clipmeter.endpoints import ENDPOINTS
from clipmeter.endpoints.base import Endpoint, Question
from clipmeter.errors import UnknownPath
from clipmeter.web.docs.errors import ErrorCode, error_codes
from clipmeter.web.docs.frame import Leaf
from clipmeter.web.docs.highlight import highlight
from clipmeter.web.docs.markdown import Heading, slug
from clipmeter.web.docs.plain import plain
from clipmeter.web.docs.samples import KEY, Sample, samples_of
from clipmeter.web.docs.shape import Field, examples_of, fields_of
from clipmeter.web.docs.terms import Price, price_for
from clipmeter.web.openapi import FRESHNESS, HEADERS, IDEMPOTENCY_KEY, IF_NONE_MATCH, STANDING
from clipmeter.web.pages.prices import price_sentence, price_words
from clipmeter.web.pages.setup import Setup
from clipmeter.web.pages.visit import Answer, Visit, public

MARKDOWN = "text/markdown"
PATH = "/endpoints"
_PARTS = ("Parameters", "Response", "Headers", "Errors", "Questions")


class Given(NamedTuple):
    """A parameter or a header of a request."""

    name: str
    rule: str
    """Which values are right: `integer, 0 to 86,400`."""
    meaning: str
    example: str


class Told(NamedTuple):
    """A question with its answer in force."""

    id: str
    """In the page."""
    asked: str
    answer: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """All that is to be said of an endpoint at this server."""

    endpoint: Endpoint[Any]
    base_url: str
    terms: Terms
    setup: Setup

    @property
    def path(self) -> str:
        """Its page."""
        return f"{PATH}/{self.endpoint.slug}"

    @property
    def price(self) -> str:
        """In a few words."""
        return price_words(self.terms, self.setup)

    @property
    def parameters(self) -> list[Given]:
        """Of the query."""
        return [Given(p.name, rule_of(p.schema), p.description, p.example) for p in self.endpoint.parameters]

    @property
    def request_headers(self) -> list[Given]:
        """Those that mean something here."""
        own: list[Mapping[str, Any]] = [IDEMPOTENCY_KEY, IF_NONE_MATCH]
        key = Given("X-API-Key", "required", "Your key. One that starts with `ak_test_` is in test mode: free.", "")
        return [key, *(Given(h["name"], rule_of(h["schema"]), h["description"], "") for h in own)]

    @property
    def response_headers(self) -> list[tuple[str, str]]:
        """Each with its meaning."""
        names = ("X-Request-Id", *STANDING, *FRESHNESS, "Idempotency-Replayed", "Retry-After")
        return [(name, HEADERS[name][1]) for name in names]

    @property
    def samples(self) -> tuple[Sample, ...]:
        """The example request in each language."""
        return samples_of(self.endpoint, self.base_url)

    @property
    def body(self) -> str:
        """What the example request gets."""
        return body_of(self.endpoint, self.base_url)

    @property
    def fields(self) -> tuple[Field, ...]:
        """Of the body."""
        return fields_of(self.endpoint)

    @property
    def examples(self) -> Mapping[str, str]:
        """What the fields say in the example, by their paths, where it is short."""
        told = examples_of(self.endpoint.example_body(self.base_url))
        return {path: value for path, value in told.items() if len(value) <= 60 and "://" not in value}

    @property
    def errors(self) -> tuple[ErrorCode, ...]:
        """All that it can answer."""
        return error_codes()

    @property
    def questions(self) -> list[Told]:
        """Those of this endpoint, and those that every endpoint is asked."""
        asked = [*self.endpoint.questions, *common_questions(self.terms, self.setup)]
        return [
            Told(f"asked-{slug(q.asked)}", q.asked, q.answer.replace("{link_life}", self.setup.link_life))
            for q in asked
        ]


def body_of(endpoint: Endpoint[Any], base_url: str) -> str:
    """What the example request gets, for people."""
    return msgspec.json.format(endpoint.example_body(base_url), indent=2).decode()


def rule_of(schema: Mapping[str, Any]) -> str:
    """Which values a schema takes, in words. Patterns are not told: descriptions say what they mean."""
    words = [schema["type"]]
    if "enum" in schema:
        words = [" or ".join(f"`{value}`" for value in schema["enum"])]
    if "maximum" in schema:
        words.append(f"{schema['minimum']:,} to {schema['maximum']:,}")
    if "maxLength" in schema:
        words.append(f"at most {schema['maxLength']:,} characters")
    return ", ".join(words)


def common_questions(terms: Terms, setup: Setup) -> list[Question]:
    """What is asked of every endpoint, answered by the terms in force."""
    whom = f"[{setup.contact}]({setup.contact_href})" if setup.contact else "whoever runs this server"
    return [
        Question(
            "What does it cost?",
            f"{price_sentence(terms, setup)} Only an answer with status 200 is charged: errors are free, `not_found` "
            "too. The header `X-Charge` says what a request cost, in micro-dollars.",
        ),
        Question("Do I need a card?", _card(terms, setup, whom)),
        Question(
            "How many requests may I send?",
            f"{terms.concurrency:,} may be in flight at once, all keys of an account together; one more gets 429 with "
            "the code [`concurrency_limit_exceeded`](/docs/errors/concurrency_limit_exceeded). There is no limit per "
            f"minute or day but those that you [set yourself](/docs/spending). If you need more at once, ask {whom}.",
        ),
    ]


def _card(terms: Terms, setup: Setup, whom: str) -> str:
    if not terms.price_micros:
        return "No. Nothing is charged here."
    if not setup.cards:
        return f"No, and none can be added here. Past the free requests you get status 402; for more, ask {whom}."
    if not terms.free_requests:
        return "Yes. Without one, requests get status 402. Test keys need none."
    return (
        f"Not for the first {terms.free_requests:,} successful requests of a month. Past them, requests get status 402 "
        "with the code [`payment_required`](/docs/errors/payment_required) until you add a card or the next month "
        "begins (UTC). Test keys never need one."
    )


def leaf_of(sheet: Sheet) -> Leaf:
    """The page, for the frame around it."""
    headings = [Heading(2, slug(part), part) for part in _PARTS]
    endpoint = sheet.endpoint
    return Leaf(
        path=sheet.path, title=endpoint.title, summary=endpoint.promise, twin=f"{sheet.path}.md", headings=headings
    )


def markdown_of(sheet: Sheet) -> str:
    """The same facts for programs."""
    return plain("endpoint.md.jinja", sheet=sheet, key=KEY)


async def show(visit: Visit) -> Answer:
    """The page of one endpoint, or its Markdown."""
    name = visit.params["slug"].removesuffix(".md")
    endpoint = next((endpoint for endpoint in ENDPOINTS if endpoint.slug == name), None)
    if endpoint is None:
        raise UnknownPath
    price = await price_for(visit)
    sheet = sheet_of(endpoint, visit.base_url, price, visit.site.setup)
    if visit.params["slug"] != name:
        return visit.answer(markdown_of(sheet).encode(), MARKDOWN)
    return visit.render("docs/endpoint.html", **values_of(sheet), is_sure=price.is_sure)


def sheet_of(endpoint: Endpoint[Any], base_url: str, price: Price, setup: Setup) -> Sheet:
    """What is to be said of it."""
    return Sheet(endpoint=endpoint, base_url=base_url, terms=price.terms[endpoint.name], setup=setup)


def values_of(sheet: Sheet) -> dict[str, Any]:
    """What the template shows."""
    return {
        "leaf": leaf_of(sheet),
        "sheet": sheet,
        "panels": [(sample, highlight(sample.code.rstrip(), sample.language)) for sample in sheet.samples],
        "body": highlight(sheet.body, "json"),
        "examples": sheet.examples,
        "key": KEY,
    }


PAGES = (public(f"{PATH}/{{slug:str}}", show),)
