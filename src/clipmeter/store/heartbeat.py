"""Who is alive, for processes on many machines: each says so twice a second; who was silent for too long is dead.

A node that cannot say it, because it was stopped or has no database, must know before the others do. So it trusts its
own heartbeat for less long than they do, by a clock that runs on while the machine sleeps.

    beat sent      + LEASE: nothing new is begun, what runs is cut off      + STALE: its slots are given to others
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress

from clipmeter.errors import Problem
from clipmeter.store.base import Plan, Query, Steps, plan

BEAT_SECONDS = 0.5
STALE_SECONDS = 2.5
MARGIN_SECONDS = 0.5
"""How much sooner than the others a node takes itself for dead."""
_SOON = 0.1
"""After a heartbeat that failed."""


def _now() -> float:
    return time.clock_gettime(time.CLOCK_BOOTTIME)


class Heartbeat:
    """This process as a node; one after another when it was taken for dead."""

    def __init__(self, save: Callable[[Plan[bool]], Awaitable[bool]], stale_seconds: float) -> None:
        """`save` writes a plan, within less than a lease; `stale_seconds`: the silence that means death to others."""
        self._save = save
        self._lease_seconds = stale_seconds - MARGIN_SECONDS
        self._node_id = ""
        self._lease_end = 0.0
        self._task: asyncio.Task[None] | None = None

    async def start(self, node_id: str, join: Callable[[], Awaitable[None]]) -> None:
        """Be this node from now on; `join` makes it known."""
        await self.stop()
        sent = _now()
        await join()
        self._node_id, self._lease_end = node_id, sent + self._lease_seconds
        self._task = asyncio.create_task(self._beat_on())

    async def stop(self) -> None:
        """Be silent, and dead to the others after a while."""
        self._lease_end = 0.0
        if self._task:
            self._task.cancel()
            await asyncio.wait({self._task})
        self._task = None

    def lease(self, node_id: str) -> float:
        """Seconds for which this node is surely alive to the others; 0 or less: maybe not."""
        return self._lease_end - _now() if node_id == self._node_id else 0.0

    async def _beat_on(self) -> None:
        pause = BEAT_SECONDS
        while True:
            await asyncio.sleep(pause)
            sent, pause = _now(), _SOON
            with suppress(Problem):
                is_known = await self._save(_beat(self._node_id))
                if not is_known or _now() > self._lease_end:  # too late: the others may have begun to share it out
                    self._lease_end = 0.0
                    return
                self._lease_end, pause = sent + self._lease_seconds, BEAT_SECONDS


@plan
def _beat(node_id: str) -> Steps[bool]:
    return bool((yield Query("node_beat", {"node_id": node_id})))


@plan
def living(stale_seconds: float) -> Steps[set[str]]:
    """The nodes that were heard of within so long."""
    rows = yield Query("node_living", {"stale_micros": int(stale_seconds * 1_000_000)})
    return {node_id for (node_id,) in rows}
