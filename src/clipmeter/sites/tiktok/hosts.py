"""Which hosts belong to TikTok: the only ones that are ever asked for anything."""

import re

REFERER = "https://www.tiktok.com/"
"""What the CDN wants to see as the page that a media link stands on."""

_DOMAINS = (
    "tiktok.com",
    "tiktokv.com",
    "tiktokv.us",
    "tiktokv.eu",
    "tiktokcdn.com",
    "tiktokcdn-us.com",
    "tiktokcdn-eu.com",
    "ibytedtos.com",
    "ibyteimg.com",
    "byteoversea.com",
    "byteicdn.com",
    "muscdn.com",
)

# akamaized.net belongs to all of Akamai's customers, and each takes names as it likes: whole names, no suffixes.
_ON_AKAMAI = re.compile(r"(?:p|v|sf)\d{1,2}[a-z]?-(?:(?:[a-z]{2}-)?default|tiktokcdn-com)\.akamaized\.net")

_PAGES = re.compile(r"(?:(?:www|m|vm|vt|t)\.)?tiktok\.com|(?:(?:www|m)\.)?tiktokv\.(?:com|us|eu)")


def is_tiktok(host: str) -> bool:
    """Whether `host` (lower case, no port) is TikTok's own, or a CDN's name that TikTok alone uses."""
    return any(host == domain or host.endswith("." + domain) for domain in _DOMAINS) or is_on_akamai(host)


def is_on_akamai(host: str) -> bool:
    """Whether `host` is one of the names TikTok has at Akamai."""
    return _ON_AKAMAI.fullmatch(host) is not None


def is_media(host: str) -> bool:
    """Whether files may lie on `host`: TikTok's, but not one of the hosts that serve pages."""
    return is_tiktok(host) and _PAGES.fullmatch(host) is None
