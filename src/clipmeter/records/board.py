"""What the status page stands on: 90 days and the last hours, read anew every few seconds however many look at it."""

import asyncio
import time
from dataclasses import dataclass

from clipmeter.records.health import HealthLog, Record

DAYS = 90
KEEP_SECONDS = 20.0
_LANE = "live"
"""Test mode asks a look-alike in this server, which says nothing about the service."""
_DAY_HOURS = 24


@dataclass(frozen=True, slots=True)
class Look:
    """All of it at one moment. Days and hours are counted since 1970, UTC."""

    at: int
    """Unix seconds."""
    hour: int
    """The hour it was; the last hours are this one, as far as it has come, and the one before."""
    days: Record
    recent: Record

    @property
    def today(self) -> int:
        """The last of the days."""
        return self.hour // _DAY_HOURS

    @property
    def first_day(self) -> int:
        """The first of the days."""
        return self.today - DAYS + 1

    @property
    def recent_hour(self) -> int:
        """The first of the last hours."""
        return self.hour - 1


class Board:
    """Keeps one look for a while."""

    def __init__(self, health: HealthLog, *, keep_seconds: float = KEEP_SECONDS) -> None:
        self._health, self._keep_seconds = health, keep_seconds
        self._look: Look | None = None
        self._good_until = 0.0
        self._lock = asyncio.Lock()

    async def look(self) -> Look:
        """What there is, at most so many seconds old. Raises ServiceUnavailable."""
        async with self._lock:  # who comes meanwhile waits for the one who reads
            if self._look is None or time.monotonic() >= self._good_until:
                self._look = await self._read()
                self._good_until = time.monotonic() + self._keep_seconds
            return self._look

    async def _read(self) -> Look:
        hour = self._health.hour()
        first = (hour // _DAY_HOURS - DAYS + 1) * _DAY_HOURS
        at = int(time.time())
        days, recent = await self._health.record(_LANE, first), await self._health.record(_LANE, hour - 1)
        return Look(at, hour, days, recent)
