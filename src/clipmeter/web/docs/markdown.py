"""Markdown as the guides are written → HTML.

Beyond CommonMark and tables: headings are links to themselves, a blockquote that begins with **Note:** or **Warning:**
is a callout, and a fence whose words after the language say `sample` (or `sample=curl`) is run by the tests. Samples
that follow each other are tabs. HTML in a text is text.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import takewhile
from typing import NamedTuple

from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from markupsafe import Markup, escape

from clipmeter.web.docs.highlight import highlight

_CALLOUT = re.compile(r"(Note|Warning):?")
_OWN = ("/", "#", "mailto:")
LANGUAGES = {"curl": "curl", "python": "Python", "javascript": "JavaScript", "go": "Go", "php": "PHP", "bash": "Shell"}
"""What a sample's kind is called."""


class Heading(NamedTuple):
    """One heading and where it leads."""

    level: int
    id: str
    text: str


class Rendered(NamedTuple):
    """A text as HTML."""

    html: str
    headings: tuple[Heading, ...]


@lru_cache(256)
def rendered(text: str, within: str = "") -> Rendered:
    """A text; `within`: what the ids of its headings begin with, for one of several texts of a page."""
    state = _State(within)
    html = _md().render(text, {"state": state})
    return Rendered(html, tuple(state.headings))


@lru_cache(1024)
def inline(text: str) -> str:
    """A line of Markdown as HTML, without a paragraph around it."""
    return str(_md().renderInline(text))


@lru_cache(1024)
def inline_words(text: str) -> str:
    """A line of Markdown as plain text."""
    return Markup(inline(text)).striptags()  # noqa: S704 - HTML in Markdown is text here


def slug(text: str) -> str:
    """The id of a heading: its letters and digits with hyphens between them, without the number of a step."""
    return re.sub(r"[^a-z0-9_]+", "-", re.sub(r"^\d+\. ", "", text).lower()).strip("-")


@dataclass
class _State:
    """What is known of a text so far."""

    within: str
    headings: list[Heading] = field(default_factory=list)
    names: dict[str, int] = field(default_factory=dict)
    callouts: list[bool] = field(default_factory=list)
    """Of the blockquotes that are open."""
    blocks: int = 0

    def once(self, name: str, between: str) -> str:
        """The name, with a number if there was one like it."""
        self.names[name] = count = self.names.get(name, 0) + 1
        return name if count == 1 else f"{name}{between}{count}"


class _Html(RendererHTML):
    """The rules that differ, by the type of token."""

    def heading_open(self, tokens: Sequence[Token], at: int, _options: object, env: Mapping[str, _State]) -> str:
        state, text, tag = env["state"], _words(tokens[at + 1]), tokens[at].tag
        heading = Heading(int(tag[1]), state.once(state.within + slug(text), "-"), text)
        state.headings.append(heading)
        return f'<{tag} id="{heading.id}"><a class="anchor" href="#{heading.id}">'

    def heading_close(self, tokens: Sequence[Token], at: int, _options: object, _env: object) -> str:
        return f"</a></{tokens[at].tag}>\n"

    def table_open(self, _tokens: object, _at: int, _options: object, env: Mapping[str, _State]) -> str:
        state = env["state"]
        label = state.once(state.headings[-1].text if state.headings else "Table", ", ")
        return f'<div class="scroll" tabindex="0" role="region" aria-label="{escape(label)}"><table>\n'

    def table_close(self, _tokens: object, _at: int, _options: object, _env: object) -> str:
        return "</table></div>\n"

    def th_open(self, tokens: Sequence[Token], at: int, _options: object, _env: object) -> str:
        return '<th scope="col">' if tokens[at + 1].content else "<td>"

    def th_close(self, tokens: Sequence[Token], at: int, _options: object, _env: object) -> str:
        return "</th>\n" if tokens[at - 1].content else "</td>\n"

    def blockquote_open(self, tokens: Sequence[Token], at: int, _options: object, env: Mapping[str, _State]) -> str:
        kind = _callout(tokens[at + 2])
        env["state"].callouts.append(bool(kind))
        return f'<div class="callout {kind}" role="note">\n' if kind else "<blockquote>\n"

    def blockquote_close(self, _tokens: object, _at: int, _options: object, env: Mapping[str, _State]) -> str:
        return "</div>\n" if env["state"].callouts.pop() else "</blockquote>\n"

    def link_open(self, tokens: Sequence[Token], at: int, _options: object, _env: object) -> str:
        target = str(tokens[at].attrGet("href"))
        away = "" if target.startswith(_OWN) else ' rel="external noopener"'
        return f'<a href="{escape(target)}"{away}>'

    def fence(self, tokens: Sequence[Token], at: int, _options: object, env: Mapping[str, _State]) -> str:
        if at and _kind(tokens[at]) and _kind(tokens[at - 1]):
            return ""  # it is a tab beside that one
        run = list(takewhile(_kind, tokens[at:])) or [tokens[at]]
        if len(run) == 1:
            return _block(run[0], env["state"])
        return _tabs([(_kind(token), _block(token, env["state"])) for token in run], env["state"].blocks)


@lru_cache(1)
def _md() -> MarkdownIt:
    return MarkdownIt("commonmark", {"html": False}, renderer_cls=_Html).enable("table")


def _words(token: Token) -> str:
    """The text of an inline token without its marks."""
    return "".join(child.content for child in token.children or () if child.type in {"text", "code_inline"})


def _callout(token: Token) -> str:
    """Which callout a paragraph begins; "" for none."""
    children = token.children or []
    if len(children) < 3 or children[1].type != "strong_open":
        return ""
    match = _CALLOUT.fullmatch(children[2].content)
    return match[1].lower() if match else ""


def _kind(token: Token) -> str:
    """Which kind of sample a fence is; "" for none."""
    if token.type != "fence":
        return ""
    language, _, rest = token.info.strip().partition(" ")
    return rest.removeprefix("sample=") if rest.startswith("sample=") else language if rest == "sample" else ""


def _block(token: Token, state: _State) -> str:
    """One block of code."""
    state.blocks += 1
    language, kind, name = token.info.strip().partition(" ")[0], _kind(token), f"{state.within}code-{state.blocks}"
    sample = f' data-sample="{escape(kind)}"' if kind else ""
    return (
        f'<div class="code"><button class="copy" data-copy="#{name}" hidden>Copy</button>'
        f'<pre tabindex="0"><code id="{name}"{sample}>{highlight(token.content, language)}</code></pre></div>\n'
    )


def _tabs(panels: Sequence[tuple[str, str]], name: int) -> str:
    """Blocks of which one is seen: radio buttons, so that it works without a script."""
    picks, blocks = [], []
    for number, (kind, block) in enumerate(panels):
        picked, each = " checked" if not number else "", f"tab-{name}-{number}"
        picks.append(
            f'<input type="radio" name="tabs-{name}" id="{each}"{picked}><label for="{each}">{LANGUAGES[kind]}</label>'
        )
        blocks.append(f'<div class="panel">{block}</div>')
    return f'<div class="tabs" role="group" aria-label="Languages">{"".join(picks)}{"".join(blocks)}</div>\n'
