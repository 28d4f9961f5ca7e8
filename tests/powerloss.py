"""A disk that loses what was not synced when the power goes, and that fails when it is told to. For tests.

SQLite reaches it as a VFS. Every call goes to the real file and into a log; from the log, `image` works out what a disk
may hold when the power goes after any of the calls. Such a disk

* keeps what was synced, and of the rest any sectors of 512 bytes in any mixture, some of them as noise;
* grows, truncates, makes and deletes files late; names are safe once their folder was synced, which SQLite does at the
  first sync of a journal or WAL and when it deletes with a sync;
* forgets what a failed sync should have saved, as Linux does: a later sync that works does not bring it back.
"""

import itertools
import random
import threading
from pathlib import Path
from typing import Any, Literal, NamedTuple

import apsw

SECTOR = 512
_JOURNALS = apsw.SQLITE_OPEN_WAL | apsw.SQLITE_OPEN_MAIN_JOURNAL | apsw.SQLITE_OPEN_SUPER_JOURNAL
_numbers = itertools.count()

Fault = Literal["EIO", "full"]


class Event(NamedTuple):
    """One call that changed something, or something that the test told somebody (`told`, whose data is `what`)."""

    kind: Literal["create", "delete", "write", "truncate", "sync", "lost", "folder", "told"]
    name: str = ""
    at: int = 0
    data: bytes = b""
    what: Any = None


class Disk(apsw.VFS):
    """Give its `vfs_name` to SQLite. `log` is what happened."""

    def __init__(self) -> None:
        self.vfs_name = f"powerloss{next(_numbers)}"
        self.log: list[Event] = []
        self.calls = 0
        """Writes and syncs so far."""
        self.faults = 0
        """How many of them failed."""
        self._fails: tuple[Fault, int, int] = ("EIO", 0, 0)
        self._lock = threading.Lock()
        super().__init__(self.vfs_name, "")

    def told(self, what: Any) -> None:
        """Somebody was told of this now: it must survive."""
        self.log.append(Event("told", what=what))

    def fail(self, fault: Fault, after: int, times: int) -> None:
        """After so many more writes and syncs, the next `times` of them fail."""
        with self._lock:
            self._fails = (fault, self.calls + after, self.calls + after + times)

    def heal(self) -> None:
        """Let everything work again."""
        self.fail("EIO", 0, 0)

    def xOpen(self, name: Any, flags: list[int]) -> "DiskFile":  # noqa: N802 - named by SQLite
        path = str(name.filename() if isinstance(name, apsw.URIFilename) else name)
        is_new = not Path(path).exists()
        file = DiskFile(self, path, name, flags)
        if is_new:
            self.log.append(Event("create", path))
        return file

    def xDelete(self, filename: str, syncdir: bool) -> None:  # noqa: N802 - as SQLite calls it
        super().xDelete(filename, syncdir)
        self.log.append(Event("delete", filename))
        if syncdir:
            self.log.append(Event("folder"))

    def excepthook(self, *_: object) -> None:
        """SQLite has no use for some errors, as while it closes a file."""

    def count(self, event: Event) -> None:
        """One more write or sync. Raises when it is the turn of this one to fail."""
        with self._lock:
            self.calls += 1
            fault, first, end = self._fails
            failed = first < self.calls <= end
            self.faults += failed
            if failed and event.kind == "sync":
                event = event._replace(kind="lost")
            if not failed or event.kind == "lost":
                self.log.append(event)
        if failed:
            raise _error(fault, event.kind)


class DiskFile(apsw.VFSFile):
    """One open file."""

    def __init__(self, disk: Disk, path: str, name: Any, flags: list[int]) -> None:
        self._disk, self._path = disk, path
        self._folder_too = bool(flags[0] & _JOURNALS)
        super().__init__("", name, flags)

    def xWrite(self, data: bytes, offset: int) -> None:  # noqa: N802
        self._disk.count(Event("write", self._path, offset, bytes(data)))
        super().xWrite(data, offset)

    def xTruncate(self, newsize: int) -> None:  # noqa: N802
        self._disk.log.append(Event("truncate", self._path, newsize))
        super().xTruncate(newsize)

    def xSync(self, flags: int) -> None:  # noqa: N802
        self._disk.count(Event("sync", self._path))
        if self._folder_too:
            self._folder_too = False
            self._disk.log.append(Event("folder"))
        super().xSync(flags)


def _error(fault: Fault, kind: str) -> apsw.Error:
    if fault == "full" and kind == "write":
        return apsw.FullError("the disk is full, as the test asked for")
    error = apsw.IOError("the disk fails, as the test asked for")
    error.extendedresult = apsw.SQLITE_IOERR_WRITE if kind == "write" else apsw.SQLITE_IOERR_FSYNC
    return error


class _Content:
    """What is in a file: for certain, and perhaps."""

    def __init__(self) -> None:
        self._safe = bytearray()
        self._pending: list[Event] = []

    def change(self, event: Event) -> None:
        self._pending.append(event)

    def sync(self) -> None:
        for event in self._pending:
            _apply(self._safe, event)
        self._pending.clear()

    def lose(self, dice: random.Random) -> bytes:
        """Settle what of the rest is on the disk."""
        keep, noise = dice.choice([0.0, 0.1, 0.5, 0.9, 1.0]), dice.choice([0.0, 0.0, 0.3])
        for event in self._pending:
            for part in _sectors(event):
                if dice.random() < keep:
                    _apply(self._safe, part)
                elif part.data and dice.random() < noise:
                    _apply(self._safe, part._replace(data=dice.randbytes(len(part.data))))
        self._pending.clear()
        return bytes(self._safe)


def _sectors(event: Event) -> list[Event]:
    if event.kind != "write":
        return [event]
    end = event.at + len(event.data)
    cuts = [event.at, *range(event.at - event.at % SECTOR + SECTOR, end, SECTOR), end]
    return [
        event._replace(at=one, data=event.data[one - event.at : other - event.at])
        for one, other in itertools.pairwise(cuts)
    ]


def _apply(content: bytearray, event: Event) -> None:
    size = event.at if event.kind == "truncate" else event.at + len(event.data)
    if len(content) < size:
        content.extend(bytes(size - len(content)))
    if event.kind == "truncate":
        del content[size:]
    else:
        content[event.at : size] = event.data


def image(log: list[Event], dice: random.Random) -> tuple[dict[str, bytes], list[Any]]:
    """The files by name as a power cut after these events may leave them, and what had been told until then."""
    safe: dict[str, _Content] = {}
    names: dict[str, _Content] = {}
    for event in log:
        if event.kind == "create":
            names[event.name] = _Content()
        elif event.kind == "delete":
            names.pop(event.name)
        elif event.kind == "folder":
            safe = dict(names)
        elif event.kind == "sync":
            names[event.name].sync()
        elif event.kind == "lost":
            names[event.name].lose(dice)
        elif event.kind != "told":
            names[event.name].change(event)
    files = {}
    for name in sorted({*safe, *names}):
        content = dice.choice([safe.get(name), names.get(name)])
        if content:
            files[name] = content.lose(dice)
    return files, [event.what for event in log if event.kind == "told"]
