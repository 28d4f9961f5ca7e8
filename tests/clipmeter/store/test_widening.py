"""A query that SQLite is asked for several sets of values at once says the same as asked for each."""

from contextlib import closing

import apsw
import pytest

from clipmeter.store.named import migrations, statements
from clipmeter.store.widening import narrow, pieces, wide
from together import SHARED

NUMBERS = {
    "price_micros",
    "free_limit",
    "slot_limit",
    "hold_micros",
    "free",
    "paid",
    "own",
    "test",
    "keep_micros",
    "now",
}
ACCOUNT = (
    "INSERT INTO accounts (account_id, email, kind, status, payment, created_at) "
    "VALUES (?1, ?1, 'user', 'active', 'card', 1)"
)
RESERVED = """
INSERT INTO requests (account_id, request_id, endpoint, key_id, kind, price_micros, free_limit, month, day, state,
    reason, node_id, deadline, admitted_at)
VALUES (?1, 'old' || ?1, 'endpoint', 'key', 'paid', 7, 50, '2026-11', '2026-11-22', 'reserved', '', 'node', 9, 1)
"""
TABLES = ("requests", "usage", "spend", "replays")
NAMES = ("a", "b", "c", "d")


@pytest.fixture
def connection():
    with closing(apsw.Connection(":memory:")) as connection:
        for _, text in migrations():
            connection.execute(text)
        for name in NAMES[:3]:  # of the fourth nothing is known
            connection.execute(ACCOUNT, (name,))
            connection.execute(RESERVED, (name,))
        yield connection


def values_for(name, account):
    special = {"account_id": account, "request_id": f"old{account}", "kind": "paid", "state": "posted", "body": "{}"}
    its = {value: 5 if value in NUMBERS else special.get(value, value) for value in narrow(name).values}
    is_new = name == "charge_row" or (name == "admit_row" and account != "b")
    return {**its, "request_id": f"new{account}"} if is_new else its


def asked_singly(connection, name, batch):
    form, moment = narrow(name), {"now": 2, "day": "2026-11-22", "month": "2026-11"}
    clock = [moment[which] for which in form.clock]
    return [connection.execute(form.sql, [*clock, *(its[v] for v in form.values)]).fetchall() for its in batch]


def asked_together(connection, name, batch):
    form, moment = wide(name, len(batch)), {"now": 2, "day": "2026-11-22", "month": "2026-11"}
    clock = [moment[which] for which in form.clock]
    rows = connection.execute(form.sql, [*clock, *(its[v] for its in batch for v in form.values)]).fetchall()
    return form.sort(batch, rows)


def state_of(connection):
    return [connection.execute(f"SELECT * FROM {table} ORDER BY 1, 2, 3").fetchall() for table in TABLES]  # noqa: S608


@pytest.mark.parametrize("name", SHARED)
def test_together_is_as_singly(connection, name):
    """What comes back for each set, and what is in the tables afterwards, is the same; also where some find nothing."""
    batch = [values_for(name, account) for account in NAMES]
    with connection:
        connection.execute("SAVEPOINT before")
        singly, after = asked_singly(connection, name, batch), state_of(connection)
        connection.execute("ROLLBACK TO before")
        assert asked_together(connection, name, batch) == singly
        assert state_of(connection) == after


@pytest.mark.parametrize("name", SHARED)
def test_together_never_scans(connection, name):
    """A batch costs the same whatever the size of the ledger."""
    form = wide(name, 4)
    values = [None] * (len(form.clock) + 4 * len(form.values))
    plan = [row[3] for row in connection.execute("EXPLAIN QUERY PLAN " + form.sql, values)]
    assert not [
        step for step in plan if step.startswith("SCAN") and not step.startswith(("SCAN v", "SCAN 4 CONSTANT"))
    ], plan


def test_the_rest_has_no_such_form():
    """Queries that add up rows, or belong to no account, are asked one by one."""
    for name in set(statements()) - set(SHARED):
        if wide(name, 2):
            assert "account_id" in narrow(name).values
            assert not statements()[name].sql.startswith("SELECT")


@pytest.mark.parametrize(("count", "expected"), [(1, [1]), (3, [2, 1]), (20, [16, 4]), (67, [32, 32, 2, 1])])
def test_pieces(count, expected):
    """Any number of sets is asked in a few sizes, so that few forms are kept prepared."""
    assert list(pieces(count)) == expected
