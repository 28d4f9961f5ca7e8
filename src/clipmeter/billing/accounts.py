"""Accounts: who may ask, and who pays."""

from dataclasses import dataclass
from typing import Literal, TypeAlias
from uuid import uuid4

from clipmeter.billing.keys import Keys, add_key
from clipmeter.errors import InvalidParameter
from clipmeter.store.base import Lock, Query, Steps, Store, plan

AccountKind: TypeAlias = Literal["user", "operator"]
Payment: TypeAlias = Literal["none", "invoice", "card"]
_MAX_EMAIL = 254


@dataclass(frozen=True, slots=True)
class Account:
    """An account. `created_at`: micro-seconds since 1970, UTC."""

    account_id: str
    email: str
    kind: AccountKind
    status: Literal["active", "blocked", "deleted"]
    """`deleted` only in `list_all`; nothing else finds such an account's people."""
    payment: Payment
    created_at: int


@dataclass(frozen=True, slots=True)
class NewAccount:
    """An account just made, with its first two keys, which are told once."""

    account_id: str
    key: str
    test_key: str


class Accounts:
    """All accounts."""

    def __init__(self, store: Store, keys: Keys) -> None:
        """`keys` makes the first keys of an account."""
        self._store = store
        self._keys = keys

    async def create(self, email: str, *, kind: AccountKind = "user", payment: Payment = "none") -> NewAccount:
        """A new account with a live and a test key. Raises InvalidParameter: no e-mail address, or a taken one."""
        address = tidy_email(email)
        if kind == "user" and address.endswith("@localhost"):
            raise InvalidParameter("Addresses of localhost are the operator's own.")
        account_id = f"acct_{uuid4().hex}"
        live, test = self._keys.mint("First key", "live"), self._keys.mint("First test key", "test")
        queries = [add_key(account_id, key, self._keys.digest(key.key)) for key in (live, test)]
        values = {"account_id": account_id, "email": address, "kind": kind, "payment": payment}
        await self._store.write(_create(values, *queries))
        return NewAccount(account_id, live.key, test.key)

    async def list_all(self) -> list[Account]:
        """Every account, oldest first."""
        return await self._store.read(_list_all())

    async def find(self, id_or_email: str) -> Account | None:
        """One account, by its id or e-mail address; None: there is none."""
        return await self._store.read(_find(id_or_email))

    async def block(self, account_id: str) -> None:
        """Refuse its requests from now on, with 403. Raises InvalidParameter when unknown."""
        await self._store.write(_set_block(account_id, blocked=True))

    async def unblock(self, account_id: str) -> bool:
        """Take the block back: whether that unblocks it; an account with a failed invoice stays blocked."""
        return await self._store.write(_set_block(account_id, blocked=False)) == "active"

    async def set_payment(self, account_id: str, payment: Payment) -> None:
        """Say how the account pays from now on."""
        await self._store.write(_change("account_set_payment", account_id, payment=payment))

    async def bill_by_hand(self, account_id: str, *, by_hand: bool) -> Payment:
        """Let it go on past the free tier without a card, the operator sends the bill; or not: how it pays then.

        Raises InvalidParameter when unknown.
        """
        return await self._store.write(_set_by_hand(account_id, by_hand=by_hand))


def tidy_email(text: str) -> str:
    """The one way we write an e-mail address: without blanks around it, case folded. Raises InvalidParameter."""
    email = text.strip().casefold()
    local, at, domain = email.partition("@")
    usable = email.isprintable() and " " not in email and "@" not in domain and len(email) <= _MAX_EMAIL
    if not (local and at and domain and usable) or domain.startswith(".") or domain.endswith("."):
        raise InvalidParameter("This is not an e-mail address.")
    return email


@plan
def refresh_status(account_id: str) -> Steps[str]:
    """Block an account that the operator has blocked or that has a failed invoice, else unblock it: its status.

    A part of every plan that changes one of the two. Raises InvalidParameter when it is unknown.
    """
    rows = yield Query("account_refresh_status", {"account_id": account_id})
    if not rows:
        raise InvalidParameter("There is no such account.")
    return str(rows[0][0])


@plan
def _set_block(account_id: str, *, blocked: bool) -> Steps[str]:
    yield Lock(account_id)
    yield Query("account_set_block", {"account_id": account_id, "blocked": int(blocked)})
    return (yield from refresh_status(account_id))


@plan
def _set_by_hand(account_id: str, *, by_hand: bool) -> Steps[Payment]:
    yield Lock(account_id)
    rows = yield Query("account_set_by_hand", {"account_id": account_id, "by_hand": int(by_hand)})
    if not rows:
        raise InvalidParameter("There is no such account.")
    payment: Payment = rows[0][0]
    return payment


@plan
def _create(values: dict[str, str], live_key: Query, test_key: Query) -> Steps[None]:
    if not (yield Query("account_add", values)):
        raise InvalidParameter("There is an account with this e-mail address already.")
    yield live_key
    yield test_key


@plan
def _list_all() -> Steps[list[Account]]:
    rows = yield Query("account_list")
    return [Account(*row) for row in rows]


@plan
def _find(id_or_email: str) -> Steps[Account | None]:
    rows = yield Query("account_find", {"id": id_or_email, "email": id_or_email.strip().casefold()})
    return Account(*rows[0]) if rows else None


@plan
def _change(query: str, account_id: str, **values: str) -> Steps[None]:
    if not (yield Query(query, {"account_id": account_id, **values})):
        raise InvalidParameter("There is no such account.")
