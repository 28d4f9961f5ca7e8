"""Messages that go out: written in the transaction of what they tell of, sent afterwards, once at least.

    write:  a plan yields `email(…)` or `webhook(…)` beside what it does
    send:   the Messenger claims what is due, sends it, and notes how that went

Rule 1: what was committed is sent, whatever stops in between; what was not committed never is.
Rule 2: a claim ends by itself, so that a node that dies loses nothing. A message may come twice, with the same id.
Rule 3: what was sent, or given up, keeps no text: links in it are secrets.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from uuid import uuid4

import structlog

from clipmeter.errors import Problem
from clipmeter.store.base import Query, Steps, Store, plan

log = structlog.get_logger()

POLL_SECONDS = 5.0
CHORE_SECONDS = 3_600.0
AT_ONCE = 20
CLAIM_MICROS = 120 * 1_000_000
"""For which a message belongs to who claimed it: longer than a sender may take."""
SEND_SECONDS = 60.0
PATIENCE_MICROS = 2 * 86_400 * 1_000_000
"""After which a message is given up."""
KEEP_MICROS = 30 * 86_400 * 1_000_000
"""For which it is remembered that there was one."""
MAX_PROBLEM = 500


@dataclass(frozen=True, slots=True)
class Message:
    """One to be sent. `message_id`: the same at each try; `created_at`: micro-seconds since 1970, UTC."""

    account_id: str
    message_id: str
    recipient: str
    subject: str
    body: str
    created_at: int
    tries: int
    """This one included."""


class Undeliverable(Exception):
    """It will never arrive; a sender raises this, and anything else when it is worth another try."""


Sender = Callable[[Message], Awaitable[None]]


def email(account_id: str, recipient: str, subject: str, body: str) -> Query:
    """The query that puts an e-mail into the outbox. Plain text."""
    return _add(account_id, "email", recipient, subject, body)


def webhook(account_id: str, url: str, subject: str, body: str) -> Query:
    """The query that puts a POST into the outbox. `subject`: what it tells of, a word; `body`: JSON."""
    return _add(account_id, "webhook", url, subject, body)


def _add(account_id: str, kind: str, recipient: str, subject: str, body: str) -> Query:
    values = {"account_id": account_id, "message_id": f"msg_{uuid4().hex}", "kind": kind}
    return Query("message_add", {**values, "recipient": recipient, "subject": subject, "body": body})


class Messenger:
    """Sends what waits, in a loop for each kind, so that neither waits for the other."""

    def __init__(
        self, store: Store, senders: Mapping[str, Sender], *, chores: Sequence[Callable[[], Awaitable[None]]] = ()
    ) -> None:
        """`senders`: by kind, `email` and `webhook`; other kinds wait. `chores`: what else is done once an hour."""
        self._store, self._senders = store, senders
        self._chores = (self.tidy, *chores)
        self._tasks: list[asyncio.Task[None]] = []

    def start(self) -> None:
        """From now on."""
        loops = [self._keep_house(), *(self._run(kind) for kind in self._senders)]
        self._tasks = [asyncio.create_task(loop) for loop in loops]

    async def stop(self) -> None:
        """Let go at once; what was being sent is sent again later."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks = []

    async def deliver(self, kind: str) -> int:
        """Try what is due now, once each; how many were tried. Raises ServiceUnavailable."""
        if not await self._store.read(_is_any_due(kind)):
            return 0
        claimed = await self._store.write(_claim(kind))
        await asyncio.gather(*(self._try(self._senders[kind], message) for message in claimed))
        return len(claimed)

    async def tidy(self) -> None:
        """Forget messages of long ago."""
        await self._store.write(_prune())

    async def _run(self, kind: str) -> None:
        while True:
            tried = 0
            try:
                tried = await self.deliver(kind)
            except Problem as problem:
                log.warning("messages wait for the database", kind=kind, problem=problem.code, sign=problem.sign)
            except Exception:
                log.exception("messages were not sent", kind=kind)
            if tried < AT_ONCE:
                await asyncio.sleep(POLL_SECONDS)

    async def _keep_house(self) -> None:
        while True:
            for chore in self._chores:
                try:
                    await chore()
                except Problem as problem:
                    log.warning("old rows stay for now", problem=problem.code, sign=problem.sign)
            await asyncio.sleep(CHORE_SECONDS)

    async def _try(self, sender: Sender, message: Message) -> None:
        name = {"account_id": message.account_id, "message_id": message.message_id}
        try:
            async with asyncio.timeout(SEND_SECONDS):
                await sender(message)
        except Undeliverable as error:
            await self._given_up(name, str(error))
        except Exception as error:  # noqa: BLE001 - whatever it is, it is noted, and may be over at the next try
            problem = f"{type(error).__name__}: {error}"[:MAX_PROBLEM]
            if not await self._store.write(_later(name, problem, wait_micros(message.tries))):
                await self._given_up(name, problem)
        else:
            await self._store.write(_sent(name))

    async def _given_up(self, name: dict[str, str], problem: str) -> None:
        log.warning("a message was given up", **name, problem=problem)
        await self._store.write(_give_up(name, problem[:MAX_PROBLEM]))


def wait_micros(tries: int) -> int:
    """Micro-seconds until the next try: 10 s, 20 s, 40 s …, an hour at most."""
    return min(10 << min(tries - 1, 20), 3_600) * 1_000_000


@plan
def _is_any_due(kind: str) -> Steps[bool]:
    return bool((yield Query("messages_due", {"kind": kind, "size": 1})))


@plan
def _claim(kind: str) -> Steps[list[Message]]:
    claimed = []
    for *row, due_at in (yield Query("messages_due", {"kind": kind, "size": AT_ONCE})):
        name = {"account_id": row[0], "message_id": row[1]}
        if (yield Query("message_claim", {**name, "due_at": due_at, "claim_micros": CLAIM_MICROS})):
            claimed.append(Message(*row))
    return claimed


@plan
def _sent(name: dict[str, str]) -> Steps[None]:
    yield Query("message_sent", name)


@plan
def _later(name: dict[str, str], problem: str, micros: int) -> Steps[bool]:
    """Whether there will be another try."""
    values = {**name, "problem": problem, "wait_micros": micros, "patience_micros": PATIENCE_MICROS}
    return bool((yield Query("message_later", values)))


@plan
def _give_up(name: dict[str, str], problem: str) -> Steps[None]:
    yield Query("message_give_up", {**name, "problem": problem})


@plan
def _prune() -> Steps[None]:
    yield Query("messages_prune", {"keep_micros": KEEP_MICROS})
