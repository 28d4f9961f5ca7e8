"""What pages say of an account's requests: by day, by key. Read from sums (tally.py), however long the log is.

The sums repeat the request log. What is to be paid stands in the ledger: a caller who leaves in the very moment of
posting is charged, and has a log row without a charge.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from clipmeter.records.latency import Latency
from clipmeter.store.base import Query, Row, Steps, Store, plan

ANY = "*"
_FIRST_DAY = date(1970, 1, 1)

Part = Literal["", "endpoint", "key", "mode", "code"]


@dataclass(frozen=True, slots=True)
class Only:
    """Which requests; ANY for all of them. `code`: "" for successes."""

    endpoint: str = ANY
    key_id: str = ANY
    mode: str = ANY
    code: str = ANY


EVERYTHING = Only()


@dataclass(frozen=True, slots=True)
class Day:
    """An account's requests of a UTC day, or a part of them.

    `part`: the endpoint, key id, mode or code ("" for successes) that they have in common; "" where nobody asked.
    `last_at`: micro-seconds since 1970 when the last of them came in.
    """

    day: date
    part: str
    requests: int
    answered: int
    """Successes."""
    charged: int
    """Those that cost something."""
    charged_micros: int
    last_at: int
    latency: Latency
    """From the request to the answer, whatever that was: ask for successes only to have only theirs."""

    @property
    def free(self) -> int:
        """Successes that cost nothing."""
        return self.answered - self.charged

    @property
    def failed(self) -> int:
        """Requests that were answered with an error; none of them is charged."""
        return self.requests - self.answered


@dataclass(frozen=True, slots=True)
class KeyUse:
    """What a key was used for since a day. `last_at`: when it was used last, also before: micro-seconds since 1970."""

    requests: int
    charged: int
    charged_micros: int
    last_at: int


class Statistics:
    """The sums of all accounts. Sums of a request are there a moment after it."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def daily(
        self, account_id: str, first_day: date, last_day: date, *, by: Part = "", only: Only = EVERYTHING
    ) -> list[Day]:
        """An account's days, both ends included, oldest first, and within a day by part. Days without requests lack.

        Before `first_day` of the account a lacking day says nothing.
        """
        return await self._store.read(_daily(account_id, _number(first_day), _number(last_day), by, only))

    async def first_day(self, account_id: str) -> date | None:
        """The first day that an account has sums of; None: it has none."""
        return await self._store.read(_first(account_id))

    async def by_key(self, account_id: str, first_day: date) -> dict[str, KeyUse]:
        """Every key of an account that was used, by its id, with its sums since a day."""
        return await self._store.read(_by_key(account_id, _number(first_day)))


def day_of(number: int) -> date:
    """A day that is counted since 1970."""
    return _FIRST_DAY + timedelta(days=number)


def _number(day: date) -> int:
    return (day - _FIRST_DAY).days


@plan
def _daily(account_id: str, first_day: int, last_day: int, by: str, only: Only) -> Steps[list[Day]]:
    asked = {"account_id": account_id, "first_day": first_day, "last_day": last_day, "part": by}
    wanted = {name: getattr(only, name) for name in Only.__slots__}
    rows = yield Query("daily_sums", {**asked, **wanted})
    return [_day(row) for row in rows]


def _day(row: Row) -> Day:
    day, part, requests, answered, charged, charged_micros, last_at, total_ms, max_ms, *buckets = row
    latency = Latency(total_ms, max_ms, tuple(buckets))
    return Day(day_of(day), part, requests, answered, charged, charged_micros, last_at, latency)


@plan
def _first(account_id: str) -> Steps[date | None]:
    ((first,),) = yield Query("daily_first", {"account_id": account_id})
    return None if first is None else day_of(first)


@plan
def _by_key(account_id: str, first_day: int) -> Steps[dict[str, KeyUse]]:
    rows = yield Query("daily_keys", {"account_id": account_id, "first_day": first_day})
    return {key_id: KeyUse(*sums) for key_id, *sums in rows}
