"""What has changed: CHANGELOG.md as a page, and as RSS 2.0 (https://www.rssboard.org/rss-specification)."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime
from functools import cache
from hashlib import blake2b
from importlib.resources import files
from pathlib import Path
from xml.etree.ElementTree import Element, SubElement, indent, register_namespace, tostring

from markupsafe import Markup

from clipmeter.web.docs.frame import Leaf
from clipmeter.web.docs.markdown import Heading, rendered, slug
from clipmeter.web.pages.visit import Answer, Visit, public

PATH = "/changelog"
FEED = "/changelog.xml"
RSS = "application/rss+xml"
UNRELEASED = "Unreleased"
_NAME = "CHANGELOG.md"
_ATOM = "http://www.w3.org/2005/Atom"
_RELEASE = re.compile(r"^## \[(.+?)\](?: - (\d{4}-\d\d-\d\d))?$", re.MULTILINE)
_REPOSITORY_LINK = re.compile(r"\[([^\]]+)\]\((?!https?:|/)[^)]*\)")
register_namespace("atom", _ATOM)


@dataclass(frozen=True, slots=True)
class Release:
    """One version."""

    version: str
    day: datetime | None
    """When it came out; None: it is still to come."""
    text: str
    """What has changed, in Markdown."""

    @property
    def anchor(self) -> str:
        """Its place on the page."""
        return slug(self.version)

    @property
    def html(self) -> Markup:
        """What has changed."""
        return Markup(rendered(self.text, f"{self.anchor}-").html)  # noqa: S704 - HTML in Markdown is text here

    @property
    def guid(self) -> str:
        """Names it for feed readers: what is to come is new whenever it has changed."""
        return self.version if self.day else f"{self.anchor}-{blake2b(self.text.encode(), digest_size=6).hexdigest()}"


@cache
def releases() -> tuple[Release, ...]:
    """All of them, the newest first."""
    return read_releases(changelog())


def read_releases(text: str) -> tuple[Release, ...]:
    """Those of a text in the form of Keep a Changelog. Links into the repository become words."""
    _, *parts = _RELEASE.split(text)
    found = zip(parts[::3], parts[1::3], parts[2::3], strict=True)
    return tuple(Release(name, _day(day), _REPOSITORY_LINK.sub(r"\1", body).strip()) for name, day, body in found)


def changelog() -> str:
    """CHANGELOG.md: the wheel carries it; else it lies in the repository that this was installed from."""
    carried = files("clipmeter") / _NAME
    return (carried if carried.is_file() else Path(__file__).parents[4] / _NAME).read_text(encoding="utf8")


def feed_of(found: Sequence[Release], base_url: str) -> bytes:
    """The RSS of releases."""
    rss = Element("rss", version="2.0")
    channel = SubElement(rss, "channel")
    _add(channel, title="clipmeter: changelog", link=base_url + PATH, description="What has changed.", language="en")
    SubElement(channel, f"{{{_ATOM}}}link", href=base_url + FEED, rel="self", type=RSS)
    days = [release.day for release in found if release.day]
    if days:
        _add(channel, lastBuildDate=format_datetime(max(days)))
    for release in found:
        item = SubElement(channel, "item")
        link = f"{base_url}{PATH}#{release.anchor}"
        _add(item, title=f"clipmeter {release.version}", link=link, description=str(release.html))
        SubElement(item, "guid", isPermaLink="false").text = f"clipmeter-{release.guid}"
        if release.day:
            _add(item, pubDate=format_datetime(release.day))
    indent(rss)
    return bytes(tostring(rss, encoding="utf-8", xml_declaration=True))


async def _page(visit: Visit) -> Answer:
    headings = [Heading(2, release.anchor, release.version) for release in releases()]
    leaf = Leaf(path=PATH, title="Changelog", summary="What has changed, version by version.", headings=headings)
    return visit.render("docs/changelog.html", leaf=leaf, releases=releases(), feed=FEED, unreleased=UNRELEASED)


async def _feed(visit: Visit) -> Answer:
    return visit.answer(feed_of(releases(), visit.base_url), RSS)


def _add(parent: Element, **texts: str) -> None:
    for name, text in texts.items():
        SubElement(parent, name).text = text


def _day(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text).replace(tzinfo=UTC) if text else None


PAGES = (public(PATH, _page), public(FEED, _feed))
