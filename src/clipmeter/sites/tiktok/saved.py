"""Bytes that somebody saved, of a kind that nobody tells, to the posts in them: for `clipmeter parse`. Pure."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Generic, NamedTuple, TypeVar

from clipmeter.errors import NotFound, Problem, UpstreamError
from clipmeter.model import Video

from . import verdict
from .item import WebItem
from .loose import convert, decode_any, text
from .page import Detail, State, check, find_in_detail, find_in_state, read_page
from .shapes import Json, Post, id_of, is_state, located, shape, video_of

T = TypeVar("T")


class Saved(NamedTuple, Generic[T]):
    """What the bytes hold: one answer, or those of a list in its order."""

    answers: Sequence[T | Problem]
    listed: bool = False


class Reading(NamedTuple, Generic[T]):
    """How much is read of what was saved."""

    page: Callable[[bytes, str | None], T]
    post: Callable[[Post], T]
    kinds: Mapping[type[Post], type[Post]]
    """What a shape is decoded as, where that is not its own type."""
    detail: type[Detail[Any]]
    state: type[State[Any]]


_NO_POST = UpstreamError("This entry of the list is no post.", sign="entry without a post")
"""One for all entries: a list of millions of zeros must not become millions of exceptions."""


def read_saved(data: bytes, asked: str | None = None) -> Saved[Video]:
    """What saved bytes hold, as Videos and Problems; nothing is raised.

    The bytes may be a page, the JSON in it, one item of the web or the app in any of their shapes, a list of them in
    any of the answers they come in, or an answer that says why there is none. With `asked` there is one answer: the
    post of that id.
    """
    return read_saved_as(_PLAIN, data, asked)


def read_saved_as(how: Reading[T], data: bytes, asked: str | None) -> Saved[T]:
    """What saved bytes hold, read in this way."""
    try:
        if data.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] not in {b"{", b"["}:
            return Saved((how.page(data, asked),))
        posts = _posts(how, data, asked)
        return Saved(tuple(_answer(post, how.post) for post in posts.answers), listed=posts.listed)
    except Problem as problem:
        return Saved((problem,))
    except RecursionError:
        return Saved((UpstreamError(sign="nested too deep"),))


def _answer(post: Post | Problem, read: Callable[[Post], T]) -> T | Problem:
    try:
        return post if isinstance(post, Problem) else read(post)
    except Problem as problem:
        return problem


def _posts(how: Reading[Any], data: bytes, asked: str | None) -> Saved[Post]:
    try:
        value = decode_any(data)
    except ValueError as error:
        raise UpstreamError(sign=f"JSON: {error!s:.100}") from error
    found = located(value)
    if found is None:
        raise _without_post(value)
    if isinstance(found, dict):
        return Saved((_post(how, found, asked),))
    entries = tuple(_entry(how, entry) for entry in found)
    return Saved(entries, listed=True) if asked is None else Saved((_pick(entries, asked),))


def _entry(how: Reading[Any], entry: object) -> Post | Problem:
    found = located(entry)
    try:
        if isinstance(found, dict):
            return _post(how, found, None)
    except Problem as problem:
        return problem.with_traceback(None)  # a list may have a million of them
    return _NO_POST


def _pick(entries: Sequence[Post | Problem], asked: str) -> Post | Problem:
    found = next((one for one in entries if not isinstance(one, Problem) and text(id_of(one)) == asked), None)
    return found or NotFound("This list holds no post of the id asked for.", sign=f"{len(entries)} entries")


def _post(how: Reading[Any], found: Json, asked: str | None) -> Post:
    if kind := shape(found):
        post = convert(found, how.kinds.get(kind, kind))
        check(id_of(post), asked)
        return post
    if is_state(found) and (of_state := _of_state(how, found, asked)):
        return of_state
    raise _without_post(found)


def _of_state(how: Reading[Any], found: Json, asked: str | None) -> Post | None:
    if isinstance(found.get("itemInfo"), dict):
        return find_in_detail(convert(found, how.detail), asked)
    inner = found if "__DEFAULT_SCOPE__" in found else {**found, "__DEFAULT_SCOPE__": found}
    return find_in_state(convert(inner, how.state), asked)


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


_PLAIN = Reading(page=read_page, post=video_of, kinds={}, detail=Detail[WebItem], state=State[WebItem])
