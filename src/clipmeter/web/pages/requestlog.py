"""The request log: page by page, filtered, and as a file."""

import re
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from urllib.parse import urlencode

from clipmeter.billing.keys import Key
from clipmeter.errors import InvalidParameter, Problem
from clipmeter.records.requests import Filters, Found, LogRow
from clipmeter.web.docs.errors import error_codes
from clipmeter.web.pages import sheets
from clipmeter.web.pages.errors import GoneFromLog
from clipmeter.web.pages.visit import Answer, Page, Visit
from clipmeter.web.pages.words import LEFT

SIZE = 50
_FILE_SIZE = 500
_MOST_TRAIL = 20
"""Pages that one can go back; before those the newest page is offered."""
_MICROS = 1_000_000
_ID = re.compile(r"req_[0-9a-f]{32}")
_POST = re.compile(r"[0-9]{1,25}")
CLASSES = (("2", "Answered (2xx)"), ("3", "Not modified (304)"), ("4", "Refused (4xx)"), ("5", "Failed (5xx)"))
MODES = (("live", "Live"), ("test", "Test"))
FIELDS = ("from", "to", "endpoint", "key", "mode", "result", "video_id", "charged")
COLUMNS = (
    "request_id",
    "at",
    "endpoint",
    "mode",
    "key_id",
    "key",
    "asked",
    "video_id",
    "status",
    "code",
    "source",
    "from_memory",
    "total_ms",
    "charged_usd",
)


@dataclass(frozen=True, slots=True)
class Place:
    """A page of the log: what it is filtered by, before which request it begins, and the pages before it."""

    fields: Mapping[str, str]
    before: str = ""
    """"" for the newest."""
    trail: tuple[str, ...] = ()
    """`before` of the pages that one came by, the newest first; the very first one is left out."""

    def older(self, before: str) -> str:
        """The address of the next page."""
        trail = (*self.trail, self.before) if self.before else self.trail
        return _address(self.fields, before, trail[-_MOST_TRAIL:])

    @property
    def newer(self) -> str:
        """The address of the page before; "" on the first one."""
        if not self.before:
            return ""
        return _address(self.fields, self.trail[-1] if self.trail else "", self.trail[:-1])

    @property
    def newest(self) -> str:
        """The address of the first page."""
        return _address(self.fields)

    @property
    def file(self) -> str:
        """The address of all of it as CSV."""
        return f"/requests.csv{_query(self.fields)}"


async def show(visit: Visit) -> Answer:
    """One page of the log."""
    keys = await visit.site.keys.list_for(visit.me.account_id)
    place = _place(visit.query)
    try:
        found = await _found(visit, place)
    except Problem as problem:
        visit, found = replace(visit, problem=problem), Found([], "", is_cut=False)
        if isinstance(problem, GoneFromLog):
            place = replace(place, before="", trail=())
            found = await _found(visit, place)
    return visit.render(
        "requests.html",
        found=found,
        place=place,
        fields={name: place.fields.get(name, "") for name in FIELDS},
        keys=keys,
        names=key_names(keys),
        choices={"result": _results(), "mode": MODES},
        is_new=not (found.rows or place.fields) and await _is_new(visit),
    )


async def as_csv(visit: Visit) -> Answer:
    """All that the filters let through, newest first, for as long as the log goes back."""
    filters = read_filters(_place(visit.query).fields)
    names = key_names(await visit.site.keys.list_for(visit.me.account_id))
    rows = ([_cells(row, names) for row in some] async for some in pages_of(visit, filters))
    return sheets.sheet(visit, "requests", COLUMNS, rows)


async def pages_of(visit: Visit, filters: Filters) -> AsyncIterator[Sequence[LogRow]]:
    """The rows of the visitor's log, newest first, some at a time."""
    before = ""
    while True:
        found = await visit.site.log.search(visit.me.account_id, before, _FILE_SIZE, filters)
        yield found.rows
        before = found.next
        if not before:
            return


async def _is_new(visit: Visit) -> bool:
    """Whether nothing was ever asked: then there is more to say than that the log is empty."""
    return await visit.site.statistics.first_day(visit.me.account_id) is None


def key_names(keys: Sequence[Key]) -> Mapping[str, str]:
    """What keys are called, by their id."""
    return {key.key_id: key.name for key in keys}


def read_filters(fields: Mapping[str, str]) -> Filters:
    """What a form says, as the log knows it. Raises InvalidParameter."""
    given = fields.get
    result, video_id = given("result", ""), given("video_id", "").strip()
    if video_id and not _POST.fullmatch(video_id):
        raise InvalidParameter(f"{video_id!r} is no video id: an id is digits only.")
    return Filters(
        video_id=video_id,
        code="" if result in dict(CLASSES) else result,
        status_class=int(result) if result in dict(CLASSES) else 0,
        key_id=given("key", ""),
        endpoint=given("endpoint", ""),
        mode=given("mode", ""),
        charged=int(given("charged", "") == "1"),
        since=_day(given("from", ""), 0),
        until=_day(given("to", ""), 1),
    )


def _day(text: str, after: int) -> int:
    """The moment at which a day begins, so many days later; 0 for no day. Raises InvalidParameter."""
    if not text:
        return 0
    try:
        began = datetime.combine(date.fromisoformat(text) + timedelta(days=after), datetime.min.time(), UTC)
    except (ValueError, OverflowError):
        raise InvalidParameter(f"{text!r} is no day; write it like 2026-11-23.") from None
    return int(began.timestamp()) * _MICROS


def _place(query: Mapping[str, str]) -> Place:
    fields = {name: query[name] for name in FIELDS if query.get(name)}
    before = query.get("before", "")
    trail = tuple(f"req_{one}" for one in query.get("trail", "").split(",") if one)[-_MOST_TRAIL:]
    is_good = all(_ID.fullmatch(one) for one in (before, *trail) if one)
    return Place(fields, before, trail) if is_good else Place(fields)


async def _found(visit: Visit, place: Place) -> Found:
    filters = read_filters(place.fields)
    try:
        return await visit.site.log.search(visit.me.account_id, place.before, SIZE, filters)
    except InvalidParameter as problem:
        raise GoneFromLog from problem


def _results() -> list[tuple[str, str]]:
    return [*CLASSES, *((error.code, f"{error.status} {error.code}") for error in error_codes()), (LEFT, f"499 {LEFT}")]


def _address(fields: Mapping[str, str], before: str = "", trail: Sequence[str] = ()) -> str:
    shown = ",".join(one.removeprefix("req_") for one in trail)
    return f"/requests{_query({**fields, 'before': before, 'trail': shown})}"


def _query(fields: Mapping[str, str]) -> str:
    query = urlencode({name: value for name, value in fields.items() if value}, safe=",")
    return f"?{query}" if query else ""


def _cells(row: LogRow, names: Mapping[str, str]) -> list[sheets.Cell]:
    at = datetime.fromtimestamp(row.at // _MICROS, UTC)
    return [
        row.request_id,
        f"{at:%Y-%m-%d %H:%M:%S}Z",
        row.endpoint,
        row.mode,
        row.key_id,
        names.get(row.key_id, ""),
        row.asked,
        row.video_id,
        row.status,
        row.code,
        row.source,
        "yes" if row.from_memory else "no",
        row.timings.get("total"),
        f"{row.charge_micros / _MICROS:.6f}",
    ]


PAGES = (Page("/requests", show), Page("/requests.csv", as_csv))
