"""The OpenAPI 3.1 document, built from the endpoints, the model and the error tree.

`python -m clipmeter.web.openapi` prints it.
"""

import re
import sys
from collections.abc import Iterator, Sequence
from typing import Any

import msgspec

from clipmeter import __version__
from clipmeter.billing.replays import LONGEST_KEY
from clipmeter.endpoints import ENDPOINTS
from clipmeter.endpoints.base import Endpoint, Parameter
from clipmeter.errors import ConcurrencyLimitExceeded, Problem
from clipmeter.web.account import PAGES, Page
from clipmeter.web.media import PARTS as MEDIA_PARTS
from clipmeter.web.media import PATH as MEDIA_PATH

SCHEMA_REF = "#/components/schemas/{name}"
DESCRIPTION = (
    "Send your API key in the header `X-API-Key`. Only 200s are charged. A key that starts with `ak_test_` takes "
    "the same path against a built-in TikTok look-alike, free of charge."
)
HEADERS = {
    "X-Request-Id": ("string", "Names this request; give it when you report a problem."),
    "X-Charge": ("integer", "What this request costs, in micro-dollars; 0 when it is free."),
    "X-Free-Remaining": ("integer", "Free requests left this calendar month (UTC)."),
    "RateLimit": ("string", "How many more requests may be in flight now."),
    "RateLimit-Policy": ("string", "How many requests may be in flight at once."),
    "Age": ("integer", "Seconds since TikTok was asked."),
    "Cache-Control": ("string", "How long the answer may be kept; never past its links."),
    "ETag": ("string", "Names this answer, for `If-None-Match`."),
    "Idempotency-Replayed": ("boolean", "`true`: the stored answer to an earlier request, whose id is `X-Request-Id`."),
    "Retry-After": ("integer", "Whole seconds after which a repeat makes sense."),
    "Link": ("string", 'Where the error is explained: `</docs/errors/CODE>; rel="help"`.'),
}
FRESHNESS = ("Age", "Cache-Control", "ETag")
STANDING = ("X-Charge", "X-Free-Remaining", "RateLimit", "RateLimit-Policy")

IF_NONE_MATCH = {
    "name": "If-None-Match",
    "in": "header",
    "description": "The ETag of an answer that the caller has already.",
    "schema": {"type": "string"},
}
IDEMPOTENCY_KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "description": (
        "Any text of yours. A repeat with the same one and the same parameters within 24 hours gets the answer that "
        "was stored, and is never charged twice. Failures are not stored."
    ),
    "schema": {"type": "string", "maxLength": LONGEST_KEY, "pattern": "^[ -~]*$"},
}


def document(endpoints: Sequence[Endpoint[Any]], server_url: str) -> dict[str, Any]:
    """The whole document as a JSON object."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "clipmeter",
            "version": __version__,
            "description": DESCRIPTION,
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "servers": [{"url": server_url, "description": "This server"}],
        "tags": [
            {"name": "endpoints", "description": "What is sold."},
            {"name": "account", "description": "What an account can read of itself, free of charge."},
            {"name": "service", "description": "What this server says of itself."},
        ],
        "security": [{"ApiKey": []}],
        "paths": {
            **{e.path: {"get": _operation(e)} for e in endpoints},
            **_account_paths(),
            **_media_paths(),
            **_service_paths(),
        },
        "components": {
            "securitySchemes": {"ApiKey": {"type": "apiKey", "in": "header", "name": "X-API-Key"}},
            "schemas": _result_schemas(endpoints),
            "headers": {
                name: {"description": about, "schema": {"type": kind}} for name, (kind, about) in HEADERS.items()
            },
            "responses": {f"Error{status}": _error_response(status) for status in statuses()},
        },
    }


def problems(kind: type[Problem] = Problem) -> Iterator[type[Problem]]:
    """Every problem with a code, by walking the tree."""
    if kind.code:
        yield kind
    for below in kind.__subclasses__():
        yield from problems(below)


def statuses() -> list[int]:
    """Every status an error may have."""
    return sorted({kind.status for kind in problems()})


def _operation(endpoint: Endpoint[Any]) -> dict[str, Any]:
    return {
        "operationId": endpoint.name,
        "tags": ["endpoints"],
        "summary": endpoint.title,
        "description": endpoint.promise,
        "parameters": [*_parameters(endpoint.parameters), IF_NONE_MATCH, IDEMPOTENCY_KEY],
        "responses": {
            "200": _response(
                "Found; charged.",
                ("X-Request-Id", *STANDING, *FRESHNESS, "Idempotency-Replayed"),
                endpoint.result.__name__,
            ),
            "304": {
                "description": "What `If-None-Match` names is still what is remembered; free.",
                "headers": _header_refs(("X-Request-Id", *STANDING, *FRESHNESS)),
            },
            **{str(status): {"$ref": f"#/components/responses/Error{status}"} for status in statuses()},
        },
    }


def _parameters(parameters: Sequence[Parameter]) -> list[dict[str, Any]]:
    return [
        {
            "name": p.name,
            "in": "query",
            "description": p.description,
            "schema": dict(p.schema),
            "examples": {"documented": {"value": _typed(p)}},
        }
        for p in parameters
    ]


def _typed(parameter: Parameter) -> str | int:
    return int(parameter.example) if parameter.schema.get("type") == "integer" else parameter.example


def _account_paths() -> dict[str, Any]:
    return {page.path: {"get": _account_operation(page)} for page in PAGES}


def _account_operation(page: Page) -> dict[str, Any]:
    failures = (400, 401, 405, 413, 431, 500, 503)
    return {
        "operationId": page.name,
        "tags": ["account"],
        "summary": page.summary,
        "parameters": _parameters(page.parameters),
        "responses": {
            "200": _response("Free of charge.", ("X-Request-Id", "X-Charge"), page.result.__name__),
            **{str(status): {"$ref": f"#/components/responses/Error{status}"} for status in failures},
        },
    }


def _service_paths() -> dict[str, Any]:
    return {
        "/healthz": {"get": _service("health", "Whether the process lives", _status_schema("ok"), ())},
        "/readyz": {"get": _service("readiness", "Whether paid requests are taken", _status_schema("ready"), (503,))},
        "/metrics": {"get": _metrics()},
        "/openapi.json": {"get": _service("openapi", "This document", {"type": "object"}, ())},
    }


def _metrics() -> dict[str, Any]:
    about = "Numbers for Prometheus; from this machine, or with the operator's key"
    page = _service("metrics", about, {}, (401, 404, 503))
    page["responses"]["200"]["content"] = {"text/plain": {"schema": {"type": "string"}}}
    return {**page, "security": [{}, {"ApiKey": []}]}


def _service(name: str, summary: str, schema: dict[str, Any], failures: tuple[int, ...]) -> dict[str, Any]:
    return {
        "operationId": name,
        "tags": ["service"],
        "summary": summary,
        "security": [],
        "responses": {
            "200": {
                "description": summary,
                "headers": _header_refs(("X-Request-Id",)),
                "content": {"application/json": {"schema": schema}},
            },
            **{str(s): {"$ref": f"#/components/responses/Error{s}"} for s in (405, 413, 431, 500, *failures)},
        },
    }


def _media_paths() -> dict[str, Any]:
    names = re.findall(r"{(\w+):str}", MEDIA_PATH)
    parameters = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}, "description": MEDIA_PARTS[name]}
        for name in names
    ]
    return {
        MEDIA_PATH.replace(":str", ""): {
            "parameters": parameters,
            "get": _media("media", "A file, by the link that an answer gave", (200, 206)),
            "head": _media("media_head", "What GET would say of the file", (200,)),
        }
    }


def _media(name: str, summary: str, good: tuple[int, ...]) -> dict[str, Any]:
    file = {"schema": {"type": "string", "format": "binary"}}
    about = {200: "The whole file", 206: "The range that was asked for"}
    types = ("video/mp4", "audio/mpeg", "image/jpeg", "text/vtt")
    found = {
        str(status): {
            "description": about[status],
            "headers": _header_refs(("X-Request-Id",)),
            "content": dict.fromkeys(types, file),
        }
        for status in good
    }
    operation = _service(name, summary, {}, (404, 429, 502, 503, 504))
    none = {**_error_response(400), "description": "The range lies outside of the file."}
    return {
        **operation,
        "description": "Needs no key: the link is signed, and good until the time it names. Free, and takes no slot.",
        "responses": {**found, **{k: v for k, v in operation["responses"].items() if k != "200"}, "416": none},
    }


def _status_schema(word: str) -> dict[str, Any]:
    return {"type": "object", "required": ["status"], "properties": {"status": {"const": word}}}


def _result_schemas(endpoints: Sequence[Endpoint[Any]]) -> dict[str, Any]:
    _, schemas = msgspec.json.schema_components(
        [*(kind for e in endpoints for kind in (e.result, *e.optional)), *(page.result for page in PAGES)],
        ref_template=SCHEMA_REF,
    )
    closed = {name: _closed(schema) for name, schema in schemas.items()}
    for always, sometimes in (e.optional for e in endpoints):
        closed[always.__name__]["properties"] |= closed.pop(sometimes.__name__)["properties"]
    return closed


def _closed(schema: dict[str, Any]) -> dict[str, Any]:
    """Every field is always sent, and no other: defaults are an inner matter."""
    fields = {
        name: {key: value for key, value in about.items() if key != "default"}
        for name, about in schema["properties"].items()
    }
    return {**schema, "properties": fields, "required": list(fields), "additionalProperties": False}


def _error_response(status: int) -> dict[str, Any]:
    kinds = [kind for kind in problems() if kind.status == status]
    properties: dict[str, Any] = {
        "error": {"type": "string", "description": "A sentence for a person"},
        "code": {"type": "string", "enum": list(dict.fromkeys(kind.code for kind in kinds))},
    }
    if ConcurrencyLimitExceeded in kinds:
        properties["limit"] = {"type": "integer", "description": "Requests that may be in flight (one code only)"}
        properties["current"] = {"type": "integer", "description": "Requests that are in flight (one code only)"}
    retry = ("Retry-After",) if any(kind.retry_after is not None for kind in kinds) else ()
    schema = {
        "type": "object",
        "required": ["error", "code"],
        "properties": properties,
        "additionalProperties": False,
    }
    return {
        "description": " ".join(
            f"`{kind.code}`: {kind().message}" for kind in kinds if kind.__init__ is Problem.__init__
        )
        or "An error; nothing is charged.",
        "headers": _header_refs(("X-Request-Id", "Link", *retry)),
        "content": {"application/json": {"schema": schema}},
    }


def _response(description: str, headers: tuple[str, ...], schema: str) -> dict[str, Any]:
    return {
        "description": description,
        "headers": _header_refs(headers),
        "content": {"application/json": {"schema": {"$ref": SCHEMA_REF.format(name=schema)}}},
    }


def _header_refs(names: tuple[str, ...]) -> dict[str, Any]:
    return {name: {"$ref": f"#/components/headers/{name}"} for name in names}


if __name__ == "__main__":
    sys.stdout.buffer.write(msgspec.json.format(msgspec.json.encode(document(ENDPOINTS, "/")), indent=1) + b"\n")
