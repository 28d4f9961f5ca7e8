"""HTML from templates, with the headers that every page has."""

from datetime import UTC, datetime
from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from clipmeter import __version__
from clipmeter.billing.money import short_dollars
from clipmeter.web.assets import asset_url
from clipmeter.web.docs.markdown import inline
from clipmeter.web.pages.words import FILTERS

HTML = "text/html"  # Litestar adds the charset
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; media-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "Cache-Control": "no-store",  # also nothing to see with the back button after somebody has logged out
    "Content-Security-Policy": POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Referrer-Policy": "same-origin",  # not no-referrer: then forms would say `Origin: null`
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
HSTS = {"Strict-Transport-Security": "max-age=31536000"}
_MICROS = 1_000_000


def page_bytes(template: str, values: dict[str, Any]) -> bytes:
    """A template filled in. Whatever is filled in is text, never HTML."""
    return _environment().get_template(template).render(values).encode()


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("clipmeter.web.pages"),
        autoescape=True,
        undefined=StrictUndefined,
        auto_reload=False,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"moment": moment, "day": day, "dollars": short_dollars, "month": month, "amount": amount}
    environment.filters["inline"] = lambda text: Markup(inline(text))  # noqa: S704 - HTML in Markdown is text here
    environment.filters |= FILTERS
    environment.globals |= {"asset": asset_url, "version": __version__}
    return environment


def moment(micros: int) -> str:
    """A time to the minute."""
    return f"{datetime.fromtimestamp(micros // _MICROS, UTC):%Y-%m-%d %H:%M} UTC"


def day(micros: int) -> str:
    """A time to the day."""
    return f"{datetime.fromtimestamp(micros // _MICROS, UTC):%Y-%m-%d}"


def month(text: str) -> str:
    """2026-11 as people say it: November 2026."""
    return f"{datetime.strptime(text, '%Y-%m').replace(tzinfo=UTC):%B %Y}"


def amount(micros: int | None) -> str:
    """Dollars as they stand in a field to be changed: 5.00; "" for none."""
    return "" if micros is None else short_dollars(micros).removeprefix("$").replace(",", "")
