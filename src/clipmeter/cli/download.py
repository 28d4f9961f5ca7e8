"""`clipmeter download LINK…`: the files of posts, each post as the operator's own metered request; no server needed."""

import asyncio
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import msgspec
from rich.markup import escape
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn, TransferSpeedColumn

from clipmeter.app import Parts
from clipmeter.call import Asked, new_request_id
from clipmeter.cli.card import megabytes
from clipmeter.cli.show import err, fail, out, print_json_array, say
from clipmeter.endpoints.tiktok_video import TIKTOK_VIDEO
from clipmeter.errors import NotFound, Problem
from clipmeter.logs import set_up_logs
from clipmeter.media.files import SIZES, family, file_name, urls
from clipmeter.media.links import Wanted
from clipmeter.media.saving import Progress as Told
from clipmeter.media.saving import save
from clipmeter.settings import Settings
from clipmeter.sites.tiktok.found import Answer

NOT_ALL = 3
"""The exit status when a file could not be had."""


class File(msgspec.Struct, frozen=True):
    """A file that was saved, as --json prints it."""

    link: str
    kind: str
    path: str
    bytes: int
    sha256: str
    was_there: bool
    """It stood there already, whole, and nothing was fetched."""


class Failure(msgspec.Struct, frozen=True):
    """A post or file that could not be had."""

    link: str
    error: str
    code: str


def download(  # noqa: PLR0913 - the options of the command
    settings: Settings, links: Sequence[str], folder: Path, kind: str, *, test: bool, as_json: bool
) -> int:
    """Save the files; the exit status. `kind` "": the video, or the images of a photo post."""
    set_up_logs("error")
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        fail(f"{folder} cannot be made: {error.strerror}.")
    rows = asyncio.run(_Downloads(settings, folder, kind, test=test, quiet=as_json).all(links))
    if as_json:
        print_json_array(rows)
    return NOT_ALL if any(isinstance(row, Failure) for row in rows) else 0


class _Downloads:
    """One run of the command."""

    def __init__(self, settings: Settings, folder: Path, kind: str, *, test: bool, quiet: bool) -> None:
        """`quiet`: print nothing on stdout."""
        self._parts, self._folder, self._kind, self._quiet = Parts(settings), folder, kind, quiet
        self._lane = "test" if test else "live"

    async def all(self, links: Sequence[str]) -> list[File | Failure]:
        """One post after the other: a polite pace."""
        rows: list[File | Failure] = []
        async with self._parts.running():
            keys = await self._parts.books.operator()
            key = keys.test_key if self._lane == "test" else keys.key
            for link in links:
                rows += await self._post(key, link.strip())
        return rows

    async def _post(self, key: str, link: str) -> list[File | Failure]:
        name = "video_id" if link.isdecimal() and link.isascii() else "url"
        query = urlencode({name: link, "links": "direct"}, errors="replace").encode()
        done = await self._parts.call(TIKTOK_VIDEO, Asked(key, query, new_request_id()))
        if done.problem or done.got is None:
            return [self._failed(link, done.problem or NotFound())]
        answer: Answer = done.got.answer
        self._parts.relay.remember(self._lane, answer)
        try:
            kinds = kinds_of(answer, self._kind)
        except Problem as problem:
            return [self._failed(link, problem)]
        return [await self._file(link, answer, kind) for kind in kinds]

    async def _file(self, link: str, answer: Answer, kind: str) -> File | Failure:
        video = answer.video
        wanted = Wanted(0, self._lane, "", video.video_id, kind, file_name(video, kind))
        size = getattr(video, SIZES[kind]) if kind in SIZES else None
        try:
            with _bar(wanted.name) as told:
                saved = await save(
                    lambda headers: self._parts.relay.open(wanted, "GET", headers),
                    self._folder / wanted.name,
                    size=size,
                    progress=told,
                )
        except Problem as problem:
            return self._failed(link, problem)
        if not self._quiet:
            was_there = ", was there already" if saved.was_there else ""
            out.print(f"{escape(str(saved.path))}  {megabytes(saved.bytes)}{was_there}", soft_wrap=True)
        return File(link, kind, str(saved.path), saved.bytes, saved.sha256, saved.was_there)

    def _failed(self, link: str, problem: Problem) -> Failure:
        if not self._quiet:
            say(f"{link}: {problem.message} ({problem.code})")
        return Failure(link, problem.message, problem.code)


def kinds_of(answer: Answer, wanted: str) -> list[str]:
    """The files that were asked for. Raises NotFound with what there is instead."""
    known = list(urls(answer))
    images = [kind for kind in known if family(kind) == "image"]
    if wanted == "images" or (not wanted and "video" not in known):
        found = images
    else:
        found = [kind for kind in known if kind == (wanted or "video")]
    if found:
        return found
    choices = ("video", "hd", "watermarked", "music", "cover", "images")
    there = ", ".join(kind for kind in choices if kind in known or (kind == "images" and images))
    raise NotFound(f"This post has no {wanted or 'video'}; it has: {there or 'nothing to save'}.")


@contextmanager
def _bar(name: str) -> Iterator[Told]:
    """A progress bar with speed and time left, on a terminal; elsewhere nothing."""
    if not sys.stderr.isatty():
        yield lambda _there, _total: None
        return
    columns: tuple[Any, ...] = (
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=err, transient=True) as progress:
        task = progress.add_task(escape(name), total=None)
        yield lambda there, total: progress.update(task, completed=there, total=total)
