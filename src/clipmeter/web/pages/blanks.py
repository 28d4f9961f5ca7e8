"""The playground's form: a blank for each parameter of an endpoint, and the query that they make when filled in."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from clipmeter.endpoints.base import Endpoint, Parameter
from clipmeter.errors import Problem

Kind = Literal["text", "number", "choice", "words"]
Query = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Blank:
    """A field of the form."""

    name: str
    meaning: str
    """In a sentence, with `code` in backticks; the endpoint's page says the rest."""
    kind: Kind
    value: str
    choices: tuple[str, ...] = ()
    is_main: bool = False
    """Alone it makes a whole request."""

    @property
    def picked(self) -> frozenset[str]:
        """Those of its words that are ticked."""
        return frozenset(part.strip() for part in self.value.split(","))


def blanks_of(endpoint: Endpoint[Any], query: Query) -> tuple[Blank, ...]:
    """The fields for a query, in the endpoint's order."""
    values = dict(query)
    return tuple(_blank(endpoint, parameter, values.get(parameter.name, "")) for parameter in endpoint.parameters)


def query_of(endpoint: Endpoint[Any], fields: Mapping[str, str]) -> Query:
    """What was filled in, or stands in an address; what is empty is not sent. A ticked word is `name.word`."""
    filled = ((parameter.name, _value(parameter, fields)) for parameter in endpoint.parameters)
    return tuple((name, value) for name, value in filled if value)


def _value(parameter: Parameter, fields: Mapping[str, str]) -> str:
    ticked = ",".join(word for word in parameter.words if fields.get(f"{parameter.name}.{word}"))
    return fields.get(parameter.name, "").strip() or ticked


def _blank(endpoint: Endpoint[Any], parameter: Parameter, value: str) -> Blank:
    return Blank(
        name=parameter.name,
        meaning=_hint(parameter),
        kind=_kind(parameter),
        value=value,
        choices=parameter.words or tuple(parameter.schema.get("enum", ())),
        is_main=_is_enough(endpoint, parameter),
    )


def _kind(parameter: Parameter) -> Kind:
    if parameter.words:
        return "words"
    if "enum" in parameter.schema:
        return "choice"
    return "number" if parameter.schema["type"] == "integer" else "text"


def _hint(parameter: Parameter) -> str:
    """Its first sentence; of a list of words, which stand beside it, only what comes before them."""
    first = parameter.description.partition(". ")[0].rstrip(".")
    return (first.partition(":")[0] if parameter.words else first) + "."


def _is_enough(endpoint: Endpoint[Any], parameter: Parameter) -> bool:
    """Whether it alone makes a whole request."""
    try:
        endpoint.read([(parameter.name, parameter.example)])
    except Problem:
        return False
    return True
