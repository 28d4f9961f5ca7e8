"""The playground over real HTTP: it asks, shows and charges as the API does, and once for each form."""

import asyncio
import html
import os
import re
import shutil
import subprocess
from urllib.parse import urlencode

import httpx
import pytest

from browsing import PASSWORD, Browser
from served import EXAMPLE

DELETED, LIMITED, PHOTOS, SUBTITLED = (
    "7500000000001020402",
    "7500000000000042907",
    "7500000000000000206",
    "7500000000000000207",
)
HTML_CAPTION, RTL_CAPTION, SHOP = "7500000000000000210", "7500000000000000211", "7500000000000000204"


@pytest.fixture
def member(served):
    """Somebody new with a live key, on the playground."""
    with Browser(served.url) as browser:
        yield begin(browser)


@pytest.fixture(scope="module")
def one(served):
    """The same, shared by tests that count nothing: to sign up takes longer than to ask."""
    with Browser(served.url) as browser:
        yield begin(browser)


@pytest.fixture
def regular(one):
    """That one, with the form as it is at first."""
    one.open("/playground")
    return one


def begin(browser):
    browser.email = browser.sign_up()
    browser.key = make_key(browser, "live")
    browser.open("/playground")
    return browser


def make_key(browser, mode) -> str:
    browser.open("/keys")
    page = browser.press("create", name=f"The {mode} one", mode=mode)
    return next(word for word in page.text.split() if re.fullmatch(rf"ak_{mode}_\w{{38}}", word))


def used(served, key) -> tuple[int, int]:
    """Free and test requests that were counted."""
    (endpoint,) = served.get("/v1/usage", key=key).json["endpoints"]
    return endpoint["free_used"], endpoint["test"]


def key_id(browser, name) -> str:
    """The value of a key's radio button."""
    found = re.search(rf'value="(key_\w+)"[^>]*>\s*<label[^>]*><bdi>{re.escape(name)}</bdi>', browser.page.reply.text)
    return found[1]


def test_a_request_is_charged_and_logged_like_any_other(served, member):
    """It says what it will cost, asks, shows the answer, and is counted."""
    assert "Free: 50 of 50 free requests are left this month." in member.page.text
    page = member.press("send", url="", video_id=EXAMPLE)
    assert page.status == 200
    assert "200 OK" in page.text
    assert "life after @Zara Larsson" in page.text
    assert "18,912,653" in page.text
    assert "49 of 50 free requests are left" in page.text
    assert "x-charge" in page.text
    assert used(served, member.key) == (1, 0)
    assert f"/requests/{re.search(r'req_[0-9a-f]{32}', page.text)[0]}" in page.reply.text


def test_looking_costs_nothing(served, member):
    """Neither the page nor a link to it with everything filled in sends anything."""
    page = member.open(f"/playground?video_id={EXAMPLE}&include=streams,flags&max_age=0&do=send")
    fields = page.form("send").fields
    assert (fields["url"], fields["video_id"], fields["max_age"]) == ("", EXAMPLE, "0")
    assert (fields["include.streams"], fields["include.flags"]) == ("1", "1")
    assert "include.images" not in fields
    assert "Nothing is sent yet" in page.text
    assert used(served, member.key) == (0, 0)


def test_the_same_form_twice_is_charged_once(served, member):
    """The second click gets the answer to the first; another post from the same form is another request."""
    form = member.page.form("send")
    first = member.send(form.action, form.fields)
    again = member.send(form.action, form.fields)
    assert "not charged a second time" in again.text
    assert re.search(r"req_[0-9a-f]{32}", again.text)[0] == re.search(r"req_[0-9a-f]{32}", first.text)[0]
    assert "<video" in again.reply.text
    assert used(served, member.key) == (1, 0)
    member.send(form.action, {**form.fields, "url": "", "video_id": "7500000000000000200"})
    assert used(served, member.key) == (2, 0)


async def test_ten_clicks_at_once(served, member):
    """All of them show the one answer, and none stands in the log as a failure."""
    form, cookies = member.page.form("send"), {"clipmeter": member.cookie()}
    async with httpx.AsyncClient(base_url=served.url, cookies=cookies, timeout=40) as client:
        replies = await asyncio.gather(*(client.post("/playground", data=form.fields) for _ in range(10)))
    assert {reply.status_code for reply in replies} == {200}
    assert all("200 OK" in reply.text for reply in replies)
    assert used(served, member.key) == (1, 0)
    rows = served.logged(member.key, len(replies))["requests"]
    assert {row["status"] for row in rows} == {200}


def test_an_endless_text(member):
    """It is shown as it is, without colours, which would keep the server busy for a second."""
    page = member.open("/playground?" + urlencode({"url": "'" * 18_000}))
    program = page.reply.text.split('data-sample="python"')[1].partition("</code>")[0]
    assert "<" not in program


def test_a_test_key(served, member):
    """It is offered with its own price, and is never charged."""
    key = make_key(member, "test")
    page = member.open("/playground")
    assert "test keys get invented answers and are never charged" in page.text
    page = member.press("send", key_id=key_id(member, "The test one"))
    assert "Free: a test key." in page.text
    assert used(served, key) == (0, 1)
    assert page.form("send").fields["key_id"] == key_id(member, "The test one")


@pytest.mark.parametrize(
    ("video_id", "status", "code"),
    [
        (DELETED, 404, "not_found"),
        (LIMITED, 429, "upstream_rate_limit"),
        ("0", 400, "invalid_parameter"),
        ("", 400, "missing_parameter"),
    ],
)
def test_an_error(served, regular, video_id, status, code):
    """It is shown as the API gives it, with the way to its page, and costs nothing."""
    before = used(served, regular.key)
    page = regular.press("send", url="", video_id=video_id)
    assert page.status == 200
    assert str(status) in page.text
    assert f"/docs/errors/{code}" in page.reply.text
    assert "Not charged" in page.text
    assert used(served, regular.key) == before


@pytest.mark.parametrize("links", ["", "direct", "relay"])
def test_the_files_come_by_this_server(regular, links):
    """Cover, video and files to save are links of this server, whatever links were asked for; and they work."""
    page = regular.press("send", links=links)
    found = [
        given[name]
        for tag, given in page.tags
        for name in ("src", "poster", "href")
        if "/media/" in (given.get(name) or "")
    ]
    assert [tag for tag, _ in page.tags].count("video") == 1
    assert len(found) == 1 + 1 + 1 + 1 + 4  # video, poster, captions, avatar, and four to save
    for link in found:
        assert link.startswith("/media/")
        assert regular.client.get(link, headers={"Range": "bytes=0-99"}).status_code == 206
    assert ("tiktokcdn" in page.text) == (links == "direct")


def test_photos_and_captions(regular):
    """A photo post shows all its pictures, a video with subtitles has them as captions."""
    page = regular.press("send", url="", video_id=PHOTOS)
    pictures = [given for tag, given in page.tags if tag == "img" and "Image" in given["alt"]]
    assert len(pictures) == 35
    assert regular.client.get(pictures[-1]["src"]).headers["Content-Type"].startswith("image/")
    regular.open("/playground")
    page = regular.press("send", url="", video_id=SUBTITLED)
    tracks = [given for tag, given in page.tags if tag == "track"]
    assert len(tracks) == 8
    assert regular.client.get(tracks[0]["src"]).text.startswith("WEBVTT")


def test_a_post_without_a_video(regular):
    """Where TikTok gives no links there is a sentence less, and no broken player."""
    page = regular.press("send", url="", video_id=SHOP)
    assert "200 OK" in page.text
    assert "video" not in [tag for tag, _ in page.tags]


@pytest.mark.parametrize("video_id", [HTML_CAPTION, RTL_CAPTION])
def test_nasty_captions(served, regular, video_id):
    """HTML in a caption is text, in the post and in the JSON; marks of direction end where the caption ends."""
    page = regular.press("send", url="", video_id=video_id)
    caption = served.get(key=regular.key, video_id=video_id).json["video"]["title"]
    assert html.escape(caption.split("\n")[0][:20], quote=False) in page.reply.text.replace("&#34;", '"').replace(
        "&#39;", "'"
    )
    scripts = [given.get("src", "") for tag, given in page.tags if tag == "script"]
    assert all(src.startswith("/static/") for src in scripts)
    assert not [given for tag, given in page.tags if {"onerror", "onload", "onclick"} & set(given)]
    assert [given for tag, given in page.tags if given.get("dir") == "auto" and given.get("class") == "caption"]


def test_somebody_elses_key(served, member):
    """A key of another account sends nothing, nor does a revoked one, nor none."""
    with Browser(served.url) as other:
        other.sign_up()
        key = make_key(other, "live")
        other.open("/playground")
        theirs = key_id(other, "The live one")
    fields = member.page.form("send").fields
    for given in (theirs, "", "key_x"):
        page = member.send("/playground", {**fields, "key_id": given})
        assert page.status == 400
        assert "nothing was sent" in page.text
    assert used(served, key) == used(served, member.key) == (0, 0)


def test_a_revoked_key(member):
    """It is not offered; a form from before gets nothing."""
    form = member.page.form("send")
    member.open("/keys")
    member.press("revoke")
    page = member.send(form.action, form.fields)
    assert page.status == 400
    assert "First a key" in page.text
    assert not [one for one in page.forms if "key_id" in one.fields]


def test_without_a_key_it_teaches(served):
    """Who has none reads what the two kinds are, and gets no button; the program is there all the same."""
    with Browser(served.url) as browser:
        browser.sign_up()
        page = browser.open("/playground")
        assert "never charged; a live key asks TikTok" in page.text
        assert "Send the request" not in page.text
        assert "curl -G" in page.text


def test_a_refusal_is_told_beforehand(served, member):
    """Where the free requests are used up it says 402 before anything is sent, and 402 it is."""
    account_id = served.get("/v1/me", key=member.key).json["account_id"]
    served.run("terms", "set", "--account", account_id, "--free", "0")
    page = member.open("/playground")
    assert "refused: 402" in page.text
    page = member.press("send")
    assert "402 Payment Required" in page.text


def test_a_session_that_ended(served, member):
    """What was filled in is there again after logging in, and nothing was sent."""
    form = member.page.form("send")
    with Browser(served.url) as elsewhere:
        elsewhere.log_in(member.email)
        elsewhere.open("/account")
        elsewhere.press("end-others")
    page = member.send(form.action, {**form.fields, "url": "", "video_id": EXAMPLE, "include.flags": "1"})
    assert page.status == 401
    page = member.press("login", email=member.email, password=PASSWORD)
    assert page.path == "/playground"
    fields = page.form("send").fields
    assert (fields["url"], fields["video_id"], fields["include.flags"]) == ("", EXAMPLE, "1")
    assert used(served, member.key) == (0, 0)


@pytest.mark.skipif(not shutil.which("curl"), reason="needs curl")
@pytest.mark.parametrize(
    ("field", "value", "status"),
    [("video_id", EXAMPLE, 200), ("url", "'; echo pwned; '$(echo pwned)`echo pwned`\\", 400)],
)
def test_the_program_is_the_same_request(regular, field, value, status):
    """The line for curl runs as it stands, whatever was typed."""
    page = regular.press("send", **{"url": "", "video_id": "", field: value, "include.flags": "1"})
    assert f"{status} " in page.text
    (code,) = re.findall(r'data-sample="curl">(.*?)</code>', page.reply.text, re.DOTALL)
    line = html.unescape(re.sub(r"<[^>]+>", "", code)).rstrip()
    done = subprocess.run(
        ["sh", "-c", f"{line} -sw '%{{http_code}}'"],
        env={**os.environ, "CLIPMETER_KEY": regular.key},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.endswith(str(status))
    assert "pwned" not in done.stdout.replace("echo pwned", "")
    assert status != 200 or '"flags":' in done.stdout
