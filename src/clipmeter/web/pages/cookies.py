"""The two cookies of a browser: its session, and what ties a form to the browser before there is a session.

The server says when a session ends. Its cookie stays longer, so that a form that is sent too late is still known to be
this browser's own, and what was typed into it need not be thrown away.
"""

import secrets
from typing import Any

from litestar import Request
from litestar.datastructures import Cookie

SESSION, BROWSER = "clipmeter", "clipmeter-form"
_MONTHS = 180 * 86_400
_LONGEST = 200


def read_cookie(request: Request[Any, Any, Any], name: str, *, secure: bool) -> str:
    """What the browser has under this name; "" for nothing or nonsense."""
    value = request.cookies.get(_full(name, secure=secure), "")
    return value if value.isascii() and len(value) <= _LONGEST else ""


def cookie(name: str, value: str, *, secure: bool) -> Cookie:
    """A cookie that no script and no other site can use; "" takes it back."""
    age = 0 if not value else _MONTHS if name == SESSION else None  # None: until the browser is closed
    full = _full(name, secure=secure)
    return Cookie(key=full, value=value, max_age=age, path="/", httponly=True, secure=secure, samesite="lax")


def _full(name: str, *, secure: bool) -> str:
    """With https the browser itself sees to it that no other host has set it (`__Host-`)."""
    return f"__Host-{name}" if secure else name


def new_browser() -> str:
    """A name for a browser: 128 random bits."""
    return secrets.token_hex(16)
