"""The fault proxy, with a real PostgreSQL behind it."""

import asyncio
import time

import asyncpg
import pytest

from chaos.proxy import Link
from chaos.wire import Messages

GONE = (asyncpg.PostgresConnectionError, asyncpg.InterfaceError, OSError)


@pytest.fixture
async def link(postgres):
    made = await Link(postgres.port).start()
    yield made
    await made.stop()


@pytest.fixture
async def through(link, database_url):
    """The address of a database through the proxy, with a table of things."""
    connection = await asyncpg.connect(database_url)
    await connection.execute("CREATE TABLE things (thing BIGINT PRIMARY KEY)")
    await connection.close()
    return f"postgresql://postgres@127.0.0.1:{link.port}/{database_url.rpartition('/')[2]}"


async def things(url):
    connection = await asyncpg.connect(url)
    rows = await connection.fetch("SELECT thing FROM things ORDER BY thing")
    await connection.close()
    return [row["thing"] for row in rows]


async def add(connection, thing):
    async with connection.transaction():
        await connection.execute("INSERT INTO things VALUES ($1)", thing)


async def test_transparent(through):
    """Without a fault everything passes, answers of megabytes too."""
    connection = await asyncpg.connect(through)
    await add(connection, 1)
    assert len(await connection.fetchval("SELECT repeat('x', 3000000)")) == 3_000_000
    await connection.close()
    assert await things(through) == [1]


@pytest.mark.parametrize("block", [True, False], ids=["in a transaction", "one statement"])
async def test_the_reply_to_a_commit_is_lost(link, through, block):
    """The client hears of a dead connection, but what it committed is there; the next commit passes."""
    connection = await asyncpg.connect(through)
    link.lose_commits(1)
    with pytest.raises(GONE):
        await (add(connection, 1) if block else connection.execute("INSERT INTO things VALUES ($1)", 1))
    assert link.counts["commit reply lost"] == 1
    assert await things(through) == [1]
    connection = await asyncpg.connect(through)
    await add(connection, 2)
    await connection.close()
    assert await things(through) == [1, 2]


async def test_the_commit_itself_is_lost(link, through):
    """The client hears the same, and nothing was committed."""
    connection = await asyncpg.connect(through)
    link.lose_commits(1, "request")
    with pytest.raises(GONE):
        await add(connection, 1)
    assert link.counts["commit request lost"] == 1
    assert await things(through) == []


@pytest.fixture
async def calling(through):
    """A connection with a function like those of clipmeter: it adds a thing, if there is not one."""
    connection = await asyncpg.connect(through)
    await connection.execute(
        """CREATE FUNCTION pg_temp.ahead_of_things(bigint) RETURNS SETOF bigint LANGUAGE plpgsql AS $$
        BEGIN RETURN QUERY INSERT INTO things VALUES ($1) ON CONFLICT DO NOTHING RETURNING thing; END $$"""
    )
    yield connection
    connection.terminate()


@pytest.mark.parametrize(("what", "added"), [("reply", [1, 2]), ("request", [1])])
async def test_a_call_that_writes_is_lost(link, through, calling, what, added):
    """A function that writes commits by itself: its reply is lost, or the call; one that wrote nothing passes."""
    call = "SELECT pg_temp.ahead_of_things($1)"
    assert len(await calling.fetch(call, 1)) == 1
    link.lose_commits(1, what)
    if what == "reply":
        assert await calling.fetch(call, 1) == []
    with pytest.raises(GONE):
        await calling.fetch(call, 2)
    assert link.counts[f"commit {what} lost"] == 1
    assert await things(through) == added


async def test_reading_is_no_commit(link, through):
    """What only reads passes, or finds nothing to change; and logging in too."""
    link.lose_commits(1)
    assert await things(through) == []
    connection = await asyncpg.connect(through)
    async with connection.transaction():
        await connection.execute("DELETE FROM things")
    await connection.close()
    assert link.counts["commit reply lost"] == 0


async def test_a_black_hole(link, through):
    """Nothing comes back, not even to who connects anew, until it heals."""
    connection = await asyncpg.connect(through)
    link.swallow()
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(connection.fetchval("SELECT 1"), 0.3)
    with pytest.raises(TimeoutError):
        await asyncpg.connect(through, timeout=0.3)
    link.heal()
    assert await things(through) == []
    connection.terminate()


async def test_cuts_and_refusals(link, through):
    """A cut ends what is connected; refusing, what connects."""
    connection = await asyncpg.connect(through)
    assert link.cut() == 1
    with pytest.raises(GONE):
        await connection.execute("SELECT 1")
    link.refusing = True
    with pytest.raises(GONE):
        await asyncpg.connect(through)
    link.heal()
    assert await things(through) == []


async def test_delays(link, through):
    """Each piece takes its time, each way."""
    connection = await asyncpg.connect(through)
    link.delay = 0.1
    began = time.monotonic()
    assert await connection.fetchval("SELECT 1") == 1
    assert 0.2 <= time.monotonic() - began < 2
    await connection.close()


def test_messages_are_cut_anywhere():
    """Messages come out whole however the bytes come in; the answer to a question for TLS is one bare byte."""
    startup = b"\0\0\0\x08\x04\xd2\x16\x2f" + b"\0\0\0\x09\0\x03\0\0\0"
    wire = startup + b"Q\0\0\0\x06a\0" + b"X\0\0\0\x04"
    messages = Messages(typed=False)
    found = [message for byte in wire for message in messages.feed(bytes([byte]))]
    assert found == [startup[:8], startup[8:], b"Q\0\0\0\x06a\0", b"X\0\0\0\x04"]
    answers = Messages(typed=True)
    answers.bare_bytes = 1
    assert list(answers.feed(b"N" + b"Z\0\0\0\x05I")) == [b"N", b"Z\0\0\0\x05I"]
