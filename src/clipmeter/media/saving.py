"""A file of a post onto the disk: resumed where it broke off, whole or not there at all.

Rule 1: a file stands under its own name only when all of it is there; until then it is `NAME.part`.
Rule 2: what is resumed is the same file: `NAME.part.tag` holds what the CDN calls it, and goes along as If-Range.
"""

import asyncio
import hashlib
import os
from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from pathlib import Path

from clipmeter.errors import UpstreamConnectionError, UpstreamError, UpstreamTimeout
from clipmeter.media.relay import Sent
from clipmeter.media.reply import Head

TRIES = 4
"""How often a file that breaks off is asked for, as long as each try brings something."""

Open = Callable[[Mapping[str, str]], AbstractAsyncContextManager[Sent]]
"""Asks for the file with these headers (names in lower case)."""
Progress = Callable[[int, int | None], None]
"""Told how many bytes are there, of how many; None: the CDN does not say."""


@dataclass(frozen=True, slots=True)
class Saved:
    """A whole file."""

    path: Path
    bytes: int
    sha256: str
    was_there: bool
    """It stood there already, and nothing was fetched."""


async def save(open_: Open, path: Path, *, size: int | None, progress: Progress) -> Saved:
    """Save the file as `path`. `size`: what TikTok says it has, believed where the CDN is silent.

    Raises Problem, and OSError when the disk does not take it; what has come so far stays for the next time.
    """
    part = _Part(path)
    done = await _all(open_, part, size, progress)
    if not done.was_there:
        part.finish()
    return Saved(path, done.total, await asyncio.to_thread(_sha256, path), done.was_there)


@dataclass(frozen=True, slots=True)
class _Done:
    total: int
    was_there: bool = False


class _Part:
    """The beginning of a file, and what tells which file it is the beginning of."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.file = path.with_name(path.name + ".part")
        self.tag = path.with_name(path.name + ".part.tag")

    def size(self) -> int:
        """Bytes that can be kept: none without a tag."""
        return self.file.stat().st_size if self.file.exists() and self.tag.exists() else 0

    def headers(self) -> dict[str, str]:
        """What to ask with."""
        size = self.size()
        return {"range": f"bytes={size}-", "if-range": self.tag.read_text(encoding="ascii")} if size else {}

    def begin(self, head: Head) -> None:
        """A new file: what there was of another is dropped."""
        self.drop()
        name = head.validator.get("ETag") or head.validator.get("Last-Modified")
        if name:
            self.tag.write_text(name, encoding="ascii")

    def drop(self) -> None:
        self.tag.unlink(missing_ok=True)
        self.file.unlink(missing_ok=True)

    def finish(self) -> None:
        """Give the file its name, after it is safe on the disk."""
        with self.file.open("rb") as whole:
            os.fsync(whole.fileno())
        self.file.replace(self.path)
        self.tag.unlink(missing_ok=True)


async def _all(open_: Open, part: _Part, size: int | None, progress: Progress) -> _Done:
    """Go on as long as each try brings something."""
    for _ in range(TRIES - 1):
        before = part.size()
        try:
            return await _rest(open_, part, size, progress)
        except (UpstreamConnectionError, UpstreamTimeout):
            if part.size() <= before:
                raise
    return await _rest(open_, part, size, progress)


async def _rest(open_: Open, part: _Part, size: int | None, progress: Progress) -> _Done:
    """Everything that is not there yet."""
    async with open_(part.headers()) as sent:
        head = sent.head
        if head.status == 416:
            if head.total is not None and head.total == part.size():
                return _Done(head.total)
        elif head.status == 200 and head.total is not None and _has(part.path, head.total):
            return _Done(head.total, was_there=True)
        else:
            return await _take(sent, part, size, progress)
    part.drop()
    async with open_({}) as sent:
        return await _take(sent, part, size, progress)


async def _take(sent: Sent, part: _Part, size: int | None, progress: Progress) -> _Done:
    head = sent.head
    if head.status == 200:
        part.begin(head)
    there = head.start
    total = size if head.total is None else head.total
    progress(there, total)
    with part.file.open("ab") as out:
        async for chunk in sent.chunks:
            out.write(chunk)
            there += len(chunk)
            progress(there, total)
    if total is not None and there != total:
        part.drop()
        raise UpstreamError(f"The file should have {total} bytes and has {there}.", sign="size")
    return _Done(there)


def _has(path: Path, size: int) -> bool:
    return path.is_file() and path.stat().st_size == size


def _sha256(path: Path) -> str:
    with path.open("rb") as whole:
        return hashlib.file_digest(whole, "sha256").hexdigest()
