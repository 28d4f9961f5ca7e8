"""One query for several sets of values says the same as the query for each, on both databases."""

import pytest

from bank import store_at
from clipmeter.store.base import Many, Query, plan


@pytest.fixture
async def store(where):
    store = store_at(where)
    await store.open()
    yield store
    await store.close()


@plan
def _together(query, batch):
    return (yield Many(query, batch))


@plan
def _one_by_one(query, batch):
    found = []
    for values in batch:
        found += yield Query(query, values)
    return found


async def test_many_that_read_and_write(store):
    """Rows come back whole, from INSERTs as from SELECTs, for no, one and several sets of values."""
    fixed = {"limit_micros": 1, "percent": 50}
    for count in (0, 1, 5):
        names = [{"account_id": f"acct_{count}_{number}", "period": f"p{number}"} for number in range(count)]
        told = await store.write(_together("alert_add", [{**name, **fixed} for name in names]))
        assert told == [(50,)] * count
        batch = [{"account_id": name["account_id"], "size": 9} for name in names]
        for ask in (store.read, store.write):
            found = await ask(_together("alert_list", batch))
            assert sorted(found) == sorted(await ask(_one_by_one("alert_list", batch)))
            assert sorted(row[:3] for row in found) == sorted((name["period"], 1, 50) for name in names)
