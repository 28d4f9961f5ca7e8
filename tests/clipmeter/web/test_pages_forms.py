"""What forms believe: marks against forgery, sessions that end or are made up, and what of a form is never lost."""

import re
import socket
import threading
import time

import httpx
import pytest

from browsing import PASSWORD, Browser, Page, new_email
from clipmeter.web.pages.routes import PAGES
from served import Served

PRIVATE = ("/keys", "/usage", "/limits", "/account", "/password")
EVERY_FORM = [(page, do) for page in PAGES for do in page.acts]
OPEN = ("/signup", "/login", "/reset", "/confirm?token=x")


@pytest.fixture
def browser(served):
    with Browser(served.url) as one:
        yield one


@pytest.fixture
def member(browser, served):
    """A browser in which somebody has just signed up."""
    browser.email = browser.join(served.home)
    return browser


@pytest.mark.parametrize("path", OPEN)
def test_headers(browser, path):
    """No page is kept by a cache, shown in a frame, or may load or run anything of another site, or inline."""
    headers = browser.open(path).reply.headers
    assert headers["cache-control"] == "no-store"
    policy = headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert "script-src 'self';" in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["content-type"] == "text/html; charset=utf-8"
    assert headers["x-request-id"].startswith("req_")


@pytest.mark.parametrize("path", PRIVATE)
def test_a_stranger_is_asked_to_log_in_and_comes_back(served, browser, path):
    """A page for members leads a stranger to the log-in page, and from there back to itself."""
    email = browser.join(served.home)
    browser.press("logout")
    page = browser.open(path)
    assert page.path == "/login"
    page = browser.press("login", email=email, password=PASSWORD)
    assert (page.status, page.path) == (200, path)


@pytest.mark.parametrize(
    "onward", ["https://evil.example", "//evil.example", "/\\evil.example", "/v1/me", "javascript:x", "/keys/../v1/me"]
)
def test_log_in_leads_to_our_own_pages_only(member, onward):
    """`next` can name no other site, and nothing that is no page."""
    member.press("logout")
    member.open("/login")
    member.client.follow_redirects = False
    page = member.press("login", email=member.email, password=PASSWORD, next=onward)
    assert (page.status, page.reply.headers["location"]) == (303, "/keys")


@pytest.mark.parametrize("mark", ["", "wrong", "0" * 64, "é"])
def test_a_wrong_mark(member, mark):
    """A form without the right mark changes nothing; it comes back as it was typed, with a new mark."""
    member.open("/keys")
    page = member.press("create", name="My laptop", csrf=mark)
    assert page.status == 403
    assert page.form("create").fields["name"] == "My laptop"
    assert "no keys yet" in page.text
    assert "My laptop" in member.press("create").text


def test_no_mark_at_all(member):
    """The same when the field is missing, and on the page where one logs in."""
    assert member.send("/keys", {"do": "create", "name": "x", "once": "y"}).status == 403
    assert "no keys yet" in member.open("/keys").text
    with Browser(str(member.client.base_url)) as stranger:
        page = stranger.send("/login", {"do": "login", "email": member.email, "password": PASSWORD})
        assert page.status == 403
        assert stranger.cookie() is None
        assert page.form("login").fields["email"] == member.email


@pytest.mark.parametrize(("page", "do"), EVERY_FORM, ids=lambda one: getattr(one, "path", one))
def test_every_form_needs_its_mark(member, page, do):
    """There is no form that does anything without a mark, or does it for an address alone."""
    reply = member.client.post(page.path, data={"do": do})
    assert reply.status_code == 403
    assert "nothing was changed" in reply.text
    assert member.client.get(page.path, params={"do": do}).status_code == 200


@pytest.mark.parametrize("path", [*PRIVATE, "/billing", "/account/delete", "/logout"])
def test_every_form_of_a_page(member, path):
    """Each is sent by POST to a page of ours, with a mark, and says what it does."""
    known = {(page.path, do) for page, do in EVERY_FORM}
    for form in member.open(path).forms:
        assert form.method == "post"
        assert len(form.fields["csrf"]) == 64
        assert (form.action, form.fields["do"]) in known


def test_a_mark_of_another_session(served, member):
    """The mark from one's own session is worth nothing in somebody else's: not for a member, not for a stranger."""
    with Browser(served.url) as attacker:
        attacker.join(served.home)
        member.open("/keys")
        mark = attacker.open("/keys").form("create").fields["csrf"]
        assert member.press("create", name="x", csrf=mark).status == 403
        with Browser(served.url) as stranger:
            stranger_mark = stranger.open("/login").form("login").fields["csrf"]
        member.open("/keys")
        assert member.press("create", name="x", csrf=stranger_mark).status == 403
        attacker.press("logout")
        attacker.open("/login")
        assert attacker.press("login", email=member.email, password=PASSWORD, csrf=stranger_mark).status == 403


def test_a_mark_from_before_the_log_in(served, member):
    """Inside, the mark that a browser had as a stranger is worth nothing."""
    with Browser(served.url) as other:
        mark = other.open("/login").form("login").fields["csrf"]
        assert other.press("login", email=member.email, password=PASSWORD).status == 200
        assert other.press("create", name="x", csrf=mark).status == 403


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_sent_by_another_site(member, site):
    """A form that the browser says comes from another site changes nothing, even with the right mark."""
    form = member.open("/keys").form("create")
    page = member.send("/keys", {**form.fields, "name": "x"}, **{"Sec-Fetch-Site": site})
    assert page.status == 403
    assert "another site" in page.text
    assert "no keys yet" in member.open("/keys").text


def test_get_changes_nothing(member):
    """An address alone, with all that a form would send, is only a page."""
    fields = member.open("/keys").form("create").fields
    assert "no keys yet" in Page(member.client.get("/keys", params={**fields, "name": "x"})).text
    member.client.get("/logout", params={"do": "logout", **fields})
    assert member.open("/account").path == "/account"


@pytest.mark.parametrize("planted", ["0" * 43, "planted"])
def test_a_session_cannot_be_given_to_somebody(served, planted):
    """Session fixation: a cookie that was there before signing up is replaced, and is worth nothing afterwards."""
    with Browser(served.url) as victim, Browser(served.url) as attacker:
        victim.client.cookies.set("clipmeter", planted, domain="127.0.0.1", path="/")
        victim.sign_up()
        assert [one.value for one in victim.client.cookies.jar if one.name == "clipmeter"] == [victim.cookie()]
        assert victim.cookie() != planted
        attacker.client.cookies.set("clipmeter", planted)
        assert attacker.open("/account").path == "/login"


def test_logging_in_anew_ends_the_session_before(served, member):
    """Each log-in has a token of its own; the one that the browser had before is dead."""
    before = member.cookie()
    form = {"do": "login", "csrf": member.open("/keys").form("logout").fields["csrf"]}
    member.send("/login", {**form, "email": member.email, "password": PASSWORD})
    assert member.cookie() not in {before, None}
    with Browser(served.url) as other:
        other.client.cookies.set("clipmeter", before)
        assert other.open("/keys").path == "/login"


def test_after_the_log_out(served, member):
    """The token is dead on the server too, the cookie is gone, and pages of before were never to be kept."""
    token = member.cookie()
    assert member.open("/account").reply.headers["cache-control"] == "no-store"
    assert "logged out" in member.press("logout").text
    assert member.cookie() is None
    with Browser(served.url) as other:
        other.client.cookies.set("clipmeter", token)
        assert other.open("/account").path == "/login"


def test_a_session_that_ends_in_the_middle_of_a_form(served, member):
    """What was typed comes back after logging in again; nothing was done, and no password went along."""
    member.open("/limits")
    form = member.page.form("limits")
    with Browser(served.url) as other:
        other.log_in(member.email)
        other.open("/account")
        assert other.press("end-others").status == 200
    page = member.send("/limits", {**form.fields, "daily": "12.50", "monthly": "200"})
    assert (page.status, page.path) == (401, "/limits")
    assert "what you typed is kept" in page.text
    wrong = member.press("login", email=member.email, password="not the password")
    assert wrong.status == 401
    page = member.press("login", email=member.email, password=PASSWORD)
    assert (page.status, page.path) == (200, "/limits")
    assert "not" in page.text
    fields = page.form("limits").fields
    assert (fields["daily"], fields["monthly"]) == ("12.50", "200")
    assert member.open("/limits").form("limits").fields["daily"] == ""
    member.page = page
    assert "saved" in member.press("limits").text
    assert member.open("/limits").form("limits").fields["daily"] == "12.50"


def test_nothing_is_kept_of_a_form_that_may_be_forged(served):
    """A stranger's form for a page of members leads to an empty log-in page."""
    with Browser(served.url) as stranger:
        page = stranger.send("/limits", {"do": "limits", "daily": "1", "csrf": "0" * 64})
        assert page.status == 401
        assert page.form("login").fields["kept"] == ""


@pytest.mark.parametrize(
    "junk", ["%ff", "a=1&a=2", "path=/x&said=bye&csrf=x&kept=2&next=/y&self=1", "x=" + "x" * 9_000, "=&&="]
)
def test_a_pocket_full_of_junk(member, junk):
    """What claims to be kept for after the log-in crashes nothing, whatever it is."""
    member.press("logout")
    member.open("/login?next=/limits")
    assert member.press("login", email=member.email, password=PASSWORD, kept=junk).status in {200, 400}


def test_passwords_are_not_kept(served, member):
    """A form with a password that comes too late keeps nothing of it: not in the page, not in an address."""
    form = member.open("/password").form("password")
    with Browser(served.url) as other:
        other.log_in(member.email)
        other.open("/account")
        other.press("end-others")
    page = member.send("/password", {**form.fields, "old_password": "first secret", "new_password": "second secret"})
    assert page.status == 401
    assert "secret" not in page.reply.text


def test_the_back_button_after_a_form(member):
    """Every form that changes something is answered with another address, so that loading it again is harmless."""
    member.client.follow_redirects = False
    form = member.open("/limits").form("limits")
    reply = member.client.post("/limits", data={**form.fields, "daily": "3"})
    assert reply.status_code == 303
    assert re.fullmatch(r"/limits\?said=\w+", reply.headers["location"])


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("application/json", b"{}"),
        ("application/x-www-form-urlencoded", b"do=login&do=login"),
        ("application/x-www-form-urlencoded", b"do=%ff"),
        ("application/x-www-form-urlencoded", b"do=\xff"),
        ("application/x-www-form-urlencoded", b"do=login&email=%00"),
        ("application/x-www-form-urlencoded", b"&".join(b"a%d=" % n for n in range(100))),
        ("multipart/form-data; boundary=x", b"--x--"),
    ],
)
def test_a_broken_form(browser, kind, body):
    """What no browser sends gets a page that says so."""
    reply = browser.client.post("/login", content=body, headers={"Content-Type": kind})
    assert reply.status_code == 400
    assert reply.headers["content-type"].startswith("text/html")


def test_a_broken_query(browser):
    """The same in an address."""
    assert browser.client.get("/login?next=%ff").status_code == 400
    assert browser.client.get("/login?next=a&next=b").status_code == 400
    for query in ("utm=1&utm=2", "q=%ff"):
        assert browser.client.get(f"/docs?{query}").status_code == 200  # what others hung on it


@pytest.mark.parametrize("size", [999_000, 1_048_576, 3_000_000])
def test_a_password_of_a_megabyte(browser, size):
    """It is refused with a sentence on a page, at once and without hashing it."""
    browser.open("/signup")
    page = browser.press("signup", email=new_email(), password="x" * size)
    assert page.status in {400, 413}
    assert page.reply.headers["content-type"].startswith("text/html")
    assert "at most 1024" in page.text or "too large" in page.text
    assert page.reply.elapsed.total_seconds() < 2


def test_a_body_of_no_stated_length(browser):
    """A body that comes in pieces is cut off too, and told so on a page."""

    def pieces():
        for _ in range(20):
            yield b"x" * 100_000

    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    reply = browser.client.post("/login", content=pieces(), headers=headers)
    assert reply.status_code == 413
    assert reply.headers["content-type"].startswith("text/html")


def test_while_the_database_is_not_there(tmp_path):
    """Until it is, pages say so, as pages."""
    home = tmp_path / "home"
    (home / "clipmeter.db").mkdir(parents=True)
    (home / "secret").write_text("s" * 64)
    with socket.create_server(("127.0.0.1", 0)) as unused:
        url = f"http://127.0.0.1:{unused.getsockname()[1]}"
    served = Served(home, url=url)
    starting = threading.Thread(target=served.start)
    starting.start()
    try:
        reply = first_answer(f"{url}/login")
    finally:
        (home / "clipmeter.db").rmdir()
        starting.join()
        served.stop()
    assert reply.status_code == 503
    assert reply.headers["content-type"].startswith("text/html")
    assert reply.headers["retry-after"] == "1"
    assert reply.headers["cache-control"] == "no-store"


def first_answer(url):
    """What a server that is starting says, as soon as it says anything."""
    until = time.monotonic() + 30
    while True:
        try:
            return httpx.get(url)
        except httpx.TransportError:
            assert time.monotonic() < until
            time.sleep(0.05)


def test_errors_of_the_api_stay_json(browser):
    """Where programs ask, the answer is the contract's, whatever they say they take."""
    for path, status in (("/v1/nothing", 404), ("/v1/me", 401), ("/v1/tiktok/video", 401)):
        reply = browser.client.get(path, headers={"Accept": "text/html"})
        assert (reply.status_code, reply.headers["content-type"]) == (status, "application/json")
    assert browser.client.post("/v1/me", data={"a": "b"}).json()["code"] == "method_not_allowed"
    assert browser.client.get("/nothing", headers={"Accept": "*/*"}).json()["code"] == "not_found"


@pytest.mark.parametrize("path", ["/nothing", "/keys/nothing", "/static/0/none.js"])
def test_an_unknown_page(browser, path):
    """A browser is told so in words, with ways to go on."""
    reply = browser.client.get(path, headers={"Accept": "text/html,*/*"})
    assert (reply.status_code, reply.headers["content-type"]) == (404, "text/html; charset=utf-8")
    assert 'href="/docs"' in reply.text


def test_a_wrong_method_on_a_page(browser):
    """It is refused on a page, with the ones it takes; HEAD is GET without the body."""
    reply = browser.client.put("/keys")
    assert (reply.status_code, reply.headers["content-type"]) == (405, "text/html; charset=utf-8")
    assert "GET" in reply.headers["allow"]
    head, get = browser.client.head("/login"), browser.client.get("/login")
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-type"] == get.headers["content-type"]


def test_cookies_over_http(browser):
    """No script and no other site's form can use them."""
    browser.open("/signup")
    form = browser.page.form("signup")
    browser.client.follow_redirects = False
    reply = browser.client.post("/signup", data={**form.fields, "email": new_email(), "password": PASSWORD})
    (cookie,) = reply.headers.get_list("set-cookie")
    assert cookie.startswith("clipmeter=")
    assert {"HttpOnly", "Path=/"} <= set(cookie.split("; "))
    assert "samesite=lax" in cookie.lower()
    assert "secure" not in cookie.lower()


def test_cookies_over_https(browser):
    """Behind a proxy that speaks https they are for https and for this host alone."""
    reply = browser.client.get("/login", headers={"X-Forwarded-Proto": "https"})
    (cookie,) = reply.headers.get_list("set-cookie")
    assert cookie.startswith("__Host-clipmeter-form=")
    assert {"Secure", "HttpOnly", "Path=/"} <= set(cookie.split("; "))
    assert "domain" not in cookie.lower()
    assert "strict-transport-security" in reply.headers
