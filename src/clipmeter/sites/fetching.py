"""The door to the internet as a source sees it: `clipmeter.fetch` implements it, sources are given it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Page:
    """What one request brought back."""

    url: str
    """The address that answered, after redirects."""
    status: int
    headers: Mapping[str, str]
    """Names in lower case; of repeated headers the last."""
    body: bytes
    cookies: Mapping[str, str] = field(default_factory=dict)
    """The cookies that this answer (or a redirect on the way) set."""


class Fetching(Protocol):
    """Every method raises UpstreamConnectionError, UpstreamTimeout or UpstreamError, and nothing else.

    `within` is the time the whole call may take, in seconds.
    """

    async def page(self, url: str, *, within: float) -> Page:
        """GET a page or JSON of TikTok's hosts, following redirects on TikTok's hosts only."""

    async def redirect(self, url: str, *, within: float) -> str | None:
        """Where `url` redirects to, asked once and not followed; None when it does not redirect."""

    async def size(self, url: str, *, cookies: Mapping[str, str], within: float) -> int | None:
        """Bytes of a media file by HEAD, with the page's cookies; None when the CDN does not say."""
