"""One request of a browser for a page, and the ways to answer it."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, TypeAlias
from urllib.parse import urlencode

from litestar import Request, Response

from clipmeter.billing.people import Entry, Visitor
from clipmeter.errors import Problem
from clipmeter.web.api import address
from clipmeter.web.pages.cookies import BROWSER, SESSION, cookie, new_browser, read_cookie
from clipmeter.web.pages.forms import SECRETS
from clipmeter.web.pages.render import HEADERS, HSTS, HTML, page_bytes
from clipmeter.web.pages.said import SAID
from clipmeter.web.pages.site import Site

Answer: TypeAlias = Response[Any]
NOTHING: Mapping[str, str] = MappingProxyType({})
_LONGEST_AGENT = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """Who asks for which page, and what was typed."""

    site: Site
    path: str
    secure: bool
    """Whether the browser speaks https, as far as we can see."""
    token: str
    """Of the session's cookie; "" for none. It may have ended."""
    browser: str
    """Ties forms to this browser while there is no session."""
    is_new: bool
    """Whether `browser` was made up just now."""
    visitor: Visitor | None
    agent: str
    address: str
    base_url: str
    """Of this server, as the browser knows it; without a slash at its end."""
    query: Mapping[str, str]
    params: Mapping[str, str] = field(default_factory=dict)
    """The parts of the path that the page's own path names."""
    is_public: bool = False
    """A page that is the same for everybody, but for its head."""
    form: Mapping[str, str] = field(default_factory=dict)
    """What was typed: sent just now, or kept while its sender had to log in again."""
    problem: Problem | None = None

    @property
    def csrf(self) -> str:
        """The mark for the forms of this page."""
        return self.site.people.csrf(self.token if self.visitor else self.browser)

    @property
    def said(self) -> str:
        """What was done by the form before this page; "" for nothing."""
        return "" if self.problem else SAID.get(self.query.get("said", ""), "")

    @property
    def me(self) -> Visitor:
        """Who is logged in; only for pages that nobody else gets to."""
        if self.visitor is None:
            raise AssertionError("a page for members was opened for a stranger")
        return self.visitor

    def typed(self, name: str, default: str = "") -> str:
        """What was typed into a field, to show it again; never a password."""
        return default if name in SECRETS else self.form.get(name, default)

    def sent(self, name: str) -> str:
        """What was typed into a field, passwords too."""
        return self.form.get(name, "")

    def render(self, template: str, **values: Any) -> Answer:  # noqa: ANN401 - whatever the template shows
        """A page of HTML, with the status of the problem if there is one."""
        return self.answer(page_bytes(template, {"visit": self, **values}))

    def answer(self, body: bytes, media_type: str = HTML) -> Answer:
        """A page that is made already."""
        status = self.problem.status if self.problem else 200
        return self._dressed(Response(body, status_code=status, media_type=media_type))

    def unchanged(self) -> Answer:
        """For a script that looks again: there is nothing new."""
        return self._dressed(Response(b"", status_code=204, media_type=HTML))

    def go(self, path: str, said: str = "", query: Mapping[str, str] = NOTHING) -> Answer:
        """Send the browser to another page, so that loading that again repeats nothing."""
        asked = urlencode({**({"said": said} if said else {}), **query})
        location = f"{path}?{asked}" if asked else path
        return self._dressed(Response(b"", status_code=303, media_type=HTML, headers={"Location": location}))

    async def enter(self, entry: Entry, onward: Answer) -> Answer:
        """Log in: a new cookie, whatever the browser had before; a session that it had ends."""
        if self.visitor:
            await self.site.people.log_out(self.token)
        return self.remember(entry, onward)

    def remember(self, entry: Entry, onward: Answer) -> Answer:
        """Give the browser the cookie of a session."""
        onward.set_cookie(cookie(SESSION, entry.token, secure=self.secure))
        return onward

    def leave(self, onward: Answer) -> Answer:
        """Forget who was logged in."""
        onward.set_cookie(cookie(SESSION, "", secure=self.secure))
        return onward

    @property
    def headers(self) -> dict[str, str]:
        """Those of every page."""
        keep = {"Cache-Control": "private, no-cache"} if self.is_public else {}
        return {**HEADERS, **keep, **(HSTS if self.secure else {})}

    def _dressed(self, answer: Answer) -> Answer:
        answer.headers.update(self.headers)
        if self.is_new and not self.is_public:
            answer.set_cookie(cookie(BROWSER, self.browser, secure=self.secure))
        return answer


Show: TypeAlias = Callable[[Visit], Awaitable[Answer]]


@dataclass(frozen=True, slots=True)
class Page:
    """One page: how it looks, and what its forms do, by the value of their field `do`."""

    path: str
    show: Show
    acts: Mapping[str, Show] = field(default_factory=dict)
    private: bool = True
    """Only for who is logged in."""
    public: bool = False
    """For everybody, without forms; there also while the database is not."""


def public(path: str, show: Show) -> Page:
    """A page for everybody to read."""
    return Page(path, show, private=False, public=True)


def arrived(site: Site, page: Page, request: Request[Any, Any, Any], query: Mapping[str, str]) -> Visit:
    """A request, before anybody was asked who it is."""
    secure = is_secure(site, request)
    browser = read_cookie(request, BROWSER, secure=secure)
    return Visit(
        site=site,
        path=request.scope["path"].rstrip("/") or "/",
        secure=secure,
        token=read_cookie(request, SESSION, secure=secure),
        browser=browser or new_browser(),
        is_new=not browser,
        visitor=None,
        agent=request.headers.get("user-agent", "")[:_LONGEST_AGENT],
        address=request.client.host if request.client else "",
        base_url=site.public_url.rstrip("/") or address(request.scope, request.headers.get("host", "")),
        query=query,
        params=request.path_params,
        is_public=page.public,
    )


def is_secure(site: Site, request: Request[Any, Any, Any]) -> bool:
    """Whether it came by https, to us or to the proxy in front of us."""
    return site.public_url.startswith("https:") or request.scope["scheme"] == "https"
