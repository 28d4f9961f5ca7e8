"""GET /metrics: for whoever watches this server, not for its callers."""

import ipaddress
import re
from collections.abc import Awaitable, Callable
from typing import Any

from litestar import Request, Response

from clipmeter.billing.keys import Keys
from clipmeter.errors import InvalidApiKey, UnknownPath

FORWARDED = ("forwarded", "via", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-real-ip")
"""Headers that proxies add: who is behind one is not known, whatever address the connection has."""
_HOST = re.compile(r"(\[[0-9a-f:]+\]|[a-z0-9.-]+)(?::[0-9]*)?", re.IGNORECASE)
PRIVATE = {"Cache-Control": "no-store"}

Handler = Callable[[Request[Any, Any, Any]], Awaitable[Response[bytes]]]


def metrics(who: str, read: Callable[[], bytes], media_type: str, keys: Keys) -> Handler:
    """The handler. `who`: the setting: `local`, `open` or `off`; `read`: the numbers as text."""

    async def answer(request: Request[Any, Any, Any]) -> Response[bytes]:
        if who == "off":
            raise UnknownPath
        if who == "local" and not is_local(request):
            caller = await keys.find(request.headers.get("x-api-key"))
            if caller.kind != "operator":
                raise InvalidApiKey("Only the operator's key opens this page.")
        return Response(read(), media_type=media_type, headers=PRIVATE)

    return answer


def is_local(request: Request[Any, Any, Any]) -> bool:
    """Whether somebody on this machine asks for this machine.

    A proxy beside the server connects from loopback too, so none may have had a hand in it: no header of a proxy's, and
    a Host that means this machine (which also keeps out web pages that got a browser here to ask for them).
    """
    if request.client is None or any(name in request.headers for name in FORWARDED):
        return False
    return _is_loopback(request.client.host) and _is_loopback(_host_name(request.headers.get("host", "")))


def _host_name(host: str) -> str:
    match = _HOST.fullmatch(host)
    return match[1].strip("[]") if match else ""


def _is_loopback(name: str) -> bool:
    if name == "localhost":
        return True
    try:
        address = ipaddress.ip_address(name)
    except ValueError:
        return False
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return (mapped or address).is_loopback
