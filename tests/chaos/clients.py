"""How callers behave. Each function is one caller that goes on until the round is over."""

import asyncio
import random
import time
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any

from chaos.caller import Answer, Caller, Key
from chaos.checker import Account, Pays
from chaos.cluster import Cluster
from chaos.journal import Journal
from clipmeter.billing.limits import SpendingLimits
from clipmeter.books import Books
from clipmeter.errors import Problem

DEFINITE = {200, 400, 402, 404}
"""Statuses after which a careful caller asks no more."""


@dataclass
class Scene:
    """What the callers of a round share."""

    cluster: Cluster
    journal: Journal
    over: asyncio.Event = field(default_factory=asyncio.Event)

    def caller(self) -> Caller:
        """A new connection's worth of caller."""
        return Caller(self.journal, self.cluster.urls)

    async def pause(self, seconds: float) -> None:
        """Wait, but not beyond the end."""
        try:
            async with asyncio.timeout(seconds):
                await self.over.wait()
        except TimeoutError:
            pass


@dataclass
class Person:
    """One caller with its key and its own luck."""

    scene: Scene
    account: Account
    key: Key
    luck: random.Random
    known: list[str] = field(default_factory=list)
    """Ids that were answered lately."""
    unknown: list[tuple[str, str]] = field(default_factory=list)
    """Idempotency keys, with their ids, whose end was not known when the round was over."""

    def node(self) -> int:
        return self.luck.randrange(len(self.scene.cluster.nodes))

    def pick_new(self) -> str:
        """An id that nobody asked for before, sometimes of no video."""
        return self.scene.cluster.new_id(self.account, found=self.luck.random() < 0.85)

    def pick(self) -> str:
        """An id: mostly a new one, sometimes one of no video, sometimes one that is remembered."""
        return self.luck.choice(self.known) if self.known and self.luck.random() < 0.25 else self.pick_new()

    async def rest_after(self, answer: Answer | None) -> None:
        """Do not hammer on what does not work."""
        if answer is None:
            await self.scene.pause(self.luck.uniform(0.05, 0.3))
        elif answer.status not in DEFINITE:
            await self.scene.pause(self.luck.uniform(0.01, 0.08))


async def ordinary(person: Person) -> None:
    """Asks and asks."""
    caller = person.scene.caller()
    while not person.scene.over.is_set():
        video_id = person.pick()
        answer = await caller.call(person.node(), person.key, video_id)
        if answer and answer.status == 200:
            person.known = [*person.known[-5:], video_id]
        await person.rest_after(answer)
    caller.hang_up()


async def regular(person: Person) -> None:
    """Asks for the same again and again, of the same node, which charges in the short way what is as it was before."""
    caller, node = person.scene.caller(), person.node()
    video_id = person.scene.cluster.new_id(person.account, found=True)
    while not person.scene.over.is_set():
        await person.rest_after(await caller.call(node, person.key, video_id))
    caller.hang_up()


async def careful(person: Person) -> None:
    """Gives every request an Idempotency-Key and repeats it, anywhere, until it knows; some are asked twice at once."""
    callers = [person.scene.caller(), person.scene.caller()]
    while not person.scene.over.is_set():
        name, video_id = f"key-{person.luck.getrandbits(64):x}", person.pick_new()
        twins = callers if person.luck.random() < 0.2 else callers[:1]
        await asyncio.gather(*(_until_known(person, caller, name, video_id) for caller in twins))
    for caller in callers:
        caller.hang_up()


async def _until_known(person: Person, caller: Caller, name: str, video_id: str) -> None:
    replays = 2 if person.luck.random() < 0.1 else 1
    while replays:
        answer = await caller.call(person.node(), person.key, video_id, idempotency_key=name)
        if answer and answer.status in DEFINITE:
            replays -= 1
        elif person.scene.over.is_set():
            person.unknown.append((name, video_id))
            return
        await person.rest_after(answer)


async def settle_unknown(person: Person) -> None:
    """When all is well again, learn what became of the requests that were left open."""
    caller, give_up = person.scene.caller(), time.monotonic() + 10
    for name, video_id in person.unknown:
        answer = None
        while (answer is None or answer.status not in DEFINITE) and time.monotonic() < give_up:
            answer = await caller.call(person.node(), person.key, video_id, idempotency_key=name)
            await asyncio.sleep(0 if answer and answer.status == 200 else 0.05)
    caller.hang_up()


async def drain(person: Person) -> None:
    """Use up what is free, so that the last of it is seen to be given, and no more."""
    caller = person.scene.caller()
    for _ in range(100):
        answer = await caller.call(person.node(), person.key, person.pick())
        if answer and answer.status == 402:
            break
        await asyncio.sleep(0 if answer and answer.status == 200 else 0.02)
    caller.hang_up()


async def leaver(person: Person) -> None:
    """Hangs up at any moment, mostly."""
    caller = person.scene.caller()
    while not person.scene.over.is_set():
        patience = person.luck.uniform(0, 0.15) if person.luck.random() < 0.8 else None
        answer = await caller.call(person.node(), person.key, person.pick(), hang_up_after=patience)
        await person.rest_after(answer)
    caller.hang_up()


async def changer(person: Person) -> None:
    """Takes a key away and gives it back, or blocks and unblocks the account."""
    while not person.scene.over.is_set():
        block = person.luck.random() < 0.3
        await change(person.scene, "blocked" if block else "revoked", person.key)
        await person.scene.pause(person.luck.uniform(0.05, 0.3))
        await change(person.scene, "unblocked" if block else "enabled", person.key)
        await person.scene.pause(person.luck.uniform(0.05, 0.3))


async def limiter(person: Person) -> None:
    """Sets a daily limit, and lowers or raises it while money is spent."""
    price = person.scene.cluster.shape.terms.price
    while not person.scene.over.is_set():
        await change(person.scene, "daily_limit", person.key, price * person.luck.randrange(1, 7))
        await person.scene.pause(person.luck.uniform(0.2, 0.6))


async def change(scene: Scene, what: str, key: Key, value: int | None = None) -> None:
    """Change a key or an account in a way that is written down; repeat it until it is known to have happened."""
    subject = key.key_id if what in {"revoked", "enabled"} else key.account
    while True:
        began = time.time()
        try:
            await scene.cluster.beside(lambda books: _change(books, what, key, value))
        except (Problem, OSError, TimeoutError):
            await scene.journal.did(f"{what}?", subject, began, value)
            await asyncio.sleep(0.1)
        else:
            await scene.journal.did(what, subject, began, value)
            return


async def _change(books: Books, what: str, key: Key, value: int | None) -> None:
    if what == "revoked":
        await books.keys.revoke(key.key_id)
    elif what == "enabled":
        await books.keys.enable(key.key_id)
    elif what == "blocked":
        await books.accounts.block(key.account)
    elif what == "unblocked":
        await books.accounts.unblock(key.account)
    else:
        await SpendingLimits(books.store).set(key.account, daily_micros=value, monthly_micros=None)


Behaviour = Callable[[Person], Coroutine[Any, Any, None]]
BEHAVIOURS: dict[str, tuple[Behaviour, ...]] = {
    "free": (ordinary,) * 4,
    "invoice": (ordinary,) * 4,
    "regular": (regular,) * 2,
    "careful": (careful,) * 3,
    "leaver": (leaver,) * 3,
    "keys": (ordinary, ordinary, ordinary, changer),
    "regular-keys": (regular, regular, changer),
    "operator": (ordinary,) * 2,
    "test": (ordinary,) * 2,
    "limited": (ordinary, ordinary, ordinary, limiter),
}
"""Role → its callers."""
PAYS: dict[str, Pays] = {
    "free": "no",
    "invoice": "invoice",
    "regular": "invoice",
    "careful": "invoice",
    "leaver": "invoice",
    "keys": "invoice",
    "regular-keys": "invoice",
    "operator": "operator",
    "test": "test",
    "limited": "invoice",
}
