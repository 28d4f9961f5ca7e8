"""The pages of the guides and of the error codes, each with its twin in Markdown."""

from markupsafe import Markup

from clipmeter.endpoints import ENDPOINTS
from clipmeter.errors import UnknownPath
from clipmeter.web.docs.errors import ErrorCode, error_codes, error_of
from clipmeter.web.docs.frame import Leaf, Link
from clipmeter.web.docs.guides import SECTIONS, Filler, Guide, errors_guide, guide_of, guides, table
from clipmeter.web.docs.highlight import highlight
from clipmeter.web.docs.markdown import inline_words, slug
from clipmeter.web.docs.samples import sample_of
from clipmeter.web.docs.terms import price_for
from clipmeter.web.envelope import ERRORS
from clipmeter.web.pages.prices import price_sentence
from clipmeter.web.pages.visit import Answer, Visit, public

MARKDOWN = "text/markdown"
_TWIN = ".md"


async def filler_of(visit: Visit) -> Filler:
    """What fills texts in, with the terms in force now."""
    price = await price_for(visit)
    return Filler(visit.site.setup, visit.site.facts, price.terms[ENDPOINTS[0].name], {"errors": errors_table()})


def error_guide(error: ErrorCode, filler: Filler) -> Guide:
    """The page of a code, as it is written for a guide."""
    text = error.text(filler.facts)
    return Guide(f"errors/{error.code}", error.code, inline_words(error.about.means), "Reference", 0, text)


def errors_table() -> str:
    """All codes, in Markdown."""
    rows = [
        (str(one.status), f"[`{one.code}`]({one.path})", one.about.means, one.short_repeat) for one in error_codes()
    ]
    return table(("status", "code", "meaning", "repeat?"), rows)


async def _index(visit: Visit) -> Answer:
    """Where readers begin."""
    filler = await filler_of(visit)
    sample = sample_of(ENDPOINTS[0], visit.base_url, "curl")
    return visit.render(
        "docs/index.html",
        leaf=Leaf(path="/docs", title="Documentation", summary="Guides for callers and operators of this API."),
        price=price_sentence(filler.terms, filler.setup),
        groups=[(slug(name), name, [one for one in guides() if one.section == name]) for name in SECTIONS],
        endpoints=ENDPOINTS,
        codes=len(error_codes()),
        sample=highlight(sample.code.rstrip(), sample.language),
    )


async def _guide(visit: Visit) -> Answer:
    name = visit.params["guide"]
    found = guide_of(name.removesuffix(_TWIN))
    if found is None:
        raise UnknownPath
    return await _shown(visit, found, "docs/guide.html")


async def _errors(visit: Visit) -> Answer:
    return await _shown(visit, errors_guide(), "docs/guide.html")


async def _error(visit: Visit) -> Answer:
    error = error_of(visit.params["code"].removesuffix(_TWIN))
    if error is None:
        raise UnknownPath
    guide = error_guide(error, await filler_of(visit))
    return await _shown(visit, guide, "docs/error.html", error=error, up=(Link(ERRORS, "Errors"),))


async def _shown(visit: Visit, guide: Guide, template: str, up: tuple[Link, ...] = (), **values: object) -> Answer:
    """A text as a page, or as Markdown where the path ends so."""
    filler = await filler_of(visit)
    if visit.path.endswith(_TWIN):
        return visit.answer(filler.markdown(guide, visit.base_url).encode(), MARKDOWN)
    page = filler.html(guide, visit.base_url)
    twin = guide.path + _TWIN
    leaf = Leaf(path=guide.path, title=guide.title, summary=guide.summary, twin=twin, headings=page.headings, up=up)
    return visit.render(template, leaf=leaf, html=Markup(page.html), **values)  # noqa: S704 - made of our own texts


PAGES = (
    public("/docs", _index),
    public(ERRORS, _errors),
    public(ERRORS + _TWIN, _errors),
    public(ERRORS + "/{code:str}", _error),
    public("/docs/{guide:str}", _guide),
)
