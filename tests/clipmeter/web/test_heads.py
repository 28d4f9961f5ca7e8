"""Guarantee: a request whose headers came before is read as the server's parser reads it, or left to the parser."""

import httptools
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from clipmeter.web.heads import LONGEST, Heads, head_of

NAMES = ["Host", "X-API-Key", "x-api-key", "Accept", "If-None-Match", "Idempotency-Key", "X-Forwarded-Proto", "A"]
FRAMING = ["Content-Length: 0", "Transfer-Encoding: chunked", "Expect: 100-continue", "Upgrade: websocket"]
VALUES = st.text(st.sampled_from("abz019 \t:;,\"'é\\"), max_size=12).map(str.strip)
LINES = st.one_of(
    st.sampled_from(
        [
            "GET /v1/tiktok/video?video_id=1 HTTP/1.1",
            "GET /v1/tiktok/video? HTTP/1.1",
            "GET /v1/tiktok/video HTTP/1.1",
            "GET /v1/%74iktok/video?a=1 HTTP/1.1",
            "GET /a?b#c HTTP/1.1",
            "GET //host/a?b HTTP/1.1",
            "GET http://host/a?b HTTP/1.1",
            "GET /a?b HTTP/1.0",
            "GET  /a?b HTTP/1.1",
            "HEAD /a?b HTTP/1.1",
            "POST /a?b HTTP/1.1",
        ]
    ),
    st.builds(
        "GET /{}?{} HTTP/1.1".format,
        st.text(st.sampled_from("av1/._~-%:@"), max_size=8),
        st.text(st.characters(min_codepoint=33, max_codepoint=126), max_size=30),
    ),
)


class Parsed:
    """What the server's parser makes of bytes: a request, if they are one and nothing else."""

    def __init__(self, data):
        self.url, self.headers, self.requests, self.is_whole = b"", [], 0, False
        self._parser = httptools.HttpRequestParser(self)
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError:
            self.is_whole = False

    def on_message_begin(self):
        self.requests += 1

    def on_url(self, url):
        self.url += url

    def on_header(self, name, value):
        self.headers.append((name.lower(), value))

    def on_headers_complete(self):
        self.method, self.version = self._parser.get_method(), self._parser.get_http_version()
        self.keeps = self._parser.should_keep_alive()

    def on_message_complete(self):
        self.is_whole = True


@given(
    st.lists(st.tuples(st.sampled_from(NAMES), VALUES), max_size=6),
    st.sampled_from(["", "", "Connection: keep-alive", "Connection: close", *FRAMING]),
    LINES,
    LINES,
)
@example([("Host", "x")], "", "GET /v1/tiktok/video?video_id=1 HTTP/1.1", "GET /v1/tiktok/video?url=a%20b HTTP/1.1")
def test_known_heads_are_read_as_the_parser_does(headers, more, first, second):
    """Whatever the request line, with headers that were learned from another request."""
    block = "".join(f"{name}: {value}\r\n" for name, value in headers) + (f"{more}\r\n" if more else "") + "\r\n"
    before, data = (f"{line}\r\n{block}".encode("latin-1") for line in (first, second))
    heads, learned = Heads(), Parsed(before)
    if learned.is_whole and learned.keeps:
        heads.learn(before, head_of(learned.headers))
    got, parsed = heads.read(data), Parsed(data)
    if got is None:
        return
    url = httptools.parse_url(parsed.url)
    assert (parsed.is_whole, parsed.keeps, parsed.requests) == (True, True, 1)
    assert (parsed.method, parsed.version) == (b"GET", "1.1")
    assert (got.path, got.query, got.head) == (url.path.decode(), url.query or b"", head_of(parsed.headers))


def request(*headers, line="GET /a?b=c HTTP/1.1"):
    return "".join(f"{each}\r\n" for each in (line, *headers, "")).encode()


PLAIN = head_of([(b"host", b"x")])


def test_what_is_learned_is_known_whatever_is_asked_for():
    """The headers are known again, not the request."""
    heads = Heads()
    heads.learn(request("Host: x"), PLAIN)
    for path, query in (
        (b"/a", b"b=c"),
        (b"/v1/tiktok/video", b"url=https://www.tiktok.com/@a/video/1?x=%20"),
        (b"/", b""),
    ):
        got = heads.read(b"GET %b?%b HTTP/1.1\r\nHost: x\r\n\r\n" % (path, query))
        assert (got.path, got.query, got.head) == (path.decode(), query, PLAIN)
    assert heads.read(request("Host: y")) is None
    assert heads.read(request("Host: x", "A: b")) is None


@pytest.mark.parametrize(
    "data",
    [
        request("Host: x") + request("Host: x"),
        request("Host: x") + b"GET /",
        request("Host: x", f"A: {'a' * LONGEST}"),
        request("Host: x", line="GET /a?b=c HTTP/1.0"),
        request("Host: x", line="HEAD /a?b=c HTTP/1.1"),
        request("Host: x", line="POST /a?b=c HTTP/1.1"),
        b"\r\n" + request("Host: x"),
    ],
)
def test_what_is_not_one_short_request_is_not_learned(data):
    """Two in one piece, one and a half, a long one, another method or version."""
    heads = Heads()
    heads.learn(data, PLAIN)
    assert heads.read(data) is None
    assert heads.read(request("Host: x")) is None


@pytest.mark.parametrize("framing", FRAMING)
def test_what_says_how_to_read_on_is_not_learned(framing):
    """A body, or another protocol: the parser has to know."""
    name, _, value = framing.partition(": ")
    heads = Heads()
    heads.learn(request(framing), head_of([(name.lower().encode(), value.encode())]))
    assert heads.read(request(framing)) is None


def test_only_so_many_are_kept():
    """The memory for heads is bounded; what was not used for longest is forgotten first."""
    heads = Heads(most=3)
    blocks = [request(f"Host: {number}") for number in range(5)]
    for block in blocks:
        heads.learn(block, PLAIN)
        assert heads.read(blocks[0])
    assert [heads.read(block) is not None for block in blocks] == [True, False, False, True, True]
