"""`clipmeter accounts` for people, each command in a process of its own."""

import json

import pytest

import forked
from served import clean_environ, run_clipmeter

EMAIL = "ada@example.org"
SITE = "https://clips.example.org"


@pytest.fixture
def run(tmp_path):
    """A command that must end well; what it prints."""

    def run(*arguments: str, status: int = 0) -> str:
        done = run_clipmeter(tmp_path / "home", *arguments, public_url=SITE)
        assert done.returncode == status, done.stderr
        return done.stdout + done.stderr

    return run


@pytest.fixture
def account_id(run):
    return json.loads(run("accounts", "create", EMAIL, "--json"))["account_id"]


def test_links(run, account_id):
    """Links lead to the public address; an address is confirmed by word."""
    assert run("accounts", "confirm", EMAIL) == f"{EMAIL} is confirmed.\n"
    link, promise = run("accounts", "reset-password", EMAIL, "--hours", "2").splitlines()
    assert link.startswith(f"{SITE}/reset?token=")
    assert "2 h" in promise
    assert json.loads(run("accounts", "reset-password", account_id, "--json"))["link"].startswith(
        f"{SITE}/reset?token="
    )
    assert "there is no account" in run("accounts", "reset-password", "nobody@example.org", status=1)


def test_invitations(run):
    """An invitation is shown once, and is in the list without its link."""
    link = json.loads(run("accounts", "invite", "--note", "for Ada", "--json"))["link"]
    assert link.startswith(f"{SITE}/signup?invite=")
    listed = run("accounts", "invites")
    assert "for Ada" in listed
    assert link.rpartition("=")[2] not in listed
    assert json.loads(run("accounts", "invites", "--json"))[0]["account_id"] is None


@pytest.mark.usefixtures("account_id")
def test_set_password(tmp_path, run):
    """A password from stdin; a bad one is refused with a sentence."""
    words = ["-m", "clipmeter", "accounts", "set-password", EMAIL, "--stdin"]
    for password, status, said in (("correct horse\n", 0, "new password"), ("short\n", 1, "at least 8 characters")):
        done = forked.run(words, given=password.encode(), env=clean_environ(tmp_path / "home"))
        assert (done.returncode, said in done.stdout + done.stderr) == (status, True)
    told = json.loads(run("accounts", "export", EMAIL))
    assert "argon2" not in str(told)
    assert run("accounts", "sessions", EMAIL) == "Nobody is logged in.\n"
    assert json.loads(run("accounts", "sessions", EMAIL, "--json")) == []
    assert "logged out everywhere" in run("accounts", "log-out", EMAIL)


def test_export_and_delete(run, account_id):
    """All that is kept is one JSON object; after the deletion nothing names the person."""
    told = json.loads(run("accounts", "export", EMAIL))
    assert (told["account"]["email"], len(told["keys"]), told["ledger"]) == (EMAIL, 2, [])
    assert "--yes" in run("accounts", "delete", EMAIL, status=2)
    assert "is deleted" in run("accounts", "delete", EMAIL, "--yes")
    (left,) = json.loads(run("accounts", "list", "--json"))
    assert left["email"] == f"deleted-{account_id}@localhost"
    assert json.loads(run("keys", "list", "--account", account_id, "--json")) == []
