"""Which addresses of the internet are public: what may be asked in the name of somebody who only gave us a link.

Rule: an address counts by whom it reaches in the end, so that one written into another (IPv4 in IPv6, translated or
tunnelled) is looked at too. What cannot be read is not public.
"""

import re
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from urllib.parse import urlsplit

_NAT64 = IPv6Network("64:ff9b::/96")  # RFC 6052: the last 32 bits are an IPv4 address
_PORTS_BELOW_1024 = (80, 443)
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")
"""The last part of a host that browsers take for an IPv4 address, like 127.1 or 0x7f000001."""
LONGEST_URL = 2_000


def is_public(address: str) -> bool:
    """Whether an IP address is one that anybody reaches: not private, loopback, link-local, shared, multicast, …"""
    try:
        ip = ip_address(address.partition("%")[0])
    except ValueError:
        return False
    return all(map(_is_ordinary, _all_in(ip)))


def _is_ordinary(ip: IPv4Address | IPv6Address) -> bool:
    if isinstance(ip, IPv6Address) and ip.is_site_local:  # global to Python, private to networks that still have them
        return False
    return ip.is_global and not ip.is_multicast and not ip.is_reserved


def url_problem(url: str, *, anywhere: bool = False) -> str:
    """Why nobody's messages are sent to this URL, as the end of a sentence; "" when they may be.

    A name is not looked up here. `anywhere`: plain http, any port and any host are right too.
    """
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return "is not a URL"
    if len(url) > LONGEST_URL or not url.isascii() or not url.isprintable() or " " in url or "\\" in url:
        return f"is longer than {LONGEST_URL} characters, or has some that do not belong into a URL"
    if parts.scheme not in {"http", "https"} or not host:
        return "does not begin with https:// and a host"
    if parts.username is not None or parts.password is not None or parts.fragment or port == 0:
        return "has a user name, a password, a # or the port 0 in it"
    return "" if anywhere else _not_public(parts.scheme, host, port)


def _not_public(scheme: str, host: str, port: int | None) -> str:
    if scheme != "https":
        return "does not begin with https://"
    if port is not None and port < 1024 and port not in _PORTS_BELOW_1024:
        return "has a port that no web server listens on"
    last = host.rstrip(".").rpartition(".")[2]
    if last in {"localhost", "local", "internal"} or _is_private_literal(host):
        return "is not on the public internet"
    return "writes an IP address in an unusual way" if _NUMBER.fullmatch(last) and not _is_literal(host) else ""


def _is_private_literal(host: str) -> bool:
    return _is_literal(host) and not is_public(host)


def _is_literal(host: str) -> bool:
    try:
        ip_address(host.partition("%")[0])
    except ValueError:
        return False
    return True


def _all_in(ip: IPv4Address | IPv6Address) -> list[IPv4Address | IPv6Address]:
    """The addresses that an address stands for."""
    if isinstance(ip, IPv4Address):
        return [ip]
    if ip.ipv4_mapped:
        return [ip.ipv4_mapped]
    if ip in _NAT64:
        return [IPv4Address(int(ip) & 0xFFFFFFFF)]
    return [ip, ip.sixtofour] if ip.sixtofour else [ip]
