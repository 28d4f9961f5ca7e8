"""The pages in a real browser, without scripts: what only a browser can judge. Skipped where there is no Chromium."""

import shutil
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from browsing import PASSWORD, new_email

CHROMIUM = shutil.which("chromium")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="needs chromium")
USUAL = ("server responded with a status", "should have (optionally hidden) username fields")
"""What a browser says of every refusal, and of a link by which a password is chosen, which does not say whose."""
INSIDE = ("/keys", "/usage", "/limits", "/billing", "/account", "/account/delete", "/password", "/logout")
OUTSIDE = ("/signup", "/login", "/reset", "/reset?token=x", "/confirm?token=x")


@pytest.fixture(scope="module")
def chromium():
    from playwright.sync_api import sync_playwright  # noqa: PLC0415 - only where there is a browser

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def new_page(served, chromium):
    """Opens windows of a width, with scripts switched off; what the browser complains of must be nothing."""
    contexts, complaints = [], []

    def open_one(width=375, **options):
        address = {"X-Forwarded-For": f"203.0.113.{len(contexts) + 1}"}
        options = {"java_script_enabled": False, "extra_http_headers": address, **options}
        context = chromium.new_context(base_url=served.url, viewport={"width": width, "height": 700}, **options)
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: complaints.append(message.text))
        return page

    yield open_one
    for context in contexts:
        context.close()
    assert [said for said in complaints if not any(usual in said for usual in USUAL)] == []


@pytest.fixture
def other_site():
    """Puts HTML on another site: call it with a host name and the HTML; the address."""
    servers = []

    def put(host, html):
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                self.send_response(200)
                self.send_header("Content-Type", "text/html")
                self.end_headers()
                self.wfile.write(html.encode())

            def log_message(self, *_):
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        servers.append(server)
        return f"http://{host}:{server.server_port}/"

    yield put
    for server in servers:
        server.shutdown()
        server.server_close()


def sign_up(page) -> str:
    email = new_email()
    page.goto("/signup")
    page.get_by_label("E-mail").fill(email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign up").click()
    page.wait_for_url("**/start**")
    page.goto("/keys")
    return email


def make_key(page, name: str) -> str:
    page.goto("/keys")
    page.get_by_label("Name").fill(name)
    page.get_by_role("button", name="Make the key").click()
    return page.locator("code.secret").inner_text()


def test_all_of_it_with_keyboard_labels_alone(served, new_page):
    """From sign-up to a working key, limits and the log-out: every field has a label, every button a name."""
    page = new_page()
    sign_up(page)
    key = make_key(page, "Laptop")
    assert served.get("/v1/me", key=key).status == 200
    page.get_by_text("Monthly limit").click()
    page.get_by_label("Dollars a month").fill("7.5")
    page.get_by_role("button", name="Save").click()
    page.get_by_text("of at most $7.50").wait_for()
    page.goto("/limits")
    page.get_by_label("Dollars a day").fill("5")
    page.get_by_role("button", name="Save limits").click()
    page.get_by_text("Your limits are saved").wait_for()
    page.get_by_role("button", name="Log out").click()
    page.wait_for_url("**/login**")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_on_a_narrow_phone(new_page, scheme):
    """On the narrowest phone nothing has to be scrolled sideways, and nothing is blocked by our own policy."""
    page = new_page(320, color_scheme=scheme, java_script_enabled=True)  # to ask how wide it is
    for path in OUTSIDE:
        page.goto(path)
        assert page.evaluate("document.documentElement.scrollWidth") <= 320, path
    sign_up(page)
    make_key(page, "W" * 100)
    for path in INSIDE:
        page.goto(path)
        assert page.evaluate("document.documentElement.scrollWidth") <= 320, path
    ground = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert (sum(int(part) for part in ground[4:-1].split(",")) > 382) == (scheme == "light")


def test_the_back_button_after_the_log_out(new_page):
    """It leads to the log-in page, not to what was there."""
    page = new_page()
    email = sign_up(page)
    page.goto("/account")
    page.get_by_role("banner").get_by_role("button", name="Log out").click()
    page.wait_for_url("**/login**")
    page.go_back()
    page.wait_for_url("**/login**")
    assert email not in page.content()


def test_a_double_click_makes_one_key(new_page):
    """Two clicks, one key, and the browser shows it."""
    page = new_page()
    sign_up(page)
    page.get_by_label("Name").fill("Once")
    page.get_by_role("button", name="Make the key").dblclick(no_wait_after=True)
    page.locator("code.secret").wait_for()
    page.goto("/keys")
    assert page.get_by_role("heading", name="Once").count() == 1


def test_loading_the_page_with_the_new_key_again(new_page):
    """The browser sends the form once more; there is still one key."""
    page = new_page()
    sign_up(page)
    key = make_key(page, "Once")
    page.reload()
    assert page.locator("code.secret").inner_text() == key
    page.goto("/keys")
    assert page.get_by_role("heading", name="Once").count() == 1
    assert page.locator("code.secret").count() == 0


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"])
def test_a_form_of_another_site(new_page, other_site, host):
    """It is refused: one that comes from far away, and one of a neighbour, with which the browser sends our cookie."""
    page = new_page()
    sign_up(page)
    action = page.url.partition("?")[0]
    page.goto(other_site(host, f"<form method=post action={action}><input name=do value=create><button>Win</button>"))
    page.get_by_role("button", name="Win").click()
    page.get_by_text("sent by another site").wait_for()
    page.goto(action)
    page.get_by_text("You have no keys yet").wait_for()


def test_in_a_frame_of_another_site(new_page, other_site):
    """No page of ours shows in a frame, so nobody can be led to press its buttons unseen."""
    page = new_page()
    sign_up(page)
    window = page.context.new_page()  # whose complaints are expected
    window.goto(other_site("127.0.0.1", f"<iframe src={page.url}></iframe>"))
    window.wait_for_timeout(500)
    assert len(window.frames) == 2
    assert all("API keys" not in frame.content() for frame in window.frames)
