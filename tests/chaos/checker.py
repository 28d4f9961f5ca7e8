"""The journal held against the ledger: which of the promises I1 to I10 are broken. Pure.

What a caller saw whole is certain: a 200 is one posted row, anything else is none. What it did not see whole may be
either, so the number of posted rows that nobody was told of is at most the number of such requests.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

from chaos.journal import Asked, Did, Line, Lost, Told
from chaos.rows import Row

Pays = Literal["no", "invoice", "operator", "test"]
CLOCK = 3_000
"""Micro-seconds by which the database's clock, rounded, may be ahead of the journal's."""


@dataclass(frozen=True)
class Account:
    """What the harness knows of an account. `group`: the last three digits of the ids that it asks for."""

    account_id: str
    role: str
    pays: Pays
    group: int


@dataclass(frozen=True)
class Terms:
    """The rules that the nodes were started with."""

    free: int
    price: int
    slots: int


@dataclass(frozen=True)
class Violation:
    """A broken promise, with what shows it."""

    invariant: str
    account: str
    what: str
    lines: tuple[Line, ...] = ()
    rows: tuple[Row, ...] = ()


@dataclass(frozen=True)
class Evidence:
    """All that is known of one account at rest."""

    account: Account
    terms: Terms
    lines: Sequence[Line]
    """The account's own."""
    rows: Sequence[Row]
    most_in_flight: int
    """Of its live requests, as the emulator counted."""
    asked: dict[int, Asked] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "asked", {line.n: line for line in self.lines if isinstance(line, Asked)})

    @cached_property
    def told(self) -> list[Told]:
        return [line for line in self.lines if isinstance(line, Told)]

    @cached_property
    def successes(self) -> list[Told]:
        """Answers that were new successes."""
        return [line for line in self.told if line.status == 200 and not line.replayed]

    @cached_property
    def posted(self) -> dict[str, Row]:
        """By request id."""
        return {row.request_id: row for row in self.rows if row.state == "posted"}

    def broken(self, invariant: str, what: str, *lines: Line, rows: Sequence[Row] = ()) -> Violation:
        """A violation with the requests that belong to these lines."""
        asked = [self.asked[line.n] for line in lines if isinstance(line, Told | Lost) and line.n in self.asked]
        return Violation(invariant, self.account.account_id, what, (*asked, *lines), tuple(rows))


Check = Callable[[Evidence], Iterator[Violation]]


def free_tier(it: Evidence) -> Iterator[Violation]:
    """I1: free is min(limit, successes) in each month; who cannot pay has nothing else; 402 only when all are used."""
    if it.account.pays in {"operator", "test"}:
        return
    for month in {row.month for row in it.posted.values()}:
        rows = [row for row in it.posted.values() if row.month == month]
        free = sum(row.kind == "free" for row in rows)
        if free != min(it.terms.free, len(rows)):
            yield it.broken("I1", f"{free} free of {len(rows)} posted in {month}", rows=rows)
        if it.account.pays == "no" and len(rows) > it.terms.free:
            yield it.broken("I1", f"{len(rows)} posted in {month} for an account that cannot pay", rows=rows)
    early = [line for line in it.told if line.status == 402]
    if early and (it.account.pays != "no" or len(it.posted) < it.terms.free):
        yield it.broken("I1", f"402 although only {len(it.posted)} are posted", early[0])


def in_flight(it: Evidence) -> Iterator[Violation]:
    """I2: the upstream never saw more than three of an account's requests at once."""
    if it.account.pays != "operator" and it.most_in_flight > it.terms.slots:
        yield it.broken("I2", f"{it.most_in_flight} in flight at once, counted by the upstream")


def told_is_posted(it: Evidence) -> Iterator[Violation]:
    """I3: each success that was read to its end is one posted row, for that post, at that price."""
    seen: Counter[str] = Counter()
    for line in it.successes:
        row = it.posted.get(line.request_id)
        seen[line.request_id] += 1
        if row is None:
            yield it.broken("I3", "a success without a posted row", line, rows=_named(it, line.request_id))
        elif row.price_micros != line.charge:
            yield it.broken("I3", f"X-Charge {line.charge} for a row of {row.price_micros}", line, rows=[row])
        elif row.price_micros != (it.terms.price if row.kind == "paid" else 0):
            yield it.broken("I3", f"a {row.kind} row at {row.price_micros}", line, rows=[row])
        elif row.video_id != it.asked[line.n].video_id or row.key_id != it.asked[line.n].key_id:
            yield it.broken("I3", "the row is about something else", line, rows=[row])
    for request_id, times in seen.items():
        if times > 1:
            twice = [line for line in it.successes if line.request_id == request_id]
            yield it.broken("I3", "one request id was told twice", *twice)


def failures_are_free(it: Evidence) -> Iterator[Violation]:
    """I4: what was answered with a failure is not posted, and says that it cost nothing."""
    for line in it.told:
        if line.status == 200:
            continue
        if line.request_id in it.posted:
            yield it.broken("I4", f"a {line.status} that is posted", line, rows=[it.posted[line.request_id]])
        if line.charge:
            yield it.broken("I4", f"a {line.status} with X-Charge {line.charge}", line)
        if line.code == "internal_error":
            yield it.broken("I4", "a crash of the server", line)


def untold_is_lost(it: Evidence) -> Iterator[Violation]:
    """I3, I4: what is posted and was not told belongs to a request whose answer was lost, for the same post."""
    told = {line.request_id for line in it.told if line.status == 200}
    untold = [row for request_id, row in it.posted.items() if request_id not in told]
    ended = {line.n for line in it.lines if isinstance(line, Told)}
    open_ = Counter(asked.video_id for n, asked in it.asked.items() if n not in ended)
    for row in untold:
        open_[row.video_id or ""] -= 1
        if open_[row.video_id or ""] < 0:
            yield it.broken("I4", "posted, but no request for it was lost", rows=[row])


def at_rest(it: Evidence) -> Iterator[Violation]:
    """I5: nothing is reserved."""
    if rows := [row for row in it.rows if row.state == "reserved"]:
        names = {row.request_id for row in rows}
        yield it.broken(
            "I5", f"{len(rows)} reserved at rest", *(t for t in it.told if t.request_id in names), rows=rows
        )


def idempotency(it: Evidence) -> Iterator[Violation]:
    """I6: one Idempotency-Key, one answer, one row. Each key of the journal goes with a post of its own."""
    by_key: dict[str, list[Told]] = defaultdict(list)
    for line in it.told:
        if (asked := it.asked[line.n]).idempotency_key and line.status == 200:
            by_key[asked.idempotency_key].append(line)
    posted = Counter(row.video_id for row in it.posted.values())
    for key, lines in by_key.items():
        if len({(line.request_id, line.body) for line in lines}) > 1:
            yield it.broken("I6", f"different answers under {key}", *lines)
        if sum(not line.replayed for line in lines) > 1:
            yield it.broken("I6", f"two answers under {key} that are no replay", *lines)
        if posted[it.asked[lines[0].n].video_id] != 1:
            rows = [row for row in it.posted.values() if row.video_id == it.asked[lines[0].n].video_id]
            yield it.broken("I6", f"{len(rows)} rows under {key}", *lines, rows=rows)
    for key, asked in {line.idempotency_key: line for line in it.asked.values() if line.idempotency_key}.items():
        if posted[asked.video_id] > 1:
            yield it.broken("I6", f"{posted[asked.video_id]} rows under {key}")


def spending(it: Evidence) -> Iterator[Violation]:
    """I7: a day's charges pass no limit that was in force when the last of them was posted."""
    limits = [line for line in it.lines if isinstance(line, Did) and line.what.startswith("daily_limit")]
    if not limits:
        return
    since_first, since_last = limits[0], limits[-1]
    for limit, most in ((since_first, max(line.value or 0 for line in limits)), (since_last, since_last.value or 0)):
        after = [row for row in it.posted.values() if row.price_micros and (row.ended_at or 0) > limit.at * 1e6 + CLOCK]
        for day in {row.day for row in after}:
            spent = sum(row.price_micros for row in it.posted.values() if row.day == day)
            if spent > most:
                yield it.broken("I7", f"{spent} spent on {day}, the limit is {most}", limit, rows=after)


def refusals(it: Evidence) -> Iterator[Violation]:
    """I9: a revoked key and a blocked account are refused from the moment that was answered; others are not."""
    for window in _windows(it):
        within = [
            line
            for line in it.told
            if window.covers(it.asked[line.n], line) and line.status not in window.statuses and line.status < 500
        ]
        for line in within:
            yield it.broken("I9", f"{line.status} while {window.what}", window.since, line)
        for row in it.rows:
            if window.held(row):
                yield it.broken("I9", f"admitted while {window.what}", window.since, rows=[row])
    changed = {line.subject for line in it.lines if isinstance(line, Did)}
    for line in it.told:
        if line.status in {401, 403} and not changed & {it.asked[line.n].key_id, it.account.account_id}:
            yield it.broken("I9", f"{line.status} {line.code} without a reason", line)


@dataclass(frozen=True)
class _Window:
    """A stretch of time in which a key or an account was refused, or the account's key was the same at least."""

    what: str
    subject: str
    since: Did
    starts: float
    ends: float
    statuses: tuple[int, ...]

    def covers(self, asked: Asked, told: Told) -> bool:
        mine = self.subject in {asked.key_id, asked.account}
        return mine and self.starts < asked.at and told.at < self.ends

    def held(self, row: Row) -> bool:
        """Whether the row was decided upon meanwhile: at its admission or a little later, but before its end began."""
        mine = self.subject in {row.key_id, row.account_id}
        began, ended = row.admitted_at, row.ended_at or 0
        return mine and self.starts * 1e6 + CLOCK < began < ended < self.ends * 1e6 - CLOCK


def _windows(it: Evidence) -> Iterator[_Window]:
    changes = [line for line in it.lines if isinstance(line, Did)]
    for place, line in enumerate(changes):
        if line.what in {"revoked", "blocked"}:
            later = [other.began for other in changes[place + 1 :] if other.subject == line.subject]
            status = 401 if line.what == "revoked" else 403
            yield _Window(line.what, line.subject, line, line.at, min(later, default=1e12), (status,))


def _named(it: Evidence, request_id: str) -> list[Row]:
    return [row for row in it.rows if row.request_id == request_id]


CHECKS: tuple[Check, ...] = (
    free_tier,
    in_flight,
    told_is_posted,
    failures_are_free,
    untold_is_lost,
    at_rest,
    idempotency,
    spending,
    refusals,
)


def check(it: Evidence) -> list[Violation]:
    """Everything that is wrong with one account."""
    return [violation for one in CHECKS for violation in one(it)]
