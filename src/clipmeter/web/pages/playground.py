"""The playground: a request with one of the account's own keys, its cost said before, and the same as a program.

It takes the path of any other request, so it is charged, counted and logged like one.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from secrets import token_hex
from typing import Any

from markupsafe import Markup

from clipmeter.billing.keys import Caller, Key
from clipmeter.billing.usage import this_month
from clipmeter.endpoints.base import Endpoint
from clipmeter.errors import InvalidParameter
from clipmeter.web.docs.highlight import coloured, highlight
from clipmeter.web.docs.samples import KEY, Sample, samples_of
from clipmeter.web.pages.blanks import Query, blanks_of, query_of
from clipmeter.web.pages.costs import Cost, cost_of
from clipmeter.web.pages.errors import FormUnreadable
from clipmeter.web.pages.trying import Outcome, outcome_of
from clipmeter.web.pages.visit import Answer, Page, Visit

_LONGEST_COLOURED = 2_000
"""Characters of all parameters together."""


@dataclass(frozen=True, slots=True)
class Choice:
    """A key to send, and what the request would cost with it."""

    key: Key
    cost: Cost
    is_chosen: bool


async def show(visit: Visit, outcome: Outcome | None = None) -> Answer:
    """The form, filled in from what was sent, or from the address; and what came of it."""
    fields = visit.form or visit.query
    endpoint = _endpoint(visit, fields)
    query = query_of(endpoint, fields) or endpoint.example_query
    return visit.render(
        "playground.html",
        endpoint=endpoint,
        endpoints=[(f"/playground?endpoint={one.slug}", one.title, one is endpoint) for one in visit.site.endpoints],
        blanks=blanks_of(endpoint, query),
        choices=await _choices(visit, endpoint, fields.get("key_id", "")),
        panels=await asyncio.to_thread(_panels, endpoint, visit.base_url, query),  # colours take 20 ms
        outcome=outcome,
        once=token_hex(16),
        variable=KEY,
    )


async def send(visit: Visit) -> Answer:
    """Ask. The same form sent twice asks, and charges, once."""
    once = visit.sent("once")
    if not once:
        raise FormUnreadable
    endpoint = _endpoint(visit, visit.form)
    key = next((key for key in await _keys(visit) if key.key_id == visit.sent("key_id")), None)
    if key is None:
        raise InvalidParameter("Choose one of your keys that is not revoked; nothing was sent.")
    caller = Caller(visit.me.account_id, key.key_id, key.mode, visit.me.kind)
    return await show(visit, await outcome_of(visit, endpoint, caller, query_of(endpoint, visit.form), once))


def _panels(endpoint: Endpoint[Any], base_url: str, query: Query) -> list[tuple[Sample, Markup]]:
    """The request as a program in each language; only the example, which all begin with, is remembered.

    What is far too long for any parameter gets no colours, which would take a second.
    """
    colour = highlight if query == endpoint.example_query else coloured
    if sum(len(value) for _, value in query) > _LONGEST_COLOURED:
        colour = _plain
    return [(sample, colour(sample.code, sample.language)) for sample in samples_of(endpoint, base_url, query)]


def _plain(code: str, language: str) -> Markup:  # noqa: ARG001 - the shape of `coloured`
    return Markup.escape(code)


def _endpoint(visit: Visit, fields: Mapping[str, str]) -> Endpoint[Any]:
    """The one that is named, else the first."""
    endpoints = visit.site.endpoints
    return next((one for one in endpoints if one.slug == fields.get("endpoint")), endpoints[0])


async def _keys(visit: Visit) -> Sequence[Key]:
    """Those that can be sent, live ones first."""
    keys = await visit.site.keys.list_for(visit.me.account_id)
    return sorted((key for key in keys if key.status == "active"), key=lambda key: key.mode != "live")


async def _choices(visit: Visit, endpoint: Endpoint[Any], chosen: str) -> list[Choice]:
    keys = await _keys(visit)
    modes = [(key.key_id, key.mode) for key in keys]
    outlooks = await visit.site.ledger.outlooks(visit.me.account_id, modes, endpoint.name)
    month = await this_month(visit.site.store)
    first = chosen if any(key.key_id == chosen for key in keys) else (keys[0].key_id if keys else "")
    return [
        Choice(key, cost_of(outlook, key.mode, month), key.key_id == first)
        for key, outlook in zip(keys, outlooks, strict=True)
    ]


PAGES = (Page("/playground", show, {"send": send}),)
