"""One request: what was asked, what was answered and by whom, how long each part took, and what it cost and why."""

import shlex
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode

from clipmeter.billing.history import LedgerRow, row_of
from clipmeter.endpoints.base import Endpoint
from clipmeter.records.requests import LONGEST_ASKED, LogRow
from clipmeter.web.docs.errors import error_of
from clipmeter.web.docs.samples import KEY
from clipmeter.web.pages.errors import NoSuchRequest
from clipmeter.web.pages.render import month
from clipmeter.web.pages.requestlog import key_names
from clipmeter.web.pages.visit import Answer, Page, Visit
from clipmeter.web.pages.words import LEFT

_OK, _SENT_BEFORE = 200, 304
_STAGES = {
    "admit": "Key and balance",
    "source": "Answer",
    "settle": "Charge",
}


@dataclass(frozen=True, slots=True)
class Stage:
    """A part of a request's time: milliseconds since it came in, and how long; both in percent of all too."""

    words: str
    ms: float
    begins: float
    share: float


@dataclass(frozen=True, slots=True)
class Charge:
    """What a request cost, and why."""

    micros: int
    why: str


async def show(visit: Visit) -> Answer:
    """The page; the same 404 for what is not there and for what is somebody else's."""
    request_id, account_id = visit.params["request_id"], visit.me.account_id
    row = await visit.site.log.one(account_id, request_id)
    if row is None:
        return replace(visit, problem=NoSuchRequest()).render("norequest.html")
    ledger = await row_of(visit.site.store, account_id, request_id)
    names = key_names(await visit.site.keys.list_for(account_id))
    endpoint = next((one for one in visit.site.endpoints if one.name == row.endpoint), None)
    return visit.render(
        "request.html",
        row=row,
        key=names.get(row.key_id, ""),
        error=error_of(row.code) if row.code else None,
        is_repeat=is_repeat(row),
        stages=stages_of(row),
        charge=charge_of(row, ledger),
        again=again(endpoint, visit.base_url, row.asked) if endpoint else "",
        left=LEFT,
    )


def is_repeat(row: LogRow) -> bool:
    """Whether it got the stored answer of an earlier request: the only success that no source and no memory gave."""
    return row.status == _OK and not row.source


def stages_of(row: LogRow) -> Sequence[Stage]:
    """The parts of its time, one after another; what is left of the whole comes last."""
    whole = row.timings.get("total", 0.0)
    if not whole:
        return []
    found, begins = [], 0.0
    for name, words in _STAGES.items():
        if (ms := row.timings.get(name)) is not None:
            found.append(_stage(words, ms, begins, whole))
            begins += ms
    rest = whole - begins
    return [*found, _stage("Everything else", rest, begins, whole)] if rest > whole / 100 else found


def _stage(words: str, ms: float, begins: float, whole: float) -> Stage:
    return Stage(words, ms, round(min(begins / whole, 1) * 100, 2), round(min(ms / whole, 1) * 100, 2))


def charge_of(row: LogRow, ledger: LedgerRow | None) -> Charge:
    """What the ledger says of it."""
    if ledger is None:
        return Charge(0, _never_admitted(row))
    if ledger.state == "posted":
        return Charge(ledger.price_micros, _posted(ledger))
    return Charge(0, _not_posted(row, ledger))


def _never_admitted(row: LogRow) -> str:
    if is_repeat(row):
        return "A repeat with the same Idempotency-Key gets the stored answer and is never charged again."
    return "It was refused before anything was asked. Nothing is charged for that."


def _posted(ledger: LedgerRow) -> str:
    when = month(ledger.period)
    return {
        "free": f"A success, one of the free ones of {when}.",
        "paid": f"A success past the free ones of {when}.",
        "own": "A success of the operator's own, at no price.",
        "test": "A success of a test key. Those are never charged.",
    }[ledger.kind]


def _not_posted(row: LogRow, ledger: LedgerRow) -> str:
    if ledger.state == "reserved":
        return "It is being settled."
    if ledger.state == "expired":
        return "It was not settled in time, so it is not charged."
    if row.status == _SENT_BEFORE:
        return "The caller had this very answer already (304). Nothing is charged for that."
    if ledger.reason == "partial":
        return "Only an official embed had it (partial=1). Nothing is charged for that."
    return "The caller left before the answer." if row.code == LEFT else "It failed. Failures are never charged."


def again(endpoint: Endpoint[Any], base_url: str, asked: str) -> str:
    """A line for a shell that asks for the same; "" when what was asked is not known whole."""
    if not asked or len(asked) >= LONGEST_ASKED:
        return ""
    name = "video_id" if asked.isascii() and asked.isdigit() else endpoint.parameters[0].name
    where, header = base_url + endpoint.path, f'-H "X-API-Key: ${KEY}"'
    if asked.isascii() and asked.isprintable():
        return f"curl -G {shlex.quote(where)} {header} \\\n  --data-urlencode {shlex.quote(f'{name}={asked}')}"
    return f"curl {shlex.quote(f'{where}?{urlencode({name: asked})}')} {header}"


PAGES = (Page("/requests/{request_id:str}", show),)
