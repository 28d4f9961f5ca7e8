"""Alerts: an account hears of 50, 75 and 100 % of each spending limit, once per limit and day or month.

Rule 1: what an account was told and the message that tells it are written in one transaction, so that a crash neither
loses an alert nor repeats one, and several nodes may sweep at once.
Rule 2: when spending has jumped past several shares, only the highest is told.
Rule 3: 100 % is said when no further charge fits, since a limit that is no multiple of the price is never met exactly.
"""

import asyncio
import hashlib
import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import structlog

from clipmeter.billing.messages import email, webhook
from clipmeter.billing.notices import Notice, letter, payload
from clipmeter.billing.rules import Terms
from clipmeter.billing.terms import terms_of_many
from clipmeter.errors import InvalidParameter, Problem
from clipmeter.public import url_problem
from clipmeter.store.base import Lock, Many, Query, Row, Steps, Store, plan

log = structlog.get_logger()

SHARES = (100, 75, 50)
"""Per cent, highest first."""
SWEEP_SECONDS = 5.0
PAGE = 200
"""Accounts that are looked at in one step."""
SHOWN = 50


@dataclass(frozen=True, slots=True)
class Watched:
    """One limit of an account. Money in micro-dollars."""

    span: Literal["day", "month"]
    period: str
    """`YYYY-MM-DD` or `YYYY-MM`, UTC."""
    limit: int
    charged: int
    told: int
    """The highest share it was told of, in per cent; 0: of none."""


@dataclass(frozen=True, slots=True)
class Account:
    """Who may have to be told, and of which limits."""

    account_id: str
    email: str
    url: str
    now: int
    limits: Sequence[Watched]


@dataclass(frozen=True, slots=True)
class AlertAddress:
    """Where an account is told besides by e-mail: "" for nowhere; and the key that signs what is sent there."""

    url: str
    key: str


@dataclass(frozen=True, slots=True)
class Told:
    """An alert that was given. `told_at`: micro-seconds since 1970, UTC; money in micro-dollars."""

    period: str
    limit_micros: int
    percent: int
    told_at: int


def due(watched: Watched, least: int) -> int | None:
    """The share to tell of now, in per cent; None: nothing new. `least`: the smallest charge there can be."""
    if watched.charged == 0:
        return None
    full = watched.charged + least > watched.limit
    reached = next((s for s in SHARES if watched.charged * 100 >= s * watched.limit), 0)
    share = SHARES[0] if full else reached
    return share if share > watched.told else None


def alert_key(secret: str, account_id: str) -> str:
    """The key that signs what is sent to an account's webhook: always the same, and kept nowhere."""
    digest = hmac.new(secret.encode(), f"alerts of {account_id}".encode(), hashlib.sha256)
    return f"whsec_{digest.hexdigest()}"


class Alerts:
    """The alerts of all accounts."""

    def __init__(
        self, store: Store, defaults: Mapping[str, Terms], secret: str, *, mails: bool = True, anywhere: bool = False
    ) -> None:
        """`defaults`: what the settings say of prices; `mails`: e-mails are sent; `anywhere`: to private URLs too."""
        self._store, self._defaults, self._secret = store, defaults, secret
        self.mails, self._anywhere = mails, anywhere
        self._task: asyncio.Task[None] | None = None

    async def address(self, account_id: str) -> AlertAddress:
        """Where an account is told. Raises InvalidParameter when it is unknown."""
        return AlertAddress(await self._store.read(_url(account_id)), self.key(account_id))

    async def set_url(self, account_id: str, url: str) -> None:
        """Say where; "" for nowhere. Raises InvalidParameter: no such account, or nothing is sent to such a URL."""
        address = url.strip()
        if address and (problem := url_problem(address, anywhere=self._anywhere)):
            raise InvalidParameter(f"Alerts cannot be sent there: the address {problem}.")
        await self._store.write(_set_url(account_id, address))

    async def told(self, account_id: str) -> list[Told]:
        """The alerts that an account was given, the newest first, at most 50."""
        return await self._store.read(_told(account_id))

    def key(self, account_id: str) -> str:
        """The key that signs what is sent to the account's address."""
        return alert_key(self._secret, account_id)

    async def sweep(self) -> int:
        """Tell whoever has to be told: how many alerts were given. Raises ServiceUnavailable."""
        after, given = "", 0
        while True:
            seen = await self._store.read(_page(after, self._defaults))
            for account_id in seen.due:
                given += await self._store.write(_tell(account_id, self._defaults, mails=self.mails))
            if seen.last is None:
                return given
            after = seen.last

    def start(self) -> None:
        """Sweep every few seconds from now on."""
        self._task = asyncio.create_task(self._sweep_forever())

    async def stop(self) -> None:
        """Let go; what is being written is written."""
        if self._task:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        self._task = None

    async def _sweep_forever(self) -> None:
        while True:
            await asyncio.sleep(SWEEP_SECONDS)
            try:
                await self.sweep()
            except Problem as problem:  # the next one may work
                log.warning("alerts wait for the database", problem=problem.code, sign=problem.sign)
            except Exception:
                log.exception("alerts were not given")


@dataclass(frozen=True, slots=True)
class _Seen:
    due: list[str]
    last: str | None
    """Where the next page begins; None: there is none."""


@plan
def _page(after: str, defaults: Mapping[str, Terms]) -> Steps[_Seen]:
    """Which of the next accounts have to be told of something."""
    rows = yield Query("alert_accounts", {"after": after, "size": PAGE})
    ids = [account_id for (account_id,) in rows]
    found = yield from _facts(ids, defaults)
    due_ids = [account.account_id for account, least in found if any(due(one, least) for one in account.limits)]
    return _Seen(due_ids, ids[-1] if len(ids) == PAGE else None)


@plan
def _tell(account_id: str, defaults: Mapping[str, Terms], *, mails: bool) -> Steps[int]:
    """Look again, and write what the account is told: how many alerts."""
    yield Lock(account_id)
    given = 0
    for account, least in (yield from _facts([account_id], defaults)):
        for watched in account.limits:
            share = due(watched, least)
            if share and (yield from _alert(account, watched, share, mails=mails)):
                given += 1
    return given


@plan
def _alert(account: Account, watched: Watched, share: int, *, mails: bool) -> Steps[bool]:
    """Write an alert and its messages, unless another node has."""
    name = {"account_id": account.account_id, "period": watched.period}
    if not (yield Query("alert_add", {**name, "limit_micros": watched.limit, "percent": share})):
        return False
    notice = Notice(
        account.account_id, account.email, watched.span, watched.period, share, watched.limit, watched.charged
    )
    if mails and not account.email.endswith("@localhost"):
        yield email(account.account_id, account.email, *letter(notice))
    if account.url:
        yield webhook(account.account_id, account.url, "spending_alert", payload(notice, account.now))
    return True


@plan
def _facts(account_ids: Sequence[str], defaults: Mapping[str, Terms]) -> Steps[list[tuple[Account, int]]]:
    """The accounts with their limits, and the smallest charge that each can get."""
    if not account_ids:
        return []
    rows = yield Many("alert_facts", [{"account_id": account_id} for account_id in account_ids])
    terms = yield from terms_of_many(account_ids, defaults)
    return [(_account(row), _least(terms[row[0]])) for row in rows]


def _least(terms: Mapping[str, Terms]) -> int:
    return min((its.price_micros for its in terms.values() if its.price_micros), default=0)


def _account(row: Row) -> Account:
    account_id, email_, url, day, month, daily, monthly, today, this_month, told_day, told_month, now = row
    limits = []
    if daily is not None:
        limits.append(Watched("day", day, daily, today, told_day))
    if monthly is not None:
        limits.append(Watched("month", month, monthly, this_month, told_month))
    return Account(account_id, email_, url, now, limits)


@plan
def _url(account_id: str) -> Steps[str]:
    rows = yield Query("alert_url_get", {"account_id": account_id})
    if not rows:
        raise InvalidParameter("There is no such account.")
    return str(rows[0][0])


@plan
def _set_url(account_id: str, url: str) -> Steps[None]:
    if not (yield Query("alert_url_set", {"account_id": account_id, "url": url})):
        raise InvalidParameter("There is no such account.")


@plan
def _told(account_id: str) -> Steps[list[Told]]:
    rows = yield Query("alert_list", {"account_id": account_id, "size": SHOWN})
    return [Told(*row) for row in rows]
