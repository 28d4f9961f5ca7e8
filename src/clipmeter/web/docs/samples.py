"""The example request of an endpoint as a program, in each of the languages that the pages show.

Every sample runs as it stands, with the key in the environment variable CLIPMETER_KEY: the tests take each of them from
the page that is served, and run it.
"""

from dataclasses import dataclass
from typing import Any

from clipmeter.endpoints.base import Endpoint, Parameters
from clipmeter.web.docs.plain import exported, plain

KEY = "CLIPMETER_KEY"
"""The environment variable that holds the caller's key. It is no setting: servers take no notice of it."""
LANGUAGES = {"curl": "curl", "python": "Python", "javascript": "JavaScript", "go": "Go", "php": "PHP"}
"""What each is called, in the order of the page."""


@dataclass(frozen=True, slots=True)
class Sample:
    """A program that asks an endpoint."""

    language: str
    """A key of LANGUAGES."""
    code: str

    @property
    def name(self) -> str:
        """The language, for people."""
        return LANGUAGES[self.language]


def samples_of(endpoint: Endpoint[Any], base_url: str, query: Parameters | None = None) -> tuple[Sample, ...]:
    """A request in every language, the example if there is no `query`; `base_url`: without a slash at its end."""
    asked = endpoint.example_query if query is None else query
    return tuple(Sample(language, _program(language, endpoint, base_url, asked)) for language in LANGUAGES)


def sample_of(endpoint: Endpoint[Any], base_url: str, language: str) -> Sample:
    """The example request in one of the languages."""
    return Sample(language, _program(language, endpoint, base_url, endpoint.example_query))


def _program(language: str, endpoint: Endpoint[Any], base_url: str, query: Parameters) -> str:
    parts, fields = _printed(endpoint)
    return plain(
        f"{language}.jinja",
        url=base_url + endpoint.path,
        query=query,
        key=KEY,
        parts=parts,
        fields=fields,
        struct=_go_struct(parts, fields),
    )


def _printed(endpoint: Endpoint[Any]) -> tuple[list[str], list[str]]:
    """The objects of the body, one within the other, and the fields of the innermost that a sample prints."""
    (inside,) = {path.rpartition(".")[0] for path in endpoint.shown}
    return inside.split("."), [path.rpartition(".")[2] for path in endpoint.shown]


def _go_struct(parts: list[str], fields: list[str]) -> list[str]:
    """The fields within the objects that hold them, as gofmt writes them."""
    width = max(len(exported(name)) for name in fields)
    lines = [f"{exported(name):{width}} string{_go_tag(name)}" for name in fields]
    for part in reversed(parts):
        lines = [f"{exported(part)} struct {{", *(f"\t{line}" for line in lines), f"}}{_go_tag(part)}"]
    return lines


def _go_tag(name: str) -> str:
    """What a field is called in JSON, where Go would not find it."""
    return "" if exported(name).lower() == name else f' `json:"{name}"`'
