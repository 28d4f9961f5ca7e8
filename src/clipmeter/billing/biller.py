"""The loop that bills: it runs every month that is over, charges what passes the threshold, and sends what waits.

It needs no memory: what is to be done is read from the database at each turn. So a server that was down over the end of
a month, or of several, does them at its start; of several nodes each may try, and all come to the same.
"""

import asyncio
from calendar import timegm

import structlog

from clipmeter.billing.invoices import Invoices, Run
from clipmeter.errors import Problem

log = structlog.get_logger()

TURN_SECONDS = 300.0
FIRST_PAUSE, LONGEST_PAUSE = 10.0, 1_800.0
"""While Stripe or the database cannot be reached: doubled from turn to turn."""
SETTLE_SECONDS = 120
"""After the end of a month, before it is run: for requests that were in flight."""
WAIT_SECONDS = 3_600
"""How long a month waits for reservations that do not end; what they are charged is on the next invoice."""


class Biller:
    """Bills while it is started."""

    def __init__(self, invoices: Invoices, *, seconds: float = TURN_SECONDS) -> None:
        """`seconds` between two turns."""
        self._invoices, self._seconds = invoices, seconds
        self._task: asyncio.Task[None] | None = None
        self._done_until = ""

    def start(self) -> None:
        """From now on, at once for the first time."""
        self._task = asyncio.create_task(self._run())

    async def stop(self) -> None:
        """Stop, wherever it is: what was begun is continued at the next start."""
        if self._task:
            self._task.cancel()
            await asyncio.wait({self._task})
        self._task = None

    async def turn(self) -> list[Run]:
        """What there is to do now; the months that were run. Raises PaymentsUnavailable while Stripe has not all."""
        runs = await self._months()
        await self._invoices.charge_all_open()
        await self._invoices.finish()
        return runs

    async def _months(self) -> list[Run]:
        now, month, in_flight = await self._invoices.clock()
        if month == self._done_until or not is_settled(now, month, in_flight):
            return []
        runs = []
        for due in await self._invoices.months_due():
            run = await self._invoices.run(due)
            log.info("a month was invoiced", month=run.month, made=run.made, unsent=len(run.unsent))
            runs.append(run)
        self._done_until = month
        return runs

    async def _run(self) -> None:
        pause = FIRST_PAUSE
        while True:
            try:
                await self.turn()
            except Problem as problem:
                log.warning("billing waits", problem=problem.code, sign=problem.sign, seconds=pause)
                await asyncio.sleep(pause)
                pause = min(2 * pause, LONGEST_PAUSE)
            except Exception:
                log.exception("billing failed")
                await asyncio.sleep(LONGEST_PAUSE)
            else:
                pause = FIRST_PAUSE
                await asyncio.sleep(self._seconds)


def is_settled(now: int, month: str, in_flight: int) -> bool:
    """Whether all that belongs to earlier months has ended. `now`: micro-seconds since 1970; `month`: the present one.

    `in_flight`: requests of earlier months that have not ended.
    """
    begin = timegm((int(month[:4]), int(month[5:]), 1, 0, 0, 0))
    since = now / 1_000_000 - begin
    return since >= WAIT_SECONDS or (since >= SETTLE_SECONDS and not in_flight)
