"""A query asked for many sets of values at once says the same as asked for each."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from clipmeter.store.lifting import lift
from clipmeter.store.named import INTEGERS, named, parse, statements
from together import SHARED

NAMES = sorted(statements())
TEXTS = st.text(st.characters(exclude_characters="\0", codec="utf8"), max_size=8)


async def test_postgres_takes_every_query(connection):
    """Each query is valid in PostgreSQL in both forms, with the types that we give its values."""
    for name in NAMES:
        lifted = lift(statements()[name])
        await connection.prepare(lifted.one)
        if lifted.many:
            await connection.prepare(lifted.many)


@pytest.mark.parametrize("form", ["one", "many"])
@pytest.mark.parametrize("name", ["admit_facts", "settle_facts", "spent", "pass_on", "reserved_money"])
async def test_postgres_finds_what_is_in_flight_without_statistics(connection, name, form):
    """A plan made for an empty database, and kept, does not read all of an account's requests when they are many."""
    lifted = lift(statements()[name])
    sql = getattr(lifted, form)
    if not sql:
        pytest.skip("is never asked for many")
    await connection.execute("SET plan_cache_mode = force_generic_plan")
    await connection.execute(f"PREPARE kept AS {sql}")
    values = ", ".join(["NULL"] * len(lifted.values))
    rows = await connection.fetch(f"EXPLAIN EXECUTE kept({values})")
    plan = [row[0] for row in rows]
    assert any("using requests_in_flight on requests" in step for step in plan), plan
    assert not any("Seq Scan on requests" in step for step in plan)
    by_key = [n for n, step in enumerate(plan) if "using requests_pkey" in step]
    assert all("request_id" in plan[n + 1] for n in by_key), plan


@pytest.mark.parametrize("name", ["charge_row+settle_usage+settle_spend", "settle_usage+settle_spend"])
async def test_postgres_takes_several_queries_as_one(connection, name):
    """Queries about the same values are one statement, for one set of values and for many; none of them has rows."""
    lifted = lift(*named(name))
    assert not any("RETURNING" in query.sql for query in named(name))
    assert not lifted.returns
    await connection.prepare(lifted.one)
    await connection.prepare(lifted.many)
    for query in named(name):
        assert set(query.values) <= set(lifted.values)


@pytest.mark.parametrize("name", SHARED)
def test_the_paid_path_has_a_form_for_many(name):
    """A batch of requests takes as many round trips as one."""
    assert lift(statements()[name]).many


def test_no_type_is_given_to_nothing():
    """Every value that is listed as a number occurs in a query."""
    used = {value for statement in statements().values() for value in statement.values}
    assert used | {"now"} >= INTEGERS


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    rows=st.lists(st.tuples(st.none() | TEXTS, st.none() | st.integers(-(2**63), 2**63 - 1)), min_size=2, max_size=9)
)
async def test_columns_arrive_as_they_were_sent(connection, rows):
    """Any text and number comes out as it went in, or is sent alone; nulls stay nulls."""
    lifted = lift(parse("x\n-- Test.\nSELECT CAST(:name AS TEXT), CAST(:size AS BIGINT)"))
    batch = [{"name": text, "size": number} for text, number in rows]
    columns = lifted.columns(batch)
    if columns is None:
        assert any(text and ("\x1e" in text or "\x1f" in text) for text, _ in rows)
    else:
        found = [tuple(row) for row in await connection.fetch(lifted.many, *columns)]
        assert [its for (its,) in lifted.sort(batch, found)] == rows


async def test_writing_for_many_is_told_apart_by_account(connection):
    """What an INSERT and an UPDATE return goes to the request it belongs to, also when some return nothing."""
    insert = lift(
        parse(
            "x\n-- T.\nINSERT INTO t (account_id, n)\nVALUES (:account_id, :size)\nON CONFLICT DO NOTHING\nRETURNING n"
        )
    )
    update = lift(parse("x\n-- T.\nUPDATE t SET n = n + :size\nWHERE account_id = :account_id AND n < 10\nRETURNING n"))
    await connection.execute(
        "CREATE TEMP TABLE t (account_id text primary key, n bigint); INSERT INTO t VALUES ('b', 10)"
    )
    batch = [{"account_id": name, "size": number} for name, number in (("c", 3), ("b", 2), ("a", 1))]
    for lifted, expected in ((insert, [[(3,)], [], [(1,)]]), (update, [[(6,)], [], [(2,)]])):
        rows = [tuple(row) for row in await connection.fetch(lifted.many, *lifted.columns(batch))]
        assert lifted.sort(batch, rows) == expected
