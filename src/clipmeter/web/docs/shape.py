"""The fields of an answer, for people: read from the types that the answer is made of."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import msgspec
from msgspec import inspect

from clipmeter.endpoints.base import Endpoint

_WORDS: dict[type[inspect.Type], str] = {
    inspect.StrType: "string",
    inspect.IntType: "integer",
    inspect.FloatType: "number",
    inspect.BoolType: "boolean",
    inspect.NoneType: "null",
}
_LISTS = (inspect.VarTupleType, inspect.ListType)
_MANY = {"string": "strings", "integer": "integers", "number": "numbers", "boolean": "booleans", "object": "objects"}


@dataclass(frozen=True, slots=True)
class Field:
    """One field of an answer."""

    name: str
    path: str
    """With the objects that it is in, `video.play_count`; a list's is that of its items."""
    type: str
    """As JSON has it: `integer or null`, `array of strings`."""
    meaning: str
    optional: bool
    """Whether it is there only when it is asked for."""
    fields: tuple["Field", ...]
    """Of the object, or of each object in the list."""

    @property
    def anchor(self) -> str:
        """Its id in the page."""
        return f"field-{self.path}"


def fields_of(endpoint: Endpoint[Any]) -> tuple[Field, ...]:
    """All fields of the body of a 200, in order."""
    always, sometimes = endpoint.optional
    return tuple(_fields(endpoint.result, "", {always: sometimes}))


def examples_of(body: bytes) -> dict[str, str]:
    """What each field says in an answer, by its path, as JSON has it; of a list's items the first one's."""
    return dict(_examples(msgspec.json.decode(body), ""))


def _examples(value: Any, path: str) -> Iterator[tuple[str, str]]:  # noqa: ANN401 - any JSON
    if isinstance(value, list) and value and isinstance(value[0], dict):
        value = value[0]
    if isinstance(value, dict):
        for name, within in value.items():
            yield from _examples(within, f"{path}.{name}" if path else name)
    else:
        yield path, msgspec.json.encode(value).decode()


def walk(fields: tuple[Field, ...]) -> Iterator[Field]:
    """Each of them, and those within, in the order of the page."""
    for field in fields:
        yield field
        yield from walk(field.fields)


def _fields(kind: type, inside: str, more: dict[Any, type], *, optional: bool = False) -> Iterator[Field]:
    found = inspect.type_info(kind)
    for field in found.fields if isinstance(found, inspect.StructType) else ():
        yield _field(field, inside, more, optional=optional)
    if kind in more:
        yield from _fields(more[kind], inside, {}, optional=True)


def _field(field: inspect.Field, inside: str, more: dict[Any, type], *, optional: bool) -> Field:
    path = f"{inside}.{field.encode_name}" if inside else field.encode_name
    about: dict[str, Any] = {}
    kind = field.type
    if isinstance(kind, inspect.Metadata):
        about, kind = kind.extra_json_schema or {}, kind.type
    struct = kind.item_type if isinstance(kind, _LISTS) else kind
    return Field(
        name=field.encode_name,
        path=path,
        type=_word(kind),
        meaning=about.get("description", ""),
        optional=optional,
        fields=tuple(_fields(struct.cls, path, more)) if isinstance(struct, inspect.StructType) else (),
    )


def _word(kind: inspect.Type) -> str:
    if isinstance(kind, inspect.UnionType):
        return " or ".join(_word(one) for one in kind.types)
    if isinstance(kind, _LISTS):
        return f"array of {_MANY[_word(kind.item_type)]}"
    return _WORDS.get(type(kind), "object")
