"""What passes between a call and the ledger: what is asked, what is held, how it ended."""

from asyncio import Future
from dataclasses import dataclass
from typing import NamedTuple

from clipmeter.billing.replays import Repeat
from clipmeter.billing.rules import Kind, Mode, Standing, Wait
from clipmeter.errors import Problem


class Asked(NamedTuple):
    """A request that asks to be admitted."""

    account_id: str
    key_id: str
    mode: Mode
    endpoint: str
    request_id: str
    video_id: str | None
    node_id: str
    hold_micros: int
    repeat: Repeat | None = None
    """Its Idempotency-Key; None: it has none."""


@dataclass(frozen=True, slots=True)
class Hold:
    """A reservation: a slot, and a free request or money. End it with `Ledger.post` or `Ledger.void`."""

    account_id: str
    request_id: str
    endpoint: str
    key_id: str
    mode: Mode
    limit: int | None
    kind: Kind
    price_micros: int
    month: str
    day: str
    deadline: int
    """Micro-seconds since 1970 by the database's clock; stop working before then."""
    repeat: Repeat | None = None


class Ending(NamedTuple):
    """How a reservation ended: posted, voided or expired, maybe by someone else; and where the account stands.

    `refused` is a success that nothing could pay; then `refusal` says why.
    """

    state: str
    standing: Standing
    refusal: Problem | None = None


class Charge(NamedTuple):
    """A charge under way: what it is for, and how it ended once that is saved (`rules.Wait`: it has to wait)."""

    asked: Asked
    future: Future[Ending | Wait]
