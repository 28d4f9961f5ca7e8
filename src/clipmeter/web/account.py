"""What an account can read of itself: GET /v1/me, /v1/usage, /v1/forecast, /v1/requests. Free, and no slot is taken."""

import re
from calendar import timegm
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Annotated, Any, Literal

import msgspec
from litestar import Request, Response
from msgspec import Meta

from clipmeter.billing.accounts import Accounts
from clipmeter.billing.forecast import forecast_of
from clipmeter.billing.keys import Caller, Keys
from clipmeter.billing.ledger import Ledger
from clipmeter.billing.limits import KeyCap, SpendingLimits
from clipmeter.billing.rules import Terms
from clipmeter.billing.terms import TermsBook
from clipmeter.billing.usage import MonthsUse, this_month, usage_of
from clipmeter.endpoints.base import Parameter, Parameters, number, once, read_query
from clipmeter.errors import InvalidParameter, Problem, UserNotFound
from clipmeter.model import utc_text
from clipmeter.records.requests import Filters, LogRow, RequestLog, Tried
from clipmeter.store.base import Store
from clipmeter.web.envelope import JSON, failure
from clipmeter.web.forecast import MonthForecast, shown

HEADERS = {"X-Charge": "0", "Cache-Control": "private, no-store"}
MOST_ROWS = 100
_ROWS = 50
_MONTH = re.compile(r"[0-9]{4}-(?:0[1-9]|1[0-2])")
_MICROS = 1_000_000
_encode = msgspec.json.Encoder().encode

Handler = Callable[[Request[Any, Any, Any]], Awaitable[Response[bytes]]]


class Allowance(msgspec.Struct, frozen=True):
    """What an account may do at one endpoint."""

    endpoint: Annotated[str, Meta(description="Name of the endpoint, as in usage and the request log")]
    price_micros: Annotated[int, Meta(description="Price of a success past the free ones, in micro-dollars")]
    free_limit: Annotated[int, Meta(description="Free successes per calendar month (UTC)")]
    free_left: Annotated[int, Meta(description="Free successes left this month")]
    concurrency: Annotated[int | None, Meta(description="Requests that may be in flight; null: any number")]
    in_flight: Annotated[int, Meta(description="Requests in flight now, of keys of this key's mode")]


class SpendingAllowance(msgspec.Struct, frozen=True):
    """What may be charged, and was. All in micro-dollars; days and months are UTC. Free requests pass any limit."""

    daily_limit_micros: Annotated[int | None, Meta(description="The account's limit per day; null: none")]
    today_micros: Annotated[int, Meta(description="Charged to the account today")]
    monthly_limit_micros: Annotated[int | None, Meta(description="The account's limit per month; null: none")]
    this_month_micros: Annotated[int, Meta(description="Charged to the account this month")]
    key_monthly_limit_micros: Annotated[
        int | None, Meta(description="The cap per month of the key that was sent; null: none")
    ]
    key_this_month_micros: Annotated[int, Meta(description="Charged to that key this month")]


class Me(msgspec.Struct, frozen=True):
    """Whose key this is."""

    account_id: str
    email: str
    kind: Literal["user", "operator"]
    status: Annotated[Literal["active", "blocked"], Meta(description="Paid requests of a blocked account get 403")]
    payment: Annotated[Literal["none", "invoice", "card"], Meta(description="How the account pays past the free tier")]
    mode: Annotated[Literal["live", "test"], Meta(description="The mode of the key that was sent")]
    key_id: Annotated[str, Meta(description="The id of the key that was sent")]
    endpoints: tuple[Allowance, ...]
    spending: SpendingAllowance


class EndpointUsage(msgspec.Struct, frozen=True):
    """What an account used of one endpoint in a month."""

    endpoint: str
    free_limit: Annotated[int, Meta(description="Free successes per calendar month")]
    free_used: int
    free_left: Annotated[int, Meta(description="0 in a month that is over")]
    paid: Annotated[int, Meta(description="Charged successes")]
    own: Annotated[int, Meta(description="The operator's own successes, at no price")]
    test: Annotated[int, Meta(description="Successes of test keys, at no price")]
    charged_micros: Annotated[int, Meta(description="Sum of all charges, in micro-dollars")]
    failures: Annotated[dict[str, int], Meta(description="How often which error code was answered; free of charge")]


class Usage(msgspec.Struct, frozen=True):
    """What an account used in a month."""

    month: Annotated[str, Meta(description="Calendar month, UTC, YYYY-MM", examples=["2026-10"])]
    resets_at: Annotated[str, Meta(description="When the month ends, UTC, YYYY-MM-DD HH:MM:SS")]
    resets_at_timestamp: Annotated[int, Meta(description="The same as Unix seconds")]
    endpoints: tuple[EndpointUsage, ...]


class LoggedRequest(msgspec.Struct, frozen=True):
    """One request of the log."""

    request_id: str
    at: Annotated[str, Meta(description="When it came in, UTC, YYYY-MM-DD HH:MM:SS")]
    at_micros: Annotated[int, Meta(description="The same as micro-seconds since 1970")]
    endpoint: str
    mode: Literal["live", "test"]
    key_id: str
    asked: Annotated[str, Meta(description="The link or id as given, at most 500 characters")]
    video_id: Annotated[str, Meta(description='The post, once it was known; else ""')]
    source: Annotated[str, Meta(description='Which source answered; "" when none did')]
    attempts: Annotated[tuple[Tried, ...], Meta(description="What was tried for it, in order")]
    sign: Annotated[str, Meta(description='What exactly was seen; only the operator is told, else ""')]
    status: Annotated[int, Meta(description="HTTP status; 499: the caller left before the answer")]
    code: Annotated[str, Meta(description='Error code; "" for a success')]
    charge_micros: Annotated[int, Meta(description="What it cost, in micro-dollars")]
    timings: Annotated[
        dict[str, float], Meta(description="Milliseconds by stage: admit, source, settle, total; those it reached")
    ]
    from_memory: Annotated[bool, Meta(description="Answered from memory, without asking a source")]


class Log(msgspec.Struct, frozen=True):
    """A page of the request log."""

    requests: tuple[LoggedRequest, ...]
    next: Annotated[str | None, Meta(description="`before` of the next page; null: this is the last one")]


@dataclass(frozen=True, slots=True)
class Desk:
    """Where an account's own affairs are read."""

    store: Store
    keys: Keys
    accounts: Accounts
    ledger: Ledger
    log: RequestLog
    limits: SpendingLimits
    terms: TermsBook

    async def me(self, caller: Caller, _parameters: Parameters) -> Me:
        """The account, the key, and what they may do."""
        account = await self.accounts.find(caller.account_id)
        if account is None:
            raise UserNotFound
        terms = await self.terms.of(caller.account_id)
        return Me(
            account_id=account.account_id,
            email=account.email,
            kind=account.kind,
            status="active" if account.status == "active" else "blocked",
            payment=account.payment,
            mode=caller.mode,
            key_id=caller.key_id,
            endpoints=tuple([await self._allowance(caller, name, its) for name, its in terms.items()]),
            spending=await self._spending(caller),
        )

    async def usage(self, caller: Caller, parameters: Parameters) -> Usage:
        """What was used in this month, or in another one that has begun."""
        now = await this_month(self.store)
        month = once(parameters, "month") or now
        if not _MONTH.fullmatch(month) or month > now:
            raise InvalidParameter(f"month must be written YYYY-MM and be {now} or earlier.")
        failures = await self.log.failures(caller.account_id, month)
        rows = await usage_of(self.store, caller.account_id, month, await self.terms.of(caller.account_id))
        reset = _month_after(month)
        used = tuple(_used(row, failures.get(row.endpoint, {})) for row in rows)
        return Usage(month=month, resets_at=utc_text(reset), resets_at_timestamp=reset, endpoints=used)

    async def forecast(self, caller: Caller, _parameters: Parameters) -> MonthForecast:
        """What this month would cost."""
        return shown(await forecast_of(self.store, caller.account_id, self.terms.defaults))

    async def requests(self, caller: Caller, parameters: Parameters) -> Log:
        """A page of the log, newest first."""
        limit = number(parameters, "limit", MOST_ROWS)
        if limit == 0:
            raise InvalidParameter(f"limit must be a whole number from 1 to {MOST_ROWS}.")
        video_id, code, key_id = (once(parameters, name) or "" for name in ("video_id", "code", "key_id"))
        filters = Filters(video_id, code, key_id)
        size = limit or _ROWS
        rows = await self.log.page(caller.account_id, once(parameters, "before") or "", size + 1, filters)
        page, more = rows[:size], len(rows) > size
        told = tuple(_logged(row, signs=caller.kind == "operator") for row in page)
        return Log(requests=told, next=page[-1].request_id if more else None)

    async def _spending(self, caller: Caller) -> SpendingAllowance:
        limits = await self.limits.get(caller.account_id)
        caps = {cap.key_id: cap for cap in await self.limits.of_keys(caller.account_id)}
        cap = caps.get(caller.key_id, KeyCap(caller.key_id, None, 0))  # deleted meanwhile
        return SpendingAllowance(
            daily_limit_micros=limits.daily_micros,
            today_micros=limits.today_micros,
            monthly_limit_micros=limits.monthly_micros,
            this_month_micros=limits.this_month_micros,
            key_monthly_limit_micros=cap.monthly_micros,
            key_this_month_micros=cap.this_month_micros,
        )

    async def _allowance(self, caller: Caller, name: str, terms: Terms) -> Allowance:
        standing = await self.ledger.standing(caller, name)
        return Allowance(
            endpoint=name,
            price_micros=terms.price_micros,
            free_limit=terms.free_requests,
            free_left=standing.free_remaining,
            concurrency=standing.limit,
            in_flight=standing.running,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One thing an account can read."""

    path: str
    name: str
    summary: str
    parameters: tuple[Parameter, ...]
    result: type[msgspec.Struct]
    read: Callable[[Desk, Caller, Parameters], Awaitable[msgspec.Struct]]


def _text(name: str, description: str, example: str, **rules: object) -> Parameter:
    return Parameter(name=name, description=description, schema={"type": "string", **rules}, example=example)


PAGES = (
    Page(path="/v1/me", name="me", summary="Whose key this is", parameters=(), result=Me, read=Desk.me),
    Page(
        path="/v1/usage",
        name="usage",
        summary="What was used and charged in a month",
        parameters=(
            _text(
                "month", "A month that has begun; this one if absent.", "2026-10", pattern=f"^(?:{_MONTH.pattern})?$"
            ),
        ),
        result=Usage,
        read=Desk.usage,
    ),
    Page(
        path="/v1/forecast",
        name="forecast",
        summary="What this month would cost at the rate so far",
        parameters=(),
        result=MonthForecast,
        read=Desk.forecast,
    ),
    Page(
        path="/v1/requests",
        name="requests",
        summary="The request log, newest first",
        parameters=(
            Parameter(
                name="limit",
                description="Rows at most.",
                schema={"type": "integer", "minimum": 1, "maximum": MOST_ROWS, "default": _ROWS},
                example="50",
            ),
            _text("before", "The `next` of the page before.", "req_0123456789abcdef0123456789abcdef"),
            _text("video_id", "Only requests for this post.", "7516594811734854943"),
            _text("code", "Only failures with this code.", "not_found"),
            _text("key_id", "Only requests with this key.", "key_0123456789abcdef0123456789abcdef"),
        ),
        result=Log,
        read=Desk.requests,
    ),
)


def handler(page: Page, desk: Desk) -> Handler:
    """The handler of one page."""

    async def answer(request: Request[Any, Any, Any]) -> Response[bytes]:
        caller = await desk.keys.find(request.headers.get("x-api-key"))
        try:
            body = _encode(await page.read(desk, caller, read_query(request.scope["query_string"])))
        except Problem as problem:
            return failure(problem, HEADERS)
        return Response(body, media_type=JSON, headers=HEADERS)

    return answer


def _used(row: MonthsUse, failures: dict[str, int]) -> EndpointUsage:
    values = {name: getattr(row, name) for name in MonthsUse.__slots__}
    return EndpointUsage(**values, failures=failures)


def _logged(row: LogRow, *, signs: bool) -> LoggedRequest:
    values = {name: getattr(row, name) for name in LogRow.__slots__}
    tried = row.attempts if signs else tuple(msgspec.structs.replace(one, sign="") for one in row.attempts)
    told = {"at": utc_text(row.at // _MICROS), "at_micros": row.at, "video_id": row.video_id or "", "attempts": tried}
    return LoggedRequest(**{**values, **told, "sign": row.sign if signs else ""})


def _month_after(month: str) -> int:
    """The Unix second at which a month is over."""
    year, number_ = int(month[:4]), int(month[5:])
    return timegm((year + number_ // 12, number_ % 12 + 1, 1, 0, 0, 0))
