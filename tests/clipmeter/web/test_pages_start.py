"""The page of the first call over real HTTP: a key, a line that runs, and a sign that tells when it has arrived."""

import html
import re
import shutil
import subprocess
import time

import pytest

from browsing import PASSWORD, Browser
from served import EXAMPLE

DELETED = "7500000000001020402"


@pytest.fixture
def newcomer(served):
    """Somebody who has just signed up, on the page."""
    with Browser(served.url) as browser:
        browser.email = browser.sign_up()
        browser.open("/start")
        yield browser


def key_in(page) -> str:
    """The key that a page shows; "" for none."""
    found = re.search(r'id="own-key">(ak_\w+)<', page.reply.text)
    return found[1] if found else ""


def watched(page) -> str:
    """Where a script looks again; "" where it does not."""
    return next((given["hx-get"] for _, given in page.tags if "hx-get" in given), "")


def state_of(page) -> str:
    (found,) = [given["class"].split()[1] for _, given in page.tags if given.get("id") == "first"]
    return found


def open_until(browser, state, path):
    """The page once it says so: the log is written a moment after the answer."""
    give_up = time.monotonic() + 10
    while state_of(browser.open(path)) != state:
        assert time.monotonic() < give_up, browser.page.text
        time.sleep(0.1)
    return browser.page


def address(page) -> str:
    return f"{page.path}?{page.reply.url.query.decode()}"


def test_from_a_key_to_the_green_sign(served, newcomer):
    """The page makes a key, waits, says when a request failed, and is done at the first that succeeds."""
    assert state_of(newcomer.page) == "waiting"
    page = newcomer.press("create", mode="live")
    key, here = key_in(page), address(page)
    assert key.startswith("ak_live_")
    assert key in html.unescape(page.reply.text).split('id="line"')[1]
    assert state_of(page) == "waiting"
    served.get(key=key, video_id=DELETED)
    page = open_until(newcomer, "failed", here)
    assert "got an error: 404" in page.text
    assert "/docs/errors/not_found" in page.reply.text
    assert watched(page)
    served.get(key=key, video_id=EXAMPLE)
    page = open_until(newcomer, "done", here)
    assert "answered with 200" in page.text
    assert "free" in page.text
    assert not watched(page)
    assert key_in(page) == key  # without scripts, looking again is loading the page again


@pytest.mark.skipif(not shutil.which("curl"), reason="needs curl")
@pytest.mark.parametrize("mode", ["live", "test"])
def test_the_line_runs_as_it_stands(newcomer, mode):
    """In a shell, with the visitor's own key in it."""
    page = newcomer.press("create", mode=mode)
    line = html.unescape(re.search(r'id="line"[^>]*>(.*?)</code>', page.reply.text, re.DOTALL)[1])
    assert "\n" not in line.strip()
    done = subprocess.run(["sh", "-c", f"{line} -s"], capture_output=True, text=True, check=True)
    assert f'{{"video":{{"video_id":"{EXAMPLE}"' in done.stdout
    open_until(newcomer, "done", address(page))


def test_loading_it_again_makes_no_second_key(newcomer):
    """Nor does a second click; both show the same key."""
    form = newcomer.page.form("create")
    form.fields["mode"] = "live"
    first = newcomer.send("/start", form.fields)
    again = newcomer.send("/start", form.fields)
    assert key_in(first) == key_in(again) == key_in(newcomer.open(address(first))) != ""
    assert newcomer.open("/keys").text.count("Monthly limit of First key") == 1


def test_nobody_else_sees_the_key(served, newcomer):
    """The address with the wish shows it to this session alone: not to another account, nor to the same one later."""
    here = address(newcomer.press("create"))
    with Browser(served.url) as other:
        other.sign_up()
        assert key_in(other.open(here)) == ""
    newcomer.press("logout")
    assert newcomer.open(here).path == "/login"
    newcomer.log_in(newcomer.email, PASSWORD)
    page = newcomer.open(here)
    assert page.path == "/start"
    assert key_in(page) == ""
    assert "You have one key already" in page.text
    assert "$CLIPMETER_KEY" in page.text


def test_a_revoked_key_is_not_shown(newcomer):
    """Loading the page again shows a key only while that works."""
    here = address(newcomer.press("create"))
    newcomer.open("/keys")
    newcomer.press("revoke")
    assert key_in(newcomer.open(here)) == ""


def test_a_script_is_told_only_what_is_new(served, newcomer):
    """It gets 204 while nothing has changed, and the page when something has."""
    page = newcomer.press("create")
    path = watched(page)
    assert newcomer.open(path).status == 204
    served.get(key=key_in(page), video_id=EXAMPLE)
    give_up = time.monotonic() + 10
    while newcomer.open(path).status == 204:
        assert time.monotonic() < give_up
        time.sleep(0.1)
    assert state_of(newcomer.page) == "done"


@pytest.mark.parametrize(("since", "goes_on"), [("", True), ("x", True), ("1", False), ("9" * 12, False), ("-1", True)])
def test_a_page_that_is_left_open(newcomer, since, goes_on):
    """A script looks again for an hour, and no longer."""
    assert bool(watched(newcomer.open(f"/start?since={since}"))) == goes_on


def test_a_script_whose_session_has_ended(newcomer):
    """It is told to go to the log-in page as a whole, rather than given that page for a part of this one."""
    newcomer.press("logout")
    reply = newcomer.client.get("/start?seen=waiting-", headers={"HX-Request": "true"}, follow_redirects=False)
    assert reply.status_code == 204
    assert reply.headers["HX-Redirect"] == "/login?next=%2Fstart"
    assert "Location" not in reply.headers


def test_ten_keys_are_all(newcomer):
    """With ten keys there is no form; one that is sent all the same is refused with a sentence."""
    form = newcomer.page.form("create")
    for number in range(10):
        newcomer.send("/start", {**form.fields, "once": f"wish {number}"})
    page = newcomer.open("/start")
    assert not [one for one in page.forms if one.fields.get("do") == "create"]
    page = newcomer.send("/start", {**form.fields, "once": "one more"})
    assert page.status == 400
    assert "delete one first" in page.text


@pytest.mark.parametrize("fields", [{"do": "create"}, {"do": "nothing", "once": "x"}, {}])
def test_a_form_that_was_changed(newcomer, fields):
    """Fields that are missing or unknown are refused without a crash."""
    mark = newcomer.page.form("create").fields["csrf"]
    assert newcomer.send("/start", {"csrf": mark, **fields}).status == 400


def test_where_no_log_is_kept(new_served, emulator):
    """The sums say that something has arrived."""
    server = new_served(upstream=emulator.url, log_days="0")
    with Browser(server.url) as browser:
        browser.sign_up()
        browser.open("/start")
        page = browser.press("create", mode="test")
        server.get(key=key_in(page), video_id=DELETED)
        open_until(browser, "failed", address(page))
        server.get(key=key_in(page), video_id=EXAMPLE)
        page = open_until(browser, "done", address(page))
        assert "It works" in page.text
