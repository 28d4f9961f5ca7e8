"""The code samples of the catalogue and the endpoint pages: each is what is served, and runs in its own language."""

import re
from urllib.request import urlopen

import pytest

from browsing import Browser
from clipmeter.endpoints import ENDPOINTS
from clipmeter.web.docs.samples import LANGUAGES, samples_of
from offers import OFFER
from samples import missing, run, samples_in

PAGES = {"/": ["curl"], **{f"/endpoints/{endpoint.slug}": list(LANGUAGES) for endpoint in ENDPOINTS}}
CASES = [(page, kind) for page, kinds in PAGES.items() for kind in kinds]


@pytest.fixture(scope="module")
def found(served):
    """The samples that the pages show, by page and kind."""
    with Browser(served.url) as browser:
        return {(page, one.kind): one for page in PAGES for one in samples_in(browser.open(page).reply.text, page)}


def test_every_page_has_them_all(found):
    """Each endpoint's page shows all five languages, the front page its curl line; nothing else is one."""
    assert list(found) == CASES


@pytest.mark.parametrize(("page", "kind"), CASES)
def test_runs_as_it_stands(served, found, tmp_path, page, kind):
    """Pasted into a file, with a test key: prints the documented example, and the link that it prints plays."""
    if why := missing(kind):
        pytest.skip(why)
    done = run(found[page, kind], tmp_path, served.keys["test_key"])
    assert (done.returncode, done.stderr if kind != "curl" else "") == (0, "")
    assert "life after @Zara Larsson Symphony vocals" in done.stdout
    (link,) = re.findall(rf"{served.url}/media/[^\"\s]+/video/[^\"\s]+", done.stdout)
    with urlopen(link, timeout=20) as file:  # noqa: S310 - our own server
        assert (file.status, file.headers["Content-Type"]) == (200, "video/mp4")


@pytest.mark.parametrize(("page", "kind"), CASES)
def test_says_what_went_wrong(found, tmp_path, page, kind):
    """With a wrong key a program ends with the code of the error, and not with an exception of its own."""
    if why := missing(kind):
        pytest.skip(why)
    done = run(found[page, kind], tmp_path, "ak_test_wrong")
    if kind == "curl":
        assert '"code":"invalid_api_key"' in done.stdout
        return
    assert done.returncode == 1
    assert "401 invalid_api_key: This API key is wrong, revoked or deleted." in done.stderr
    assert "Traceback" not in done.stderr


def test_nothing_breaks_out_of_its_quotes():
    """An address and a value with quotes, dollars and backslashes stay within their strings in every language."""
    programs = {sample.language: sample.code for sample in samples_of(OFFER, "http://h'o\"s$t\\x")}
    assert "'http://h'\"'\"'o\"s$t\\x/v1/offers'" in programs["curl"]
    for language in ("python", "javascript", "go"):
        assert r'"http://h' in programs[language]
        assert r"'o\"s$t\\x/v1/offers?" in programs[language]
    assert r"""'http://h\'o"s$t\\x/v1/offers?'""" in programs["php"]
