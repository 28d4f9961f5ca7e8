"""What goes wrong in a round: a plan drawn by chance, and the doing of it."""

import asyncio
import random
import time
from collections import Counter
from dataclasses import dataclass

from chaos.cluster import Cluster, Shape
from chaos.journal import Journal, Told

REGULARS = ("regular", "regular-keys")
"""Those who are charged in the short way, often enough only where the others leave them the processors."""
PROXY_FAULTS = ("delay", "cut", "black_hole", "refuse", "lose_reply", "lose_request")


@dataclass(frozen=True)
class Fault:
    """`kind` befalls a node (or its way to the database) `at` seconds after the start, for `seconds`."""

    at: float
    kind: str
    node: int
    seconds: float

    @property
    def end(self) -> float:
        return self.at + self.seconds


@dataclass(frozen=True)
class Script:
    """What is to happen in a round."""

    faults: tuple[Fault, ...]
    delay_ms: int
    """That the emulator takes for a page."""
    roles: tuple[str, ...] = ()
    """Who asks; empty: everybody."""
    seconds: float = 1.0
    """For which callers ask at least."""
    rest_seconds: float = 15.0
    """Within which nothing may be reserved any more once all is well."""

    @property
    def end(self) -> float:
        return max([self.seconds, *(fault.end + 0.2 for fault in self.faults)])

    @property
    def measures(self) -> bool:
        """Whether it is measured when the slots of a killed node are free."""
        return [fault.kind for fault in self.faults] == ["kill"] and not self.roles


def drawn(luck: random.Random, shape: Shape) -> Script:
    """A script by chance."""
    faults, delay_ms = tuple(plan(luck, shape)), luck.choice((0, 5, 20, 80))
    script = Script(faults, delay_ms)
    return script if script.measures or luck.random() < 0.7 else Script(faults, delay_ms, REGULARS)


def plan(luck: random.Random, shape: Shape) -> list[Fault]:
    """The faults of one round, by time."""
    if luck.random() < 0.25:  # alone, so that it can be measured when what it held is free again
        return [Fault(luck.uniform(0.2, 0.9), "kill", luck.randrange(shape.nodes), 0.0)]
    often = 0.5 if shape.store == "postgres" else 0.85
    faults = [Fault(luck.uniform(0.2, 0.9), *_node_fault(luck, shape))] if luck.random() < often else []
    if shape.store == "postgres":
        faults += [_proxy_fault(luck, shape) for _ in range(luck.choice((0, 1, 1, 2, 3)))]
        if luck.random() < 0.15:
            faults.append(Fault(luck.uniform(0.3, 0.8), "database", 0, 0.0))
    return sorted(faults, key=lambda fault: fault.at)


def _node_fault(luck: random.Random, shape: Shape) -> tuple[str, int, float]:
    node = luck.randrange(shape.nodes)
    if luck.random() < 0.7:
        return luck.choice(("kill", "kill_on_success")), node, 0.0
    return "stop", node, min(8.0, 1.0 + luck.expovariate(0.6))


def _proxy_fault(luck: random.Random, shape: Shape) -> Fault:
    kind = luck.choice((*PROXY_FAULTS, "lose_reply", "lose_reply"))
    return Fault(luck.uniform(0.1, 1.0), kind, luck.randrange(shape.nodes), luck.uniform(0.2, 1.2))


async def happen(fault: Fault, cluster: Cluster, journal: Journal, counts: Counter[str]) -> None:
    """Wait for its time, do it, and take it back."""
    await asyncio.sleep(fault.at)
    counts[fault.kind] += 1
    began = time.time()
    if fault.kind.startswith("kill"):
        if fault.kind == "kill_on_success":
            await _success(journal)
            began = time.time()
        await _kill(cluster, fault.node)
    elif fault.kind == "stop":
        cluster.nodes[fault.node].freeze()
        await asyncio.sleep(fault.seconds)
        cluster.nodes[fault.node].wake()
    elif fault.kind == "database":
        assert cluster.postgres is not None
        await asyncio.to_thread(cluster.postgres.restart, "immediate")
    else:
        await _on_the_way(fault, cluster)
    await journal.did(fault.kind, f"node {fault.node}", began)


async def _success(journal: Journal) -> None:
    """Wait, for a while, until somebody is told of a new success: the worst moment to die."""
    seen, give_up = len(journal.lines), time.monotonic() + 1
    while time.monotonic() < give_up:
        if any(isinstance(line, Told) and line.status == 200 for line in journal.lines[seen:]):
            return
        await asyncio.sleep(0.001)


async def _kill(cluster: Cluster, number: int) -> None:
    node = cluster.nodes[number]
    if node.process:
        node.process.kill()  # now, not when a thread is free
    await asyncio.to_thread(node.kill)
    await asyncio.to_thread(node.start)


async def _on_the_way(fault: Fault, cluster: Cluster) -> None:
    link = cluster.links[fault.node]
    if fault.kind == "cut":
        link.cut()
    elif fault.kind == "delay":
        link.delay = 0.02 + 0.2 * (fault.seconds % 0.3)
    elif fault.kind == "black_hole":
        link.swallow()
    elif fault.kind == "refuse":
        link.refusing = True
        link.cut()
    else:
        link.lose_commits(1 + int(fault.seconds * 3), "reply" if fault.kind == "lose_reply" else "request")
    await asyncio.sleep(fault.seconds)
    link.heal()
