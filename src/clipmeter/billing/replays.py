"""Idempotency keys: a repeat gets the stored answer, and nothing runs or is charged twice.

    first ─► begun, with the reservation ─► kept, with the posting: a repeat gets it, for 24 hours
                                        └► not kept (it failed): a repeat runs anew

All in the transactions of the ledger, so that an answer is stored exactly when it is charged.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

from clipmeter.errors import IdempotencyInProgress, InvalidParameter
from clipmeter.store.base import Query, Steps, plan

LONGEST_KEY = 255
KEEP_MICROS = 24 * 3_600 * 1_000_000
_PRUNE_ROWS = 200


@dataclass(frozen=True, slots=True)
class Repeat:
    """An Idempotency-Key and what was asked under it."""

    scope: str
    """The endpoint and the key's mode; the same key elsewhere is another one."""
    key: str
    asked: str
    """A fingerprint of the parameters."""


@dataclass(frozen=True, slots=True)
class Kept:
    """The answer to keep. `fetched_at`: when the source was asked, Unix seconds."""

    body: bytes
    fetched_at: int


@dataclass(frozen=True, slots=True)
class Replay:
    """What was answered before, and the id of the request that got it."""

    request_id: str
    body: bytes
    fetched_at: int


def read_repeat(scope: str, key: str, parameters: Iterable[tuple[str, str]]) -> Repeat:
    """The Idempotency-Key of a request with these parameters, in whatever order. Raises InvalidParameter."""
    if len(key) > LONGEST_KEY or not (key.isascii() and key.isprintable()):
        raise InvalidParameter(f"Idempotency-Key must have at most {LONGEST_KEY} printable ASCII characters.")
    digest = hashlib.blake2b(digest_size=16)
    for name, value in sorted(parameters):
        digest.update(f"{len(name)}:{name}{len(value)}:{value}".encode("utf8", "surrogatepass"))
    return Repeat(scope, key, digest.hexdigest())


@plan
def find(account_id: str, repeat: Repeat) -> Steps[Replay | None]:
    """What was answered; None: it may run. Raises InvalidParameter (another question), IdempotencyInProgress."""
    rows = yield Query("replay_find", {**_name(account_id, repeat), "keep_micros": KEEP_MICROS})
    if not rows:
        return None
    asked, request_id, body, fetched_at, state = rows[0]
    if asked != repeat.asked:
        raise InvalidParameter("This Idempotency-Key was used with other parameters; use a new one.")
    if body is not None:
        return Replay(request_id, body.encode(), fetched_at)
    if state == "reserved":
        raise IdempotencyInProgress
    return None


@plan
def begin(account_id: str, request_id: str, repeat: Repeat) -> Steps[None]:
    """It runs now."""
    yield Query("replay_begin", {**_name(account_id, repeat), "asked": repeat.asked, "request_id": request_id})


@plan
def keep(account_id: str, request_id: str, repeat: Repeat, kept: Kept) -> Steps[None]:
    """Store its answer."""
    answer = {"request_id": request_id, "body": kept.body.decode(), "fetched_at": kept.fetched_at}
    yield Query("replay_keep", {**_name(account_id, repeat), **answer})


@plan
def prune() -> Steps[bool]:
    """Forget some of what is too old: whether there is more."""
    gone = yield Query("replay_prune", {"keep_micros": KEEP_MICROS, "size": _PRUNE_ROWS})
    return len(gone) == _PRUNE_ROWS


def _name(account_id: str, repeat: Repeat) -> dict[str, str]:
    return {"account_id": account_id, "scope": repeat.scope, "idempotency_key": repeat.key}
