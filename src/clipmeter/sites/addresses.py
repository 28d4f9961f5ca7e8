"""Addresses that may be asked, made anew of parts that were looked at, so that no two parsers disagree. Pure."""

import re
from collections.abc import Callable
from typing import NamedTuple
from urllib.parse import quote, urlsplit

from clipmeter.errors import UpstreamError

_HOST = re.compile(r"[a-z0-9_-]+(?:\.[a-z0-9_-]+)+")
_AS_IS = "!$%&'()*+,/:;=?@[]~"  # of a signed link no character may change; all others are percent-encoded


class Address(NamedTuple):
    """https, on its own port; the path with its query, percent-encoded."""

    host: str
    path: str

    def __str__(self) -> str:
        return f"https://{self.host}{self.path}"


def checked(url: str, allowed: Callable[[str], bool]) -> Address:
    """What to ask for `url`. Raises UpstreamError, its sign beginning with `refused`, for what is not `allowed`."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
        path = quote(parts.path or "/", _AS_IS) + ("?" + quote(parts.query, _AS_IS) if parts.query else "")
        plain = parts.netloc.isascii() and "@" not in parts.netloc and parts.port in {None, 443}
    except ValueError:
        raise UpstreamError(sign=f"refused: no address in {url[:200]!r}") from None
    if parts.scheme != "https" or not plain or not _HOST.fullmatch(host) or not allowed(host):
        raise UpstreamError(sign=f"refused: {url[:200]!r} is not among the hosts that may be asked")
    return Address(host, path)
