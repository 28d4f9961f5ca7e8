"""The guides: filled in with what is in force, and true: their programs run."""

import re
from dataclasses import fields

import pytest

from browsing import Browser
from clipmeter.billing.rules import Terms
from clipmeter.errors import Problem
from clipmeter.settings import PREFIX, Settings
from clipmeter.web.docs.errors import error_codes
from clipmeter.web.docs.facts import Facts
from clipmeter.web.docs.guides import SECTIONS, Filler, Guide, fill, guides
from clipmeter.web.pages.setup import Setup
from fauxtok.ids import DOCUMENTED
from samples import missing, run, samples_in

ALL = ["/docs", "/docs/errors", *(guide.path for guide in guides()), *(error.path for error in error_codes())]
FILLER = Filler(Setup(), Facts(), Terms(6_000, 50, 3))


@pytest.fixture(scope="module")
def browser(served):
    with Browser(served.url) as one:
        yield one


@pytest.mark.parametrize("path", ALL)
def test_samples_run(served, browser, tmp_path, path):
    """Every program of a page runs as it stands with a test key; that of an error's page gets this very error."""
    for sample in samples_in(browser.open(path).reply.text, path):
        if missing(sample.kind):
            continue
        done = run(sample, tmp_path, served.keys["test_key"])
        assert (done.returncode, "" if sample.kind == "curl" else done.stderr) == (0, ""), f"{sample}: {done.stderr}"
        code = path.rpartition("/")[2]
        assert not path.startswith("/docs/errors/") or f'"code":"{code}"' in done.stdout, done.stdout


@pytest.mark.parametrize("guide", guides(), ids=lambda guide: guide.slug)
def test_filled(guide):
    """Nothing is left to fill in; the summary is one sentence; the code blocks say what they are."""
    text = FILLER.text(guide, "https://clips.example.org")
    assert not re.search(r"{{ \w+ }}", text)
    assert re.fullmatch(r"[A-Z][^\n]+[^.]\.", guide.summary)
    assert guide.section in SECTIONS
    assert "```\n" not in re.sub(r"^```\w+[^\n]*\n.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL)


def test_unknown_placeholder():
    """A placeholder that nothing fills is a mistake, and no empty place."""
    with pytest.raises(KeyError, match="nonsense"):
        fill("It costs {{ nonsense }}.", {"price": "1"})


def test_other_terms():
    """A guide tells the terms that are in force, whatever they are."""
    guide = Guide("x", "X", "X.", "Build", 1, "{{ terms }} {{ concurrency }} {{ per_minute }} {{ more }}")
    filler = Filler(Setup(contact="help@example.org"), Facts(), Terms(0, 0, 20))
    said = "Successful requests are free here. 20 2,400 Need more? Ask [help@example.org](mailto:help@example.org)."
    assert filler.text(guide, "") == said


def test_address_is_text():
    """The server's address comes from the request: whatever it holds stays text."""
    html = FILLER.html(guides()[0], 'http://x"><script>alert(1)</script>').html
    assert "<script" not in html
    assert "http://x&#34;&gt;&lt;script&gt;" in html


def test_test_mode_has_every_id(browser):
    """The guide on test mode lists every documented id, with the code that is answered."""
    text = browser.open("/docs/test-mode.md").reply.text
    for number, outcome in DOCUMENTED.items():
        code = rf"\[`{outcome.code}`\]\(\S+\) \| " if outcome.code else ""
        assert re.search(rf"^\| `{number}` \|.*{code}{re.escape(outcome.means)} \|$", text, re.MULTILINE), number


def test_self_hosting_has_every_setting(browser):
    """The guide on self-hosting lists every setting with its help, and no path of the machine that it runs on."""
    text = browser.open("/docs/self-hosting.md").reply.text
    for setting in fields(Settings):
        assert f"| `{PREFIX}{setting.name.upper()}` | {setting.metadata['help']}" in text
    assert "Default: `~/.clipmeter`." in text


@pytest.mark.parametrize("path", [path for path in ALL if path != "/docs"])
def test_markdown_twin(browser, path):
    """Each page is there as Markdown too: with its title, its summary, and links that work from anywhere."""
    reply = browser.open(f"{path}.md").reply
    assert reply.headers["content-type"] == "text/markdown; charset=utf-8"
    assert re.match(r"# .+\n\n> .+\n\n\S", reply.text)
    assert not re.search(r"\]\((?!https?://|mailto:)", reply.text)
    assert "{{" not in reply.text
    assert "baseURL" not in browser.open(path).reply.text


def test_every_code_has_a_page():
    """Every error that a caller can be told has its page, and no page is of an error that there is not."""

    def codes(kind):
        return {kind.code} - {""} | {code for below in kind.__subclasses__() for code in codes(below)}

    assert {error.code for error in error_codes()} == codes(Problem)
    assert all(error.about.causes and error.about.fix for error in error_codes())


def test_unknown_pages(browser):
    """What is no guide and no code is not found, as a page."""
    for path in ("/docs/nothing", "/docs/nothing.md", "/docs/errors/nothing", "/docs/start-here.md.md", "/docs/a/b"):
        page = browser.open(path)
        assert page.status == 404, path
        assert "text/html" in page.reply.headers["content-type"] or path == "/docs/a/b"
