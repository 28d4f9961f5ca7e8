"""What an account has used: this month by the ledger, and any days by the sums of its request log."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import cast
from urllib.parse import urlencode

from clipmeter.billing.forecast import Forecast, forecast_of
from clipmeter.billing.usage import usage_of
from clipmeter.records.latency import together
from clipmeter.web.pages import sheets
from clipmeter.web.pages.charts import MOST, Chart, Series
from clipmeter.web.pages.spans import USUAL, Span, lengths, months, span_of
from clipmeter.web.pages.sums import By, Sums, Use, sums_of, total
from clipmeter.web.pages.visit import Answer, Page, Visit
from clipmeter.web.pages.words import UNKNOWN, within

_MICROS = 1_000_000
_RECENT = 2
"""Months that stand beside the spans of days; earlier ones stand below the charts."""
_BY: tuple[tuple[By, str], ...] = (("", "Together"), ("endpoint", "By endpoint"), ("key", "By key"))
_MODES = (("", "Live and test"), ("live", "Live"), ("test", "Test"))
_COLUMNS = ("requests", "free", "paid", "test", "failed", "charged_usd", "p50_ms_at_most", "p95_ms_at_most")
_HALF, _MOST = 0.5, 0.95
_DELETED = "a deleted key"


@dataclass(frozen=True, slots=True)
class Choice:
    """What of the statistics is looked at."""

    span: Span
    by: By
    mode: str

    def link(self, page: str = "/usage", **other: str) -> str:
        """The address of this, or of this but for something."""
        chosen = {"range": self.span.name, "by": self.by, "mode": self.mode, **other}
        usual = {"range": str(USUAL), "by": "", "mode": ""}
        query = urlencode({name: value for name, value in chosen.items() if value != usual[name]})
        return f"{page}?{query}" if query else page


async def show(visit: Visit) -> Answer:
    """This month, and charts of the days that were chosen."""
    site, account_id = visit.site, visit.me.account_id
    forecast = await forecast_of(site.store, account_id, site.terms.defaults)
    choice, since = _choice(visit, forecast), await site.statistics.first_day(account_id)
    sums = await sums_of(site.statistics, account_id, choice.span, by=choice.by, mode=choice.mode)
    names = await _names(visit, choice.by)
    month = forecast.month
    return visit.render(
        "usage.html",
        month=month,
        ends=forecast.month_ends,
        rows=await usage_of(site.store, account_id, month, await site.terms.of(account_id)),
        forecast=forecast,
        choice=choice,
        choices=_choices(choice, forecast, since),
        since=since,
        charts=list(_charts(sums, names, _free(visit))) if sums.uses else [],
        parts=[(names.get(part, part) or _DELETED, part, _totals(sums.of(part))) for part in sums.parts],
    )


async def as_csv(visit: Visit) -> Answer:
    """The same days as a file: a row for each day, and for each endpoint or key where these were asked for."""
    site = visit.site
    forecast = await forecast_of(site.store, visit.me.account_id, site.terms.defaults)
    choice = _choice(visit, forecast)
    sums = await sums_of(site.statistics, visit.me.account_id, choice.span, by=choice.by, mode=choice.mode)
    names = await _names(visit, "key") if choice.by == "key" else {}
    own = {"": (), "endpoint": ("endpoint",), "key": ("key_id", "key")}[choice.by]
    rows = [_cells(use, choice.by, names) for use in sums.uses]
    return sheets.sheet(visit, f"usage-{choice.span.name}", ("day", "mode", *own, *_COLUMNS), sheets.at_once(rows))


def _choice(visit: Visit, forecast: Forecast) -> Choice:
    given = visit.query.get
    by = given("by", "") if given("by", "") in dict(_BY) else ""
    mode = given("mode", "") if given("mode", "") in dict(_MODES) else ""
    return Choice(span_of(given("range", str(USUAL)), _today(forecast)), cast("By", by), mode)


def _today(forecast: Forecast) -> date:
    return datetime.fromtimestamp(forecast.now // _MICROS, UTC).date()


def _choices(choice: Choice, forecast: Forecast, since: date | None) -> dict[str, list[tuple[str, str, bool]]]:
    """For each thing that can be chosen: address, words, whether it is chosen."""
    today = _today(forecast)
    old = months(today, since or today)
    return {
        "Days": [_way(choice, "range", span.name, span.label) for span in (*lengths(today), *old[:_RECENT])],
        "Parts": [_way(choice, "by", by, words) for by, words in _BY],
        "Mode": [_way(choice, "mode", mode, words) for mode, words in _MODES],
        "earlier": [_way(choice, "range", span.name, span.label) for span in old[_RECENT:]],
    }


def _way(choice: Choice, what: str, name: str, words: str) -> tuple[str, str, bool]:
    link = choice.link(**{what: name})
    return link, words, link == choice.link()


async def _names(visit: Visit, by: By) -> Mapping[str, str]:
    """What endpoints or keys are called, by what the sums call them."""
    if by == "key":
        return {key.key_id: key.name for key in await visit.site.keys.list_for(visit.me.account_id)}
    return {endpoint.name: endpoint.title for endpoint in visit.site.endpoints} if by else {"": ""}


def _free(visit: Visit) -> str:
    return "The operator's own" if visit.me.kind == "operator" else "Free"


def _charts(sums: Sums, names: Mapping[str, str], free: str) -> Iterator[Chart]:
    days, uses = sums.span.days, sums.uses
    asked = total(uses, lambda use: use.requests)
    yield Chart("requests", "Requests", f"{asked:,}", "bars", days, _asked(sums, names, free))
    charged = Series("Charged", sums.each_day(lambda use: use.charged_micros), "micros")
    split = _split(sums, names, lambda use: use.charged_micros, "micros") if sums.by else [charged]
    micros = total(uses, lambda use: use.charged_micros)
    yield Chart("charged", "Charged", charged.told(micros), "bars", days, split)
    failed = total(uses, lambda use: use.failed)
    share = f"{failed:,} · {failed / asked:.1%}" if asked else "0"
    yield Chart("errors", "Errors", share, "bars", days, _failures(sums), "Errors cost nothing.")
    yield _latency(sums)


def _asked(sums: Sums, names: Mapping[str, str], free: str) -> list[Series]:
    """Requests by how they ended, or by endpoint or key."""
    if sums.by:
        return _split(sums, names, lambda use: use.requests)
    return [
        Series(free, sums.each_day(lambda use: use.free)),
        Series("Paid", sums.each_day(lambda use: use.paid)),
        Series("Test", sums.each_day(lambda use: use.test)),
        Series("Failed", sums.each_day(lambda use: use.failed)),
    ]


def _split(sums: Sums, names: Mapping[str, str], number: Callable[[Use], int], unit: str = "") -> list[Series]:
    """A number of each endpoint or key; beyond the first few all others as one."""
    shown, others = _few(sums.parts)
    found = [
        Series(names.get(part, _DELETED if sums.by == "key" else part), sums.each_day(number, sums.of(part)), unit)
        for part in shown
    ]
    if others:
        rest = [use for use in sums.uses if use.part in others]
        found.append(Series(f"{len(others)} others", sums.each_day(number, rest), unit))
    return found


def _failures(sums: Sums) -> list[Series]:
    shown, others = _few(sums.codes)
    found = [Series(code, sums.failed_each_day([code])) for code in shown]
    return [*found, Series("others", sums.failed_each_day(others))] if others else found or [Series("errors", ())]


def _few(names: Sequence[str]) -> tuple[Sequence[str], Sequence[str]]:
    most = MOST if len(names) <= MOST else MOST - 1
    return names[:most], names[most:]


def _latency(sums: Sums) -> Chart:
    whole = together(use.latency for use in sums.uses)
    half, most = (Series(words, sums.latency_each_day(share), "ms") for words, share in _SHARES)
    said = f"half {within(whole.at_most(_HALF))}, 95 % {within(whole.at_most(_MOST))}" if whole.counted else UNKNOWN
    note = "Of successes, inside this server. Counted in steps: each value is the upper end of a step."
    return Chart("latency", "Latency", said, "lines", sums.span.days, [half, most], note)


_SHARES = (("Half of them within", _HALF), ("95 % of them within", _MOST))


def _totals(uses: Sequence[Use]) -> dict[str, int | None]:
    latency = together(use.latency for use in uses)
    numbers = {name: sum(getattr(use, name) for use in uses) for name in _SUMMED}
    return {**numbers, "half": latency.at_most(_HALF), "most": latency.at_most(_MOST)}


_SUMMED = ("requests", "free", "paid", "test", "failed", "charged_micros")


def _cells(use: Use, by: By, names: Mapping[str, str]) -> list[sheets.Cell]:
    own = {"": (), "endpoint": (use.part,), "key": (use.part, names.get(use.part, ""))}[by]
    numbers = (use.requests, use.free, use.paid, use.test, use.failed, f"{use.charged_micros / _MICROS:.6f}")
    return [use.day.isoformat(), use.mode, *own, *numbers, use.latency.at_most(_HALF), use.latency.at_most(_MOST)]


PAGES = (Page("/usage", show), Page("/usage.csv", as_csv))
