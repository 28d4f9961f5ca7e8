"""The guides: texts in `guides/*.md` with placeholders, which are filled with what is in force at this server."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files

from markupsafe import escape

from clipmeter.billing.rules import Terms
from clipmeter.web.docs.facts import Facts, Setting, TestId, values_of
from clipmeter.web.docs.markdown import Rendered, rendered
from clipmeter.web.pages.setup import Setup

SECTIONS = ("Get started", "Build", "Run your own")
"""In the order of the index."""
_PLACEHOLDER = re.compile(r"{{ (\w+) }}")
_LINK = re.compile(r"(?<=\]\()(?=/)")
BASE = "baseURLbaseURL"
"""Stands for the server's address while a text is made into HTML, so that this is done once for all addresses."""


@dataclass(frozen=True, slots=True)
class Guide:
    """One guide, not filled in yet."""

    slug: str
    title: str
    summary: str
    """One sentence."""
    section: str
    order: int
    """Within its section."""
    text: str

    @property
    def path(self) -> str:
        """Where it is read."""
        return f"/docs/{self.slug}"


@cache
def guides() -> tuple[Guide, ...]:
    """All of them, in order."""
    found = [
        _read(file.name.removesuffix(".md"), file.read_text(encoding="utf8"))
        for file in (files("clipmeter.web.docs") / "guides").iterdir()
        if file.name.endswith(".md")
    ]
    return tuple(sorted(found, key=lambda guide: (SECTIONS.index(guide.section), guide.order)))


def guide_of(slug: str) -> Guide | None:
    """The guide of that name; None: there is none."""
    return next((guide for guide in guides() if guide.slug == slug), None)


@cache
def errors_guide() -> Guide:
    """The list of error codes, which is written like a guide."""
    return _read("errors", (files("clipmeter.web.docs") / "errors.md").read_text(encoding="utf8"))


def _read(slug: str, raw: str) -> Guide:
    """A file: lines of `name: value` between two of `---`, then the text."""
    _, head, text = raw.split("---\n", 2)
    about = dict(line.split(": ", 1) for line in head.strip().splitlines())
    return Guide(slug, about["title"], about["summary"], about["section"], int(about["order"]), text.strip() + "\n")


@dataclass(frozen=True, slots=True)
class Filler:
    """What fills guides in at this server."""

    setup: Setup
    facts: Facts
    terms: Terms
    """Of the first endpoint, for everybody."""

    more: Mapping[str, str] = field(default_factory=dict)
    """Further values, for texts that are no guides."""

    def html(self, guide: Guide, base_url: str) -> Rendered:
        """A guide as HTML."""
        return based(rendered(self.text(guide, BASE)), base_url)

    def markdown(self, guide: Guide, base_url: str) -> str:
        """A guide as Markdown for programs: with its title, and whole links."""
        return f"# {guide.title}\n\n> {guide.summary}\n\n{whole_links(self.text(guide, base_url), base_url)}"

    def text(self, guide: Guide, base_url: str) -> str:
        """The text of a guide. Raises KeyError for a placeholder that nothing fills."""
        own = {**values_of(self.setup, self.facts, self.terms), **tables_of(self.facts), **self.more}
        values = {**own, "base_url": base_url}
        return fill(guide.text, values)


def based(page: Rendered, base_url: str) -> Rendered:
    """The same with the server's address, which is text wherever it stands."""
    return page._replace(html=page.html.replace(BASE, str(escape(base_url))))


def fill(text: str, values: Mapping[str, str]) -> str:
    """A text with its placeholders filled in. Raises KeyError for one that nothing fills."""
    return _PLACEHOLDER.sub(lambda match: values[match[1]], text)


def whole_links(text: str, base_url: str) -> str:
    """Links within this server as links from anywhere."""
    return _LINK.sub(base_url, text)


def tables_of(facts: Facts) -> dict[str, str]:
    """The tables that are made of facts."""
    videos = [one for one in facts.test_ids if one.status == 200]
    errors = [one for one in facts.test_ids if one.status != 200]
    return {
        "settings": table(("name", "what it does"), [_setting_row(one) for one in facts.settings]),
        "test_videos": table(("video_id", "what comes back"), [(_code(one.video_id), one.means) for one in videos]),
        "test_errors": table(("video_id", "status", "code", "what TikTok does"), [_error_row(one) for one in errors]),
        "test_links": table(
            ("link", "leads to"),
            [(_code(one.short_link), f"{_code(one.video_id)}: {one.means}") for one in facts.test_ids[:4]],
        ),
    }


def _setting_row(one: Setting) -> tuple[str, str]:
    return _code(one.name), f"{one.help} Default: {_code(one.default)}." if one.default else one.help


def _error_row(one: TestId) -> tuple[str, ...]:
    return _code(one.video_id), str(one.status), f"[{_code(one.code)}](/docs/errors/{one.code})", one.means


def _code(text: str) -> str:
    return f"`{text}`"


def table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table in Markdown."""
    lines = [heads, ["---"] * len(heads), *([cell.replace("|", r"\|") for cell in row] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
