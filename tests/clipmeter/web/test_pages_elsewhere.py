"""Log-in by another provider and links by e-mail, as a browser does it: a real server, provider and SMTP server."""

import socket
import time

import pytest

from browsing import PASSWORD, Browser
from postman import Postman, link_in
from provider import Provider
from served import Served

NEW = "a better long password"


@pytest.fixture(scope="module")
def provider():
    provider = Provider().start()
    yield provider
    provider.stop()


@pytest.fixture(scope="module")
def postman():
    postman = Postman().start()
    yield postman
    postman.stop()


@pytest.fixture(scope="module")
def server(tmp_path_factory, provider, postman):
    """It has to know its own address, so that takes a port that was free a moment ago."""
    with socket.create_server(("127.0.0.1", 0)) as unused:
        url = f"http://127.0.0.1:{unused.getsockname()[1]}"
    settings = {
        "public_url": url,
        "smtp_url": postman.url,
        "smtp_from": "Clips <noreply@example.org>",
        "oidc_issuer": provider.issuer,
        "oidc_client_id": provider.client_id,
        "oidc_client_secret": provider.secret,
        "oidc_name": "Example",
    }
    server = Served(tmp_path_factory.mktemp("elsewhere") / "home", settings, url=url).start()
    yield server
    assert server.stop() == 0


@pytest.fixture
def browser(server):
    with Browser(server.url) as one:
        yield one


@pytest.fixture
def post(postman):
    """The newest letter to somebody, once it is there."""

    def post(email: str, subject: str):
        end = time.monotonic() + 20
        while time.monotonic() < end:
            found = [one for one in postman.letters if (one["To"], one["Subject"]) == (email, subject)]
            if found:
                return found[-1]
            time.sleep(0.05)
        raise AssertionError(f"no letter {subject!r} to {email}: {[one['Subject'] for one in postman.letters]}")

    return post


def test_there_and_back(browser, provider):
    """One click leads to the provider and back, logged in; another time into the same account."""
    provider.person = {"sub": "there", "email": "there@example.org", "email_verified": True}
    page = browser.open("/login")
    assert "Log in with Example" in page.text
    page = browser.open("/oidc/start")
    assert (page.status, page.path) == (200, "/keys")
    assert "there@example.org" in browser.open("/account").text
    browser.press("logout")
    assert browser.open("/account").path == "/login"
    browser.open("/oidc/start")
    assert "there@example.org" in browser.open("/account").text


@pytest.mark.parametrize(("asked", "onward"), [("/limits", "/limits"), ("https://evil.example", "/keys")])
def test_on_to_the_page_that_was_asked_for(browser, provider, asked, onward):
    """Who wanted to see a page sees it after logging in elsewhere; no other site can be that page."""
    provider.person = {"sub": "onward", "email": "onward@example.org", "email_verified": True}
    page = browser.open(f"/login?next={asked}")
    (link,) = [given["href"] for tag, given in page.tags if given.get("href", "").startswith("/oidc/")]
    assert browser.open(link).path == onward


def test_a_login_begun_elsewhere(browser, server, provider):
    """A link that finishes a stranger's log-in does nothing in another browser."""
    provider.person = {"sub": "stranger", "email": "stranger@example.org", "email_verified": True}
    with Browser(server.url) as stranger:
        stranger.client.follow_redirects = False
        stranger.open("/login")
        there = stranger.open("/oidc/start").reply.headers["Location"]
        back = stranger.client.get(there).headers["Location"]
    page = browser.open(back.removeprefix(server.url))
    assert page.status == 400
    assert browser.cookie() is None
    assert browser.open("/account").path == "/login"


def test_provider_is_away(browser, provider):
    """When the provider fails, the log-in page says so, and passwords still work."""
    email = browser.sign_up()
    browser.press("logout")
    provider.lies = {"aud": "somebody else"}
    try:
        page = browser.open("/oidc/start")
    finally:
        provider.lies = {}
    assert page.status == 502
    assert "cannot be believed" in page.text
    assert browser.log_in(email).path == "/keys"


def test_confirm_by_letter(browser, post):
    """Who signs up gets a letter; its link asks for a click, since programs open links too, and then confirms."""
    email = browser.sign_up()
    link = link_in(post(email, "Confirm your e-mail address"))
    page = browser.open(f"/confirm?token={link}")
    assert page.status == 200
    page = browser.press("confirm")
    assert (page.status, "confirmed" in page.text) == (200, True)


def test_reset_by_letter(browser, server, post):
    """Who forgot the password gets a letter, and everybody the same answer; all other sessions end."""
    email = browser.sign_up()
    with Browser(server.url) as other:
        texts = set()
        for asked in (email.upper(), "nobody@example.org"):
            other.open("/reset")
            page = other.press("ask", email=asked)
            texts.add((page.status, page.text))
        assert len(texts) == 1
        link = link_in(post(email, "Choose a new password"))
        other.open(f"/reset?token={link}")
        page = other.press("reset", new_password=NEW)
        assert page.status == 200, page.text
        assert email in other.open("/account").text
        assert post(email, "Your password was changed")
    assert browser.open("/account").path == "/login"
    assert browser.log_in(email, PASSWORD).status == 401
    assert browser.log_in(email, NEW).status == 200
