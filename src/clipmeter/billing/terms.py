"""Prices, free tiers and concurrency that the operator has set, for all accounts or for one, in place of the settings.

Rule: each of the three is decided on its own: the account's, else that for all accounts, else the setting. A change is
in force for the next request on every node. What is in flight keeps the price at which it was admitted.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace

from clipmeter.billing.rules import Terms
from clipmeter.errors import InvalidParameter
from clipmeter.store.base import Lock, Many, Query, Row, Steps, Store, plan

EVERYBODY = ""
"""In place of an account's id: what is for all accounts that have nothing of their own."""
BOUNDS = {"price_micros": (0, 10**12), "free_requests": (0, 10**12), "concurrency": (1, 100_000)}
"""The least and the most of each, both included."""


@dataclass(frozen=True, slots=True)
class Overrides:
    """What differs, at one endpoint. None: nothing."""

    price_micros: int | None = None
    free_requests: int | None = None
    concurrency: int | None = None


@dataclass(frozen=True, slots=True)
class SetTerms:
    """What the operator has set for an account at an endpoint. `account_id` and `email` "": for all accounts."""

    account_id: str
    email: str
    endpoint: str
    overrides: Overrides


NONE = Overrides()
NAMES = tuple(field.name for field in fields(Overrides))


def effective(defaults: Terms, for_all: Overrides | None, own: Overrides | None) -> Terms:
    """The terms in force for an account: `own` before `for_all` before `defaults`, each of the three on its own."""
    terms = defaults
    for overrides in (for_all or NONE, own or NONE):
        terms = replace(terms, **{n: value for n in NAMES if (value := getattr(overrides, n)) is not None})
    return terms


class TermsBook:
    """The terms of all accounts."""

    def __init__(self, store: Store, defaults: Mapping[str, Terms]) -> None:
        """`defaults`: what the settings say, by endpoint."""
        self._store, self.defaults = store, defaults

    async def of(self, account_id: str) -> dict[str, Terms]:
        """The terms in force for an account, by endpoint, in the order of the endpoints."""
        return await self._store.read(terms_of(account_id, self.defaults))

    async def get(self, account_id: str, endpoint: str) -> Overrides:
        """What is set for an account (or EVERYBODY) itself at an endpoint."""
        self._check_endpoint(endpoint)
        return (await self._store.read(_overrides(account_id))).get((account_id, endpoint), NONE)

    async def list_all(self) -> list[SetTerms]:
        """Everything that is set, for all accounts first."""
        return await self._store.read(_list_all())

    async def set(self, account_id: str, endpoint: str, given: Mapping[str, int | None]) -> Overrides:
        """Set some of the three for an account or EVERYBODY; None: no longer; one that is not given stays as it is.

        Returns what is set then. Raises InvalidParameter: there is no such account or endpoint, or a value is out of
        its bounds.
        """
        self._check_endpoint(endpoint)
        for name, value in given.items():
            _check(name, value)
        return await self._store.write(_set(account_id, endpoint, given))

    async def clear(self, account_id: str, endpoint: str) -> bool:
        """Let nothing differ any more: whether something did. Raises InvalidParameter for an unknown endpoint."""
        self._check_endpoint(endpoint)
        return await self._store.write(_clear(account_id, endpoint))

    def _check_endpoint(self, endpoint: str) -> None:
        if endpoint not in self.defaults:
            raise InvalidParameter(f"There is no endpoint {endpoint}; there is {', '.join(self.defaults)}.")


def _check(name: str, value: int | None) -> None:
    least, most = BOUNDS[name]
    if value is not None and not least <= value <= most:
        raise InvalidParameter(f"{name} must be {least} to {most}, or nothing.")


@plan
def terms_of(account_id: str, defaults: Mapping[str, Terms]) -> Steps[dict[str, Terms]]:
    """The terms in force for an account, by endpoint."""
    return _in_force(account_id, defaults, (yield from _overrides(account_id)))


@plan
def terms_of_many(account_ids: Sequence[str], defaults: Mapping[str, Terms]) -> Steps[dict[str, dict[str, Terms]]]:
    """The terms in force for each account, by endpoint."""
    found = _by_place((yield Many("terms_of", [{"account_id": account_id} for account_id in account_ids])))
    return {account_id: _in_force(account_id, defaults, found) for account_id in account_ids}


@plan
def _overrides(account_id: str) -> Steps[dict[tuple[str, str], Overrides]]:
    """What is set for the account and for all, by account and endpoint."""
    return _by_place((yield Query("terms_of", {"account_id": account_id})))


def _by_place(rows: Iterable[Row]) -> dict[tuple[str, str], Overrides]:
    return {(account_id, endpoint): Overrides(*values) for account_id, endpoint, *values in rows}


def _in_force(
    account_id: str, defaults: Mapping[str, Terms], found: Mapping[tuple[str, str], Overrides]
) -> dict[str, Terms]:
    return {
        endpoint: effective(terms, found.get((EVERYBODY, endpoint)), found.get((account_id, endpoint)))
        for endpoint, terms in defaults.items()
    }


@plan
def _list_all() -> Steps[list[SetTerms]]:
    rows = yield Query("terms_list")
    return [_listed(row) for row in rows]


def _listed(row: Row) -> SetTerms:
    account_id, email, endpoint, *values = row
    return SetTerms(account_id, email, endpoint, Overrides(*values))


@plan
def _set(account_id: str, endpoint: str, given: Mapping[str, int | None]) -> Steps[Overrides]:
    yield Lock(account_id)
    if account_id != EVERYBODY and not (yield Query("limits_get", {"account_id": account_id})):
        raise InvalidParameter("There is no such account.")
    now = (yield from _overrides(account_id)).get((account_id, endpoint), NONE)
    then = replace(now, **given)
    if then == NONE:
        yield from _clear(account_id, endpoint)
    else:
        values = {name: getattr(then, name) for name in NAMES}
        yield Query("terms_set", {"account_id": account_id, "endpoint": endpoint, **values})
    return then


@plan
def _clear(account_id: str, endpoint: str) -> Steps[bool]:
    return bool((yield Query("terms_clear", {"account_id": account_id, "endpoint": endpoint})))
