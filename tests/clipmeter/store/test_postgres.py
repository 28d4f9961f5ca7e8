"""The store for many nodes, on a real PostgreSQL: what is particular to it.

What it shares with SQLite is tested with the money.
"""

import asyncio
import contextlib

import asyncpg
import pytest

from clipmeter.errors import BillingError, ServiceUnavailable
from clipmeter.store import heartbeat
from clipmeter.store.base import Lock, NewerSchema, OlderSchema, Query, plan
from clipmeter.store.named import migrations
from clipmeter.store.postgres import PostgresStore


@plan
def sign_up(name, *, then=None):
    yield Lock(name)
    values = {"account_id": name, "email": f"{name}@example.com", "kind": "user", "payment": "none"}
    added = yield Query("account_add", values)
    if then:
        yield then
    return bool(added)


@plan
def accounts():
    rows = yield Query("account_list")
    return sorted(row[0] for row in rows)


@pytest.fixture
async def store(database_url):
    async with PostgresStore(database_url) as store:
        yield store


async def sql(url, text):
    connection = await asyncpg.connect(url)
    try:
        return await connection.fetch(text)
    finally:
        await connection.close()


async def test_many_plans_share_a_commit(store):
    """What waits while others are saved goes together."""
    before = store.saved()
    done = await asyncio.gather(*(store.write(sign_up(f"a{number}")) for number in range(300)))
    batches, plans = (now - then for now, then in zip(store.saved(), before, strict=True))
    assert all(done)
    assert plans == 300
    assert batches < 60
    assert len(await store.read(accounts())) == 300


@pytest.mark.parametrize("name", ["acct_1", "it's {odd}, \\or NULL"])
async def test_a_plan_waits_for_its_account(store, database_url, name):
    """While another transaction holds an account nothing else moves its money, whatever the account's id."""
    assert await store.write(sign_up(name))
    holder = await asyncpg.connect(database_url)
    async with holder.transaction():
        await holder.execute("SELECT FROM accounts WHERE account_id = $1 FOR NO KEY UPDATE", name)
        waiting = store.submit(sign_up(name))
        await asyncio.sleep(0.3)
        assert not waiting.done()
    assert await asyncio.wait_for(waiting, 5) is False
    await holder.close()


async def test_a_plan_that_breaks_a_query_breaks_alone(store):
    """A request that the database refuses fails; those that shared its transaction are saved."""
    broken = Query("key_limit_set", {"account_id": "b", "key_id": "x", "key_limit": 2**70})
    wrong = [sign_up(f"a{number}") for number in range(9)] + [sign_up("b", then=broken)]
    *good, bad = await asyncio.gather(*(store.write(one) for one in wrong), return_exceptions=True)
    assert good == [True] * 9
    assert isinstance(bad, BillingError)
    assert await store.read(accounts()) == [f"a{number}" for number in range(9)]


@pytest.mark.parametrize("how", ["cut", "restart"])
async def test_it_recovers_by_itself(store, postgres, database_url, how):
    """After its connections are cut, or the server was restarted as after a crash, the next request is served."""
    await store.write(sign_up("a"))
    if how == "restart":
        await asyncio.to_thread(postgres.restart, "immediate")
    else:
        await sql(
            database_url, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'clipmeter'"
        )
    assert await store.write(sign_up("b"))
    assert await store.read(accounts()) == ["a", "b"]


async def test_without_a_server_it_says_so(postgres, store):
    """503 at once while the server is away, and service as soon as it is back."""
    postgres.stop("immediate")
    try:
        for ask in (store.write(sign_up("a")), store.read(accounts())):
            with pytest.raises(ServiceUnavailable):
                async with asyncio.timeout(5):
                    await ask
    finally:
        postgres.start()
    assert await store.write(sign_up("a"))


async def test_many_start_at_once(database_url):
    """Servers that start together on an empty database make its tables once."""
    async with contextlib.AsyncExitStack() as stack:
        stores = [PostgresStore(database_url) for _ in range(5)]
        await asyncio.gather(*(stack.enter_async_context(store) for store in stores))
        assert await stores[0].write(sign_up("a"))
        assert await stores[4].read(accounts()) == ["a"]


async def test_an_older_schema_is_not_touched_by_a_start(database_url):
    """The sentence says what to run; after `migrate` the start works, and nothing is lost."""
    connection = await asyncpg.connect(database_url)
    await connection.execute("CREATE TABLE schema_version (version BIGINT NOT NULL, PRIMARY KEY (version))")
    for version, text in migrations()[:2]:
        await connection.execute(text)
        await connection.execute("INSERT INTO schema_version VALUES ($1)", version)
    await connection.execute("INSERT INTO accounts VALUES ('old', 'old@example.com', 'user', 'active', 'none', 1)")
    await connection.close()
    store = PostgresStore(database_url)
    with pytest.raises(OlderSchema, match="clipmeter migrate"):
        await store.open()
    newest = migrations()[-1][0]
    assert await store.migrate() == (2, newest)
    assert await store.migrate() == (newest, newest)
    async with store:
        assert await store.read(accounts()) == ["old"]


@pytest.mark.usefixtures("store")
async def test_a_newer_schema_is_refused(database_url):
    """An older clipmeter does not write into what it does not know."""
    await sql(database_url, "INSERT INTO schema_version (version) VALUES (9999)")
    for ask in (PostgresStore(database_url).open(), PostgresStore(database_url).migrate()):
        with pytest.raises(NewerSchema, match="9999"):
            await ask


async def test_a_wrong_address_is_said_without_the_password():
    """Who starts with a wrong address reads where it went, and no secret."""
    with pytest.raises(ServiceUnavailable, match=r"PostgreSQL at 127\.0\.0\.1:1/nothing cannot be used") as caught:
        await PostgresStore("postgresql://me:hidden@127.0.0.1:1/nothing").open()
    assert "hidden" not in caught.value.message


async def test_a_node_that_falls_silent_knows_it_first(store, database_url):
    """I2, I5: its lease ends before the others count it as dead, and it comes back under another name."""
    assert heartbeat.MARGIN_SECONDS > 0.4
    longest = heartbeat.STALE_SECONDS - heartbeat.MARGIN_SECONDS
    async with PostgresStore(database_url) as other:
        node_id = await store.join()
        assert await other.dead([node_id, "never was"]) == ["never was"]
        await asyncio.sleep(heartbeat.BEAT_SECONDS * 1.5)
        assert longest >= store.lease(node_id) > longest - heartbeat.BEAT_SECONDS * 2
        await store._beats.close()  # no heartbeat can be saved from now on
        while not await other.dead([node_id]):  # noqa: ASYNC110 - nobody tells when
            await asyncio.sleep(0.05)
        assert store.lease(node_id) <= 0
        assert store.lease("another") <= 0


async def test_behind_a_pooler(pgbouncer, database_url):
    """With a connection for each transaction everything works, and nothing is prepared."""
    async with PostgresStore(pgbouncer.url(database_url), pooled=True) as store:
        done = await asyncio.gather(*(store.write(sign_up(f"a{number}")) for number in range(50)))
        assert all(done)
        node_id = await store.join()
        assert store.lease(node_id) > 0
        assert len(await store.read(accounts())) == len(await store.survey(accounts())) == 50
