"""The command line: what it prints, its exit statuses, and that nothing ends in a traceback."""

import json
import re
import subprocess
from pathlib import Path

import pytest

from clipmeter import __version__
from clipmeter.cli.commands import app
from clipmeter.model import FIELDS
from served import CLIPMETER, EXAMPLE, clean_environ, run_clipmeter

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    return tmp_path_factory.mktemp("cli") / "home"


def commands():
    found = [[command.name] for command in app.registered_commands]
    for group in app.registered_groups:
        found += [[group.name, command.name] for command in group.typer_instance.registered_commands]
    return found


@pytest.mark.parametrize("command", commands(), ids=" ".join)
def test_every_command_has_help(home, command):
    """Each command explains itself."""
    done = run_clipmeter(home, *command, "--help")
    assert done.returncode == 0
    assert "usage" in done.stdout.lower()
    assert not home.exists()


def test_every_command_is_in_the_readme():
    """The README shows each command, or at least its group."""
    readme = (ROOT / "README.md").read_text(encoding="utf8")
    for command in commands():
        assert f"clipmeter {command[0]}" in readme or command[0] in {"serve", "demo"}


def test_version(home):
    """--version prints the version."""
    assert run_clipmeter(home, "--version").stdout == f"clipmeter {__version__}\n"


def test_video_in_test_mode(home):
    """`video --test --json` prints the API's answer and nothing else."""
    done = run_clipmeter(home, "video", "--test", EXAMPLE, "--json")
    assert done.returncode == 0
    assert tuple(json.loads(done.stdout)["video"]) == FIELDS
    assert done.stderr == ""


def test_video_card(home):
    """Without --json there is a card with the counts and every link whole."""
    done = run_clipmeter(home, "video", "--test", EXAMPLE)
    assert "18,912,653" in done.stdout
    assert re.search(r"^  https://\S+tk=tt_chain_token$", done.stdout, re.MULTILINE)


@pytest.mark.parametrize(
    ("link", "code", "status"),
    [
        ("https://example.com", "invalid_parameter", 2),
        ("", "missing_parameter", 2),
        ("7500000000001020402", "not_found", 3),
        ("7500000000000042908", "upstream_rate_limit", 4),
    ],
)
def test_video_problems(home, link, code, status):
    """A problem is the API's, as JSON with --json, as a sentence without; the exit status tells a script which kind."""
    done = run_clipmeter(home, "video", "--test", link, "--json")
    assert (done.returncode, json.loads(done.stdout)["code"]) == (status, code)
    done = run_clipmeter(home, "video", "--test", link)
    assert (done.returncode, done.stdout) == (status, "")
    assert code in done.stderr


def test_accounts_and_keys(home):
    """The life of an account and its keys, by JSON."""
    made = json.loads(run_clipmeter(home, "accounts", "create", "Ann@Example.org", "--json").stdout)
    assert list(made) == ["account_id", "key", "test_key"]
    listed = json.loads(run_clipmeter(home, "accounts", "list", "--json").stdout)
    assert {row["email"] for row in listed} >= {"ann@example.org"}
    new = json.loads(run_clipmeter(home, "keys", "create", "--account", "ann@example.org", "--json").stdout)
    assert new["key"].startswith("ak_live_")
    rows = json.loads(run_clipmeter(home, "keys", "list", "--account", made["account_id"], "--json").stdout)
    assert new["key_id"] in {row["key_id"] for row in rows}
    assert new["key"] not in json.dumps(rows)
    assert run_clipmeter(home, "keys", "delete", new["key_id"]).returncode == 0
    assert run_clipmeter(home, "keys", "enable", new["key_id"]).returncode == 1


@pytest.mark.parametrize(
    "command",
    [
        ("accounts", "create", "nonsense"),
        ("accounts", "create", "operator@localhost"),
        ("keys", "list", "--account", "nobody@example.org"),
        ("keys", "revoke", "key_unknown"),
        ("accounts", "block", "nobody@example.org"),
    ],
    ids=" ".join,
)
def test_mistakes_are_sentences(home, command):
    """A mistake is one sentence on stderr and exit status 1."""
    run_clipmeter(home, "video", "--test", EXAMPLE)
    done = run_clipmeter(home, *command)
    assert (done.returncode, done.stdout) == (1, "")
    assert re.fullmatch(r"clipmeter: .+\n", done.stderr)


def test_bad_settings_are_sentences(home):
    """A wrong setting stops every command with a sentence that names it."""
    done = run_clipmeter(home, "accounts", "list", concurrency="many")
    assert (done.returncode, done.stdout) == (2, "")
    assert re.fullmatch(r"clipmeter: CLIPMETER_CONCURRENCY .+\n", done.stderr)


def test_an_unknown_browser_is_a_sentence(home):
    """A fingerprint that cannot be had stops the start, and is not told as a network problem later."""
    done = run_clipmeter(home, "serve", "--port", "0", impersonate="netscape")
    assert done.returncode == 2
    assert "CLIPMETER_IMPERSONATE names netscape" in done.stderr


def test_ledger_verify_and_show(home):
    """The ledger of a fresh request is clean and shows it."""
    run_clipmeter(home, "video", "--test", EXAMPLE)
    rows = json.loads(run_clipmeter(home, "ledger", "show", "--json").stdout)
    wanted = ["request_id", "account_id", "endpoint", "video_id", "state", "kind", "price_micros", "period"]
    assert all(set(wanted) <= set(row) for row in rows)
    assert (rows[-1]["state"], rows[-1]["kind"], rows[-1]["video_id"]) == ("posted", "test", EXAMPLE)
    done = run_clipmeter(home, "ledger", "verify", "--json")
    assert (done.returncode, json.loads(done.stdout)) == (0, [])


def test_doctor_says_what_is_wrong(home):
    """doctor tells each check apart, and fails when one does."""
    done = run_clipmeter(home, "doctor", "--json", upstream="http://127.0.0.1:9")
    found = {row["check"]: row["ok"] for row in json.loads(done.stdout)}
    assert {check: ok for check, ok in found.items() if ok is not None} == {
        "settings": True,
        "database": True,
        "records": True,
        "clock": True,
        "TikTok": False,
    }
    assert done.returncode == 1


def test_doctor_with_tiktok(home, emulator):
    """doctor is content when TikTok answers."""
    assert run_clipmeter(home, "doctor", upstream=emulator.url).returncode == 0


def test_demo(home):
    """The demo prints status line, request id and JSON as they came, and leaves nothing behind."""
    done = run_clipmeter(home, "demo")
    assert done.returncode == 0
    head, _, body = done.stdout.partition("\n\n")
    assert re.fullmatch(r"HTTP/1\.1 200 OK\nX-Request-Id: req_\w+", head)
    assert json.loads(body)["video"]["play_count"] == 18912653


def test_port_in_use_is_a_sentence(served, home):
    """A port in use is said at once."""
    done = run_clipmeter(home, "serve", "--port", served.url.rpartition(":")[2])
    assert done.returncode == 1
    assert "cannot listen" in done.stderr


@pytest.mark.parametrize("where", ["file", "/proc/nowhere"])
def test_homes_that_cannot_be(tmp_path, where):
    """A home that cannot be made is a sentence."""
    (tmp_path / "file").write_text("")
    done = run_clipmeter(tmp_path / where, "accounts", "list")
    assert done.returncode == 1
    assert re.fullmatch(r"clipmeter: .+cannot be made.+\n", done.stderr)


def test_a_full_disk_is_a_sentence(home):
    """Output that cannot be written ends in a sentence, not a traceback."""
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [*CLIPMETER, "accounts", "list"],
            env=clean_environ(home),
            stdout=full,
            stderr=subprocess.PIPE,
            check=False,
            text=True,
        )
    assert done.returncode == 1
    assert "Traceback" not in done.stderr


def test_a_secret_that_is_none(tmp_path):
    """A secret that was emptied or spoiled stops every command with a sentence."""
    for spoiled in (b"", b"\xff" * 64):
        (tmp_path / "secret").write_bytes(spoiled)
        done = run_clipmeter(tmp_path, "accounts", "list")
        assert done.returncode == 1
        assert re.fullmatch(r"clipmeter: .+holds no secret.+\n", done.stderr)


def test_a_database_that_is_none(tmp_path):
    """A file that is no database is a sentence, and stays as it was."""
    home = tmp_path / "home"
    home.mkdir()
    (home / "clipmeter.db").write_bytes(b"not a database" * 500)
    done = run_clipmeter(home, "accounts", "list")
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert (home / "clipmeter.db").read_bytes() == b"not a database" * 500
