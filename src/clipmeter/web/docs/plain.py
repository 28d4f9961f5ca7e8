"""Plain text from templates: programs, and the Markdown that programs read. Nothing is escaped as HTML here."""

import json
import re
import shlex
from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from clipmeter.web.docs.guides import whole_links

_INITIALS = {"api", "hd", "html", "http", "id", "json", "url"}


def plain(template: str, **values: Any) -> str:  # noqa: ANN401 - whatever the template shows
    """A template of `snippets` filled in, with one line's end at its end."""
    return _environment().get_template(template).render(values).strip() + "\n"


def exported(name: str) -> str:
    """`video_url` as Go names it: VideoURL."""
    return "".join(part.upper() if part in _INITIALS else part.capitalize() for part in name.split("_"))


def _text(value: str) -> str:
    """A string of Python, JavaScript and Go, whose strings can all be written as JSON's."""
    return json.dumps(value, ensure_ascii=False)


def _php(value: str) -> str:
    return "'" + re.sub(r"(['\\])", r"\\\1", value) + "'"


def _shell(value: str) -> str:
    """In quotes also where none are needed, for those who will put something else in its place."""
    quoted = shlex.quote(value)
    return quoted if quoted.startswith("'") else f"'{quoted}'"


@cache
def _environment() -> Environment:
    environment = Environment(  # noqa: S701 - no HTML
        loader=PackageLoader("clipmeter.web.docs", "snippets"),
        undefined=StrictUndefined,
        auto_reload=False,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "text": _text,
        "php": _php,
        "shell": _shell,
        "word": shlex.quote,
        "exported": exported,
        "whole": whole_links,
    }
    return environment
