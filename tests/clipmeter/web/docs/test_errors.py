"""Every error answer leads to the page of its code, and that page tells the truth."""

import re
import socket
from urllib.parse import urlsplit

import pytest

from clipmeter.errors import ConcurrencyLimitExceeded, NotFound
from clipmeter.web.docs.errors import error_codes, error_of
from clipmeter.web.docs.facts import Facts
from clipmeter.web.envelope import failed, failure, help_link
from served import EXAMPLE

VIDEO = "/v1/tiktok/video"
ASKED = {
    "missing_api_key": ("GET", f"{VIDEO}?video_id={EXAMPLE}", {"X-API-Key": ""}),
    "invalid_api_key": ("GET", "/v1/me", {"X-API-Key": "ak_live_wrong"}),
    "missing_parameter": ("GET", VIDEO, {}),
    "invalid_parameter": ("GET", "/v1/requests?limit=x", {}),
    "not_found": ("GET", "/v1/nothing", {}),
    "method_not_allowed": ("POST", VIDEO, {}),
    "payload_too_large": ("GET", "/healthz", {"Content-Length": "2000000"}),
    "headers_too_large": ("GET", "/healthz", {"X-Long": "x" * 70_000}),
    "upstream_error": ("GET", f"{VIDEO}?video_id=7500000000000050202", {}),
}


@pytest.mark.parametrize("code", ASKED)
def test_link(served, account, code):
    """Each answer that is no success, from whichever part of the server, has exactly one Link to its code's page."""
    method, path, headers = ASKED[code]
    reply = served.send(method, path, {"X-API-Key": account["test_key"], **headers})
    assert reply.code == code
    assert reply.headers.get_all("Link") == [f'</docs/errors/{code}>; rel="help"']
    assert served.get(f"/docs/errors/{code}").status == 200


def test_link_of_what_is_no_http(served):
    """What the server itself refuses has it too."""
    with socket.create_connection(("127.0.0.1", urlsplit(served.url).port), timeout=10) as raw:
        raw.sendall(b"GET / HTTP/1.1\r\nbad header\r\n\r\n")
        assert b'\r\nlink: </docs/errors/invalid_parameter>; rel="help"\r\n' in raw.recv(2_000)


def test_link_of_a_range(served, account):
    """And so has a range outside of a file."""
    video = served.get(VIDEO, key=account["test_key"], video_id=EXAMPLE).json["video"]
    path = video["video_url"].removeprefix(served.url)
    reply = served.send("GET", path, {"Range": "bytes=99999999-"})
    assert (reply.status, reply.headers["Link"]) == (416, help_link("invalid_parameter"))
    assert reply.headers["Content-Range"] == f"bytes */{video['size']}"


def test_both_envelopes_agree():
    """With the framework and without it, a problem is told with the same headers."""
    problem = ConcurrencyLimitExceeded(3, 3)
    direct = {name.decode(): value.decode() for name, value in failed(problem).headers}
    assert direct.items() >= failure(problem, {}).headers.items()
    assert direct["retry-after"] == "1"
    assert dict(failed(NotFound()).headers)[b"link"] == b'</docs/errors/not_found>; rel="help"'


def test_described(served):
    """The OpenAPI document says so of every error."""
    document = served.get("/openapi.json").json
    assert all("Link" in response["headers"] for response in document["components"]["responses"].values())


def test_pages_say_what_comes(served, account):
    """The example on a page is what the server sends: its status, its headers, its body."""
    for code in ("missing_parameter", "invalid_api_key", "method_not_allowed", "upstream_error"):
        method, path, headers = ASKED[code]
        reply = served.send(method, path, {"X-API-Key": account["test_key"], **headers})
        text = error_of(code).text(Facts())
        head, body = re.search(r"```http\nHTTP/1.1 (.*?)\n\n(.*?)```", text, re.DOTALL).groups()
        first, *lines = head.splitlines()
        assert int(first[:3]) == reply.status
        for name, value in (line.split(": ", 1) for line in lines):
            assert reply.headers[name] == value or name == "X-Request-Id", (code, name)
        assert f'"code": "{code}"' in body
        assert f'"error": "{reply.json["error"]}"' in body


def test_charge_is_shown_where_it_comes():
    """X-Charge is promised only where the account is known by then."""
    shown = {error.code for error in error_codes() if ("X-Charge", "0") in error.headers}
    assert {"not_found", "concurrency_limit_exceeded", "missing_parameter"} <= shown
    assert not shown & {"missing_api_key", "invalid_api_key", "method_not_allowed", "headers_too_large"}
