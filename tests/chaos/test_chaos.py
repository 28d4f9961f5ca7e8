"""A few rounds of `make chaos`."""

import pytest

import postgres as postgres_server
from chaos.cluster import Shape, running
from chaos.rounds import Round, Tally

PATIENCE = 15.0
"""Seconds for a killed node's slots: generous, since other tests may keep the machine busy. `make chaos` says 5."""


async def rounds(shape, folder, seed):
    tally = Tally(PATIENCE)
    async with running(shape, folder) as cluster:
        for number in (1, 2):
            await Round(cluster, tally, seed, number, folder).play()
    return tally


@pytest.mark.parametrize("nodes", [1, 2])
async def test_sqlite(tmp_path, nodes):
    """I1 to I10 hold through kill -9 and SIGSTOP, on one file with one node and with two."""
    tally = await rounds(Shape("sqlite", nodes), tmp_path, seed=10)
    assert tally.violations == []
    assert tally.faults == {"kill": 1, "stop": 1}
    assert tally.statuses["200"] > 20


async def test_postgres(tmp_path):
    """I1 to I10 hold through kill -9, SIGSTOP, `immediate` restarts and a bad network, with three nodes."""
    if why := postgres_server.missing():
        pytest.skip(why)
    tally = await rounds(Shape("postgres", 3), tmp_path, seed=29)
    assert tally.violations == []
    assert tally.faults == {"kill": 1, "stop": 1, "database": 1, "lose_reply": 1}
    assert tally.statuses["200"] > 20
