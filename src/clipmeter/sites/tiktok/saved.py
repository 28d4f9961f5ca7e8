"""Bytes that somebody saved, of a kind that nobody tells, to the Videos in them: for `clipmeter parse`. Pure."""

from collections.abc import Sequence
from typing import NamedTuple, TypeAlias

from clipmeter.errors import NotFound, Problem, UpstreamError
from clipmeter.model import Video

from . import verdict
from .loose import convert, decode_any, text
from .page import Detail, State, read_detail, read_page, read_state, same
from .shapes import Json, is_state, located, reader

Answer: TypeAlias = Video | Problem


class Saved(NamedTuple):
    """What the bytes hold: one answer, or those of a list in its order."""

    answers: Sequence[Answer]
    listed: bool = False


def read_saved(data: bytes, asked: str | None = None) -> Saved:
    """What saved bytes hold, as Videos and Problems; nothing is raised.

    The bytes may be a page, the JSON in it, one item of the web or the app in any of their shapes, a list of them in
    any of the answers they come in, or an answer that says why there is none. With `asked` there is one answer: the
    post of that id.
    """
    try:
        return _read(data, asked)
    except Problem as problem:
        return Saved((problem,))
    except RecursionError:
        return Saved((UpstreamError(sign="nested too deep"),))


def _read(data: bytes, asked: str | None) -> Saved:
    if data.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] not in {b"{", b"["}:
        return Saved((read_page(data, asked),))
    try:
        value = decode_any(data)
    except ValueError as error:
        raise UpstreamError(sign=f"JSON: {error!s:.100}") from error
    found = located(value)
    if found is None:
        raise _without_post(value)
    if isinstance(found, dict):
        return Saved((same(_video(found, asked), asked),))
    answers = tuple(_entry(entry) for entry in found)
    return Saved(answers, listed=True) if asked is None else Saved((_pick(answers, asked),))


def _entry(entry: object) -> Answer:
    found = located(entry)
    try:
        if isinstance(found, dict):
            return _video(found, None)
    except Problem as problem:
        return problem
    return UpstreamError("This entry of the list is no post.", sign="entry without a post")


def _pick(answers: Sequence[Answer], asked: str) -> Answer:
    found = next((one for one in answers if isinstance(one, Video) and one.video_id == asked), None)
    return found or NotFound("This list holds no post of the id asked for.", sign=f"{len(answers)} entries")


def _video(found: Json, asked: str | None) -> Video:
    if read := reader(found):
        return read(found)
    if is_state(found) and (video := _of_state(found, asked)):
        return video
    raise _without_post(found)


def _of_state(found: Json, asked: str | None) -> Video | None:
    if isinstance(found.get("itemInfo"), dict):
        return read_detail(convert(found, Detail), asked)
    inner = found if "__DEFAULT_SCOPE__" in found else {**found, "__DEFAULT_SCOPE__": found}
    return read_state(convert(inner, State), asked)


def _without_post(value: object) -> Problem:
    """What JSON without a post says about it."""
    said = value if isinstance(value, dict) else {}
    code = next((said[key] for key in ("statusCode", "status_code", "code") if key in said), None)
    words = next((said[key] for key in ("statusMsg", "statusMessage", "status_msg", "msg") if text(said.get(key))), "")
    return (
        verdict.filtered(said.get("filter_detail"))
        or verdict.unavailable(code, words)
        or UpstreamError("TikTok's answer holds no post.", sign="JSON without a post")
    )
