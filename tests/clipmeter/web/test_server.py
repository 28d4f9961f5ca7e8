"""The server beneath the application: what is answered without a task is answered as everything else is."""

import asyncio
import gc
import re
import socket
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

import pytest

from clipmeter.web.envelope import Reply
from clipmeter.web.server import make_server
from served import fresh_ids

PATH = "/v1/tiktok/video"


class Echo:
    """An application that knows both ways: /express says `express`, or nothing at all, all else `application`."""

    def __init__(self):
        self.loses = False

    def express(self, get, then):
        if get.path != "/express":
            return False
        reply = None if self.loses else Reply(200, [(b"content-length", b"7")], b"express")
        asyncio.get_running_loop().call_soon(then, reply)
        return True

    async def __call__(self, scope, receive, send):
        if scope["type"] == "lifespan":
            while (message := await receive())["type"] != "lifespan.shutdown":
                await send({"type": message["type"] + ".complete"})
            await send({"type": "lifespan.shutdown.complete"})
            return
        body = b""
        while (message := await receive())["type"] == "http.request":
            body += message["body"]
            if not message["more_body"]:
                break
        body = b"application" + body
        await scope["state"]["reply"](Reply(200, [(b"content-length", b"%d" % len(body))], body))


@asynccontextmanager
async def asking(app):
    """A connection to a server of `app`."""
    listening = socket.create_server(("127.0.0.1", 0))
    server = make_server(app, "127.0.0.1", 0)
    serving = asyncio.create_task(server.serve(sockets=[listening]))
    reader, writer = await asyncio.open_connection(*listening.getsockname())
    yield reader, writer
    writer.close()
    server.should_exit = True
    await serving


async def bodies(reader, count):
    """The bodies of so many answers."""
    found = []
    for _ in range(count):
        head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 10)
        found.append(await reader.readexactly(int(re.search(rb"content-length: (\d+)", head)[1])))
    return found


def get(path, rest=b"\r\n"):
    return b"GET %b HTTP/1.1\r\nHost: x\r\n" % path + rest


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
