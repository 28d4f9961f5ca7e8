"""Plans gather while a transaction is under way; none of them waits for a transaction that is not its own."""

import asyncio

import pytest

from clipmeter.store.base import Lock, Query, plan
from clipmeter.store.lanes import FULL, GATHER_SECONDS, MOST, Lanes


class Line:
    """A connection that is never in trouble."""

    def cut(self):
        pass


@plan
def of(account_id):
    if account_id:
        yield Lock(account_id)
    yield Query("accounts_all")
    return account_id


@pytest.fixture
async def lanes():
    """Three lanes, whose transactions take a moment, and the one of `stuck` until it is let go; and their batches."""
    go, batches = asyncio.Event(), []

    async def connect():
        return Line()

    async def work(_line, runs):
        batches.append([run.account_id for run in runs])
        await (go.wait() if runs[0].account_id == "stuck" else asyncio.sleep(0.001))
        for run in runs:
            run.result = run.account_id

    made = Lanes(connect, work, size=3, together=lambda run: bool(run.account_id))
    stuck = made.submit(of("stuck"))
    await asyncio.sleep(0)
    yield made, batches
    go.set()
    await stuck
    await asyncio.wait_for(made.close(), 5)


@pytest.mark.parametrize(
    "accounts",
    [["a"], ["", "b"], ["a", ""], ["a", "", "b", "", "c"], [f"a{n}" for n in range(MOST + 2)]],
    ids=["one", "alone first", "alone last", "mixed", "too many"],
)
async def test_nobody_waits_for_a_stuck_transaction(lanes, accounts):
    """A lane that hangs, for an account that is locked, holds up its own plans only."""
    made, _ = lanes
    done = await asyncio.wait_for(asyncio.gather(*(made.submit(of(name)) for name in accounts)), 2)
    assert done == accounts


async def test_they_gather(lanes):
    """What comes while others are saved goes together; enough of them do not wait."""
    made, batches = lanes
    few = [made.submit(of(f"a{n}")) for n in range(FULL - 1)]
    await asyncio.sleep(0)
    assert batches == [["stuck"]]
    last = made.submit(of("last"))
    await asyncio.wait_for(asyncio.gather(*few, last), 2)
    assert [len(batch) for batch in batches] == [1, FULL]


async def test_few_wait_for_a_moment_only(lanes):
    """One plan alone goes after the time for gathering, not before."""
    made, batches = lanes
    began = asyncio.get_running_loop().time()
    await asyncio.wait_for(made.submit(of("a")), 2)
    assert asyncio.get_running_loop().time() - began >= GATHER_SECONDS / 2
    assert batches == [["stuck"], ["a"]]
