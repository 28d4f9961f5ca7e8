"""SQLite: has a server's file of records open, and brings in what an earlier version wrote elsewhere.

A file that cannot be opened keeps nobody from being served: what reads it answers 503, and it is tried again and again.
"""

import asyncio
import threading
import time
from pathlib import Path

import structlog

from clipmeter.errors import Problem
from clipmeter.store.base import Store
from clipmeter.store.recordsfile import move_records, records_file
from clipmeter.store.sentences import explain

log = structlog.get_logger()

AGAIN_SECONDS = 5.0
TELL_SECONDS = 10.0


class RecordsKeeper:
    """Works beside the server, in a thread."""

    def __init__(self, records: Store, database: Path) -> None:
        """`records`: the store in the file of records beside `database`."""
        self._records, self._database = records, database
        self._stopping = threading.Event()
        self._task: asyncio.Task[None] | None = None
        self._told = 0.0

    def start(self) -> None:
        """From now on."""
        self._task = asyncio.create_task(self._run())

    async def stop(self) -> None:
        """Leave what is not done yet for the next time."""
        self._stopping.set()
        if self._task:
            await self._task

    async def _run(self) -> None:
        said = ""
        while not self._stopping.is_set():
            try:
                if not self._records.is_open:
                    await self._records.open()
                await asyncio.to_thread(move_records, self._database, told=self._tell, stopped=self._stopping.is_set)
            except Problem as problem:
                if problem.sign != said:
                    where = str(records_file(self._database))
                    log.warning("no records for now", problem=explain(problem, where), sign=problem.sign)
                said = problem.sign
            else:
                return
            await asyncio.to_thread(self._stopping.wait, AGAIN_SECONDS)

    def _tell(self, moved: int, of: int) -> None:
        if moved == of or time.monotonic() > self._told + TELL_SECONDS:
            self._told = time.monotonic()
            log.info("the request log moves to a file of its own", rows=moved, of=of)
