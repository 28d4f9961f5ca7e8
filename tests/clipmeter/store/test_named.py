import re
from contextlib import closing

import apsw
import pytest

from clipmeter.store.named import migrations, parse, statements

BIG = {"requests", "usage", "api_keys", "accounts"}
OFTEN = [
    "key_find",
    "admit_facts",
    "admit_row",
    "settle_facts",
    "settle_row",
    "settle_usage",
    "settle_spend",
    "charge_row",
    "pass_on",
    "replay_find",
    "replay_begin",
    "replay_keep",
    "reserved_money",
    "posted_money",
    "spent_of",
    "cancel_row",
    "show_rows",
    "log_add",
    "log_at",
    "log_page",
    "log_page_by_video",
    "log_page_by_code",
    "log_page_by_key",
    "log_edge",
    "log_edge_by_video",
    "log_edge_by_code",
    "log_edge_by_key",
    "log_one",
    "failures_add",
    "failures_of",
    "usage_of",
    "tally_mark",
    "tally_add",
    "tally_prune",
    "daily_sums",
    "daily_first",
    "daily_keys",
    "health_add",
    "health_since",
    "health_days",
    "served_add",
    "served_days",
    "terms_of",
    "forecast_facts",
    "alert_accounts",
    "alert_facts",
]


@pytest.fixture(scope="module")
def schema():
    with closing(apsw.Connection(":memory:")) as connection:
        for _, text in migrations():
            connection.execute(text)
        connection.execute(statements()["schema_create"].sql)
        connection.create_scalar_function("utc_day", lambda *_: "", 1)
        yield connection


def plan_of(connection, statement):
    values = dict.fromkeys(re.findall(r":(\w+)", statement.sql))
    return [row[3] for row in connection.execute("EXPLAIN QUERY PLAN " + statement.sql, values)]


@pytest.mark.parametrize("name", sorted(statements()))
def test_every_query_fits_the_schema(schema, name):
    """Each query says what it is for, and names only tables and columns that exist."""
    assert statements()[name].purpose
    plan_of(schema, statements()[name])


@pytest.mark.parametrize("name", OFTEN)
def test_the_paid_path_never_scans(schema, name):
    """A request costs the same whatever the size of the ledger. (`looked` is a bounded part of a table.)"""
    scans = [step for step in plan_of(schema, statements()[name]) if "SCAN" in step and step != "SCAN looked"]
    assert not scans, scans


@pytest.mark.parametrize("name", ["node_list", "sweep_overdue", "sweep_deadlines", "sweep_node"])
def test_sweeps_look_at_what_is_in_flight_only(schema, name):
    """The sweep of every second reads the few reserved rows, not the ledger."""
    steps = [step for step in plan_of(schema, statements()[name]) if re.search(r"\brequests\b", step)]
    assert steps
    assert all("requests_in_flight" in step for step in steps)


@pytest.mark.parametrize("name", ["admit_facts", "settle_facts", "spent", "pass_on", "reserved_money"])
def test_in_flight_is_found_without_the_rest(schema, name):
    """What an account has in flight is found without its other requests, which grow with time."""
    steps = plan_of(schema, statements()[name])
    assert any("requests_in_flight" in step for step in steps)
    others = [step for step in steps if "requests_in_flight" not in step and re.search(r"\b(requests|r|o)\b", step)]
    assert all("request_id=?" in step for step in others), others


def test_primary_keys_start_with_the_account(schema):
    """The tables can be spread over machines by account."""
    tables = [row[0] for row in schema.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")]
    for table in set(tables) - {
        "attempts",
        "endpoint_health",
        "invites",
        "marks",
        "nodes",
        "schema_version",
        "source_health",
        "stripe_events",
        "tally_marks",
    }:
        columns = schema.execute(f"PRAGMA table_info({table})").fetchall()
        assert [column[1] for column in columns if column[5] == 1] == ["account_id"], table


def test_parse():
    """A query is its name, its purpose and its text."""
    found = parse("one\n-- What it is\n-- for.\nSELECT :now\n")
    assert (found.name, found.purpose, found.sql, found.writes) == (
        "one",
        "What it is for.",
        "SELECT :now",
        False,
    )


def test_migrations_are_numbered():
    """No step of the schema is missing."""
    assert [version for version, _ in migrations()] == list(range(1, len(migrations()) + 1))
