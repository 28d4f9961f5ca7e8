"""What the ledger does to the database, each step as a plan: one transaction, written once for every database."""

from collections.abc import Sequence
from functools import lru_cache

from clipmeter.billing import replays
from clipmeter.billing.replays import Kept, Replay
from clipmeter.billing.rows import (
    Entry,
    counting,
    entry_of,
    free_left,
    limit_values,
    new_row,
    passing_on,
    row_name,
    whose,
)
from clipmeter.billing.rules import (
    UNLIMITED,
    Facts,
    Grant,
    Kind,
    Mode,
    Outlook,
    Reserved,
    Spending,
    Standing,
    Terms,
    Wait,
    decide,
    in_force,
    limit_of,
    settle,
    unwelcome,
)
from clipmeter.billing.tickets import Asked, Ending, Hold
from clipmeter.errors import BillingError, ConcurrencyLimitExceeded, Problem, UserNotFound
from clipmeter.store.base import Lock, Query, Row, Steps, plan

UNDECIDED = "The last free requests of this month are in flight; wait for them to end."
COMMON = 5_000
"""Facts for which it is remembered how a success on them is written."""
GRACE_MICROS = 5_000_000
"""A reservation is swept this long after its deadline, so that the one who holds it has surely stopped."""


@plan
def admit(asked: Asked, terms: Terms, *, waiting: int) -> Steps[Hold | Wait | Replay]:
    """Reserve, or say that it must wait, or what was answered before. Raises the Problem that refuses it."""
    yield Lock(asked.account_id)
    facts, terms = yield from _facts(asked.account_id, asked.key_id, asked.mode, asked.endpoint, terms)
    if asked.repeat:
        if problem := unwelcome(facts):
            raise problem
        replay = yield from replays.find(asked.account_id, asked.repeat)
        if replay:
            return replay
    verdict = decide(facts, asked.mode, terms, waiting=waiting)
    if isinstance(verdict, Wait):
        return verdict
    if isinstance(verdict, Problem):
        raise verdict
    limit = limit_of(facts.account_kind, asked.mode, terms)
    rows = yield Query("admit_row", {**new_row(asked, verdict, terms, limit), "hold_micros": asked.hold_micros})
    if not rows:
        raise BillingError(sign=f"request id {asked.request_id} is taken")
    if asked.repeat:
        yield from replays.begin(asked.account_id, asked.request_id, asked.repeat)
    month, day, deadline = rows[0]
    return Hold(
        asked.account_id,
        asked.request_id,
        asked.endpoint,
        asked.key_id,
        asked.mode,
        limit,
        verdict.kind,
        verdict.price_micros,
        month,
        day,
        deadline,
        asked.repeat,
    )


@plan
def charge(asked: Asked, terms: Terms, *, waiting: int, again: bool) -> Steps[Ending | Wait]:
    """Reserve and post a success in one step, or say that it must wait. Raises the Problem that refuses it.

    `again`: it was tried before, and may have been saved, or may be yet. Then what refuses it is in the ending.
    """
    yield Lock(asked.account_id)
    ended = None
    if again and (rows := (yield Query("settle_facts", row_name(asked.account_id, asked.request_id)))):
        row, its = _as_reserved(rows[0], terms)
        ended = _ended(row, its, limit_of(row.kind, asked.mode, its))
        if row.state != "voided":
            return ended
    told = yield from _told(asked.account_id, asked.key_id, asked.mode, asked.endpoint)
    entry = None if again else _common(told[:-1], asked.mode, terms, waiting)
    if entry:
        yield Query(entry.name, {**whose(asked), **entry.values})
        return entry.ending
    facts, terms = yield from _looked_at(told, asked.account_id, asked.key_id, terms)
    verdict = decide(facts, asked.mode, terms, waiting=waiting)
    if again and not isinstance(verdict, Grant):
        return (yield from _declined(asked, facts, terms, verdict, is_written=bool(ended)))
    if ended:
        return ended
    if isinstance(verdict, Wait):
        return verdict
    if isinstance(verdict, Problem):
        raise verdict
    entry = entry_of(facts, _first_free(facts, verdict, terms), asked.mode, terms)
    yield Query(entry.name, {**whose(asked), **entry.values})
    if entry.values["kind"] != verdict.kind and facts.spending.limited:
        yield passing_on(asked.account_id, asked.endpoint, asked.key_id, (facts.day[:7], facts.day), verdict)
    return entry.ending


@lru_cache(COMMON)
def _common(told: Row, mode: Mode, terms: Terms, waiting: int) -> Entry | None:
    """How a success of one step is written on these facts, which many have in common.

    None: it is refused, or has to wait, or depends on what was spent.
    """
    if told[-3:] != (None, None, None):
        return None
    facts, terms = _as_facts(told, UNLIMITED, terms)
    verdict = decide(facts, mode, terms, waiting=waiting)
    return entry_of(facts, _first_free(facts, verdict, terms), mode, terms) if isinstance(verdict, Grant) else None


def _first_free(facts: Facts, grant: Grant, terms: Terms) -> Grant:
    """As what a success counts that is posted at once: the first ones of a month are the free ones."""
    return Grant("free", 0) if grant.kind == "paid" and facts.free_posted < terms.free_requests else grant


def _declined(asked: Asked, facts: Facts, terms: Terms, verdict: Wait | Problem, *, is_written: bool) -> Steps[Ending]:
    """Take the request's place in the ledger, so that a try before this one can come too late, but not be saved."""
    if isinstance(verdict, Wait):
        verdict = ConcurrencyLimitExceeded(verdict.limit, verdict.running, message=UNDECIDED)
    limit = limit_of(facts.account_kind, asked.mode, terms)
    if not is_written:
        kind: Kind = "test" if asked.mode == "test" else "own" if facts.account_kind == "operator" else "free"
        values = {
            **new_row(asked, Grant(kind, 0), terms, limit),
            **limit_values(facts.spending),
            "reason": verdict.code,
        }
        yield Query("decline_row", values)
    return Ending("refused", Standing(free_left(terms, facts.free_posted), facts.running, limit, 0), verdict)


@plan
def standing(account_id: str, key_id: str, mode: Mode, endpoint: str, terms: Terms) -> Steps[Standing]:
    """Where the account stands."""
    facts, terms = yield from _facts(account_id, key_id, mode, endpoint, terms)
    limit = limit_of(facts.account_kind, mode, terms)
    return Standing(free_left(terms, facts.free_posted), facts.running, limit, 0)


@plan
def outlooks(account_id: str, keys: Sequence[tuple[str, Mode]], endpoint: str, terms: Terms) -> Steps[list[Outlook]]:
    """What would be decided of a request with each of the keys, by their ids and modes, if it came now."""
    found = []
    for key_id, mode in keys:
        facts, its = yield from _facts(account_id, key_id, mode, endpoint, terms)
        found.append(Outlook(decide(facts, mode, its), free_left(its, facts.free_posted), its))
    return found


@plan
def post(hold: Hold, terms: Terms, video_id: str | None, kept: Kept | None) -> Steps[Ending]:
    """Count a success; the same answer when it is counted already.

    One that nothing can pay any more is voided, and the ending has the `refusal`.
    """
    yield Lock(hold.account_id)
    row, terms = yield from _reserved(hold, terms)
    if row is None or row.state != "reserved":
        return _ended(row, terms, hold.limit)
    grant = settle(row, terms)
    if isinstance(grant, Problem):
        ended = yield from _end(hold, "voided", grant.code, Grant(row.kind, 0), terms, row.spending, None)
        return Ending("refused" if ended else "expired", _standing(row, terms, hold.limit, 0), grant)
    if not (yield from _end(hold, "posted", "", grant, terms, row.spending, video_id)):
        return Ending("expired", _standing(row, terms, hold.limit, 0))
    yield counting(hold, grant)
    if row.price_micros > grant.price_micros and row.spending.limited:
        money = Grant("paid", row.price_micros)
        yield passing_on(hold.account_id, hold.endpoint, hold.key_id, (hold.month, hold.day), money)
    if kept and hold.repeat:
        yield from replays.keep(hold.account_id, hold.request_id, hold.repeat, kept)
    free_posted = row.free_posted + (grant.kind == "free")
    left = free_left(terms, free_posted)
    return Ending("posted", Standing(left, row.others_running, hold.limit, grant.price_micros))


@plan
def void(hold: Hold, terms: Terms, reason: str) -> Steps[Ending]:
    """Give a reservation back, charging nothing. Nothing happens when it has ended already."""
    yield Lock(hold.account_id)
    row, terms = yield from _reserved(hold, terms)
    if row is None or row.state != "reserved":
        return _ended(row, terms, hold.limit)
    ended = yield from _end(hold, "voided", reason, Grant(row.kind, 0), terms, row.spending, None)
    return Ending("voided" if ended else "expired", _standing(row, terms, hold.limit, 0))


@plan
def cancel(asked: Asked) -> Steps[bool]:
    """Void what nobody has got: whether there was something."""
    yield Lock(asked.account_id)
    return bool((yield Query("cancel_row", row_name(asked.account_id, asked.request_id))))


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


def _facts(account_id: str, key_id: str, mode: Mode, endpoint: str, terms: Terms) -> Steps[tuple[Facts, Terms]]:
    """And the terms in force: `terms`, but for what the operator has set."""
    told = yield from _told(account_id, key_id, mode, endpoint)
    return (yield from _looked_at(told, account_id, key_id, terms))


def _told(account_id: str, key_id: str, mode: Mode, endpoint: str) -> Steps[Row]:
    """What the database tells; last come the limits and the time."""
    values = {"account_id": account_id, "key_id": key_id, "mode": mode, "endpoint": endpoint}
    rows = yield Query("admit_facts", values)
    if not rows:
        raise UserNotFound
    return rows[0]


def _looked_at(told: Row, account_id: str, key_id: str, terms: Terms) -> Steps[tuple[Facts, Terms]]:
    *_, day, _, _, _, daily, monthly, of_key, now = told
    spending = yield from _spending(account_id, key_id, day, (daily, monthly, of_key), now)
    return _as_facts(told[:-1], spending, terms)


def _as_facts(told: Row, spending: Spending, terms: Terms) -> tuple[Facts, Terms]:
    kind, status, payment, key, free_posted, pending, running, day, price, free, concurrency, *_ = told
    facts = Facts(kind, status, payment, key, free_posted, pending, running, day, spending)
    return facts, in_force(terms, price, free, concurrency)


def _spending(account_id: str, key_id: str, day: str, limits: Sequence[int | None], now: int) -> Steps[Spending]:
    """On a day and in its month, under the limits: of the account by day and by month, and of the key by month."""
    daily, monthly, of_key = limits
    if daily is monthly is of_key is None:
        return Spending(daily, monthly, of_key, 0, 0, 0, now)
    values = {"account_id": account_id, "key_id": key_id, "row_month": day[:7], "row_day": day}
    ((today, this_month, by_key),) = yield Query("spent", values)
    return Spending(daily, monthly, of_key, today, this_month, by_key, now)


def _reserved(hold: Hold, terms: Terms) -> Steps[tuple[Reserved | None, Terms]]:
    """None: the database has lost it in a power cut, which it may, since nobody was told of a success."""
    rows = yield Query("settle_facts", row_name(hold.account_id, hold.request_id))
    if not rows:
        return None, terms
    reserved, terms = _as_reserved(rows[0], terms)
    *limits, now = rows[0][9:]
    spending = yield from _spending(hold.account_id, hold.key_id, hold.day, limits, now)
    return reserved._replace(spending=spending), terms


def _as_reserved(row: Row, terms: Terms) -> tuple[Reserved, Terms]:
    """Without what was spent."""
    state, kind, price_micros, payment, free_posted, others_running, price, free, concurrency, *_ = row
    reserved = Reserved(state, kind, price_micros, payment, free_posted, others_running)
    return reserved, in_force(terms, price, free, concurrency)


def _end(  # noqa: PLR0913, PLR0917 - what a row says of its end
    hold: Hold, state: str, reason: str, grant: Grant, terms: Terms, spending: Spending, video_id: str | None
) -> Steps[bool]:
    """Whether it ended now; False: a sweep was faster."""
    values = {
        **row_name(hold.account_id, hold.request_id),
        "state": state,
        "reason": reason,
        "kind": grant.kind,
        "price_micros": grant.price_micros,
        "free_limit": terms.free_requests,
        "video_id": video_id,
        **limit_values(spending),
    }
    return bool((yield Query("settle_row", values)))


def _ended(row: Reserved | None, terms: Terms, limit: int | None) -> Ending:
    if row is None:
        return Ending("expired", Standing(0, 0, limit, 0))
    charge = row.price_micros if row.state == "posted" else 0
    return Ending(row.state, _standing(row, terms, limit, charge))


def _standing(row: Reserved, terms: Terms, limit: int | None, charge: int) -> Standing:
    return Standing(free_left(terms, row.free_posted), row.others_running, limit, charge)
