"""What an endpoint is: everything that the route, OpenAPI, docs and command line need to know of it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Generic, TypeVar
from urllib.parse import parse_qsl

import msgspec

from clipmeter.errors import InvalidParameter
from clipmeter.media.links import Signer

_REMEMBERED = 4_000  # query strings
_SHORT = 250  # bytes
Query = TypeVar("Query")
Parameters = Sequence[tuple[str, str]]
"""Names and values of a query as they came, decoded, in order."""


Relayed = Callable[[Any, str | None], Signer | None]
"""An answer, and the `links` that the caller asked for (None: as the operator set) → what makes this server's links.

None: the source's own links stay.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """One query parameter, for people and for OpenAPI."""

    name: str
    description: str
    schema: Mapping[str, Any]
    example: str
    words: tuple[str, ...] = ()
    """What may stand in it, where it is a comma list."""


@dataclass(frozen=True, slots=True)
class Question:
    """What callers ask about an endpoint, for its page.

    The answer is plain text with `code` in backticks and [links](/path); `{link_life}` stands for how long media links
    are good.
    """

    asked: str
    answer: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint(Generic[Query]):
    """One thing that is sold: its route, OpenAPI and page follow from this.

    Price, free tier and concurrency are the operator's (settings).
    """

    name: str
    """In the ledger and in metrics."""
    path: str
    title: str
    promise: str
    """One sentence that says what a caller gets."""
    parameters: tuple[Parameter, ...]
    read: Callable[[Parameters], Query]
    """Parameters → what is asked. Raises MissingParameter or InvalidParameter."""
    result: type[msgspec.Struct]
    """The body of a 200, as OpenAPI describes it."""
    optional: tuple[type[msgspec.Struct], type[msgspec.Struct]]
    """An object of the body, and the fields that it has only when they are asked for."""
    render: Callable[[Any, Query, "Relayed"], bytes]
    """The source's answer to a query → the body of a 200."""
    example: tuple[str, ...]
    """Names of the parameters whose examples make up the example request."""
    example_body: Callable[[str], bytes]
    """The address of this server → the body of a 200 for the example request."""
    shown: tuple[str, ...]
    """What code samples print of the body: fields of one object, each a text that is never null, as `video.title`."""
    questions: tuple[Question, ...] = ()

    @property
    def slug(self) -> str:
        """In the address of its page."""
        return self.name.replace("_", "-")

    @property
    def example_query(self) -> tuple[tuple[str, str], ...]:
        """Names and values of the example request."""
        return tuple((p.name, p.example) for p in self.parameters if p.name in self.example)

    def asks(self, raw: bytes) -> Query:
        """What a query string as it came asks for; short ones are remembered. Raises what `read` raises."""
        if len(raw) > _SHORT:
            return self.read(read_query(raw))
        query: Query = _asked_again(self.read, raw)
        return query


def once(parameters: Parameters, name: str) -> str | None:
    """The value of a parameter that may be given once; None when it is absent or empty."""
    values = [value for key, value in parameters if key == name]
    if len(values) > 1:
        raise InvalidParameter(f"Give {name} once, not {len(values)} times.")
    return values[0] or None if values else None


def number(parameters: Parameters, name: str, most: int) -> int | None:
    """A whole number from 0 to `most`; None when it is absent. Raises InvalidParameter."""
    value = once(parameters, name)
    if value is None:
        return None
    if not (value.isascii() and value.isdigit() and len(value) <= len(str(most)) and int(value) <= most):
        raise InvalidParameter(f"{name} must be a whole number from 0 to {most}.")
    return int(value)


def choice(parameters: Parameters, name: str, known: Sequence[str]) -> str | None:
    """One of the known words; None when it is absent. Raises InvalidParameter."""
    value = once(parameters, name)
    if value is not None and value not in known:
        raise InvalidParameter(f"{name} must be one of: {', '.join(known)}.")
    return value


def read_query(raw: bytes) -> Parameters:
    """A query string as it came → its parameters. Raises InvalidParameter."""
    try:
        return parse_qsl(raw.decode("utf8"), keep_blank_values=True, errors="strict")
    except UnicodeDecodeError as error:
        raise InvalidParameter("The query is not valid UTF-8 after percent-decoding.") from error


@lru_cache(_REMEMBERED)
def _asked_again(read: Callable[[Parameters], Any], raw: bytes) -> Any:  # noqa: ANN401 - a query of the endpoint's
    return read(read_query(raw))
