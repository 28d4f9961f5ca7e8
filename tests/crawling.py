"""The pages of a server as a crawler reads them: their links and anchors, and whether each is there. For tests."""

from collections import Counter
from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import urldefrag, urljoin

import httpx

LINKS = {"a": "href", "link": "href", "script": "src", "img": "src", "form": "action"}


@dataclass
class Read:
    """What stands on a page."""

    ids: list[str] = field(default_factory=list)
    links: list[str] = field(default_factory=list)
    tags: Counter[str] = field(default_factory=Counter)
    styled: list[str] = field(default_factory=list)
    """Tags with a style of their own, or a script in them: what the policy forbids."""


class _Reader(HTMLParser):
    def __init__(self):
        super().__init__()
        self.read = Read()

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        self.read.tags[tag] += 1
        self.read.ids += [given["id"]] if "id" in given else []
        self.read.links += [given[LINKS[tag]]] if LINKS.get(tag) in given else []
        if "style" in given or any(name.startswith("on") for name in given) or tag == "style":
            self.read.styled.append(self.get_starttag_text())


def read_page(html: str) -> Read:
    """A page of HTML."""
    reader = _Reader()
    reader.feed(html)
    return reader.read


@dataclass
class Crawl:
    """All that can be reached from some addresses of a server, without logging in. Each is asked for once."""

    url: str
    pages: dict[str, tuple[int, Read | None]] = field(default_factory=dict)
    """By path with its query: status, and what stands there if it is a page."""
    broken: list[str] = field(default_factory=list)
    """Links that lead nowhere, each with where it stands."""

    def walk(self, *begin: str) -> "Crawl":
        """Everything behind these paths."""
        waiting = [("", path) for path in begin]
        with httpx.Client(base_url=self.url, timeout=30) as client:
            while waiting:
                at, link = waiting.pop()
                waiting += self._follow(client, at, link)
        return self

    def _follow(self, client: httpx.Client, at: str, link: str) -> list[tuple[str, str]]:
        """One link; what it leads to if that is new."""
        target, anchor = urldefrag(urljoin(f"{self.url}{at}", link))
        if not target.startswith(self.url):
            return []
        path = target.removeprefix(self.url) or "/"
        is_new = path not in self.pages
        if is_new:
            self.pages[path] = _get(client, path)
        status, read = self.pages[path]
        if status not in {200, 303} or (anchor and read and anchor not in read.ids):
            self.broken.append(f"{at}: {link} ({status})")
        return [(path, each) for each in read.links] if is_new and read else []


def _get(client: httpx.Client, path: str) -> tuple[int, Read | None]:
    reply = client.get(path)
    is_page = reply.status_code == 200 and "text/html" in reply.headers["content-type"]
    return reply.status_code, read_page(reply.text) if is_page else None
