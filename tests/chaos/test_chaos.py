"""A few rounds of `make chaos`."""

import pytest

import postgres as postgres_server
from chaos.cluster import Shape, running
from chaos.faults import Fault, Script
from chaos.rounds import Round, Tally

PATIENCE = 15.0
"""Seconds for a killed node's slots: generous, since other tests may keep the machine busy. `make chaos` says 5."""
ON_ONE_FILE = (
    Script((Fault(0.6, "kill_on_success", 0, 0.0),), 20),
    Script((Fault(0.4, "stop", 0, 1.2),), 5),
)
ON_POSTGRES = (
    Script((Fault(0.2, "lose_reply", 1, 1.0), Fault(0.4, "stop", 0, 1.4), Fault(0.5, "cut", 2, 0.0)), 20),
    Script(
        (Fault(0.3, "database", 0, 0.0), Fault(0.4, "kill_on_success", 2, 0.0), Fault(0.5, "black_hole", 1, 0.5)), 5
    ),
)


async def played(shape, folder, scripts):
    tally = Tally(PATIENCE)
    async with running(shape, folder) as cluster:
        for number, script in enumerate(scripts, start=1):
            await Round(cluster, tally, 1, number, folder, script).play()
    return tally


@pytest.mark.parametrize("nodes", [1, 2])
async def test_sqlite(tmp_path, nodes):
    """I1 to I10 hold through kill -9 and SIGSTOP, on one file with one node and with two."""
    tally = await played(Shape("sqlite", nodes), tmp_path, ON_ONE_FILE)
    assert tally.violations == []
    assert tally.faults.total() == 2
    assert tally.statuses["200"] > 5  # so few where the machine has much else to do


async def test_postgres(tmp_path):
    """I1 to I10 hold through kill -9, SIGSTOP, `immediate` restarts and a bad network, with three nodes."""
    if why := postgres_server.missing():
        pytest.skip(why)
    tally = await played(Shape("postgres", 3), tmp_path, ON_POSTGRES)
    assert tally.violations == []
    assert tally.faults.total() == 6
    assert tally.statuses["200"] > 20
