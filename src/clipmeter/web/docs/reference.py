"""The API reference: drawn by a script from the OpenAPI document, and a plain list of the same for those without."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from clipmeter.endpoints import ENDPOINTS
from clipmeter.web.openapi import document
from clipmeter.web.pages.render import POLICY
from clipmeter.web.pages.visit import Answer, Visit, public

PATH = "/docs/api"
SCRIPT = "reference.js"
_POLICY = POLICY.replace("style-src 'self'", "style-src 'self' 'unsafe-inline'").replace(
    "img-src 'self'", "img-src 'self' data:"
)
"""The script writes styles of its own as it draws, and shows a picture that stands in it; nowhere else may that be."""


@dataclass(frozen=True, slots=True)
class Operation:
    """One method of one path."""

    method: str
    path: str
    name: str
    summary: str
    about: str
    """A sentence more, in Markdown; "" for none."""
    tag: str
    parameters: tuple[tuple[str, str], ...]
    """Each with its meaning."""
    answers: tuple[tuple[str, str], ...]
    """Statuses, each with what it means."""
    is_open: bool
    """Whether it needs no key."""


@cache
def operations() -> tuple[Operation, ...]:
    """All of them, in the order of the document."""
    described = document(ENDPOINTS, "/")
    return tuple(_operations(described))


def _operations(described: Mapping[str, Any]) -> Iterator[Operation]:
    for path, methods in described["paths"].items():
        shared = methods.get("parameters", [])
        for method, one in methods.items():
            if method != "parameters":
                yield _operation(described, path, method, {**one, "parameters": [*shared, *one.get("parameters", [])]})


def _operation(described: Mapping[str, Any], path: str, method: str, one: Mapping[str, Any]) -> Operation:
    responses = {status: _resolved(described, answer) for status, answer in one["responses"].items()}
    return Operation(
        method=method.upper(),
        path=path,
        name=one["operationId"],
        summary=one["summary"],
        about=one.get("description", ""),
        tag=one["tags"][0],
        parameters=tuple((p["name"], p["description"]) for p in one["parameters"]),
        answers=tuple((status, answer["description"]) for status, answer in responses.items()),
        is_open=one.get("security") is not None and {} in (one["security"] or [{}]),
    )


def _resolved(described: Mapping[str, Any], answer: Mapping[str, Any]) -> Mapping[str, Any]:
    """What a reference into `components.responses` stands for."""
    if "$ref" not in answer:
        return answer
    found: Mapping[str, Any] = described["components"]["responses"][answer["$ref"].rpartition("/")[2]]
    return found


async def _page(visit: Visit) -> Answer:
    tags = document_tags()
    groups = [(name, about, [one for one in operations() if one.tag == name]) for name, about in tags]
    answer = visit.render("docs/reference.html", groups=groups, script=SCRIPT, path=PATH)
    answer.headers["Content-Security-Policy"] = _POLICY
    return answer


@cache
def document_tags() -> tuple[tuple[str, str], ...]:
    """What operations are grouped by, each with what it means."""
    return tuple((tag["name"], tag["description"]) for tag in document(ENDPOINTS, "/")["tags"])


PAGES = (public(PATH, _page),)
