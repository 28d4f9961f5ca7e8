"""Who is alive, for processes that share one machine: each holds a lock on a file of its own for life.

The kernel frees the lock when the process ends, however it ends, so a dead node is known at once and for certain, and a
slow one is never taken for dead.
"""

import fcntl
import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from uuid import uuid4

from clipmeter.store.base import Query, Steps, plan


@plan
def join(node_id: str) -> Steps[None]:
    """A node starts."""
    yield Query("node_join", {"node_id": node_id})


class Nodes:
    """The folder of lock files. Works between stores of one process, too."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._held: dict[str, int] = {}

    def join(self) -> str:
        """A new node id, alive until `leave` or the end of this process."""
        self._folder.mkdir(parents=True, exist_ok=True)
        node_id = uuid4().hex
        descriptor = os.open(self._path(node_id), os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        for folder in (self._folder, self._folder.parent):  # after a power cut a missing file would prove nothing
            _save_names(folder)
        self._held[node_id] = descriptor
        return node_id

    def leave(self, node_id: str) -> None:
        """Forget a node that holds nothing any more."""
        with suppress(FileNotFoundError):
            self._path(node_id).unlink()
        descriptor = self._held.pop(node_id, None)
        if descriptor is not None:
            os.close(descriptor)

    def holds(self, node_id: str) -> bool:
        """Whether this process is that node."""
        return node_id in self._held

    def release(self) -> None:
        """Be seen as dead from now on: what these nodes hold is for others to end."""
        while self._held:
            os.close(self._held.popitem()[1])

    def dead(self, node_ids: Iterable[str]) -> list[str]:
        """Those whose lock is free. A node without a file is unknown, not dead: its deadlines will tell."""
        return [node_id for node_id in node_ids if node_id not in self._held and self._is_free(node_id)]

    def _is_free(self, node_id: str) -> bool:
        try:
            descriptor = os.open(self._path(node_id), os.O_RDWR)
        except FileNotFoundError:
            return False
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        else:
            return True
        finally:
            os.close(descriptor)

    def _path(self, node_id: str) -> Path:
        return self._folder / f"{node_id}.lock"


def _save_names(folder: Path) -> None:
    """Make the names of a folder's files durable."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
