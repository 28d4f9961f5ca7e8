"""The alarm for changed pages: unknown shapes counted by field, and a few sample pages kept for study.

Rule 1: whoever rings it loses no time: pages are looked at and packed in a thread of their own, one at a time.
Rule 2: what it keeps is bounded in files and bytes, whatever comes in.
"""

import gzip
import queue
import re
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple, Protocol

import structlog

from clipmeter.errors import Problem, UpstreamError

log = structlog.get_logger()

MOST_FILES = 20
MOST_BYTES = 20_000_000
LOOK_SECONDS = 60.0
"""How often a page that could be read is looked at all the same, per source."""
MOST_FIELDS = 200
"""Different fields that are counted by name; whatever comes after them is `other`."""
_WAITING = 4
_NAME = re.compile(r"[^a-z0-9]+")


class Difference(Protocol):
    """A field that is not as expected."""

    @property
    def field(self) -> str:
        """Its path."""


Compare = Callable[[bytes], Sequence[Difference]]


class _Seen(NamedTuple):
    source: str
    body: bytes
    sign: str
    """"" for a page that could be read."""


class Alarm:
    """Rung by sources. Its thread starts with the first page and ends with `close` or the process."""

    def __init__(
        self, folder: Path, compare: Compare, count: Callable[[str, str], None], *, most_bytes: int = MOST_BYTES
    ) -> None:
        """`folder`: of the samples, made when needed; `count`: told the source and field of each difference."""
        self._most_bytes = most_bytes
        self._folder, self._compare, self._count = folder, compare, count
        self._queue: queue.Queue[_Seen | None] = queue.Queue(_WAITING)
        self._thread: threading.Thread | None = None
        self._next_look: dict[str, float] = {}
        self._named: set[str] = set()

    def changed(self, source: str, body: bytes, problem: Problem) -> None:
        """A source got an answer that it could not read. Only those count that may have changed their shape."""
        if isinstance(problem, UpstreamError) and not problem.sign.startswith("HTTP "):
            self._put(_Seen(source, body, problem.sign or "unknown"))

    def read(self, source: str, body: bytes) -> None:
        """A source could read this answer; now and then its fields are looked at all the same."""
        now = time.monotonic()
        if now >= self._next_look.get(source, 0.0):
            self._next_look[source] = now + LOOK_SECONDS
            self._put(_Seen(source, body, ""))

    def close(self) -> None:
        """Finish what waits, and end. Blocks for a moment."""
        thread, self._thread = self._thread, None
        if thread:
            self._queue.put(None)
            thread.join()

    def _put(self, seen: _Seen) -> None:
        if self._thread is None:
            self._thread = threading.Thread(target=self._work, name="change-alarm", daemon=True)
            self._thread.start()
        with suppress(queue.Full):  # many changed at once: a few of them tell it all
            self._queue.put_nowait(seen)

    def _work(self) -> None:
        while (seen := self._queue.get()) is not None:
            try:
                self._look(seen)
            except Exception:
                log.exception("a changed page could not be kept", source=seen.source)

    def _look(self, seen: _Seen) -> None:
        fields = list(dict.fromkeys(difference.field for difference in self._compare(seen.body)))
        for field in fields:
            self._count(seen.source, self._name(field))
        if seen.sign or fields:
            log.warning("a page has changed", source=seen.source, sign=seen.sign, fields=fields[:10])
            self._keep(seen, seen.sign or fields[0])

    def _name(self, field: str) -> str:
        if len(self._named) < MOST_FIELDS:
            self._named.add(field)
        return field if field in self._named else "other"

    def _keep(self, seen: _Seen, why: str) -> None:
        """One file per source and reason, the newest; the oldest go when there are too many."""
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        name = _NAME.sub("-", f"{seen.source}-{why}".lower()).strip("-")[:80]
        draft = self._folder / f".{name}.part"
        draft.write_bytes(gzip.compress(seen.body, 6))
        draft.replace(self._folder / f"{name}.gz")
        self._thin_out()

    def _thin_out(self) -> None:
        kept = sorted(self._folder.glob("*.gz"), key=lambda file: file.stat().st_mtime_ns, reverse=True)
        total = 0
        for number, file in enumerate(kept):
            total += file.stat().st_size
            if number >= MOST_FILES or total > self._most_bytes:
                file.unlink(missing_ok=True)
