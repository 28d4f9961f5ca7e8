"""The icon, robots.txt and sitemap.xml."""

import socket
from xml.etree import ElementTree as ET

import pytest

from clipmeter.endpoints import ENDPOINTS
from served import Served


def test_icon(served):
    """A small picture that is well-formed and needs nothing else."""
    reply = served.get("/icon.svg")
    assert (reply.status, reply.headers["Content-Type"]) == (200, "image/svg+xml")
    assert ET.fromstring(reply.body).tag.endswith("svg")  # noqa: S314 - our own
    assert len(reply.body) < 1_000


def test_without_an_address(served):
    """While nobody says what the server's address is, no list of its pages is made up."""
    robots = served.get("/robots.txt")
    assert robots.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert "Disallow: /v1/" in robots.body.decode()
    assert "Sitemap" not in robots.body.decode()
    assert served.get("/sitemap.xml").status == 404


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """A server that knows its own address, so it takes a port that was free a moment ago."""
    with socket.create_server(("127.0.0.1", 0)) as unused:
        url = f"http://127.0.0.1:{unused.getsockname()[1]}"
    server = Served(tmp_path_factory.mktemp("known") / "home", {"public_url": url}, url=url).start()
    yield server
    assert server.stop() == 0


def test_with_an_address(site):
    """The list has every page for readers once, under the address that the operator named, and each is there."""
    reply = site.send("GET", "/sitemap.xml", {"Host": "elsewhere.example.org"})
    assert reply.headers["Content-Type"] == "application/xml"
    assert f"Sitemap: {site.url}/sitemap.xml" in site.get("/robots.txt").body.decode()
    urls = [found.text for found in ET.fromstring(reply.body).iter() if found.tag.endswith("loc")]  # noqa: S314 - ours
    assert len(urls) == len(set(urls))
    assert {f"{site.url}{path}" for path in ("/", "/docs", f"/endpoints/{ENDPOINTS[0].slug}")} <= set(urls)
    paths = [url.removeprefix(site.url) for url in urls]
    assert {path: status for path in paths if (status := site.get(path).status) != 200} == {}
