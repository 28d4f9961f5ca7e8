"""The wire: the contract's statuses, codes, headers and order of checks, over real HTTP."""

import json
import re
import socket
import time
from contextlib import suppress
from urllib.parse import quote, urlsplit

import pytest

from clipmeter.model import FIELDS
from served import EXAMPLE, fresh_ids

PATH = "/v1/tiktok/video"
LINK = f"https://www.tiktok.com/@tiktok/video/{EXAMPLE}"


def test_documented_example(served, account):
    """The documented id gives the documented values, with exactly the 37 keys in order."""
    reply = served.get(key=account["test_key"], video_id=EXAMPLE)
    assert reply.status == 200
    video = reply.json["video"]
    assert tuple(video) == FIELDS
    assert len(FIELDS) == 37
    wanted = {
        "video_id": EXAMPLE,
        "url": LINK,
        "title": "🌈🐬🦄 life after @Zara Larsson Symphony vocals 🌈🐬🦄",
        "region": "US",
        "date": "2025-06-16 17:07:10",
        "date_timestamp": 1750093630,
        "duration": 66,
        "play_count": 18912653,
        "likes": 879920,
        "comments": 4382,
        "shares": 17420,
        "downloads": 1003,
        "saves": 38685,
        "is_ad": True,
        "size": 7786703,
        "size_hd": 38711004,
        "size_watermarked": 7988034,
        "author": "tiktok",
        "author_name": "TikTok",
        "author_id": "107955",
        "author_url": "https://www.tiktok.com/@tiktok",
        "music_id": "7516599978421209887",
        "music_title": "original sound - tiktok",
        "music_author": "TikTok",
        "music_original": True,
        "music_duration": 66,
        "music_album": "",
        "mentioned_user_ids": ["205879097384816641"],
    }
    assert {key: video[key] for key in wanted} == wanted


@pytest.mark.parametrize(
    "url",
    [
        LINK,
        LINK.replace("https://", ""),
        f"https://m.tiktok.com/v/{EXAMPLE}.html?lang=en",
        f"https://www.tiktok.com/embed/v2/{EXAMPLE}",
        f"Look at this! {LINK}?_r=1 #wow",
    ],
)
def test_links_of_many_shapes(served, account, url):
    """Any shape of link leads to the post."""
    reply = served.get(key=account["test_key"], url=url)
    assert (reply.status, reply.json["video"]["video_id"]) == (200, EXAMPLE)


def test_unencoded_link_is_understood(served, account):
    """A link pasted without percent-encoding loses its own query to unknown names, which are ignored."""
    target = f"{PATH}?url={LINK}?is_copy_url=1&sender_device=pc"
    assert served.send("GET", target, {"X-API-Key": account["test_key"]}).status == 200


BAD = [
    ("", "missing_parameter"),
    ("url=&video_id=", "missing_parameter"),
    (f"url={quote(LINK)}&video_id={EXAMPLE}", "invalid_parameter"),
    (f"video_id={EXAMPLE}&video_id={EXAMPLE}", "invalid_parameter"),
    (f"url=&url={quote(LINK)}", "invalid_parameter"),
    ("video_id=0", "invalid_parameter"),
    ("video_id=000", "invalid_parameter"),
    ("video_id=abc", "invalid_parameter"),
    ("video_id=" + "1" * 26, "invalid_parameter"),
    ("video_id=" + quote("٧٥١٦٥٩٤٨١١٧٣٤٨٥٤٩٤٣"), "invalid_parameter"),
    (f"video_id={EXAMPLE}%00", "invalid_parameter"),
    (f"video_id=+{EXAMPLE}", "invalid_parameter"),
    ("url=" + "x" * 501, "invalid_parameter"),
    ("url=" + quote(LINK + "?" + "é" * 500), "invalid_parameter"),
    ("url=https://example.com/@a/video/" + EXAMPLE, "invalid_parameter"),
    ("url=http://127.0.0.1/@a/video/" + EXAMPLE, "invalid_parameter"),
    ("url=https://tiktok.com.evil.example/@a/video/" + EXAMPLE, "invalid_parameter"),
    ("url=https://www.tiktok.com@evil.example/@a/video/" + EXAMPLE, "invalid_parameter"),
    ("url=" + quote("https://evil.example#@www.tiktok.com/@a/video/" + EXAMPLE, safe=""), "invalid_parameter"),
    ("url=" + quote("https://www.tiktok.com\\@evil.example/@a/video/" + EXAMPLE, safe=""), "invalid_parameter"),
    ("url=https://www.tiktok.com/@a/live/" + EXAMPLE, "invalid_parameter"),
    ("url=https://www.tiktok.com/@a/live", "invalid_parameter"),
    ("url=https://www.tiktok.com/@a", "invalid_parameter"),
    ("url=%00", "invalid_parameter"),
    ("url=%ff%fe", "invalid_parameter"),
    ("&".join(f"a{n}=1" for n in range(2000)), "missing_parameter"),
]


@pytest.mark.parametrize(("query", "code"), BAD, ids=lambda value: value[:40])
def test_bad_parameters(served, account, query, code):
    """Each bad query is a 400 with a sentence, after the key and before money: nothing is reserved or charged."""
    reply = served.send("GET", f"{PATH}?{query}", {"X-API-Key": account["key"]})
    assert (reply.status, reply.code) == (400, code)
    assert len(reply.json["error"]) > 10
    assert (reply.headers["X-Charge"], reply.headers["X-Free-Remaining"]) == ("0", "50")


def test_bad_parameters_leave_no_row(served):
    """What is refused with 400 never reaches the ledger."""
    account = served.new_account()
    for query, _ in BAD[:5]:
        served.send("GET", f"{PATH}?{query}", {"X-API-Key": account["key"]})
    assert served.ledger(account["account_id"]) == []


@pytest.mark.parametrize(
    ("key", "code"),
    [
        (None, "missing_api_key"),
        ("", "missing_api_key"),
        ("nonsense", "invalid_api_key"),
        ("ak_live_" + "A" * 38, "invalid_api_key"),
        ("ak_live_é", "invalid_api_key"),
        ("A" * 60_000, "invalid_api_key"),
    ],
    ids=lambda value: str(value)[:20],
)
def test_bad_keys_come_first(served, key, code):
    """The key is checked before the parameters, and says nothing of any account."""
    headers = {} if key is None else {"X-API-Key": key.encode()}
    reply = served.send("GET", PATH, headers)
    assert (reply.status, reply.code) == (401, code)
    assert "X-Charge" not in reply.headers


def test_two_key_headers(served, account):
    """A key sent twice does not confuse: one of them is looked at, and never both together."""
    with socket.create_connection(urlsplit(served.url).netloc.split(":"), timeout=10) as raw:
        head = f"GET {PATH}?video_id={EXAMPLE} HTTP/1.1\r\nHost: x\r\nX-API-Key: {account['test_key']}\r\n"
        raw.sendall((head + "X-API-Key: other\r\nConnection: close\r\n\r\n").encode())
        assert raw.recv(12) in {b"HTTP/1.1 401", b"HTTP/1.1 200"}


@pytest.mark.parametrize("path", ["/nope", "/v1", "/v1/tiktok/video/x", "/%2e%2e/etc/passwd", "/v1/tiktok"])
def test_unknown_paths(served, path):
    """There is nothing elsewhere, and that is said in the contract's shape."""
    reply = served.get(path)
    assert (reply.status, reply.code) == (404, "not_found")
    assert reply.request_id


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "HEAD", "TRACE", "FOO"])
def test_wrong_methods(served, account, method):
    """Other methods are refused with 405, those that nobody knows too."""
    reply = served.send(method, f"{PATH}?video_id={EXAMPLE}", {"X-API-Key": account["key"]})
    assert reply.status == 405
    if method != "HEAD":
        assert reply.code == "method_not_allowed"
    if method != "FOO":
        assert "GET" in reply.headers["Allow"]


@pytest.mark.parametrize("size", [70_000, 300_000, 10_000_000])
def test_huge_headers(served, account, size):
    """Heads over 64 KB get 431 as JSON, however much is sent."""
    reply = served.send("GET", f"{PATH}?video_id={EXAMPLE}", {"X-API-Key": account["key"], "X-Big": "a" * size})
    assert (reply.status, reply.code) == (431, "headers_too_large")
    assert reply.request_id
    assert served.get("/healthz").status == 200


def test_huge_url(served):
    """A request line over 64 KB is a head over 64 KB."""
    reply = served.send("GET", f"{PATH}?url={'a' * 100_000}", {})
    assert (reply.status, reply.code) == (431, "headers_too_large")


def test_huge_body(served, account):
    """A body over 1 MB gets 413 as JSON."""
    reply = served.send("POST", PATH, {"X-API-Key": account["key"]}, body=b"a" * 2_000_000)
    assert (reply.status, reply.code) == (413, "payload_too_large")


def test_small_body_is_ignored(served, account):
    """A GET with a body is answered as without."""
    target = f"{PATH}?video_id={EXAMPLE}"
    assert served.send("GET", target, {"X-API-Key": account["test_key"]}, body=b"{}").status == 200


def test_headers_of_a_success(served):
    """What the request cost and what is left stands in the headers."""
    account = served.new_account()
    reply = served.get(key=account["key"], video_id=fresh_ids(1, 100)[0])
    assert reply.status == 200
    assert re.fullmatch(r"req_[0-9a-f]{32}", reply.request_id)
    assert (reply.headers["X-Charge"], reply.headers["X-Free-Remaining"]) == ("0", "49")
    assert reply.headers["RateLimit"] == '"concurrency";r=3'
    assert reply.headers["RateLimit-Policy"] == '"concurrency";q=3;qu="concurrent-requests"'
    assert reply.headers["Content-Type"] == "application/json"


def test_request_ids_are_never_given_twice(served):
    """Every answer has a request id of its own, whatever the caller sends."""
    ids = {served.send("GET", "/healthz", {"X-Request-Id": "mine"}).request_id for _ in range(20)}
    assert len(ids) == 20
    assert "mine" not in ids


def test_openapi_covers_everything(served):
    """The document is 3.1 and has every field and every status."""
    document = served.get("/openapi.json").json
    assert document["openapi"].startswith("3.1")
    video = document["components"]["schemas"]["Video"]
    assert tuple(video["properties"])[:37] == tuple(video["required"]) == FIELDS
    assert all(field.get("description") for field in video["properties"].values())
    statuses = set(document["paths"][PATH]["get"]["responses"])
    assert statuses == {"200", "304", *map(str, (400, 401, 402, 403, 404, 405, 409, 413, 429, 431, 500, 502, 503, 504))}


def test_health_and_readiness(served):
    """A server that takes paid requests says so."""
    assert served.get("/healthz").json == {"status": "ok"}
    assert served.get("/readyz").json == {"status": "ready"}


def test_pipelined_requests(served, account):
    """Two requests sent at once on one connection are answered in order."""
    head = f"Host: x\r\nX-API-Key: {account['test_key']}\r\n"
    one = f"GET {PATH}?video_id={EXAMPLE} HTTP/1.1\r\n{head}\r\n"
    two = f"GET {PATH}?video_id=0 HTTP/1.1\r\n{head}Connection: close\r\n\r\n"
    with socket.create_connection(urlsplit(served.url).netloc.split(":"), timeout=10) as raw:
        raw.sendall((one + two).encode())
        everything = b"".join(iter(lambda: raw.recv(65536), b""))
    assert re.findall(rb"HTTP/1.1 (\d+)", everything) == [b"200", b"400"]


def test_bytes_that_are_not_http(served):
    """Even nonsense gets a sentence, and the server lives on."""
    with socket.create_connection(urlsplit(served.url).netloc.split(":"), timeout=10) as raw:
        raw.sendall(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\r\n\r\n")
        answer = raw.recv(65536)
    assert b"400" in answer.split(b"\r\n")[0]
    assert json.loads(answer.split(b"\r\n\r\n")[1])["code"] == "invalid_parameter"
    assert served.get("/healthz").status == 200


def talk(served, *pieces):
    """Send pieces on one connection, and everything that comes back until it is silent for a second."""
    with socket.create_connection(urlsplit(served.url).netloc.split(":"), timeout=5) as raw:
        for piece in pieces:
            raw.sendall(piece)
            time.sleep(0.05)
        got = b""
        with suppress(TimeoutError, ConnectionResetError):
            while data := raw.recv(65536):
                got += data
                raw.settimeout(1)
        return got


def statuses(answer):
    return [int(status) for status in re.findall(rb"HTTP/1.1 (\d+) ", answer)]


@pytest.mark.parametrize(
    ("pieces", "wanted"),
    [
        ((b"Transfer-Encoding: foo\r\n\r\n",), [400]),
        ((b"Transfer-Encoding: chunked\r\n\r\n", b"ZZZ\r\n"), [400]),
        ((b"\r\nhello world\r\n\r\n",), [200, 400]),
        ((b"\r\n", b"FOO / HTTP/1.1\r\n\r\n"), [200, 405]),
        ((b"\r\nGET / HTTP/1.1\r\nX: " + b"a" * 70_000,), [200, 431]),
    ],
    ids=["unknown encoding", "broken chunk", "stray body", "unknown method", "huge head behind"],
)
def test_refusals_stand_in_their_place(served, pieces, wanted):
    """I4: who is told 400 is not charged, and a refusal never overtakes the answers before it."""
    account = served.new_account()
    head = f"GET {PATH}?video_id={fresh_ids(1, 30_000)[0]} HTTP/1.1\r\nHost: x\r\nX-API-Key: {account['key']}\r\n"
    answer = talk(served, head.encode() + pieces[0], *pieces[1:])
    assert statuses(answer) == wanted
    posted = [row for row in served.ledger(account["account_id"]) if row["state"] == "posted"]
    assert len(posted) == wanted.count(200)


@pytest.mark.parametrize("method", [b"get", b"FOO-BAR", b"M" * 70])
def test_odd_methods(served, method):
    """Any token may stand as a method; those that nobody knows are 405, also as a second request."""
    request = method + b" / HTTP/1.1\r\nHost: x\r\n\r\n"
    assert statuses(talk(served, request)) == [405]
    assert statuses(talk(served, b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n", request)) == [200, 405]


def test_huge_method(served):
    """A method of 100 KB is one refusal, not two."""
    assert len(statuses(talk(served, b"M" * 100_000))) == 1


def test_huge_chunked_body(served, account):
    """A body without a length is measured as it comes: 413 over 1 MB."""
    head = f"GET {PATH}?video_id={EXAMPLE} HTTP/1.1\r\nHost: x\r\nX-API-Key: {account['test_key']}\r\n"
    chunk = b"10000\r\n" + b"a" * 65536 + b"\r\n"
    answer = talk(served, head.encode() + b"Transfer-Encoding: chunked\r\n\r\n", chunk * 20 + b"0\r\n\r\n")
    assert statuses(answer)[0] == 413


def test_absurd_content_length(served):
    """A length of 5,000 digits is a 400 or 413, never a crash."""
    for length, status in (("0" * 5000, 404), ("9" * 5000, 413), ("abc", 400)):
        head = f"GET /nope HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n"
        assert set(statuses(talk(served, head.encode()))) <= {status, 400}


def test_blanks_around_the_key(served, account):
    """Blanks around a header's value are no part of it."""
    head = f"GET {PATH}?video_id={EXAMPLE} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
    key = f"X-API-Key:  {account['test_key']} \t\r\n\r\n"
    assert statuses(talk(served, head.encode(), key.encode())) == [200]


def test_a_refusal_of_head_has_no_body(served):
    """What is refused before the framework sees it leaves the connection in order, also when no body may follow."""
    refused = f"HEAD {PATH} HTTP/1.1\r\nHost: x\r\nContent-Length: 2000000\r\n\r\n"
    answer = talk(served, refused.encode())
    head, _, body = answer.partition(b"\r\n\r\n")
    assert (statuses(head), body) == ([413], b"")


def test_other_spellings_of_the_path(served, account):
    """A slash at the end means the same; OPTIONS tells what is allowed."""
    reply = served.get(f"{PATH}/", key=account["test_key"], video_id=EXAMPLE)
    assert (reply.status, reply.json["video"]["video_id"]) == (200, EXAMPLE)
    assert reply.request_id
    assert "GET" in served.send("OPTIONS", PATH, {}).headers["Allow"]


def test_http_1_0(served, account):
    """A client of long ago, which names no host: links lead to the server's own address, and the connection ends."""
    request = f"GET {PATH}?video_id={EXAMPLE} HTTP/1.0\r\nX-API-Key: {account['test_key']}\r\n\r\n"
    head, _, body = talk(served, request.encode()).partition(b"\r\n\r\n")
    assert b"connection: close" in head.lower()
    assert json.loads(body)["video"]["cover"].startswith(f"{served.url}/media/")
