"""The one thread that writes: it takes every plan that waits, runs them in one transaction and commits them with one
fsync. Only then are their callers told.

Why a thread of its own: a commit waits for the disk, and the event loop must not. Why one: SQLite has one writer
anyway, and what waits while one batch is saved becomes the next batch, so the batches grow with the load.
"""

import asyncio
import queue
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import apsw

from clipmeter.errors import ServiceUnavailable
from clipmeter.store.base import CommitUnknown, Plan, Redo, T, lost
from clipmeter.store.lockstep import Run
from clipmeter.store.session import Session, in_our_words

MOST = 256
"""Plans in one transaction at most: it bounds how long the first of them waits, and other processes too."""


@dataclass(slots=True)
class Job:
    """A plan and who waits for its result."""

    plan: Plan[Any]
    future: asyncio.Future[Any]
    loop: asyncio.AbstractEventLoop
    result: Any = None
    error: Exception | None = None


class Writer:
    """Runs plans in batches. `connect` opens a session; it is asked again after every failure."""

    def __init__(self, connect: Callable[[], Session]) -> None:
        self._connect = connect
        self._session: Session | None = None
        self._failed: Session | None = None
        self._jobs: queue.SimpleQueue[Job | None] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._closed = False
        self.batches = self.plans = 0
        """What was saved; plans by batches is how many share an fsync."""
        self._thread = threading.Thread(target=self._work, name="ledger-writer", daemon=True)
        self._thread.start()

    def submit(self, plan: Plan[T]) -> asyncio.Future[T]:
        """The future result. Raises ServiceUnavailable after `close`."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()
        with self._lock:  # so that nothing can be queued behind the end
            if self._closed:
                raise ServiceUnavailable
            self._jobs.put(Job(plan, future, loop))
        return future

    def close(self) -> None:
        """Finish what is queued, then end. Blocks."""
        with self._lock:
            if not self._closed:
                self._closed = True
                self._jobs.put(None)
        self._thread.join()

    def _work(self) -> None:
        more = True
        while more:
            batch, more = self._take()
            if batch:
                self._save(batch)
                _tell(batch)
        self._drop()

    def _take(self) -> tuple[list[Job], bool]:
        job = self._jobs.get()
        batch: list[Job] = []
        while job is not None:
            batch.append(job)
            if len(batch) == MOST:
                return batch, True
            try:
                job = self._jobs.get_nowait()
            except queue.Empty:
                return batch, True
        return batch, False

    def _save(self, batch: list[Job]) -> None:
        try:
            self._commit(batch)
        except Redo as redo:
            if len(batch) == 1:
                job, cause = batch[0], redo.__cause__
                job.error = job.error or (in_our_words(cause) if isinstance(cause, Exception) else redo)
                return
            for job in batch:
                job.result = job.error = None
                self._save([job])

    def _commit(self, batch: list[Job]) -> None:
        """All plans in one transaction. Raises Redo, with nothing saved."""
        failure: type[ServiceUnavailable] = ServiceUnavailable
        try:
            session = self._session = self._session or self._connect()
            session.begin("IMMEDIATE")
            self._forget_failed()
            _run_all(session, batch)
            failure = CommitUnknown
            session.commit()
            self.batches += 1
            self.plans += len(batch)
        except Redo:
            self._undo()
            raise
        except Exception as error:  # noqa: BLE001 - whatever it is, every caller must hear of it
            self._set_aside()
            for job in batch:
                job.error = lost(in_our_words(error), failure)

    def _undo(self) -> None:
        try:
            if self._session:
                self._session.undo()
        except apsw.Error:
            self._set_aside()

    def _set_aside(self) -> None:
        """Go on with a new session, but keep the one that failed until that works.

        A commit whose sync has failed is undone while any session is open. Were all closed, the next one would find it
        in the log and believe it, though it is not on the disk.
        """
        failed, self._session = self._session, None
        if failed and self._failed is None and failed.undone():
            self._failed = failed
        elif failed:
            failed.close()

    def _forget_failed(self) -> None:
        if self._failed:
            self._failed.close()
        self._failed = None

    def _drop(self) -> None:
        if self._session:
            self._session.close()
        self._session = None
        self._forget_failed()


def _run_all(session: Session, batch: list[Job]) -> None:
    runs = [Run(job.plan) for job in batch]
    try:
        session.run_all(runs)
    finally:
        for job, run in zip(batch, runs, strict=True):
            job.result, job.error = run.result, run.error


def _tell(batch: list[Job]) -> None:
    """Wake each event loop once for all its results."""
    for loop in {job.loop for job in batch}:
        with suppress(RuntimeError):  # the loop has ended, and its callers with it
            loop.call_soon_threadsafe(_resolve, [job for job in batch if job.loop is loop])


def _resolve(jobs: list[Job]) -> None:
    for job in jobs:
        if job.future.cancelled():
            continue
        if job.error:
            job.future.set_exception(job.error)
        else:
            job.future.set_result(job.result)
