"""A browser without scripts: it keeps cookies, follows redirects, and sends forms as they stand in the page."""

import asyncio
import itertools
import re
import ssl
import time
from dataclasses import dataclass, field
from functools import cache
from html.parser import HTMLParser
from pathlib import Path

import httpx

from clipmeter.billing.passwords import Passwords
from clipmeter.billing.people import House, People
from clipmeter.store.sqlite import SqliteStore

PASSWORD = "a good long password"
PICKED = {"radio", "checkbox"}
TLS = ssl.create_default_context()
"""Not used, but httpx would make one for each browser, which takes longer than most tests."""
_numbers = itertools.count(1)


@dataclass
class Form:
    """A form of a page. `fields`: what it would send as it is."""

    method: str
    action: str
    fields: dict[str, str] = field(default_factory=dict)


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.forms, self.text, self.tags, self.in_form = [], [], [], False

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        self.tags.append((tag, given))
        if tag == "form":
            self.in_form = True
            self.forms.append(Form(given.get("method", "get"), given["action"]))
        elif (
            tag == "input"
            and self.in_form
            and "name" in given
            and (given.get("type") not in PICKED or "checked" in given)
        ):
            self.forms[-1].fields[given["name"]] = given.get("value") or ""

    def handle_endtag(self, tag):
        self.in_form = self.in_form and tag != "form"

    def handle_data(self, data):
        self.text.append(data)


@dataclass
class Page:
    """What came back, read as a person and as a browser would."""

    reply: httpx.Response

    def __post_init__(self):
        reader = _Reader()
        reader.feed(self.reply.text)
        self.forms, self.tags, self.text = reader.forms, reader.tags, re.sub(r"\s+", " ", " ".join(reader.text))

    @property
    def status(self) -> int:
        return self.reply.status_code

    @property
    def path(self) -> str:
        return self.reply.url.path

    @property
    def planted(self) -> list[str]:
        """The tags that are there, but for the site's own scripts and their data: for finding HTML that got in."""
        own = {"src": "/static/", "type": "application/json"}
        return [
            tag
            for tag, given in self.tags
            if tag != "script" or not any(given.get(name, "").startswith(own[name]) for name in own)
        ]

    def form(self, do: str, **having: str) -> Form:
        """The form that does this, and has these hidden fields."""
        found = [one for one in self.forms if one.fields.get("do") == do and having.items() <= one.fields.items()]
        assert found, f"no form does {do} on {self.reply.url}: {self.text}"
        return found[0]


class Browser:
    """One browser, at an address of its own as seen through a proxy, since attempts are counted by address."""

    def __init__(self, url: str, **headers: str) -> None:
        number = next(_numbers)
        headers = {"X-Forwarded-For": f"198.51.{number // 250}.{number % 250}", **headers}
        self.client = httpx.Client(base_url=url, follow_redirects=True, timeout=30, headers=headers, verify=TLS)
        self.page: Page

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.client.close()

    def open(self, path: str) -> Page:
        self.page = Page(self.client.get(path))
        return self.page

    def open_when(self, path: str, holds: str) -> Page:
        """The same once it has this text: the request log is written a moment after an answer."""
        until = time.monotonic() + 10
        while holds not in self.open(path).reply.text:
            assert time.monotonic() < until, f"{path} never had {holds}: {self.page.text}"
            time.sleep(0.1)
        return self.page

    def send(self, path: str, fields: dict[str, str], **headers: str) -> Page:
        """A form, sent by hand."""
        self.page = Page(self.client.post(path, data=fields, headers=headers))
        return self.page

    def press(self, do: str, having: dict[str, str] | None = None, **typed: str) -> Page:
        """Fill in the form of this page that does this, and send it."""
        form = self.page.form(do, **(having or {}))
        return self.send(form.action, {**form.fields, **typed})

    def cookie(self, name: str = "clipmeter") -> str | None:
        return next((one.value for one in self.client.cookies.jar if one.name == name), None)

    def sign_up(self, email: str = "", password: str = PASSWORD) -> str:
        """A new account, logged in and at its keys; its address."""
        email = email or new_email()
        self.open("/signup")
        page = self.press("signup", email=email, password=password)
        assert page.status == 200, page.text
        self.open("/keys")
        return email

    def join(self, home: Path) -> str:
        """A new account, logged in, as after `sign_up`, beside a server on SQLite; its address. It is quick."""
        email = new_email()
        self.client.cookies.set("clipmeter", asyncio.run(_joined(home, email)), domain=self.client.base_url.host)
        self.open("/keys")
        return email

    def log_in(self, email: str, password: str = PASSWORD) -> Page:
        self.open("/login")
        return self.press("login", email=email, password=password)


class _Known(Passwords):
    """Hashes as a server does, but each password once."""

    def __init__(self) -> None:
        super().__init__()
        self.known: dict[str, str] = {}

    async def hash(self, password: str) -> str:
        self.known[password] = self.known.get(password) or await super().hash(password)
        return self.known[password]


@cache
def _known() -> _Known:
    return _Known()


async def _joined(home: Path, email: str) -> str:
    """The token of a new member's session."""
    async with SqliteStore(home / "clipmeter.db") as store:
        people = People(store, (home / "secret").read_text().strip(), House("open", "", mails=False), _known())
        return (await people.sign_up(email, PASSWORD)).token


def new_email() -> str:
    """An address that nobody has."""
    return f"visitor-{next(_numbers)}@example.org"
