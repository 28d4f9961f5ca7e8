"""What browsers and search engines ask every site for: an icon, which pages may be read, and a list of them."""

from xml.sax.saxutils import escape

from clipmeter.errors import UnknownPath
from clipmeter.web.docs.errors import error_codes
from clipmeter.web.docs.frame import sections
from clipmeter.web.pages.visit import Answer, Visit, public

ICON = """\
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32">
<rect width="32" height="32" rx="7" fill="#1d5bd6"/>
<path d="M8.2 22.6a10 10 0 1 1 15.6 0" fill="none" stroke="#fff" stroke-width="2.6" stroke-linecap="round"/>
<path d="M13.3 12.2v8.6l7.2-4.3z" fill="#fff" stroke="#fff" stroke-width="1.2" stroke-linejoin="round"/>
</svg>
"""
_CLOSED = ("/v1/", "/media/", "/search")
_OTHERS = ("/", "/docs", "/status")


async def icon(visit: Visit) -> Answer:
    """The sign of the site: a gauge around the triangle that means play."""
    answer = visit.answer(ICON.encode(), "image/svg+xml")
    answer.headers["Cache-Control"] = "public, max-age=86400"
    return answer


async def robots(visit: Visit) -> Answer:
    """What programs that read the web may read."""
    lines = ["User-agent: *", *(f"Disallow: {path}" for path in _CLOSED)]
    if visit.site.public_url:
        lines.append(f"Sitemap: {visit.base_url}/sitemap.xml")
    return visit.answer(("\n".join(lines) + "\n").encode(), "text/plain")


async def sitemap(visit: Visit) -> Answer:
    """All pages for readers; only where the operator says what this server's address is."""
    if not visit.site.public_url:
        raise UnknownPath
    urls = "".join(f"<url><loc>{escape(visit.base_url + path)}</loc></url>\n" for path in paths())
    text = '<?xml version="1.0" encoding="UTF-8"?>\n<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">\n'
    return visit.answer(f"{text}{urls}</urlset>\n".encode(), "application/xml")


def paths() -> list[str]:
    """Every page for readers."""
    listed = [link.path for section in sections() for link in section.links]
    return [*_OTHERS, *listed, *(error.path for error in error_codes())]


PAGES = (public("/icon.svg", icon), public("/robots.txt", robots), public("/sitemap.xml", sitemap))
