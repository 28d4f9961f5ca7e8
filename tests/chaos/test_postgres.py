"""The PostgreSQL that tests use."""

import asyncpg
import pytest

import postgres as postgres_server


async def test_databases_are_apart(postgres):
    """Each database is new and empty, reached by TCP and by socket; a copy has what its template has."""
    first, second = postgres.new_database(), postgres.new_database()
    connection = await asyncpg.connect(first)
    await connection.execute("CREATE TABLE things (thing TEXT); INSERT INTO things VALUES ('a')")
    await connection.close()
    copy = postgres.new_database(postgres_server.database_of(first))
    assert postgres.run("SELECT thing FROM things", postgres_server.database_of(copy)) == "a\n"
    connection = await asyncpg.connect(postgres.url(postgres_server.database_of(second), unix=True))
    assert await connection.fetchval("SELECT to_regclass('things')") is None
    await connection.close()
    for url in (copy, first, second):
        postgres.drop_database(url)


@pytest.mark.parametrize("how", ["immediate", "fast", "kill"])
async def test_it_keeps_what_was_committed(how):
    """What was committed survives every end, and the address stays the same."""
    if why := postgres_server.missing():
        pytest.skip(why)
    server = postgres_server.started()
    try:
        connection = await asyncpg.connect(server.url())
        await connection.execute("CREATE TABLE kept AS SELECT 1")
        if how == "kill":
            server.kill()
            server.start()
        else:
            server.restart(how)
        with pytest.raises((asyncpg.PostgresConnectionError, asyncpg.InterfaceError, OSError)):
            await connection.execute("SELECT 1")
        assert server.run("SELECT COUNT(*) FROM kept") == "1\n"
    finally:
        postgres_server.thrown_away(server)


async def test_a_pooler_stands_between(pgbouncer, database_url):
    """Through the pooler each transaction may have another connection of the server's, so nothing lasts beyond it."""
    connections = [await asyncpg.connect(pgbouncer.url(database_url), statement_cache_size=0) for _ in range(20)]
    pids = {await connection.fetchval("SELECT pg_backend_pid()") for connection in connections}
    assert len(pids) < len(connections)
    for connection in connections:
        await connection.close()
