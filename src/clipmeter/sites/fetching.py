"""The door to the internet as a source sees it: `clipmeter.fetch` implements it, sources are given it."""

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import Protocol
from urllib.parse import urljoin

from clipmeter.errors import Problem


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

    @property
    def location(self) -> str | None:
        """Where this answer redirects to, made absolute; None when it does not redirect."""
        target = self.headers.get("location", "")
        if self.status not in {301, 302, 303, 307, 308} or not target:
            return None
        try:
            return urljoin(self.url, target)
        except ValueError:  # not an address at all: as good as any that is refused
            return target


def free() -> None:
    """Spends nothing."""


@dataclass(frozen=True, slots=True)
class How:
    """How a page is asked for, beyond its address."""

    headers: Mapping[str, str] = field(default_factory=dict)
    """In addition to the browser's own."""
    cookies: Mapping[str, str] = field(default_factory=dict)
    """For the first host only."""
    refused: Callable[[Page], bool] = lambda _: False
    """Whether an answer is a refusal, so that another browser or address may fare better."""
    spend: Callable[[], None] = free
    """Called before every single request, redirects and repeats too; raises the Problem that forbids it."""


PLAIN = How()


class Alarming(Protocol):
    """Who wants to know of answers that have changed their shape. Both return at once and raise nothing."""

    def changed(self, source: str, body: bytes, problem: Problem) -> None:
        """A source got this answer and could not read it."""

    def read(self, source: str, body: bytes) -> None:
        """A source could read this answer."""


class Fetching(Protocol):
    """Every method raises UpstreamConnectionError, UpstreamTimeout or UpstreamError, and nothing else.

    `within` is the time the whole call may take, in seconds. A host that is not TikTok's is refused (UpstreamError)
    before anything is sent.
    """

    async def page(self, url: str, *, within: float, how: How = PLAIN) -> Page:
        """GET a page or JSON of TikTok's hosts, following redirects on TikTok's hosts only. Any status is an answer."""

    async def redirect(self, url: str, *, within: float, spend: Callable[[], None] = free) -> Page:
        """GET `url` once and follow nothing; the answer's `location` tells where it points."""

    async def size(
        self, url: str, *, cookies: Mapping[str, str], within: float, spend: Callable[[], None] = free
    ) -> int | None:
        """Bytes of a media file, asked with the page's cookies; None when the CDN does not say."""


@dataclass(frozen=True, slots=True)
class Streamed:
    """A file under way."""

    status: int
    headers: Mapping[str, str]
    """Names in lower case; of repeated headers the last."""
    chunks: AsyncIterator[bytes]
    """The body as it comes in, in pieces of 64 KB at most; read no faster than this is. Raises as Streaming does."""


class Streaming(Protocol):
    """Files of any size, in little memory. Raises what Fetching raises, and nothing else."""

    def open(
        self, method: str, url: str, *, cookies: Mapping[str, str], headers: Mapping[str, str]
    ) -> AbstractAsyncContextManager[Streamed]:
        """Ask for a file on the CDN's hosts; leaving the context early ends the transfer. Any status is an answer."""
