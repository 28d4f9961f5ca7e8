"""API keys: how they look, and whose they are.

A key is `ak_live_` or `ak_test_`, 32 random characters, and 6 that check the rest: a mistyped key is refused without
asking the database, and secret scanners can tell a key from noise. The database has only HMAC-SHA256(secret, key).
"""

import secrets
import string
import zlib
from dataclasses import dataclass
from typing import Literal
from uuid import uuid4

from clipmeter.billing.rules import Mode
from clipmeter.errors import InvalidApiKey, InvalidParameter, MissingApiKey, ServiceUnavailable, UserNotFound
from clipmeter.mac import Mac
from clipmeter.store.base import Lock, Query, Steps, Store, plan

KEYS_PER_ACCOUNT = 10
_BASE62 = string.digits + string.ascii_uppercase + string.ascii_lowercase
PREFIXES: dict[Mode, str] = {"live": "ak_live_", "test": "ak_test_"}
_RANDOM, _CHECK = 32, 6
_LENGTH = len("ak_live_") + _RANDOM + _CHECK
_MAX_NAME = 100
_MOST_SEEN = 20_000
_DIGITS = frozenset(_BASE62)
_TWICE_MICROS = 600_000_000
"""For which a key that was asked for once is told again, when the answer may not have arrived."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks: the owner of the key that was presented."""

    account_id: str
    key_id: str
    mode: Mode
    kind: Literal["user", "operator"]


@dataclass(frozen=True, slots=True)
class NewKey:
    """A key just made. `key` is told once and kept nowhere."""

    key_id: str
    key: str
    name: str
    mode: Mode


@dataclass(frozen=True, slots=True)
class Key:
    """A key as its owner sees it. `hint`: its last 4 characters; `created_at`: micro-seconds since 1970, UTC."""

    account_id: str
    key_id: str
    hint: str
    name: str
    mode: Mode
    status: Literal["active", "revoked"]
    created_at: int


def make_key(mode: Mode) -> str:
    """A new key: 190 random bits."""
    return _spell(mode, secrets.randbits(256))


def _spell(mode: Mode, bits: int) -> str:
    """A key of 256 random bits, more than it has room for, so that all keys are equally likely."""
    body = PREFIXES[mode] + _digits(bits, _RANDOM)
    return body + _check(body)


def looks_right(text: str) -> bool:
    """Whether this can be a key at all. Quick for any text."""
    if len(text) != _LENGTH or not text.startswith(tuple(PREFIXES.values())):
        return False
    return _DIGITS.issuperset(text[8:]) and _check(text[:-_CHECK]) == text[-_CHECK:]


def _check(body: str) -> str:
    return _digits(zlib.crc32(body.encode("ascii")), _CHECK)


def _digits(number: int, count: int) -> str:
    digits = []
    for _ in range(count):
        number, digit = divmod(number, 62)
        digits.append(_BASE62[digit])
    return "".join(reversed(digits))


class Keys:
    """The keys of all accounts.

    Whose a key is never changes, so that may be remembered. Whether it is still good is read anew for every request.
    """

    def __init__(self, store: Store, secret: str) -> None:
        """`secret`: without it the digests in the database are of no use."""
        self._store = store
        self._mac = Mac(secret.encode())
        self._seen: dict[str, Caller] = {}

    async def check_secret(self) -> None:
        """Raises ServiceUnavailable when the keys of this database were hashed under another secret."""
        mark = self._mac.digest(b"clipmeter keys").hex()[:16]
        if await self._store.write(_mark(mark)) != mark:
            raise ServiceUnavailable(
                "The keys of this database were hashed under another secret, so none of them would be known: put the "
                "old secret back (the file `secret` in the home folder, or CLIPMETER_SECRET). Nodes that share a "
                "database share the secret too: give all of them the same CLIPMETER_SECRET."
            )

    async def find(self, presented: str | None) -> Caller:
        """Whose key this is. Raises MissingApiKey, InvalidApiKey (wrong, revoked, deleted) or UserNotFound."""
        if not presented:
            raise MissingApiKey
        if not looks_right(presented):
            raise InvalidApiKey
        caller = await self._store.read(_find(self.digest(presented)))
        self._seen[presented] = caller
        if len(self._seen) > _MOST_SEEN:
            del self._seen[next(iter(self._seen))]
        return caller

    def seen(self, presented: str | None) -> Caller | None:
        """Whose key this is, if it was found before; whether it is still good is for the ledger to say."""
        return self._seen.get(presented) if presented else None

    async def create(self, account_id: str, name: str, mode: Mode, *, once: str = "") -> NewKey:
        """A new key. Raises InvalidParameter when the account is unknown or has 10 already, of both modes together.

        `once`: a name for this wish, secret and never used before. Who repeats it soon is told the same key.
        """
        if len(name) > _MAX_NAME or not name.isprintable():
            raise InvalidParameter(f"The name of a key may have at most {_MAX_NAME} printable characters.")
        made = self._wished(name, mode, f"{account_id} {once}") if once else self.mint(name, mode)
        await self._store.write(_create(account_id, made, self.digest(made.key)))
        return made

    async def again(self, account_id: str, mode: Mode, once: str) -> NewKey | None:
        """The key that `create` made for this wish, while it may be told again; None: it made none, or that is over.

        Its name is "".
        """
        made = self._wished("", mode, f"{account_id} {once}")
        return made if await self._store.read(_told_again(account_id, self.digest(made.key))) else None

    def _wished(self, name: str, mode: Mode, once: str) -> NewKey:
        """The one key for a wish. It is kept nowhere: who has neither the secret nor the wish cannot make it again."""
        first, second = (self._mac.digest(f"a key wished for {part} {mode} {once}".encode()) for part in ("id", "key"))
        return NewKey(f"key_{first.hex()[:32]}", _spell(mode, int.from_bytes(second)), name, mode)

    async def list_for(self, account_id: str) -> list[Key]:
        """The account's keys, oldest first, without deleted ones."""
        return await self._store.read(_list_for(account_id))

    async def revoke(self, key_id: str, *, account_id: str = "") -> None:
        """Refuse the key from now on. `account_id`: only if it is theirs. Raises InvalidParameter when unknown."""
        await self._store.write(_set_status(key_id, account_id, "revoked"))

    async def enable(self, key_id: str, *, account_id: str = "") -> None:
        """Take a revocation back."""
        await self._store.write(_set_status(key_id, account_id, "active"))

    async def delete(self, key_id: str, *, account_id: str = "") -> None:
        """Refuse the key for ever."""
        await self._store.write(_set_status(key_id, account_id, "deleted"))

    def mint(self, name: str, mode: Mode) -> NewKey:
        """A key that is not in the database yet."""
        return NewKey(f"key_{uuid4().hex}", make_key(mode), name, mode)

    def digest(self, key: str) -> str:
        """What the database knows a key by."""
        return self._mac.digest(key.encode("ascii")).hex()


@plan
def _mark(value: str) -> Steps[str]:
    yield Query("mark_set", {"name": "secret", "value": value})
    ((known,),) = yield Query("mark_get", {"name": "secret"})
    return str(known)


def add_key(account_id: str, key: NewKey, digest: str) -> Query:
    """The query that puts a key into the database."""
    values = {"account_id": account_id, "key_id": key.key_id, "digest": digest, "hint": key.key[-4:]}
    return Query("key_add", {**values, "name": key.name, "mode": key.mode})


@plan
def _find(digest: str) -> Steps[Caller]:
    rows = yield Query("key_find", {"digest": digest})
    if not rows:
        raise InvalidApiKey
    account_id, key_id, mode, status, kind = rows[0]
    if status != "active":
        raise InvalidApiKey
    if kind is None:
        raise UserNotFound
    return Caller(account_id, key_id, mode, kind)


@plan
def _create(account_id: str, key: NewKey, digest: str) -> Steps[None]:
    yield Lock(account_id)
    if twins := (yield Query("key_made", {"account_id": account_id, "digest": digest, "age_micros": _TWICE_MICROS})):
        if not twins[0][0]:
            raise InvalidParameter("This key was made already, and a key is shown only once. Make another one.")
        return
    rows = yield Query("key_count", {"account_id": account_id})
    if not rows:
        raise InvalidParameter("There is no such account.")
    if rows[0][0] >= KEYS_PER_ACCOUNT:
        raise InvalidParameter(f"An account can have {KEYS_PER_ACCOUNT} keys; delete one first.")
    yield add_key(account_id, key, digest)


@plan
def _told_again(account_id: str, digest: str) -> Steps[bool]:
    rows = yield Query("key_made", {"account_id": account_id, "digest": digest, "age_micros": _TWICE_MICROS})
    return bool(rows and rows[0][0])


@plan
def _list_for(account_id: str) -> Steps[list[Key]]:
    rows = yield Query("key_list", {"account_id": account_id})
    return [Key(*row) for row in rows]


@plan
def _set_status(key_id: str, account_id: str, status: str) -> Steps[None]:
    rows = yield Query("key_set_status", {"key_id": key_id, "account_id": account_id, "status": status})
    if not rows:
        raise InvalidParameter("There is no such key.")
