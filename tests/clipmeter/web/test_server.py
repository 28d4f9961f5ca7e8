"""The server beneath the application: what is answered without a task is answered as everything else is."""

import asyncio
import gc
import re
import socket
from urllib.parse import urlsplit

import pytest

from clipmeter.web import server
from clipmeter.web.heads import Heads
from echo import Echo, Line, asking, bodies, get
from served import fresh_ids

PATH = "/v1/tiktok/video"


async def test_both_ways_keep_their_order():
    """Pipelined requests are answered in the order they came, whichever way each of them takes."""
    async with asking(Echo()) as (reader, writer):
        writer.write(get(b"/express") + get(b"/") + get(b"/express") + get(b"/express") + get(b"/"))
        assert await bodies(reader, 5) == [b"express", b"application", b"express", b"express", b"application"]


async def test_what_cannot_be_answered_so_goes_to_the_application():
    """Nothing is lost when the quick way finds, late, that it has no answer."""
    app = Echo()
    async with asking(app) as (reader, writer):
        app.loses = True
        writer.write(get(b"/express") + get(b"/express"))
        assert await bodies(reader, 2) == [b"application", b"application"]
        app.loses = False
        writer.write(get(b"/express"))
        assert await bodies(reader, 1) == [b"express"]


async def test_a_body_that_comes_later_goes_to_the_application():
    """What is not whole yet is not answered without a task; one that comes with its body is."""
    async with asking(Echo()) as (reader, writer):
        head = get(b"/express", b"Content-Length: 3\r\n\r\n")
        writer.write(head)
        await asyncio.sleep(0.2)
        writer.write(b"abc" + head + b"abc")
        assert await bodies(reader, 2) == [b"applicationabc", b"express"]


async def test_a_body_is_no_head(monkeypatch):
    """An answer to a request with a body may take longer than a head, and a long body is not too long a head."""
    monkeypatch.setattr(server, "HEAD_SECONDS", 0.2)
    app = Echo()
    async with asking(app) as (reader, writer):
        app.pause = 0.5
        for size in (300, 200_000):
            body = b"x" * size
            writer.write(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % size)
            await asyncio.sleep(0.05)
            writer.write(body)
            assert await bodies(reader, 1) == [b"application" + body]
        writer.write(get(b"/express"))
        assert await bodies(reader, 1) == [b"express"]


async def test_where_a_head_begins_behind_another_request():
    """What is said of it is of its own bytes, and the body before it is none of them."""
    line = Line(Heads())
    assert (await line.say(get(b"/") + b"G")).endswith(b"application")
    assert (await line.say(b"ET / HTTP/1.1\r\nno header\r\n\r\n")).startswith(b"HTTP/1.1 400")
    line = Line(Heads())
    assert (await line.say(b"POST / HTTP/1.1\r\nContent-Length: 99999\r\n\r\n" + b"x" * 99_999 + b"GE")).endswith(b"xx")
    assert (await line.say(b"T / HTTP/1.1\r\nHost: x\r\n\r\n")).endswith(b"application")


@pytest.mark.parametrize("before", [get(b"/"), b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc"])
async def test_a_head_that_does_not_end_is_cut_off(monkeypatch, before):
    """Also one that begins in the piece in which another request ended."""
    monkeypatch.setattr(server, "HEAD_SECONDS", 0.3)
    async with asking(Echo()) as (reader, writer):
        writer.write(before + b"GE")
        assert (await bodies(reader, 1))[0].startswith(b"application")
        assert await asyncio.wait_for(reader.read(), 10) == b""


@pytest.mark.parametrize("refused", [b"CONNECT a:80", b"GET http://a:99999/"])
async def test_a_refused_head_leaves_those_before_it_their_answers(refused):
    """However a later head is refused, earlier requests are answered first, and none is left without an answer."""
    async with asking(Echo()) as (reader, writer):
        writer.write(get(b"/express") + get(b"/") + get(b"/express") + refused + b" HTTP/1.1\r\nHost: x\r\n\r\n")
        assert await bodies(reader, 3) == [b"express", b"application", b"express"]
        assert (await asyncio.wait_for(reader.readuntil(b"\r\n"), 10)).startswith(b"HTTP/1.1 400")


@pytest.mark.parametrize("path", [b"/express", b"/"])
async def test_requests_leave_no_garbage(path):
    """What a request has used is given back at once: to search for cycles stops everything for a tenth of a second."""
    async with asking(Echo()) as (reader, writer):
        writer.write(get(path) * 3)
        await bodies(reader, 3)
        gc.collect()
        gc.disable()
        try:
            for _ in range(100):
                writer.write(get(path))
                await bodies(reader, 1)
            found = gc.collect()
        finally:
            gc.enable()
        assert found < 100


@pytest.fixture
def forgetting_nothing(new_served, emulator):
    """A server that remembers its answers, as it comes; and an account that has asked for a video."""
    served = new_served(upstream=emulator.url)
    account, video_id = served.new_account(), fresh_ids(1, 61_000)[0]
    assert served.get(key=account["key"], video_id=video_id).headers["Cache-Status"] == "clipmeter; fwd=miss"
    return served, account, video_id


def talk(served, data):
    """Everything that comes back."""
    with socket.create_connection(urlsplit(served.url).netloc.split(":"), timeout=10) as raw:
        raw.sendall(data)
        return b"".join(iter(lambda: raw.recv(65536), b""))


def posted(served, account):
    return [row["request_id"] for row in served.ledger(account["account_id"]) if row["state"] == "posted"]


def test_each_of_many_in_a_row_is_charged_once(forgetting_nothing):
    """I1 and I2: remembered answers on one connection, sent at once, are as many rows, each by its answer's id."""
    served, account, video_id = forgetting_nothing
    head = f"GET {PATH}?video_id={video_id} HTTP/1.1\r\nHost: x\r\nX-API-Key: {account['key']}\r\n"
    answer = talk(served, ((head + "\r\n") * 9 + head + "Connection: close\r\n\r\n").encode())
    assert re.findall(rb"HTTP/1.1 (\d+)", answer) == [b"200"] * 10
    assert answer.count(b"cache-status: clipmeter; hit") == 10
    ids = [found.decode() for found in re.findall(rb"x-request-id: (\S+)", answer)]
    assert sorted(posted(served, account)[1:]) == sorted(ids)
    left = re.findall(rb"x-free-remaining: (\d+)", answer)
    assert left == [b"%d" % number for number in range(48, 38, -1)]


def test_a_refusal_in_one_step_says_what_a_refusal_says(forgetting_nothing):
    """A remembered answer is not given to who cannot pay, nor to a revoked key: the same words, no row."""
    served, account, video_id = forgetting_nothing
    for _ in range(49):
        assert served.get(key=account["key"], video_id=video_id).status == 200
    refused = served.get(key=account["key"], video_id=video_id)
    assert (refused.status, refused.code) == (402, "payment_required")
    assert (refused.headers["X-Charge"], refused.headers["X-Free-Remaining"]) == ("0", "0")
    (live,) = [key for key in served.json("keys", "list", "--account", account["account_id"]) if key["mode"] == "live"]
    assert served.run("keys", "revoke", live["key_id"]).returncode == 0
    assert served.get(key=account["key"], video_id=video_id).code == "invalid_api_key"
    assert len(posted(served, account)) == 50


def once_more(raw, data):
    """The next answer on a connection: its head and its body."""
    raw.sendall(data)
    answer = b""
    while not (found := re.search(rb"content-length: (\d+)\r\n.*?\r\n\r\n", answer, re.DOTALL)) or len(
        answer
    ) < found.end() + int(found[1]):
        answer += raw.recv(65536)
    return answer[: found.end()], answer[found.end() :]


def test_a_known_head_changes_nothing(forgetting_nothing):
    """The same answer, charged each time by its own id, until the key is revoked: from then on refused (I9)."""
    served, account, video_id = forgetting_nothing
    data = f"GET {PATH}?video_id={video_id} HTTP/1.1\r\nHost: x\r\nX-API-Key: {account['key']}\r\n\r\n".encode()
    with socket.create_connection(urlsplit(served.url).netloc.split(":"), timeout=10) as raw:
        answers = [once_more(raw, data) for _ in range(5)]
        assert {body for _, body in answers} == {answers[0][1]}
        ids = [re.search(rb"x-request-id: (\S+)", head)[1].decode() for head, _ in answers]
        assert sorted(posted(served, account)[1:]) == sorted(ids)
        assert [re.search(rb"x-free-remaining: (\d+)", head)[1] for head, _ in answers] == [
            b"48",
            b"47",
            b"46",
            b"45",
            b"44",
        ]
        names = [re.sub(rb": .*", b"", head) for head, _ in answers]
        assert set(names) == {names[0]}
        (live,) = [
            key for key in served.json("keys", "list", "--account", account["account_id"]) if key["mode"] == "live"
        ]
        assert served.run("keys", "revoke", live["key_id"]).returncode == 0
        head, body = once_more(raw, data)
        assert head.startswith(b"HTTP/1.1 401")
        assert b"invalid_api_key" in body
    assert len(posted(served, account)) == 6


def test_links_lead_back_through_the_proxy(forgetting_nothing):
    """A proxy on this machine that speaks TLS says so, and links in remembered answers begin with https too."""
    served, account, video_id = forgetting_nothing
    for _ in range(2):
        headers = {"X-API-Key": account["key"], "X-Forwarded-Proto": "https"}
        answer = served.send("GET", f"{PATH}?video_id={video_id}", headers)
        assert answer.headers["Cache-Status"] == "clipmeter; hit"
        assert answer.json["video"]["video_url"].startswith("https://")


def test_leaving_early_breaks_nothing(forgetting_nothing):
    """A caller who hangs up at once is charged for what is at hand, or not at all; the server lives on."""
    served, account, video_id = forgetting_nothing
    data = f"GET {PATH}?video_id={video_id} HTTP/1.1\r\nHost: x\r\nX-API-Key: {account['key']}\r\n\r\n".encode()
    for _ in range(20):
        with socket.create_connection(urlsplit(served.url).netloc.split(":"), timeout=10) as raw:
            raw.sendall(data)
    assert served.get(key=account["key"], video_id=video_id).status == 200
    assert 2 <= len(posted(served, account)) <= 22
    assert served.run("ledger", "verify").returncode == 0
