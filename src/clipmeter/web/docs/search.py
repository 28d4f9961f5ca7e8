"""Search over all pages for readers: an index for scripts, and a page of results for those without."""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from functools import lru_cache
from hashlib import blake2b
from typing import Any, NamedTuple

import msgspec
from markupsafe import Markup

from clipmeter.endpoints import ENDPOINTS
from clipmeter.endpoints.base import Endpoint
from clipmeter.web.docs.errors import error_codes
from clipmeter.web.docs.facts import Setting
from clipmeter.web.docs.guides import BASE, Filler, errors_guide, guides
from clipmeter.web.docs.markdown import inline_words, rendered
from clipmeter.web.docs.reading import error_guide, filler_of
from clipmeter.web.docs.shape import fields_of, walk
from clipmeter.web.pages.visit import Answer, Visit, public

PATH = "/search"
INDEX = "/search.json"
MOST = 20
"""Results on a page."""
LONGEST = 100
"""Characters of a question that count."""
AROUND = 160
"""Characters of a text that are shown."""
_REMEMBERED = 4_000
"""Entries; there are some hundred."""
_PART = re.compile(r'<h2 id="([^"]+)"><a[^>]*>(.*?)</a></h2>')
_NO_PROSE = re.compile(r'<div class="code">.*?</div>|<input[^>]*>|<label[^>]*>.*?</label>', re.DOTALL)
_ENDS = re.compile(r"</(?:p|li|t[dhr]|h\d)>")
_WORDS = re.compile(r"[^\W_]+")
_KINDS = {"page": 4, "guide": 3, "error": 3, "parameter": 2, "field": 1, "setting": 0}
"""What is shown first of things that fit alike."""
_PLACES = (
    ("/", "All endpoints", "What can be asked here, and what it costs."),
    ("/docs", "Documentation", "All guides in one list."),
    ("/docs/api", "API reference", "Every path, parameter and field, from the OpenAPI document."),
    ("/status", "Status", "How each source and endpoint does."),
    ("/changelog", "Changelog", "What has changed; also as RSS."),
    ("/keys", "Your keys", "Make, cap, revoke and delete API keys."),
    ("/usage", "Your usage", "Requests, charges and free requests by month."),
    ("/requests", "Your requests", "The request log: what was asked, and what came of it."),
    ("/limits", "Your limits", "Spending limits and alerts."),
    ("/billing", "Your billing", "Card and invoices."),
    ("/playground", "Playground", "Try the API in the browser."),
)


class Entry(msgspec.Struct, frozen=True):
    """One place that can be found."""

    url: str
    title: str
    section: str
    """What it is a part of."""
    text: str
    kind: str
    """One of _KINDS."""


class Index(NamedTuple):
    """All of them, and as they are sent."""

    entries: tuple[Entry, ...]
    body: bytes
    etag: str


class _Folded(NamedTuple):
    """What of an entry questions are held against: its texts, and the words in them."""

    title: str
    section: str
    text: str
    of_title: tuple[str, ...]
    of_text: frozenset[str]


class Found(NamedTuple):
    """A result."""

    entry: Entry
    excerpt: tuple[tuple[str, bool], ...]
    """A piece of its text, in parts, each with whether it is what was asked for."""


def index_of(filler: Filler) -> Index:
    """What can be found at this server."""
    texts = (*guides(), errors_guide(), *(error_guide(one, filler) for one in error_codes()))
    return _index(tuple(rendered(filler.text(text, BASE)).html for text in texts), filler.facts.settings)


@lru_cache(8)
def _index(pages: tuple[str, ...], settings: tuple[Setting, ...]) -> Index:
    entries = tuple(_entries(pages, settings))
    body = msgspec.json.encode(entries)
    return Index(entries, body, f'"{blake2b(body, digest_size=8).hexdigest()}"')


def _entries(pages: Sequence[str], settings: Sequence[Setting]) -> Iterator[Entry]:
    yield from (Entry(url, title, "", about, "page") for url, title, about in _PLACES)
    written = (*guides(), errors_guide())
    for guide, page in zip(written, pages, strict=False):
        yield from _parts(Entry(guide.path, guide.title, guide.section, guide.summary, "guide"), page)
    for endpoint in ENDPOINTS:
        yield from _of_endpoint(endpoint)
    for error, page in zip(error_codes(), pages[len(written) :], strict=True):
        yield Entry(error.path, error.code, f"Error {error.status}", _prose(page), "error")
    for one in settings:
        yield Entry("/docs/self-hosting#settings", one.name, "Setting", inline_words(one.help), "setting")


def _parts(whole: Entry, page: str) -> Iterator[Entry]:
    """A text itself, and each of its parts."""
    begin, *parts = _PART.split(page)
    yield Entry(whole.url, whole.title, whole.section, f"{whole.text} {_prose(begin)}".strip(), whole.kind)
    for anchor, heading, part in zip(parts[::3], parts[1::3], parts[2::3], strict=True):
        yield Entry(f"{whole.url}#{anchor}", _prose(heading), whole.title, _prose(part), whole.kind)


def _of_endpoint(endpoint: Endpoint[Any]) -> Iterator[Entry]:
    url = f"/endpoints/{endpoint.slug}"
    yield Entry(url, endpoint.title, "Endpoint", f"GET {endpoint.path}. {endpoint.promise}", "page")
    for one in endpoint.parameters:
        text = inline_words(one.description)
        yield Entry(f"{url}#param-{one.name}", one.name, f"{endpoint.title}: parameter", text, "parameter")
    for field in walk(fields_of(endpoint)):
        text = inline_words(f"{field.meaning} ({field.type})")
        yield Entry(f"{url}#{field.anchor}", field.path, f"{endpoint.title}: field", text, "field")


def _prose(html: str) -> str:
    """The text of HTML without its code."""
    return " ".join(Markup(_ENDS.sub(" ", _NO_PROSE.sub(" ", html))).striptags().split())  # noqa: S704 - ours


def find(entries: Sequence[Entry], question: str) -> list[Found]:
    """What has all words of a question, the best first."""
    words = _folded_words(question)
    scored = [(score(entry, words), entry) for entry in entries] if words else []
    best = sorted(((points, entry) for points, entry in scored if points), key=_rank)
    return [Found(entry, _excerpt(entry.text, words)) for _, entry in best[:MOST]]


def _rank(scored: tuple[int, Entry]) -> tuple[int, int, int]:
    """Points first; of things that fit alike what tells most, and the shorter name."""
    points, entry = scored
    return -points, -_KINDS[entry.kind], len(entry.title)


def score(entry: Entry, words: Sequence[str]) -> int:
    """How well an entry fits; 0: a word is nowhere in it. Title before section before text, word before piece."""
    folded = _folded(entry)
    name, asked = " ".join(folded.of_title), " ".join(words)
    points = [_points(word, folded) for word in words]
    whole = 100 if name == asked else 30 if name.startswith(asked) else 0
    return sum(points) + whole if all(points) else 0


def _points(word: str, entry: _Folded) -> int:
    if word in entry.of_title:
        return 20
    if any(one.startswith(word) for one in entry.of_title):
        return 12
    if word in entry.title:
        return 8
    if word in entry.section:
        return 4
    return (3 if word in entry.of_text else 1) if word in entry.text else 0


@lru_cache(_REMEMBERED)
def _folded(entry: Entry) -> _Folded:
    title, section, text = (_fold(part) for part in (entry.title, entry.section, entry.text))
    return _Folded(title, section, text, tuple(_WORDS.findall(title)), frozenset(_WORDS.findall(text)))


def _excerpt(text: str, words: Sequence[str]) -> tuple[tuple[str, bool], ...]:
    """A piece of the text around the first word that was asked for."""
    pattern = re.compile("|".join(re.escape(word) for word in words), re.IGNORECASE)
    first = pattern.search(text)
    begin = max(0, first.start() - AROUND // 3) if first else 0
    begin = text.rfind(" ", 0, begin) + 1 if begin else 0
    piece = text[begin : begin + AROUND]
    is_end = begin + AROUND >= len(text)
    shown = f"{'… ' if begin else ''}{piece if is_end else piece.rpartition(' ')[0] or piece}{'' if is_end else ' …'}"
    parts = re.split(f"({pattern.pattern})", shown, flags=re.IGNORECASE)
    return tuple((part, bool(number % 2)) for number, part in enumerate(parts) if part)


def _folded_words(question: str) -> list[str]:
    return list(dict.fromkeys(_WORDS.findall(_fold(question[:LONGEST]))))


def _fold(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold()


async def _results(visit: Visit) -> Answer:
    question = visit.query.get("q", "").strip()[:LONGEST]
    found = find(index_of(await filler_of(visit)).entries, question)
    return visit.render("docs/search.html", question=question, found=found, most=MOST)


async def _json(visit: Visit) -> Answer:
    index = index_of(await filler_of(visit))
    answer = visit.answer(index.body, "application/json")
    answer.headers["ETag"] = index.etag
    return answer


PAGES = (public(PATH, _results), public(INDEX, _json))
