"""What goes over the line between a server and the process that keeps its records (recorder.py, recording.py).

To the process: an Order, then Batches, each with its length before it. Back: how far it has come, always of one size.
"""

import signal
import struct
from dataclasses import replace
from typing import NamedTuple

import msgspec

from clipmeter.errors import Attempt
from clipmeter.records.requests import LogEntry, whole_characters

LENGTH = struct.Struct(">I")
PROGRESS = struct.Struct(">QQ")
IGNORED = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
"""Signals that are for the server: a Ctrl-C in the terminal, or one to all of a service. The line's end says enough."""
_encode = msgspec.msgpack.Encoder().encode


class Order(msgspec.Struct, frozen=True):
    """Where to write and what to keep. One of `path` (SQLite) and `url` (PostgreSQL) is ""."""

    path: str
    url: str
    pooled: bool
    keep_days: int
    log_level: str


class Batch(msgspec.Struct, array_like=True):
    """What has happened since the batch before."""

    entries: list[LogEntry]
    served: list[tuple[str, str, str, list[float]]]
    """Lane, endpoint, code, and the milliseconds of calls that have ended so."""
    tried: list[tuple[str, tuple[Attempt, ...]]]
    """Lane, and the tries of one fetch."""


class Progress(NamedTuple):
    """How far the process has come since its start: entries that it is done with, and how many of them were dropped."""

    done: int
    dropped: int


def clean(batch: Batch) -> Batch:
    """The same with texts that can be sent."""
    entries = [
        entry._replace(
            asked=whole_characters(entry.asked),
            sign=whole_characters(entry.sign),
            attempts=_clean(entry.attempts),
        )
        for entry in batch.entries
    ]
    return Batch(entries, batch.served, [(lane, _clean(attempts)) for lane, attempts in batch.tried])


def _clean(attempts: tuple[Attempt, ...]) -> tuple[Attempt, ...]:
    return tuple(replace(attempt, sign=whole_characters(attempt.sign)) for attempt in attempts)


def framed(message: Order | Batch) -> bytes:
    """A message as it is sent. Raises UnicodeEncodeError for half characters."""
    body = _encode(message)
    return LENGTH.pack(len(body)) + body
