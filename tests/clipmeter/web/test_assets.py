"""Guarantees of the files for browsers: kept for ever under their digest, squeezed where that is taken."""

import re

import httpx
import pytest


@pytest.fixture
def style(served):
    page = httpx.get(f"{served.url}/login").text
    return served.url + re.search(r'href="(/static/[0-9a-f]+/pages\.css)"', page)[1]


def test_the_style_sheet(style):
    """Each page names it by its digest, so that a browser may keep it for ever."""
    plain = httpx.get(style, headers={"Accept-Encoding": "identity"})
    assert (plain.status_code, plain.headers["content-type"].partition(";")[0]) == (200, "text/css")
    assert "immutable" in plain.headers["cache-control"]
    assert "content-encoding" not in plain.headers
    squeezed = httpx.get(style, headers={"Accept-Encoding": "gzip"})
    assert squeezed.headers["content-encoding"] == "gzip"
    assert squeezed.content == plain.content
    again = httpx.get(style, headers={"If-None-Match": plain.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_no_other_file(served, style):
    """A digest or name that is not there is 404: nothing is read from the disk by what is asked."""
    for path in ("/static/0000/pages.css", f"/static/{style.split('/')[-2]}/../app.py", "/static/0/%2e%2e%2fapp.py"):
        assert httpx.get(served.url + path).status_code == 404


@pytest.mark.parametrize(
    ("accepted", "is_squeezed"),
    [("gzip", True), ("br, GZIP;q=0.5", True), ("gzip;q=0", False), ("gzip; q=0.000", False), ("x-notgzip", False)],
)
def test_squeezed_for_who_takes_it(style, accepted, is_squeezed):
    """A browser that says it does not take gzip gets none."""
    headers = httpx.get(style, headers={"Accept-Encoding": accepted}).headers
    assert ("content-encoding" in headers) == is_squeezed


@pytest.mark.parametrize("named", ['"other", {}', "W/{}", '{},"other"'])
def test_one_of_several_etags(style, named):
    """A cache may name all that it has, and weaken them."""
    etag = httpx.get(style).headers["etag"]
    assert httpx.get(style, headers={"If-None-Match": named.format(etag)}).status_code == 304
    assert httpx.get(style, headers={"If-None-Match": '"other"'}).status_code == 200
