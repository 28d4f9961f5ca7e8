"""The site for language models, in the form of https://llmstxt.org: a list of pages, and all of them in one text."""

from clipmeter.endpoints import ENDPOINTS
from clipmeter.web.docs.endpoint import markdown_of, sheet_of
from clipmeter.web.docs.errors import error_codes
from clipmeter.web.docs.guides import SECTIONS, errors_guide, guides
from clipmeter.web.docs.markdown import inline_words
from clipmeter.web.docs.reading import error_guide, filler_of
from clipmeter.web.docs.terms import price_for
from clipmeter.web.pages.prices import price_sentence
from clipmeter.web.pages.visit import Answer, Visit, public

_TEXT = "text/plain"
_ABOUT = """\
# clipmeter

> An HTTP API: one request turns a TikTok link or id into 37 exact fields as JSON. {price}

Send the key in the header `X-API-Key`. Every answer that is no success is `{{"error": sentence, "code": word}}` and \
is never charged. Keys that start with `ak_test_` answer with invented videos, free of charge."""


async def _short(visit: Visit) -> Answer:
    """llms.txt."""
    url = visit.base_url
    endpoints = [_line(f"{url}/endpoints/{one.slug}.md", one.title, one.promise) for one in ENDPOINTS]
    parts = [await _about(visit), _section("Endpoints", endpoints)]
    for name in SECTIONS:
        own = [_line(f"{url}{one.path}.md", one.title, one.summary) for one in guides() if one.section == name]
        parts.append(_section(name, own))
    first = errors_guide()
    reference = [
        _line(f"{url}{first.path}.md", first.title, first.summary),
        _line(f"{url}/openapi.json", "OpenAPI document", "Every path, parameter, field and header."),
        _line(f"{url}/llms-full.txt", "Everything", "All these pages in one text."),
    ]
    codes = [
        _line(f"{url}{one.path}.md", one.code, f"{one.status}. {inline_words(one.about.means)}")
        for one in error_codes()
    ]
    parts += [_section("Reference", reference), _section("Optional", codes)]
    return visit.answer(("\n\n".join(parts) + "\n").encode(), _TEXT)


async def _full(visit: Visit) -> Answer:
    """llms-full.txt."""
    filler, price = await filler_of(visit), await price_for(visit)
    sheets = [sheet_of(one, visit.base_url, price, visit.site.setup) for one in ENDPOINTS]
    texts = [*guides(), errors_guide(), *(error_guide(one, filler) for one in error_codes())]
    parts = [
        await _about(visit),
        *(markdown_of(sheet) for sheet in sheets),
        *(filler.markdown(text, visit.base_url) for text in texts),
    ]
    return visit.answer("\n\n---\n\n".join(part.strip() for part in parts).encode() + b"\n", _TEXT)


async def _about(visit: Visit) -> str:
    filler = await filler_of(visit)
    return _ABOUT.format(price=price_sentence(filler.terms, filler.setup))


def _section(name: str, lines: list[str]) -> str:
    return f"## {name}\n\n" + "\n".join(lines)


def _line(url: str, name: str, about: str) -> str:
    return f"- [{name}]({url}): {about}"


PAGES = (public("/llms.txt", _short), public("/llms-full.txt", _full))
