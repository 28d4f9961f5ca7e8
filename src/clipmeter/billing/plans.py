"""What the ledger does to the database, each step as a plan: one transaction, written once for every database."""

from dataclasses import dataclass

from clipmeter.billing.rules import (
    Facts,
    Grant,
    Kind,
    Mode,
    Reserved,
    Standing,
    Terms,
    Wait,
    decide,
    limit_of,
    settle,
)
from clipmeter.errors import BillingError, PaymentRequired, UserNotFound
from clipmeter.store.base import Query, Steps, plan

GRACE_MICROS = 5_000_000
"""A reservation is swept this long after its deadline, so that the one who holds it has surely stopped."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A request that asks to be admitted."""

    account_id: str
    key_id: str
    mode: Mode
    endpoint: str
    request_id: str
    video_id: str | None
    node_id: str
    hold_micros: int


@dataclass(frozen=True, slots=True)
class Hold:
    """A reservation: a slot, and a free request or money. End it with `Ledger.post` or `Ledger.void`."""

    account_id: str
    request_id: str
    endpoint: str
    mode: Mode
    limit: int | None
    kind: Kind
    price_micros: int
    month: str
    deadline: int
    """Micro-seconds since 1970 by the database's clock; stop working before then."""


@dataclass(frozen=True, slots=True)
class Ending:
    """How a reservation ended: posted, voided or expired, maybe by someone else; and where the account stands."""

    state: str
    standing: Standing


@plan
def admit(asked: Asked, terms: Terms, *, waiting: int) -> Steps[Hold | Wait]:
    """Reserve, or say that it must wait. Raises the Problem that refuses it."""
    facts = yield from _facts(asked.account_id, asked.key_id, asked.mode, asked.endpoint)
    verdict = decide(facts, asked.mode, terms, waiting=waiting)
    if isinstance(verdict, Wait):
        return verdict
    if not isinstance(verdict, Grant):
        raise verdict
    limit = limit_of(facts.account_kind, asked.mode, terms)
    rows = yield Query("admit_row", _row(asked, verdict, terms, limit))
    if not rows:
        raise BillingError(sign=f"request id {asked.request_id} is taken")
    ((month, deadline),) = rows
    return Hold(
        asked.account_id,
        asked.request_id,
        asked.endpoint,
        asked.mode,
        limit,
        verdict.kind,
        verdict.price_micros,
        month,
        deadline,
    )


@plan
def standing(account_id: str, key_id: str, mode: Mode, endpoint: str, terms: Terms) -> Steps[Standing]:
    """Where the account stands."""
    facts = yield from _facts(account_id, key_id, mode, endpoint)
    limit = limit_of(facts.account_kind, mode, terms)
    return Standing(_left(terms, facts.free_posted), facts.running, limit, 0)


@plan
def post(hold: Hold, terms: Terms, video_id: str | None) -> Steps[Ending]:
    """Count a success; the same answer when it is counted already. One that nothing can pay is voided: `refused`."""
    row = yield from _reserved(hold)
    if row.state != "reserved":
        return _ended(hold, row, terms)
    grant = settle(row, terms)
    if grant is None:
        ending = yield from void(hold, terms, PaymentRequired.code)
        return Ending("refused", ending.standing)
    yield from _end(hold, "posted", "", grant, terms, video_id)
    yield Query("settle_usage", _usage(hold, grant))
    free_posted = row.free_posted + (grant.kind == "free")
    return Ending("posted", Standing(_left(terms, free_posted), row.others_running, hold.limit, grant.price_micros))


@plan
def void(hold: Hold, terms: Terms, reason: str) -> Steps[Ending]:
    """Give a reservation back, charging nothing. Nothing happens when it has ended already."""
    row = yield from _reserved(hold)
    if row.state != "reserved":
        return _ended(hold, row, terms)
    yield from _end(hold, "voided", reason, Grant(row.kind, 0), terms, None)
    return Ending("voided", Standing(_left(terms, row.free_posted), row.others_running, hold.limit, 0))


@plan
def cancel(asked: Asked) -> Steps[bool]:
    """Void what nobody has got: whether there was something."""
    values = {"account_id": asked.account_id, "request_id": asked.request_id}
    return bool((yield Query("cancel_row", values)))


@plan
def join(node_id: str) -> Steps[None]:
    """A node starts."""
    yield Query("node_join", {"node_id": node_id})


@plan
def suspects() -> Steps[tuple[list[str], bool]]:
    """The nodes that may hold something, and whether any reservation is overdue."""
    nodes = yield Query("node_list")
    ((overdue,),) = yield Query("sweep_overdue", {"grace_micros": GRACE_MICROS})
    return [node_id for (node_id,) in nodes], overdue > 0


@plan
def sweep(dead: list[str]) -> Steps[list[tuple[str, str]]]:
    """Expire what dead nodes hold and what is overdue: the account and endpoint of each."""
    freed = yield Query("sweep_deadlines", {"grace_micros": GRACE_MICROS})
    for node_id in dead:
        freed = freed + (yield Query("sweep_node", {"node_id": node_id}))
        yield Query("node_leave", {"node_id": node_id})
    return [(account_id, endpoint) for account_id, endpoint in freed]


@plan
def _facts(account_id: str, key_id: str, mode: Mode, endpoint: str) -> Steps[Facts]:
    values = {"account_id": account_id, "key_id": key_id, "mode": mode, "endpoint": endpoint}
    rows = yield Query("admit_facts", values)
    if not rows:
        raise UserNotFound
    return Facts(*rows[0])


def _row(asked: Asked, grant: Grant, terms: Terms, slot_limit: int | None) -> dict[str, str | int | None]:
    return {
        "account_id": asked.account_id,
        "request_id": asked.request_id,
        "endpoint": asked.endpoint,
        "key_id": asked.key_id,
        "video_id": asked.video_id,
        "kind": grant.kind,
        "price_micros": grant.price_micros,
        "free_limit": terms.free_requests,
        "slot_limit": slot_limit,
        "node_id": asked.node_id,
        "hold_micros": asked.hold_micros,
    }


@plan
def _reserved(hold: Hold) -> Steps[Reserved]:
    rows = yield Query("settle_facts", {"account_id": hold.account_id, "request_id": hold.request_id})
    if not rows:
        raise BillingError(sign=f"no reservation {hold.request_id}")
    return Reserved(*rows[0])


@plan
def _end(  # noqa: PLR0913, PLR0917 - what a row says of its end
    hold: Hold, state: str, reason: str, grant: Grant, terms: Terms, video_id: str | None
) -> Steps[None]:
    values = {
        "account_id": hold.account_id,
        "request_id": hold.request_id,
        "state": state,
        "reason": reason,
        "kind": grant.kind,
        "price_micros": grant.price_micros,
        "free_limit": terms.free_requests,
        "video_id": video_id,
    }
    if not (yield Query("settle_row", values)):
        raise BillingError(sign=f"reservation {hold.request_id} ended meanwhile")


def _usage(hold: Hold, grant: Grant) -> dict[str, str | int]:
    counted = {kind: int(kind == grant.kind) for kind in ("free", "paid", "own", "test")}
    return {
        "account_id": hold.account_id,
        "endpoint": hold.endpoint,
        "row_month": hold.month,
        "price_micros": grant.price_micros,
        **counted,
    }


def _ended(hold: Hold, row: Reserved, terms: Terms) -> Ending:
    charge = row.price_micros if row.state == "posted" else 0
    return Ending(row.state, Standing(_left(terms, row.free_posted), row.others_running, hold.limit, charge))


def _left(terms: Terms, free_posted: int) -> int:
    return max(0, terms.free_requests - free_posted)
