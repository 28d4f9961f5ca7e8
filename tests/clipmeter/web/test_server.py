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
        self.asked = 0
        """How often /express was asked whether it takes a request."""
        self.seconds = 0.0
        self.said = b"express"

    def express(self, get, then):
        if not get.path.startswith("/express"):
            return False
        self.asked += 1
        if get.query == b"no":
            return False
        reply = None if self.loses else Reply(200, [(b"content-length", b"%d" % len(self.said))], self.said)
        asyncio.get_running_loop().call_later(self.seconds, then, reply)
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
async def serving(app, keep_alive=30.0):
    """A server of `app`, and a connection to it."""
    listening = socket.create_server(("127.0.0.1", 0))
    server = make_server(app, "127.0.0.1", 0)
    server.config.timeout_keep_alive = keep_alive
    running = asyncio.create_task(server.serve(sockets=[listening]))
    reader, writer = await asyncio.open_connection(*listening.getsockname())
    yield server, reader, writer
    writer.close()
    server.should_exit = True
    await running


@asynccontextmanager
async def asking(app):
    """A connection to a server of `app`."""
    async with serving(app) as (_, reader, writer):
        yield reader, writer


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


async def known(reader, writer):
    """A request whose head the server knows now."""
    data = get(b"/express?a=b")
    writer.write(data)
    assert await bodies(reader, 1) == [b"express"]
    return data


async def test_known_heads_keep_the_order():
    """However requests with known heads are cut and mixed with others, they are answered in the order they came."""
    app = Echo()
    async with asking(app) as (reader, writer):
        data = await known(reader, writer)
        app.seconds = 0.05
        whole = data + get(b"/") + data + data + get(b"/express?other") + get(b"/?b") + data
        expected = [b"express", b"application", b"express", b"express", b"express", b"application", b"express"]
        for cut in (len(data), len(data) + 1, len(data) - 1, 1, len(whole) - 1):
            writer.write(whole[:cut])
            await asyncio.sleep(0.02)
            writer.write(whole[cut:])
            assert await bodies(reader, len(expected)) == expected


async def test_a_known_head_leads_to_the_application_too():
    """What the quick way does not take, at once or later, goes the whole way, and is not tried a second time."""
    app = Echo()
    async with asking(app) as (reader, writer):
        data = await known(reader, writer)
        app.asked = 0
        writer.write(data.replace(b"a=b", b"no"))
        assert await bodies(reader, 1) == [b"application"]
        app.loses = True
        writer.write(data)
        await asyncio.sleep(0.05)
        writer.write(data)
        assert await bodies(reader, 2) == [b"application", b"application"]
        assert app.asked == 3
        app.loses = False
        writer.write(data)
        assert await bodies(reader, 1) == [b"express"]


@pytest.mark.parametrize("loses", [False, True])
async def test_a_stop_waits_for_a_known_request(loses):
    """What is under way when the server is told to stop is answered, and the connection closed."""
    app = Echo()
    async with serving(app) as (server, reader, writer):
        data = await known(reader, writer)
        app.seconds, app.loses = 0.3, loses
        writer.write(data)
        await asyncio.sleep(0.1)
        server.should_exit = True
        answer = await asyncio.wait_for(reader.read(), 10)
        assert answer.endswith(b"\r\nconnection: close\r\n\r\n" + (b"application" if loses else b"express"))


async def test_a_connection_is_closed_when_it_was_not_used_for_long():
    """Requests with known heads keep a connection open as others do, and it ends as long after the last of them."""
    async with serving(Echo(), keep_alive=0.5) as (_, reader, writer):
        data = await known(reader, writer)
        for _ in range(5):
            await asyncio.sleep(0.2)
            writer.write(data)
            assert await bodies(reader, 1) == [b"express"]
        assert await asyncio.wait_for(reader.read(), 10) == b""


async def test_a_slow_answer_is_not_cut_off():
    """The time without use begins with the answer."""
    app = Echo()
    async with serving(app, keep_alive=0.3) as (_, reader, writer):
        data = await known(reader, writer)
        app.seconds = 0.8
        writer.write(data)
        assert await bodies(reader, 1) == [b"express"]


async def test_a_slow_reader_gets_everything():
    """Answers to known heads wait in the caller's connection, not in the server's memory, and none is lost."""
    app = Echo()
    async with asking(app) as (reader, writer):
        data = await known(reader, writer)
        app.said = b"x" * 5_000_000
        writer.write(data)
        await asyncio.sleep(0.1)
        writer.write(data * 2)
        await asyncio.sleep(0.3)
        assert [len(body) for body in await bodies(reader, 3)] == [5_000_000] * 3


@pytest.mark.parametrize("loses", [False, True])
async def test_who_leaves_with_a_known_head_breaks_nothing(loses, caplog):
    """The answer comes too late: nothing is written, nothing is raised."""
    app = Echo()
    async with serving(app) as (server, reader, writer):
        data = await known(reader, writer)
        app.seconds, app.loses = 0.2, loses
        writer.write(data)
        await asyncio.sleep(0.05)
        writer.close()
        await asyncio.sleep(0.4)
        assert not server.server_state.connections
    assert not caplog.records


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
