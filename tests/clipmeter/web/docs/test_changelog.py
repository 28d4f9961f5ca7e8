"""The changelog as a page and as a feed."""

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from xml.etree import ElementTree as ET

from browsing import Browser
from clipmeter.web.docs.changelog import feed_of, read_releases, releases

TEXT = """\
# Changelog

## [Unreleased]

### Added

- A thing with <script>alert(1)</script> & more ([docs/x.md](docs/x.md), [outside](https://example.org/)).

## [1.1.0] - 2026-03-02

### Fixed

- Another.

## [1.0.0] - 2026-02-01

- The first.
"""


def test_read():
    """Each version with its day, the newest first; links into the repository become words, others stay."""
    found = read_releases(TEXT)
    days = [None, datetime(2026, 3, 2, tzinfo=UTC), datetime(2026, 2, 1, tzinfo=UTC)]
    assert [(one.version, one.day) for one in found] == list(zip(["Unreleased", "1.1.0", "1.0.0"], days, strict=True))
    assert "(docs/x.md, [outside](https://example.org/))" in found[0].text


def test_feed():
    """RSS 2.0: what its specification asks for is there, dates are real ones, HTML is text in it."""
    root = ET.fromstring(feed_of(read_releases(TEXT), "https://clips.example.org"))  # noqa: S314 - our own
    channel = root.find("channel")
    assert (root.tag, root.get("version")) == ("rss", "2.0")
    assert [channel.findtext(name) for name in ("title", "link")] == [
        "clipmeter: changelog",
        "https://clips.example.org/changelog",
    ]
    assert channel.findtext("description")
    assert channel.find("{http://www.w3.org/2005/Atom}link").get("href") == "https://clips.example.org/changelog.xml"
    items = channel.findall("item")
    assert len({item.findtext("guid") for item in items}) == 3
    assert [item.find("guid").get("isPermaLink") for item in items] == ["false"] * 3
    assert items[0].find("pubDate") is None
    assert parsedate_to_datetime(items[1].findtext("pubDate")) == datetime(2026, 3, 2, tzinfo=UTC)
    assert channel.findtext("lastBuildDate") == items[1].findtext("pubDate")
    assert "&lt;script&gt;" in items[0].findtext("description")
    assert items[1].findtext("link") == "https://clips.example.org/changelog#1-1-0"


def test_what_is_to_come_is_new_when_it_changes():
    """A feed reader shows the next version again once something was added to it, and a version only once."""
    before, after = read_releases(TEXT), read_releases(TEXT.replace("A thing", "Two things"))
    assert before[0].guid != after[0].guid
    assert [one.guid for one in before[1:]] == [one.guid for one in after[1:]]


def test_served(served):
    """The page shows all versions of CHANGELOG.md and names its feed; the feed's links lead to them."""
    with Browser(served.url) as browser:
        page = browser.open("/changelog")
        ids = [given["id"] for _, given in page.tags if "id" in given]
        assert [one.anchor for one in releases()] == [name for name in ids if name in {r.anchor for r in releases()}]
        assert ("link", "/changelog.xml") in [(tag, given.get("href")) for tag, given in page.tags]
        reply = browser.open("/changelog.xml").reply
    assert reply.headers["content-type"] == "application/rss+xml"
    links = [item.findtext("link") for item in ET.fromstring(reply.content).iter("item")]  # noqa: S314 - our own
    assert links == [f"{served.url}/changelog#{one.anchor}" for one in releases()]
