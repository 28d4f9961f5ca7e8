"""One round: callers ask while things go wrong; then all is made well and the journal is held against the ledger."""

import asyncio
import random
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from chaos.caller import Key
from chaos.checker import Account, Evidence, Violation, check
from chaos.clients import BEHAVIOURS, PAYS, Behaviour, Person, Scene, drain, settle_unknown
from chaos.cluster import GROUPS, Cluster
from chaos.faults import Fault, Script, drawn, happen
from chaos.journal import Asked, Did, Journal, Line, Lost, Told
from chaos.rows import Row

RECOVERY_SECONDS = 5.0


@dataclass
class Tally:
    """What has happened in all rounds so far."""

    patience: float = RECOVERY_SECONDS
    """Seconds within which the slots of a killed node must be free in the ledger, from which admissions are decided."""
    rounds: int = 0
    statuses: Counter[str] = field(default_factory=Counter)
    faults: Counter[str] = field(default_factory=Counter)
    recoveries: list[float] = field(default_factory=list)
    """Seconds from a kill -9 until a caller who asks again and again had used a slot and saw all others free."""
    expiries: list[float] = field(default_factory=list)
    """Seconds from a kill -9 until that node's requests had been ended in the ledger."""
    rests: list[float] = field(default_factory=list)
    """Seconds from when all was well until nothing was reserved."""
    replays: int = 0
    posted: int = 0
    violations: list[Violation] = field(default_factory=list)

    def add(self, lines: Iterable[Line]) -> None:
        """Count a round's requests."""
        for line in lines:
            if isinstance(line, Told):
                self.statuses[f"{line.status} {line.code}".strip()] += 1
                self.replays += line.replayed
            elif isinstance(line, Lost):
                self.statuses["no whole answer"] += 1

    @property
    def requests(self) -> int:
        return self.statuses.total()


@dataclass
class Round:
    """One round of a run."""

    cluster: Cluster
    tally: Tally
    seed: int
    number: int
    folder: Path
    script: Script | None = None
    """Empty: drawn by chance."""
    people: list[Person] = field(default_factory=list)
    accounts: dict[str, tuple[Account, Key]] = field(default_factory=dict)
    killed: float = 0.0
    """When a node with hostages was killed, in Unix time; the only node: when it was up again."""

    def __post_init__(self) -> None:
        self.luck = random.Random(f"{self.seed}/{self.number}")  # noqa: S311 - to be repeated, not guessed
        self.journal = Journal(self.folder / f"round-{self.number}.jsonl")
        self.scene = Scene(self.cluster, self.journal)
        self.what = self.script or drawn(self.luck, self.cluster.shape)

    async def play(self) -> list[Violation]:
        """All of it: what is broken."""
        self.accounts = await self.cluster.new_accounts({**PAYS, "stuck": "invoice"})
        await self._set_emulator()
        try:
            await self._weather()
            await self._rest()
        finally:
            self.scene.over.set()
            self.journal.close()
        self.tally.rounds += 1
        self.tally.add(self.journal.lines)
        found = await self._verdict()
        self.tally.violations += found
        return found

    async def _set_emulator(self) -> None:
        """Count by account, be slow by chance, and never answer what the stuck ask."""
        account = self.accounts["stuck"][0]
        self.stuck_ids = [self.cluster.new_id(account) for _ in range(self.cluster.shape.terms.slots)]
        emulator = self.cluster.emulator
        await asyncio.to_thread(emulator.set, "groups", modulo=GROUPS)
        await asyncio.to_thread(emulator.set, "delay", ms=self.what.delay_ms)
        await asyncio.to_thread(emulator.set, "mood", mood="never", ids=self.stuck_ids)

    async def _weather(self) -> None:
        """Callers and faults at once."""
        callers = [asyncio.create_task(behaviour(person)) for behaviour, person in self._cast()]
        faults = [asyncio.create_task(self._befall(fault)) for fault in self.what.faults]
        try:
            await asyncio.sleep(self.what.end)
            await asyncio.gather(*faults)
        finally:
            self.scene.over.set()
        await asyncio.gather(*callers)

    def _cast(self) -> Iterable[tuple[Behaviour, Person]]:
        for role in self.what.roles or BEHAVIOURS:
            account, key = self.accounts[role]
            for behaviour in BEHAVIOURS[role]:
                luck = random.Random(self.luck.getrandbits(64))  # noqa: S311 - the same
                self.people.append(Person(self.scene, account, key, luck))
                yield behaviour, self.people[-1]

    async def _befall(self, fault: Fault) -> None:
        if self.what.measures:
            await self._kill_with_hostages(fault)
        else:
            await happen(fault, self.cluster, self.journal, self.tally.faults)

    async def _kill_with_hostages(self, fault: Fault) -> None:
        """Kill a node that holds all slots of an account, and see when they can be used again."""
        account, key = self.accounts["stuck"]
        callers = [self.scene.caller() for _ in self.stuck_ids]
        held = [
            asyncio.create_task(caller.call(fault.node, key, video_id))
            for caller, video_id in zip(callers, self.stuck_ids, strict=True)
        ]
        await self._all_held(account)
        await happen(fault, self.cluster, self.journal, self.tally.faults)
        self.killed = next(line.began for line in self.journal.lines if isinstance(line, Did) and line.what == "kill")
        await asyncio.gather(*held)
        if len(self.cluster.nodes) == 1:  # there is nobody else to free or to use them
            await self.cluster.nodes[0].ready()
            self.killed = time.time()
        self.tally.recoveries.append(await self._recovered(account, key, fault.node) - self.killed)

    async def _all_held(self, account: Account) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(2):
                groups: dict[str, dict[str, int]] = {}
                while groups.get(str(account.group), {}).get("in_flight") != self.cluster.shape.terms.slots:
                    await asyncio.sleep(0.02)
                    groups = await asyncio.to_thread(self.cluster.emulator.read, "groups")

    async def _recovered(self, account: Account, key: Key, killed: int) -> float:
        """The moment when the account could use all its slots again, at another node if there is one: Unix time."""
        caller, give_up = self.scene.caller(), time.monotonic() + 20
        nodes = [node for node in range(len(self.cluster.nodes)) if node != killed] or [killed]
        while time.monotonic() < give_up:
            answer = await caller.call(self.luck.choice(nodes), key, self.cluster.new_id(account))
            if answer and answer.status == 200 and answer.left == self.cluster.shape.terms.slots:
                break
            await asyncio.sleep(0.03)
        caller.hang_up()
        return time.time()

    async def _rest(self) -> None:
        """Make all well; wait until it is."""
        await self.cluster.heal()
        await asyncio.to_thread(self.cluster.emulator.set, "delay", ms=0)
        await asyncio.gather(*(settle_unknown(person) for person in self.people if person.unknown))
        await asyncio.gather(*(drain(person) for person in self.people if person.account.role == "free"))
        self.tally.rests.append(await self.cluster.idle(self.what.rest_seconds))

    async def _verdict(self) -> list[Violation]:
        rows = await self.cluster.rows.of([account.account_id for account, _ in self.accounts.values()])
        groups = await asyncio.to_thread(self.cluster.emulator.read, "groups")
        self.tally.posted += sum(row.state == "posted" for row in rows)
        found = [
            Violation("verify", "", f"{broken.invariant}: {broken.what} {broken.row}")
            for broken in await self.cluster.beside(lambda books: books.ledger.verify())
        ]
        found += self._late(rows)
        for account, key in self.accounts.values():
            own = [row for row in rows if row.account_id == account.account_id]
            most = groups.get(str(account.group), {}).get("max_in_flight", 0)
            lines = lines_of(self.journal.lines, {account.account_id, key.key_id})
            found += check(Evidence(account, self.cluster.shape.terms, lines, own, most))
        return found

    def _late(self, rows: Sequence[Row]) -> list[Violation]:
        """I5: how long the slots of the killed node were taken."""
        hostages = [row for row in rows if row.video_id in self.stuck_ids and row.state == "expired"]
        if not hostages:
            return []
        ended = max(row.ended_at or 0 for row in hostages) / 1e6
        self.tally.expiries.append(max(0.0, ended - self.killed))
        if self.tally.expiries[-1] <= self.tally.patience:
            return []
        what = f"slots of a killed node were free after {self.tally.expiries[-1]:.1f} s"
        return [Violation("I5", hostages[0].account_id, what, rows=tuple(hostages))]


def lines_of(lines: Sequence[Line], subjects: set[str]) -> list[Line]:
    """The lines about one account and its keys."""
    asked = {line.n for line in lines if isinstance(line, Asked) and line.account in subjects}
    return [line for line in lines if (line.subject in subjects if isinstance(line, Did) else line.n in asked)]
