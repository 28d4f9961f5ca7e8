"""Guarantee: passing the parser by changes nothing that a caller can see but the time."""

import asyncio
import gc
from itertools import accumulate, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clipmeter.web.heads import Heads, head_of
from echo import Echo, Line, asking, bodies, get, serving

KNOWN = get(b"/express?a=b")
POST = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n"
PIECES = [
    *[KNOWN] * 6,
    get(b"/express?c"),
    get(b"/express?no"),
    get(b"/express?lost"),
    get(b"/express"),
    get(b"/"),
    get(b"/express?a=b", b"Content-Length: 3\r\n\r\nabc"),
    b"HEAD /express?a=b HTTP/1.1\r\nHost: x\r\n\r\n",
    POST % 1 + b"G",
    POST % 5 + b"b\r\n\r\n",
    POST % len(KNOWN) + KNOWN,
    b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
    b"\r\n",
    b"G",
    b"FOO / HTTP/1.1\r\n\r\n",
    get(b"/express?a=b", b"Connection: close\r\n\r\n"),
    b"GET /express?a=b HTTP/1.0\r\nHost: x\r\n\r\n",
]


class Knowing(Heads):
    """Heads that know those of KNOWN."""

    def __init__(self):
        super().__init__()
        self.learn(KNOWN, head_of([(b"host", b"x")]))


class Blind(Heads):
    """Heads that are never known."""

    def read(self, data):  # noqa: ARG002 - as it is called
        return None


async def heard(heads, pieces, turns):
    """All that a connection says, and how it stands at the end."""
    line, said = Line(heads), b""
    for piece, some in zip(pieces, turns, strict=True):
        for _ in range(60):
            if line.transport.paused:
                said += await line.hear(1)
        if line.transport.closing:
            break
        said += await line.say(piece, some)
    said += await line.hear()
    end = line.transport.paused, line.transport.closing, line.app.asked
    line.protocol.connection_lost(None)
    return said, end


@given(st.lists(st.sampled_from(PIECES), min_size=2, max_size=6), st.data())
def test_what_is_said_is_what_the_parser_would_have_said(requests, data):
    """However a stream of requests is cut, and whenever its pieces come."""
    stream = b"".join(requests)
    ends = st.one_of(
        st.sampled_from([end + more for end in accumulate(map(len, requests)) for more in (-1, 0, 0, 1, 2, 3)]),
        st.integers(1, len(stream)),
    )
    cuts = sorted({0, len(stream)} | {end for end in data.draw(st.lists(ends, max_size=8)) if 0 < end < len(stream)})
    pieces = [stream[begin:end] for begin, end in pairwise(cuts)]
    turns = [data.draw(st.sampled_from([0, 1, 2, 6])) for _ in pieces]
    known, blind = (asyncio.run(heard(heads, pieces, turns)) for heads in (Knowing(), Blind()))
    assert _without_ids(known[0]) == _without_ids(blind[0])
    assert known[1] == blind[1]


def _without_ids(said):
    return [line for line in said.split(b"\r\n") if not line.startswith(b"x-request-id:")]


async def test_a_known_request_passes_the_parser_by():
    """Else nothing is gained."""
    line = Line(Knowing())
    for _ in range(3):
        assert (await line.say(KNOWN)).endswith(b"\r\n\r\nexpress")
    assert (line.fed, line.app.asked) == ([], 3)
    assert (await line.say(get(b"/"))).endswith(b"application")
    assert len(line.fed) == 1


@pytest.mark.parametrize(
    "begun",
    [b"\r\nG", b"GE", get(b"/")[:-1], POST % 3 + b"ab", POST % len(KNOWN), POST % 1 + b"aG", b"FOO / HTTP/1.1\r\n\r\n"],
)
async def test_nothing_is_known_in_the_midst_of_a_request(begun):
    """Whatever was begun, or refused: what comes next belongs to it, though it looks like a request."""
    line = Line(Knowing())
    await line.say(begun)
    await line.say(KNOWN)
    assert line.app.asked == 0


async def test_what_comes_meanwhile_waits():
    """While a known request is being answered nothing more is read, not even from the network."""
    line = Line(Knowing())
    line.app.seconds = 0.5
    assert await line.say(KNOWN) == b""
    assert await line.say(KNOWN) == b""
    assert line.transport.paused
    assert line.app.asked == 1
    await asyncio.sleep(1.5)
    assert (await line.hear()).count(b"express") == 2
    assert not line.transport.paused


async def test_requests_behind_the_parsers_wait_for_it():
    """A known request that comes while another is being answered does not overtake it."""
    line = Line(Knowing())
    line.app.pause = 0.5
    assert await line.say(get(b"/")) == b""
    assert await line.say(KNOWN) == b""
    await asyncio.sleep(1.0)
    said = await line.hear()
    assert 0 < said.index(b"application") < said.index(b"express")


async def test_a_connection_that_is_to_be_closed_teaches_nothing():
    """Its headers are not those of one that goes on."""
    heads, data = Heads(), get(b"/express?a=b", b"Connection: close\r\n\r\n")
    for _ in range(2):
        line = Line(heads)
        assert b"connection: close" in await line.say(data)
        assert line.transport.closing
        assert line.fed == [data]


async def test_a_head_in_pieces_teaches_nothing():
    """Only the last of them is at hand."""
    heads = Heads()
    line = Line(heads)
    first = get(b"/express?a=b")
    await line.say(first[:5])
    assert (await line.say(first[5:])).endswith(b"express")
    assert heads.read(first) is None
    assert (await line.say(first)).endswith(b"express")
    assert heads.read(first)


async def test_a_slow_reader_is_waited_for():
    """Answers to known requests are not written while the caller does not read."""
    line = Line(Knowing())
    line.protocol.pause_writing()
    assert await line.say(KNOWN) == b""
    line.protocol.resume_writing()
    assert (await line.hear()).endswith(b"express")
    line.protocol.pause_writing()
    assert await line.say(KNOWN) == b""
    line.transport.close()
    line.protocol.resume_writing()
    assert await line.hear() == b""


async def test_nothing_is_begun_for_who_is_found_gone():
    """The write of an answer finds the caller gone: what it had sent beyond is not charged, and no timer is left."""
    line = Line(Knowing())
    line.app.seconds, line.transport.breaks = 0.5, True
    await line.say(KNOWN)
    await line.say(KNOWN)
    await asyncio.sleep(1.0)
    assert line.app.asked == 1
    assert line.protocol.timeout_keep_alive_task is None


async def test_a_connection_of_known_requests_alone_ends_too():
    """Though the parser has never seen it."""
    line = Line(Knowing(), timeout_keep_alive=0.2)
    began = asyncio.get_running_loop().time()
    assert (await line.say(KNOWN)).endswith(b"express")
    assert line.fed == []
    await asyncio.wait_for(line.transport.closed.wait(), 10)
    assert asyncio.get_running_loop().time() - began > 0.15


async def test_known_requests_leave_no_garbage():
    """What a request has used is given back at once: to search for cycles stops everything for a tenth of a second."""
    line = Line(Knowing())
    await line.say(KNOWN)
    gc.collect()
    gc.disable()
    try:
        for _ in range(100):
            await line.say(KNOWN)
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
    async with serving(Echo(), keep_alive=1.5) as (_, reader, writer):
        data = await known(reader, writer)
        for _ in range(4):
            await asyncio.sleep(0.6)
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
