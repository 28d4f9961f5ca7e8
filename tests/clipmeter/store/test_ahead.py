"""The functions that write where facts are as expected: their text, on a real PostgreSQL."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from clipmeter.store.ahead import Form, expectation, function_of
from clipmeter.store.named import statements

CHARGES = ("charge_row+settle_usage+settle_spend", "charge_row+settle_usage")
"""What a charge writes."""
VALUES = {"account_id": "a", "key_id": "k", "mode": "live", "endpoint": "e", "expected": "x", "turn": 1}


def form_of(written):
    return Form("admit_facts", 15, written)


def values_for(function, count=1, **given):
    """Sets of values, null where nothing else is said."""
    return [dict.fromkeys(function.columns) | VALUES | given | {"account_id": f"a{at}"} for at in range(count)]


@pytest.mark.parametrize("written", CHARGES)
async def test_postgres_takes_it(connection, written):
    """The function can be made, more than once, and called; where nothing is as expected it writes nothing."""
    function = function_of(form_of(written))
    for _ in range(2):
        await connection.execute(function.create)
        batch = [*values_for(function, 3), *values_for(function, 2, turn=2)]
        assert await connection.fetch(function.call, *function.arguments(batch, 0)) == []
    assert await connection.fetchval("SELECT COUNT(*) FROM requests") == 0


@pytest.mark.parametrize("written", CHARGES)
async def test_it_reads_no_table_as_a_whole(connection, written):
    """However large the tables become: its plans are made once, when they may be small."""
    function = function_of(form_of(written))
    await connection.execute("INSERT INTO terms (account_id, endpoint) VALUES ('a0', 'e'); ANALYZE")
    await connection.execute(
        "LOAD 'auto_explain'; SET auto_explain.log_min_duration = 0; SET client_min_messages = log"
    )
    await connection.execute("SET auto_explain.log_nested_statements = on")
    plans = []
    connection.add_log_listener(lambda _, message: plans.append(message.message))
    await connection.execute(function.create)
    await connection.fetch(function.call, *function.arguments(values_for(function), 0))
    assert any("requests_in_flight" in plan for plan in plans)
    assert not [plan for plan in plans if "Seq Scan" in plan]


@pytest.mark.parametrize(
    ("video_id", "count", "sent"), [("a\x1fb", 1, False), ("", 1, False), ("", 2, True), (None, 1, True)]
)
def test_what_cannot_be_sent(video_id, count, sent):
    """A value that has our separators in it goes another way, and one that would come out as null."""
    function = function_of(form_of(CHARGES[0]))
    assert bool(function.arguments(values_for(function, count, video_id=video_id), 0)) is sent


@pytest.fixture
async def told(connection):
    """What the database makes of facts, given as SQL."""
    create = function_of(form_of(CHARGES[1])).create
    text = create[create.index("array_to_string") : create.index(" = given.its_expected")]

    async def of(facts):
        columns = ", ".join(
            f"${at}::{'bigint' if isinstance(fact, int) else 'text'}" for at, fact in enumerate(facts, 1)
        )
        names = ", ".join(f"c{at}" for at in range(len(facts)))
        return await connection.fetchval(f"SELECT {text} FROM (SELECT {columns}) AS f({names})", *facts)  # noqa: S608 - ours

    return of


WORD = st.text(st.characters(exclude_characters="\0\x1c\x1d", codec="utf8"))
FACT = st.none() | st.integers(-(2**63), 2**63 - 1) | WORD


def as_texts(facts):
    return [fact if fact is None else str(fact) for fact in facts]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=50)
@given(data=st.data())
async def test_facts_are_compared_as_the_database_writes_them(told, data):
    """Facts that are equal are taken for equal, and others for others, whatever is in them but the separators."""
    facts = data.draw(st.lists(FACT, min_size=14, max_size=14))
    others = [data.draw(FACT) if data.draw(st.booleans()) else fact for fact in facts]
    assert await told(facts) == expectation((*facts, 0))
    assert (expectation((*facts, 0)) == expectation((*others, 0))) is (as_texts(facts) == as_texts(others))


def test_the_number_of_facts_is_that_of_the_query():
    """The tests above ask for as many as the query has."""
    sql = statements()["admit_facts"].sql
    depth, columns = 0, 1
    for sign in sql[: sql.index("\nFROM accounts")]:
        depth += (sign == "(") - (sign == ")")
        columns += sign == "," and depth == 0
    assert columns == 15
