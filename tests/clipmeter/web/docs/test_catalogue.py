"""The front page: what is sold here and at what price, for strangers and for who is logged in."""

import re
import shlex

import pytest

from browsing import Browser
from clipmeter.endpoints import ENDPOINTS
from samples import samples_in


@pytest.fixture(scope="module")
def browser(served):
    with Browser(served.url) as one:
        yield one


def test_lists_all_endpoints(browser):
    """Each endpoint with its title, promise and path, a link to its page, and the price in force."""
    page = browser.open("/")
    links = {given.get("href") for tag, given in page.tags if tag == "a"}
    for endpoint in ENDPOINTS:
        assert f"/endpoints/{endpoint.slug}" in links
        assert endpoint.title in page.text
        assert endpoint.promise in page.text
        assert endpoint.path in page.text
    assert "50 free a month" in page.text
    assert browser.open("/endpoints").path == "/"


def test_promises_nothing_that_cannot_be_had(browser):
    """Where no card can be added, neither the front page nor the sign-up says what comes after adding one."""
    for path in ("/", "/signup"):
        page = browser.open(path)
        assert "50" in page.text
        assert "No cards are taken here: for more, ask whoever runs this server." in page.text
        assert "$" not in re.sub(r"\$CLIPMETER_KEY", "", page.text)


def test_prices_with_cards(new_served):
    """Where cards can be added, both say the price; who is to be asked is named; a closed house invites nobody."""
    server = new_served(stripe_secret_key="sk_test_1", price_micros="12500", free_requests="5", signup="closed")
    with Browser(server.url) as browser:
        front = browser.open("/")
        assert "The first 5 successful requests of each month are free, without a card" in front.text
        assert "each one after that costs $0.0125." in front.text
        assert "Get a key" not in front.text
        assert "until you add a card" in browser.open(f"/endpoints/{ENDPOINTS[0].slug}").text


def test_for_who_is_logged_in(served):
    """Somebody who is logged in is led to the own keys, and not asked to sign up."""
    with Browser(served.url) as browser:
        browser.sign_up()
        page = browser.open("/")
        links = {given.get("href") for tag, given in page.tags if tag == "a"}
    assert "/keys" in links
    assert not {"/signup", "/login"} & links


def test_for_search_engines_and_previews(browser):
    """Title, description, the address it is known by, and what a preview shows; no page is without."""
    for path in ("/", f"/endpoints/{ENDPOINTS[0].slug}"):
        page = browser.open(path)
        metas = {
            given.get("name") or given.get("property"): given.get("content")
            for tag, given in page.tags
            if tag == "meta"
        }
        links = {given["rel"]: given["href"] for tag, given in page.tags if tag == "link"}
        assert 50 <= len(metas["description"]) <= 160
        assert metas["og:title"]
        assert metas["og:description"] == metas["description"]
        assert metas["og:url"] == links["canonical"] == str(page.reply.url)
        assert links["icon"] == "/icon.svg"


def test_needs_no_script(browser):
    """All of it stands in the HTML: no inline script, no style, and nothing from another host."""
    for path in ("/", f"/endpoints/{ENDPOINTS[0].slug}"):
        page = browser.open(path)
        assert not [given for _, given in page.tags if "style" in given or any(name.startswith("on") for name in given)]
        assert not [tag for tag, given in page.tags if tag == "style" or (tag == "script" and "src" not in given)]
        fetched = [
            given.get("src") or given.get("href") for tag, given in page.tags if tag in {"script", "img", "link"}
        ]
        assert [
            url for url in fetched if not url.startswith("/") and not url.startswith(str(browser.client.base_url))
        ] == []


@pytest.mark.parametrize("host", ["x'\"><script>alert(1)</script>", "a&b;$(id)`id`.example.org"])
def test_a_made_up_address_stays_text(served, host):
    """Samples and links name this server as the request did; whatever that says is no HTML and no command."""
    reply = served.send("GET", "/", {"Host": host})
    html = reply.body.decode()
    assert "<script>alert" not in html
    for sample in samples_in(html):
        assert shlex.split(sample.code)[2] == f"http://{host}{ENDPOINTS[0].path}"
        assert reply.headers["Cache-Control"] == "private, no-cache"
