"""All pages for readers together: every link leads somewhere, and every page is sound."""

import httpx
import pytest

from clipmeter.endpoints import ENDPOINTS
from clipmeter.web.docs.errors import error_codes
from clipmeter.web.docs.guides import guides
from crawling import Crawl

BEGIN = ("/", "/docs", "/search", "/search?q=limit", "/search?q=nothingatall", "/changelog", "/status", "/llms.txt")


@pytest.fixture(scope="module")
def crawl(served):
    return Crawl(served.url).walk(*BEGIN)


def test_no_link_is_broken(crawl):
    """Each link of each page leads to something, and each #anchor is there."""
    assert crawl.broken == []


def test_all_pages_are_found(crawl):
    """Whoever follows links gets to every guide, error code and endpoint, and to their twins in Markdown."""
    wanted = [*(guide.path for guide in guides()), *(error.path for error in error_codes())]
    wanted += [f"/endpoints/{endpoint.slug}" for endpoint in ENDPOINTS]
    assert {path for page in wanted for path in (page, f"{page}.md")} <= set(crawl.pages)


def test_pages_are_sound(crawl):
    """One h1, one main, ids that are each given once, and nothing that the policy forbids."""
    for path, (_, read) in crawl.pages.items():
        if read:
            assert (read.tags["h1"], read.tags["main"]) == (1, 1), path
            assert len(read.ids) == len(set(read.ids)), f"{path}: {sorted(read.ids)}"
            assert read.styled == [], path


@pytest.mark.parametrize("host", ["x:99999999", "[", "x:"])
def test_whatever_host_is_named(served, host):
    """A name that is none of a host's is no reason to fail."""
    reply = httpx.get(f"{served.url}/docs", headers={"Host": host})
    assert reply.status_code == 200
    assert f'rel="canonical" href="http://{host}/docs"' in reply.text
