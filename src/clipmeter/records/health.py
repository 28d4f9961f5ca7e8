"""How the sources did, by hour: tries, verdicts and latency, kept for as long as pages draw them."""

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from clipmeter.errors import Attempt
from clipmeter.records.flusher import Flusher
from clipmeter.store.base import CommitUnknown, Query, Steps, Store, plan

KEEP_HOURS = 90 * 24
FLUSH_SECONDS = 5.0
_HOUR = 3_600


@dataclass(frozen=True, slots=True)
class HealthRow:
    """What a source did in an hour, with one outcome. `hour`: hours since 1970, UTC; `code`: "" for an answer."""

    hour: int
    lane: str
    source: str
    code: str
    tries: int
    total_ms: int
    max_ms: int


class HealthLog:
    """Adds up attempts in memory, by hour of this machine's clock, and adds the sums to the database."""

    def __init__(self, store: Store, *, clock: Callable[[], float] = time.time) -> None:
        """`clock`: Unix seconds."""
        self._store, self._clock = store, clock
        self._sums: dict[tuple[int, str, str, str], list[float]] = {}
        self._flusher = Flusher(self.flush, seconds=FLUSH_SECONDS)
        self._pruned = 0

    def start(self) -> None:
        """Write what is noted from now on. The store must be open until `stop`."""
        self._flusher.start()

    async def stop(self) -> None:
        """Write what is left."""
        await self._flusher.stop()

    def note(self, lane: str, attempts: Iterable[Attempt]) -> None:
        """Count attempts. `lane`: whose requests they served, `live` or `test`."""
        hour = self._hour()
        for attempt in attempts:
            sums = self._sums.setdefault((hour, lane, attempt.source, attempt.code), [0, 0.0, 0.0])
            ms = attempt.seconds * 1000
            sums[0] += 1
            sums[1] += ms
            sums[2] = max(sums[2], ms)

    async def flush(self) -> None:
        """Write what was counted, and delete what is too old. Raises ServiceUnavailable."""
        counted, self._sums = self._sums, {}
        hour = self._hour()
        rows = [HealthRow(*key, int(tries), round(total), round(most)) for key, (tries, total, most) in counted.items()]
        if not rows and self._pruned == hour:
            return
        try:
            await self._store.write(_add(rows, hour - KEEP_HOURS))
            self._pruned = hour
        except CommitUnknown:
            raise  # Maybe counted, maybe not: counting it twice would be worse.
        except BaseException:
            self._put_back(counted)
            raise

    async def since(self, hours: int) -> list[HealthRow]:
        """What was counted in the last `hours`, this one included, oldest first."""
        return await self._store.read(_since(self._hour() - hours))

    def _hour(self) -> int:
        return int(self._clock()) // _HOUR

    def _put_back(self, counted: dict[tuple[int, str, str, str], list[float]]) -> None:
        for key, (tries, total, most) in counted.items():
            sums = self._sums.setdefault(key, [0, 0.0, 0.0])
            sums[:] = sums[0] + tries, sums[1] + total, max(sums[2], most)


@plan
def _add(rows: Iterable[HealthRow], oldest: int) -> Steps[None]:
    for row in rows:
        yield Query("health_add", {name: getattr(row, name) for name in HealthRow.__slots__})
    yield Query("health_prune", {"hour": oldest})


@plan
def _since(hour: int) -> Steps[list[HealthRow]]:
    rows = yield Query("health_since", {"hour": hour})
    return [HealthRow(*row) for row in rows]
