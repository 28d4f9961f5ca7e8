"""The pages of an account: sessions, password, limits, alerts, usage, its data, its end."""

import json

import pytest

from browsing import PASSWORD, Browser, new_email
from served import EXAMPLE

NASTY = '<script>alert(1)</script>"><b>'


@pytest.fixture
def member(served):
    with Browser(served.url) as browser:
        browser.email = browser.join(served.home)
        yield browser


def test_sign_up_with_an_address_that_is_taken(member, served):
    """It is said, in the page, whichever way the address is written; what was typed stays, but for the password."""
    with Browser(served.url) as other:
        other.open("/signup")
        page = other.press("signup", email=f" {member.email.upper()} ", password=PASSWORD)
        assert page.status == 400
        assert "already" in page.text
        assert page.form("signup").fields["password"] == ""
        assert other.cookie() is None


@pytest.mark.parametrize(
    ("email", "password"),
    [("nobody", PASSWORD), ("a@b@c", PASSWORD), ("", PASSWORD), ("x@example.org", "short"), ("x@localhost", PASSWORD)],
)
def test_sign_up_with_something_wrong(served, email, password):
    """Each is told in a sentence."""
    with Browser(served.url) as browser:
        browser.open("/signup")
        page = browser.press("signup", email=email, password=password)
        assert page.status == 400
        assert page.form("signup").fields["email"] == email


def test_nobody_learns_who_has_an_account(served, member):
    """A wrong password and an address that nobody has get the same page, word for word."""
    pages = []
    for email in (member.email, new_email()):
        with Browser(served.url) as browser:
            page = browser.log_in(email, "not the password")
            assert page.status == 401
            assert page.form("login").fields["email"] == email
            pages.append(page.text)
    assert pages[0] == pages[1]


def test_log_in_whatever_the_case(served, member):
    """E-mail addresses that differ in case are one."""
    with Browser(served.url) as browser:
        assert browser.log_in(member.email.upper()).path == "/keys"


def test_too_many_attempts(served, member):
    """After some wrong passwords the page says how long to wait, and even the right one does not help."""
    with Browser(served.url) as browser:
        pages = [browser.log_in(member.email, "not the password") for _ in range(11)]
        assert pages[-1].status == 429
        assert "minutes" in pages[-1].text
        assert browser.log_in(member.email).status == 429
    assert member.open("/keys").status == 200


def test_members_need_no_sign_up(member):
    """Who is logged in is led on from the pages for strangers."""
    assert member.open("/signup").path == "/keys"
    assert member.open("/login").path == "/keys"


def test_sessions(served, member):
    """All are listed, with the browser's name as text; each can be ended, and all others at once."""
    with Browser(served.url, **{"User-Agent": NASTY}) as phone, Browser(served.url) as other:
        phone.log_in(member.email)
        other.log_in(member.email)
        page = member.open("/account")
        assert NASTY in page.text
        assert page.text.count("last seen") == 3
        assert page.text.count("this one") == 1
        assert "ended" in member.press("end").text
        assert member.page.text.count("last seen") == 2
        assert "ended" in member.press("end-others").text
        assert member.page.text.count("last seen") == 1
        assert (phone.open("/keys").path, other.open("/keys").path) == ("/login", "/login")


def test_somebody_elses_session(served, member):
    """The name of another account's session is worth nothing."""
    with Browser(served.url) as other, Browser(served.url) as theirs:
        email = other.join(served.home)
        theirs.log_in(email)
        session = theirs.open("/account").form("end").fields["session"]
        mark = member.open("/account").form("logout").fields["csrf"]
        member.send("/account", {"do": "end", "session": session, "csrf": mark})
        assert other.open("/account").path == theirs.open("/account").path == "/account"


def test_change_the_password(served, member):
    """It takes the old one; all other sessions end, and this one gets another cookie."""
    token, new = member.cookie(), "another long password"
    with Browser(served.url) as other:
        other.log_in(member.email)
        member.open("/password")
        page = member.press("password", old_password="wrong", new_password=new)
        assert (page.status, page.path) == (401, "/password")
        assert "wrong" not in str(page.forms)
        page = member.press("password", old_password=PASSWORD, new_password=new)
        assert (page.status, page.path) == (200, "/account")
        assert "changed" in page.text
        assert member.cookie() != token
        assert other.open("/keys").path == "/login"
        assert other.log_in(member.email).status == 401
        assert other.log_in(member.email, new).status == 200


def test_limits(member):
    """What is saved is what the API says; empty is none; a wrong amount comes back as typed."""
    assert member.open("/limits").form("limits").fields["daily"] == ""
    page = member.press("limits", daily="1,000", monthly="100")
    assert page.status == 400
    assert page.form("limits").fields["daily"] == "1,000"
    assert page.form("limits").fields["monthly"] == "100"
    page = member.press("limits", daily="$2.5", monthly="1000.000001")
    assert page.status == 200
    assert page.form("limits").fields["daily"] == "2.50"
    assert page.form("limits").fields["monthly"] == "1000.000001"
    page = member.press("limits", daily="none", monthly="")
    assert (page.form("limits").fields["daily"], page.form("limits").fields["monthly"]) == ("", "")


def test_html_in_every_field(member):
    """What was typed wrongly is shown again as text."""
    member.open("/limits")
    for page in (
        member.press("limits", daily=NASTY, monthly=NASTY),
        member.press("alerts", alert_url=NASTY),
        member.open(f"/limits?kept=1&daily={NASTY}&said={NASTY}"),
        member.open(f"/reset?token={NASTY}"),
        member.open(f"/confirm?token={NASTY}"),
        member.send("/confirm", {"do": "confirm", "token": NASTY, "csrf": member.page.form("logout").fields["csrf"]}),
    ):
        assert "<script>alert" not in page.reply.text
        assert not [tag for tag in page.planted if tag in {"script", "b"}]
    with Browser(str(member.client.base_url)) as stranger:
        for path in ("/login", "/signup"):
            page = stranger.open(f"{path}?next={NASTY}&invite={NASTY}&kept={NASTY}&email={NASTY}")
            assert "<script>alert" not in page.reply.text


def test_alerts(member):
    """An address for alerts is saved, with the key that signs what is sent there; a private one is refused."""
    member.open("/limits")
    page = member.press("alerts", alert_url="http://127.0.0.1/hook")
    assert page.status == 400
    assert page.form("alerts").fields["alert_url"] == "http://127.0.0.1/hook"
    page = member.press("alerts", alert_url="https://example.org/hook")
    assert page.form("alerts").fields["alert_url"] == "https://example.org/hook"
    assert "whsec_" in page.text
    assert "whsec_" not in member.press("alerts", alert_url="").text


def test_usage(served, member):
    """The page counts what the key asked for."""
    page = member.press("create", name="Laptop")
    key = next(word for word in page.text.split() if word.startswith("ak_live_") and "…" not in word)
    served.get(key=key, video_id=EXAMPLE)
    assert "1 of 50" in member.open("/usage").text


def test_export(served, member):
    """A file with everything that is kept, ledger and all, and no secret."""
    page = member.press("create", name="Laptop")
    key = next(word for word in page.text.split() if word.startswith("ak_live_") and "…" not in word)
    request_id = served.get(key=key, video_id=EXAMPLE).request_id
    member.open_when("/requests", request_id)
    reply = member.client.get("/account/export")
    assert reply.headers["content-disposition"].startswith("attachment")
    assert reply.headers["cache-control"] == "no-store"
    told = json.loads(reply.content)
    assert told["account"]["email"] == member.email
    assert [one["name"] for one in told["keys"]] == ["Laptop"]
    assert [row["state"] for row in told["ledger"]] == ["posted"]
    assert [row["request_id"] for row in told["requests"]] == [request_id]
    assert key not in reply.text
    assert "password" not in reply.text
    assert member.cookie() not in reply.text


def test_export_is_ones_own(served):
    """A stranger gets no file."""
    with Browser(served.url) as stranger:
        assert stranger.open("/account/export").path == "/login"


def test_delete(served, member):
    """It takes the password; then the keys are dead, the sessions gone, the address free, and the ledger is there."""
    page = member.press("create", name="Laptop")
    key = next(word for word in page.text.split() if word.startswith("ak_live_") and "…" not in word)
    served.get(key=key, video_id=EXAMPLE)
    account_id = served.get("/v1/me", key=key).json["account_id"]
    member.open("/account/delete")
    assert member.press("delete", password="wrong").status == 401
    assert served.get("/v1/me", key=key).status == 200
    page = member.press("delete", password=PASSWORD)
    assert (page.status, page.path) == (200, "/login")
    assert "deleted" in page.text
    assert member.cookie() is None
    assert served.get("/v1/me", key=key).status == 401
    assert len(served.ledger(account_id)) == 1
    with Browser(served.url) as other:
        assert other.log_in(member.email).status == 401
        other.sign_up(member.email)


def test_without_e_mail(member):
    """A server that sends none says so, and offers nothing that would need it."""
    assert "sends no e-mail" in member.open("/reset").text
    assert not [one for one in member.page.forms if one.fields.get("do") == "ask"]
    assert not [one for one in member.open("/account").forms if one.fields.get("do") == "confirm"]


@pytest.mark.parametrize(("path", "do"), [("/reset", "reset"), ("/confirm", "confirm")])
def test_a_link_that_is_not_good(served, path, do):
    """A made-up token is refused with a sentence, before anything is typed and after."""
    with Browser(served.url) as browser:
        page = browser.open(f"{path}?token=made-up")
        assert page.status == 400
        assert "not good any more" in page.text
        assert not [form for form in page.forms if form.fields.get("do") == do]
        mark = browser.open("/login").form("login").fields["csrf"]
        page = browser.send(path, {"do": do, "csrf": mark, "token": "made-up", "new_password": PASSWORD})
        assert page.status == 400
        assert "not good any more" in page.text


@pytest.mark.parametrize("signup", ["closed", "invite"])
def test_not_open(new_served, signup):
    """A server that takes no new accounts has no form for it; one by invitation asks for it."""
    server = new_served(signup=signup)
    with Browser(server.url) as browser:
        page = browser.open("/signup?invite=made-up")
        if signup == "closed":
            assert "Nobody can sign up" in page.text
            mark = browser.open("/login").form("login").fields["csrf"]
            fields = {"do": "signup", "email": new_email(), "password": PASSWORD, "csrf": mark}
            assert browser.send("/signup", fields).status == 403
        else:
            assert page.form("signup").fields["invite"] == "made-up"
            assert browser.press("signup", email=new_email(), password=PASSWORD).status == 403
        assert browser.cookie() is None
