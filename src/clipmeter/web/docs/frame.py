"""What stands around every page for readers: the list of all of them, where this one is in it, and what is on it."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import NamedTuple

from clipmeter.endpoints import ENDPOINTS
from clipmeter.web.docs.guides import SECTIONS, guides
from clipmeter.web.docs.markdown import Heading
from clipmeter.web.envelope import ERRORS


class Link(NamedTuple):
    """A page and what it is called in lists."""

    path: str
    name: str


class Section(NamedTuple):
    """Pages that belong together."""

    name: str
    links: tuple[Link, ...]


@cache
def sections() -> tuple[Section, ...]:
    """All pages for readers, in order."""
    written = tuple(
        Section(name, tuple(Link(guide.path, guide.title) for guide in guides() if guide.section == name))
        for name in SECTIONS
    )
    first, *others = written
    endpoints = Section("Endpoints", tuple(Link(f"/endpoints/{e.slug}", e.title) for e in ENDPOINTS))
    reference = Section(
        "Reference", (Link(ERRORS, "Errors"), Link("/docs/api", "API reference"), Link("/changelog", "Changelog"))
    )
    return (first, endpoints, *others, reference)


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaf:
    """One page for readers, for the frame around it (`docs/layout.html`)."""

    path: str
    title: str
    summary: str
    """One sentence, for search engines."""
    twin: str = ""
    """Where the same is as Markdown; "" for nowhere."""
    headings: Sequence[Heading] = ()
    """What is on the page; those of level 2 are listed beside it."""
    up: Sequence[Link] = ()
    """The pages above it, the highest first, where its section is not all."""

    @property
    def sections(self) -> tuple[Section, ...]:
        """The list of all pages."""
        return sections()

    @property
    def listed(self) -> str:
        """The path of this page in the list, or of the one that it is below."""
        paths = [link.path for section in sections() for link in section.links]
        return max(
            (path for path in paths if self.path == path or self.path.startswith(f"{path}/")), key=len, default=""
        )

    @property
    def section(self) -> str:
        """The section it is in; "" for none."""
        names = [section.name for section in sections() if any(link.path == self.listed for link in section.links)]
        return names[0] if names else ""

    @property
    def before(self) -> Link | None:
        """The page before it; None: it is the first, or not in the list itself."""
        return self._beside(-1)

    @property
    def after(self) -> Link | None:
        """The page after it."""
        return self._beside(1)

    def _beside(self, step: int) -> Link | None:
        links = [link for section in sections() for link in section.links]
        at = next((at for at, link in enumerate(links) if link.path == self.path), None)
        return links[at + step] if at is not None and 0 <= at + step < len(links) else None
