"""The page of the keys: what it shows once, what it changes, and what two clicks do."""

import asyncio

import httpx
import pytest

from browsing import Browser
from served import EXAMPLE

NASTY = """<script>alert(1)</script>"'><img src=x onerror=y>{{ 7777*7777 }}"""


@pytest.fixture
def member(served):
    with Browser(served.url) as browser:
        browser.email = browser.join(served.home)
        yield browser


def key_in(page) -> str:
    """The key that a page shows, if it does."""
    return next((word for word in page.text.split() if word.startswith("ak_") and "…" not in word), "")


def test_a_key_is_shown_once_and_works(served, member):
    """A key made on the page opens the API; the page never shows it again."""
    key = key_in(member.press("create", name="Laptop"))
    assert key.startswith("ak_live_")
    me = served.get("/v1/me", key=key).json
    assert me["email"] == member.email
    assert served.get(key=key, video_id=EXAMPLE).headers["X-Charge"] == "0"
    page = member.open("/keys")
    assert key not in page.reply.text
    assert key[-4:] in page.text


def test_a_test_key(served, member):
    """The mode that was chosen is the key's."""
    key = key_in(member.press("create", name="CI", mode="test"))
    assert served.get("/v1/me", key=key).json["mode"] == "test"


def test_a_form_sent_twice_makes_one_key(member):
    """A double click makes one key, and the second answer, which is what the browser shows, shows it too."""
    form = member.open("/keys").form("create")
    first = key_in(member.send("/keys", {**form.fields, "name": "Once"}))
    again = member.send("/keys", {**form.fields, "name": "Once"})
    assert key_in(again) == first != ""
    assert again.text.count("Monthly limit of Once") == 1


async def test_ten_clicks_at_once(member):
    """The same when all of them arrive together."""
    form = member.open("/keys").form("create")
    cookies = {"clipmeter": member.cookie()}
    async with httpx.AsyncClient(base_url=member.client.base_url, cookies=cookies, timeout=30) as client:
        replies = await asyncio.gather(*(client.post("/keys", data={**form.fields, "name": "One"}) for _ in range(10)))
    assert {reply.status_code for reply in replies} == {200}
    assert member.open("/keys").text.count("Monthly limit of One") == 1


def test_a_form_of_a_deleted_key_sent_again(member):
    """Loading the answer again after the key was deleted does not bring it back."""
    form = member.open("/keys").form("create")
    member.send("/keys", {**form.fields, "name": "Gone"})
    member.press("delete")
    page = member.send("/keys", {**form.fields, "name": "Gone"})
    assert page.status == 400
    assert "made already" in page.text
    assert key_in(page) == ""


def test_revoke_enable_delete(served, member):
    """Each holds for the next request."""
    key = key_in(member.press("create", name="Laptop"))
    assert "changed" in member.press("revoke").text
    assert served.get("/v1/me", key=key).code == "invalid_api_key"
    member.press("enable")
    assert served.get("/v1/me", key=key).status == 200
    assert "deleted" in member.press("delete").text
    assert served.get("/v1/me", key=key).code == "invalid_api_key"
    assert "no keys yet" in member.page.text


def test_a_limit_for_a_key(served, member):
    """What is saved on the page is what the API says; an amount that is none comes back as it was typed."""
    key = key_in(member.press("create", name="Laptop"))
    page = member.press("cap", cap="a lot")
    assert page.status == 400
    assert "no amount" in page.text
    assert page.form("cap").fields["cap"] == "a lot"
    assert "saved" in member.press("cap", cap="$2.50").text
    assert served.get("/v1/me", key=key).json["spending"]["key_monthly_limit_micros"] == 2_500_000
    assert member.page.form("cap").fields["cap"] == "2.50"
    member.press("cap", cap="")
    assert served.get("/v1/me", key=key).json["spending"]["key_monthly_limit_micros"] is None


@pytest.mark.parametrize("do", ["revoke", "enable", "delete", "cap"])
def test_somebody_elses_key(served, member, do):
    """The id of another account's key is worth nothing."""
    with Browser(served.url) as other:
        other.join(served.home)
        key = key_in(other.press("create", name="Theirs"))
        key_id = other.page.form("revoke").fields["key_id"]
    mark = member.open("/keys").form("create").fields["csrf"]
    page = member.send("/keys", {"do": do, "key_id": key_id, "cap": "0", "csrf": mark})
    assert page.status == 400
    me = served.get("/v1/me", key=key)
    assert me.status == 200
    assert me.json["spending"]["key_monthly_limit_micros"] is None


def test_ten_keys_are_all(member):
    """With ten keys there is no form for another one, and one that is sent all the same is refused."""
    form = member.open("/keys").form("create")
    for number in range(10):
        member.press("create", name=f"Key {number}")
    page = member.open("/keys")
    assert "as many as an account can have" in page.text
    assert not [one for one in page.forms if one.fields.get("do") == "create"]
    assert member.send("/keys", {**form.fields, "name": "One more", "once": "another"}).status == 400


def test_html_in_a_name(member):
    """A name is text wherever it stands: in the list, in a label, in an attribute, in an error's form."""
    page = member.press("create", name=NASTY)
    for shown in (page, member.open("/keys"), member.press("cap", cap=NASTY), member.press("create", name=NASTY * 5)):
        assert NASTY in shown.text or NASTY in str(shown.forms)
        assert not [tag for tag in shown.planted if tag in {"script", "img"}]
        assert "60481729" not in shown.text


@pytest.mark.parametrize("name", ["", "  ", "ü" * 100])
def test_unusual_names(member, name):
    """A name may be missing, or as long as a hundred letters."""
    assert key_in(member.press("create", name=name))


@pytest.mark.parametrize("name", ["x" * 101, "two\nlines", "\u202eevil"])
def test_wrong_names(member, name):
    """Longer ones, and characters that are none, are refused with a sentence and shown again."""
    page = member.press("create", name=name)
    assert page.status == 400
    assert "printable" in page.text
    assert key_in(page) == ""


@pytest.mark.parametrize(
    "fields", [{"do": "nothing"}, {}, {"do": "create"}, {"do": "revoke"}, {"do": "cap", "cap": "1"}]
)
def test_a_form_that_was_changed(member, fields):
    """Fields that no page has, or that are missing, are refused without a crash."""
    mark = member.open("/keys").form("create").fields["csrf"]
    assert member.send("/keys", {"csrf": mark, **fields}).status == 400
