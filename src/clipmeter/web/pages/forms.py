"""Reading what a form sent, and what of it may be shown again."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, urlencode

from litestar import Request

from clipmeter.web.pages.errors import FormUnreadable

FORM = "application/x-www-form-urlencoded"
SECRETS = frozenset({"csrf", "once", "password", "old_password", "new_password"})
"""Fields that are never shown again."""
_OWN = SECRETS | {"said", "kept"}
_MOST_FIELDS = 40
_MOST_KEPT = 4_000
"""Characters of a form that are kept while somebody logs in again; a longer one would not fit in an address."""


async def read_form(request: Request[Any, Any, Any]) -> dict[str, str]:
    """The fields of a form, each once. Raises FormUnreadable, PayloadTooLarge."""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != FORM:
        raise FormUnreadable
    return read_fields(await request.body())


def read_fields(encoded: bytes) -> dict[str, str]:
    """Fields as forms and addresses have them, each once. Raises FormUnreadable."""
    try:
        pairs = parse_qsl(encoded.decode("utf8"), keep_blank_values=True, max_num_fields=_MOST_FIELDS, errors="strict")
    except ValueError:
        raise FormUnreadable from None
    fields = dict(pairs)
    if len(fields) != len(pairs) or any("\0" in value for value in fields.values()):
        raise FormUnreadable
    return fields


def kept(fields: Mapping[str, str]) -> str:
    """What of a form may be kept until its sender has logged in again, as a part of an address; "" for nothing."""
    text = urlencode({name: value for name, value in fields.items() if name not in _OWN and value})
    return text if len(text) <= _MOST_KEPT else ""
