"""`clipmeter parse`: saved answers of TikTok to the 37 keys, without a network, a key or an account.

Rule 1: every file gets its line of JSON, whatever it holds; nothing that a file holds ends the run.
Rule 2: nothing is imported that reading a page does not need: the command is to start at once.
"""

import argparse
import errno
import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

import msgspec

from clipmeter.errors import InvalidParameter, Problem
from clipmeter.model import INCLUDES, Extras, Video
from clipmeter.sites.tiktok.ref import read_id
from clipmeter.sites.tiktok.saved import Saved, read_saved

LARGEST = 50_000_000
"""Bytes of a file at most; of a larger one no more than this is read."""
_SOURCE = "file"
_ALL_VIDEOS, _SOME_PROBLEM, _USAGE = 0, 3, 2
_MANY = 20
_EVERY = 10
_HELP = """\
Reads saved answers of TikTok (web pages, the JSON in them, items and lists of the web or the app) and prints what
GET /v1/tiktok/video would answer, {"video": {37 keys}} or {"error", "code"}: one line of JSON per file, with "file"
first when there are several; of a list one line per entry, with its "index". Makes no request.
"""
_STATUSES = "Exit status: 0 when everything is a video, 3 when something is not, 2 when the command line is wrong."


def main(argv: Sequence[str]) -> int:
    """Run the command with these arguments; the exit status."""
    arguments = _parser().parse_args(argv)
    if sys.stdout is None:  # closed by whoever started this
        return _SOME_PROBLEM
    try:
        good = _print_all(arguments.files, arguments.id, arguments.include)
        sys.stdout.flush()
    except BrokenPipeError:
        # Whoever read has seen enough. Python would complain once more when it closes stdout.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return _SOME_PROBLEM
    except OSError as error:  # a full disk
        with suppress(OSError):
            sys.stderr.write(f"clipmeter parse: the output cannot be written: {error.strerror}.\n")
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return _SOME_PROBLEM
    except KeyboardInterrupt:
        return 130
    return _ALL_VIDEOS if good else _SOME_PROBLEM


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="clipmeter parse",
        description=_HELP,
        epilog=_STATUSES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("files", metavar="FILE", nargs="+", help="a saved answer; - is standard input")
    parser.add_argument(
        "--id", metavar="ID", type=_id, help="the post wanted: another one is not_found; of a list only it"
    )
    parser.add_argument(
        "--include",
        metavar="LIST",
        type=_includes,
        default=(),
        help=f"keys to add to each video, a comma list of {', '.join(INCLUDES)}; or all",
    )
    return parser


def _includes(given: str) -> tuple[str, ...]:
    from clipmeter.endpoints.includes import read_includes  # noqa: PLC0415 - see rule 2

    try:
        return INCLUDES if given.strip() == "all" else read_includes(given)
    except InvalidParameter as problem:
        raise argparse.ArgumentTypeError(problem.message) from None


def _id(given: str) -> str:
    try:
        return read_id(given).id
    except InvalidParameter as problem:
        raise argparse.ArgumentTypeError(problem.message) from None


def _print_all(files: Sequence[str], asked: str | None, includes: Sequence[str]) -> bool:
    good = True
    for number, file in enumerate(files, 1):
        _progress(number, len(files))
        head = {"file": _printable(file)} if len(files) > 1 else {}
        saved = _read_file(file, asked, full=bool(includes))
        for index, answer in enumerate(saved.answers):
            place = {"index": index} if saved.listed else {}
            _print_line({**head, **place, **_body(answer, includes)})
            good = good and not isinstance(answer, Problem)
    return good


def _read_file(file: str, asked: str | None, *, full: bool) -> Saved[Video] | Saved[tuple[Video, Extras]]:
    try:
        data = _bytes_of(file)
    except OSError as error:
        return Saved((InvalidParameter(f"This file cannot be read: {error.strerror or error}."),))
    except ValueError:  # a NUL in the name
        return Saved((InvalidParameter("This file cannot be read: it has no possible name."),))
    if len(data) > LARGEST:
        return Saved(
            (InvalidParameter(f"This file has more than {LARGEST // 1_000_000} MB; no answer of TikTok has."),)
        )
    if not full:
        return read_saved(data, asked)
    from clipmeter.sites.tiktok.full import read_saved_full  # noqa: PLC0415 - see rule 2

    return read_saved_full(data, asked)


def _bytes_of(file: str) -> bytes:
    if file == "-":
        if sys.stdin is None:
            raise OSError(errno.EBADF, "standard input is closed")
        return _at_most(sys.stdin.buffer)
    with Path(file).open("rb") as opened:
        return _at_most(opened)


def _at_most(source: BinaryIO) -> bytes:
    """All of it, or a byte more than is allowed: pipes and devices tell no size beforehand."""
    return source.read(LARGEST + 1)


def _body(answer: Video | tuple[Video, Extras] | Problem, includes: Sequence[str]) -> dict[str, object]:
    if isinstance(answer, Problem):
        return dict(answer.body())
    if isinstance(answer, Video):
        return {"video": answer}
    from clipmeter.endpoints.includes import with_includes  # noqa: PLC0415 - see rule 2

    video, extras = answer
    return {"video": with_includes(video, extras, _SOURCE, includes)}


def _print_line(line: dict[str, object]) -> None:
    # One write per line: lines of several processes on one pipe stay whole, and a reader sees each at once.
    sys.stdout.buffer.write(msgspec.json.encode(line) + b"\n")
    sys.stdout.buffer.flush()


def _printable(file: str) -> str:
    """A file's name as given, as text: bytes that are no UTF-8 become U+FFFD."""
    return file.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _progress(number: int, total: int) -> None:
    if total < _MANY or not sys.stderr.isatty() or (number % _EVERY and number != total):
        return
    end = "\n" if number == total else ""
    sys.stderr.write(f"\r{number} of {total} files{end}")
    sys.stderr.flush()
