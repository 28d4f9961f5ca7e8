"""The one writer: it takes every plan that waits, runs them in one transaction and commits them with one fsync. Only
then are their callers told. What waits while one batch is saved becomes the next, so batches grow with the load.

Two hands, one at a time, on one connection:
  the event loop   saves what was submitted in the same turn, where the disk is quick: a flash disk syncs in a tenth of
                   a millisecond, while handing a batch to a thread and back costs more than all the work in it;
  a thread         for what may take long: long plans, a database that another process is writing to, a slow disk, and
                   copying the log into the database. While it is at work, the event loop's plans gather.
"""

import asyncio
import queue
import threading
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import apsw

from clipmeter.errors import ServiceUnavailable
from clipmeter.store.base import CommitUnknown, Plan, Redo, T, lost
from clipmeter.store.lockstep import Run
from clipmeter.store.session import LOG_PAGES, RESTART_PAGES, Session, in_our_words

MOST = 256
"""Plans in one transaction at most: it bounds how long the first of them waits, and other processes too."""
MOST_HERE = 64
"""The same on the event loop, which has more to do."""
SLOW_SECONDS = 0.01
"""When commits take longer than this on average, the disk is slow: the event loop leaves batches to the thread."""
SLOW_FOR_SECONDS = 1.0
GATHER_SECONDS = 0.0005
"""How soon after a batch the event loop begins the next one: a few plans that share a commit cost half as much each."""


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
        self._beside: tuple[Session | None, Session] | None = None
        """A second session, beside the one that was in use when it was opened. The thread's."""
        self._jobs: queue.SimpleQueue[Job | Callable[[], None] | None] = queue.SimpleQueue()
        self._here: deque[Job] = deque()
        self._lock = threading.Lock()
        self._hand = threading.Lock()
        """Held by the one who uses the session."""
        self._given = 0
        """Jobs that the thread was given and has not done."""
        self._closed = False
        self._slow_until = self._pace = self._next_turn = 0.0
        self._fold_begun = 0
        """Pages of the log when it was last to be copied; 0: it has begun anew since."""
        self.batches = self.plans = 0
        """What was saved; plans by batches is how many share an fsync."""
        self._thread = threading.Thread(target=self._work, name="ledger-writer", daemon=True)
        self._thread.start()

    def submit(self, plan: Plan[T]) -> asyncio.Future[T]:
        """The future result of a plan of any length. Raises ServiceUnavailable after `close`."""
        job = _job(plan)
        self._give([job])
        return job.future

    def submit_short(self, plan: Plan[T]) -> asyncio.Future[T]:
        """The same for a plan about few rows, which the event loop may run by itself."""
        if self._closed:
            raise ServiceUnavailable
        job = _job(plan)
        if not self._here:
            wait = self._next_turn - time.monotonic()
            job.loop.call_later(wait, self._turn) if wait > 0 else job.loop.call_soon(self._turn)
        self._here.append(job)
        return job.future

    def shut(self) -> None:
        """Take nothing more. On the event loop."""
        if self._here:
            self._give([self._here.popleft() for _ in range(len(self._here))])
        with self._lock:
            if not self._closed:
                self._closed = True
                self._jobs.put(None)

    def close(self) -> None:
        """After `shut`: finish what is queued, then end. Blocks."""
        self._thread.join()

    def _give(self, jobs: list[Job]) -> None:
        with self._lock:  # so that nothing can be queued behind the end
            if self._closed:
                raise ServiceUnavailable
            self._given += len(jobs)
            for job in jobs:
                self._jobs.put(job)

    def _turn(self) -> None:
        """On the event loop: save what has gathered, or give it to the thread; while that is at work, wait for it."""
        if not self._here or self._given or not self._hand.acquire(blocking=False):
            return
        batch = [self._here.popleft() for _ in range(min(len(self._here), MOST_HERE))]
        if self._here:
            batch[0].loop.call_soon(self._turn)
        try:
            is_saved = self._save_here(batch)
        finally:
            self._hand.release()
        if is_saved:
            self._next_turn = time.monotonic() + GATHER_SECONDS
            _resolve(batch)
            self._fold_soon()
        else:
            self._give(batch)

    def _save_here(self, batch: list[Job]) -> bool:
        if self._session is None or time.monotonic() < self._slow_until or not self._session.begin_now():
            return False
        self._save(batch, begun=True)
        if self._pace > SLOW_SECONDS:
            self._slow_until, self._pace = time.monotonic() + SLOW_FOR_SECONDS, 0.0
        return True

    def _wake(self) -> None:
        """The thread has done what it had: the event loop may go on."""
        with suppress(IndexError, RuntimeError):  # nothing waits, or its loop has ended
            self._here[0].loop.call_soon_threadsafe(self._turn)

    def _work(self) -> None:
        more = True
        while more:
            batch, more = self._take()
            if batch:
                with self._hand:
                    self._save(batch)
                with self._lock:
                    self._given -= len(batch)
                _tell(batch)
                self._fold_soon()
                self._wake()
        with self._hand:
            self._drop()

    def _take(self) -> tuple[list[Job], bool]:
        batch: list[Job] = []
        while len(batch) < MOST:
            try:
                job = self._jobs.get(block=not batch)
            except queue.Empty:
                break
            if job is None:
                return batch, False
            if isinstance(job, Job):
                batch.append(job)
            else:
                job()
        return batch, True

    def _fold_soon(self) -> None:
        pages = self._session.log_pages if self._session else 0
        if pages < LOG_PAGES:
            self._fold_begun = 0
        elif (
            pages >= self._fold_begun + LOG_PAGES
        ):  # while a long reader keeps the log from ending: not after each batch
            self._fold_begun = pages
            self._jobs.put(self._fold)

    def _fold(self) -> None:
        """Copy what there is of the log into the database while others write on; so it never comes to its end.

        When it is long, copy the rest while nobody writes: then it begins anew.
        """
        try:
            if self._beside is None or self._beside[0] is not self._session:
                self._forget_beside()
                self._beside = self._session, self._connect()
            self._beside[1].fold()
            if self._fold_begun >= RESTART_PAGES:
                with self._hand:
                    if self._session:
                        self._session.fold()
        except (apsw.Error, OSError, ServiceUnavailable):
            self._forget_beside()  # it is all in the log; the next one may work
        self._wake()

    def _forget_beside(self) -> None:
        if self._beside:
            self._beside[1].close()
        self._beside = None

    def _save(self, batch: list[Job], *, begun: bool = False) -> None:
        try:
            self._commit(batch, begun=begun)
        except Redo as redo:
            if len(batch) == 1:
                job, cause = batch[0], redo.__cause__
                job.error = job.error or (in_our_words(cause) if isinstance(cause, Exception) else redo)
                return
            for job in batch:
                job.result = job.error = None
                self._save([job])

    def _commit(self, batch: list[Job], *, begun: bool) -> None:
        """All plans in one transaction. Raises Redo, with nothing saved."""
        failure: type[ServiceUnavailable] = ServiceUnavailable
        try:
            session = self._session = self._session or self._connect()
            if not begun:
                session.begin("IMMEDIATE")
            self._forget_failed()
            _run_all(session, batch)
            failure = CommitUnknown
            if begun:
                self._commit_here(session)
            else:
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

    def _commit_here(self, session: Session) -> None:
        """Commit on the event loop, with an eye on how long that takes."""
        began = time.monotonic()
        try:
            session.commit()
        finally:
            self._pace += (time.monotonic() - began - self._pace) / 8

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
        self._forget_beside()


def _job(plan: Plan[Any]) -> Job:
    loop = asyncio.get_running_loop()
    return Job(plan, loop.create_future(), loop)


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
