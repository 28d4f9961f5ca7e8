"""Plans gather while a transaction is under way; none of them waits for a transaction that is not its own."""

import asyncio

import pytest

from clipmeter.store.base import CommitUnknown, Lock, Query, plan
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
    """One plan alone goes after its time for gathering, not before: with one lane of three at work, a third of it."""
    made, batches = lanes
    began = asyncio.get_running_loop().time()
    await asyncio.wait_for(made.submit(of("a")), 2)
    assert asyncio.get_running_loop().time() - began >= GATHER_SECONDS / 3
    assert batches == [["stuck"], ["a"]]


async def saved(ahead, *accounts):
    """How plans end on one connection that was made before, what the usual way had to do, and how many were cut.

    One is cut at the end, if there still is one.
    """
    usual, cut = [], []

    class Connected:
        def cut(self):
            cut.append(self)

    async def connect():
        return Connected()

    async def work(_wire, runs):
        for run in runs:
            usual.append(run.account_id)
            run.result = "saved"

    lanes = Lanes(connect, work, size=1, together=lambda _: True, ahead=ahead)
    await lanes.submit(of("first"))
    told = await asyncio.gather(*(lanes.submit(of(name)) for name in accounts), return_exceptions=True)
    await lanes.close()
    return told, usual[1:], len(cut)


async def test_what_goes_a_shorter_way_goes_no_other():
    """Plans that were ended ahead are told so and not run again; the others are run in the usual way."""

    async def ahead(_wire, runs):
        ended = [run for run in runs if run.account_id in "ac"]
        for run in ended:
            run.result = "saved ahead"
        return ended

    told, usual, cuts = await saved(ahead, "a", "b", "c")
    assert (told, usual, cuts) == (["saved ahead", "saved", "saved ahead"], ["b"], 1)


async def test_what_may_have_been_saved_is_not_saved_again():
    """I3: those whose end is not known are told so, and the connection is not used again; the others are saved."""

    async def ahead(_wire, runs):
        ended = [run for run in runs if run.account_id == "a"]
        for run in ended:
            run.error = CommitUnknown()
        return ended

    (unknown, known), usual, cuts = await saved(ahead, "a", "b")
    assert isinstance(unknown, CommitUnknown)
    assert (known, usual, cuts) == ("saved", ["b"], 2)


async def test_a_mistake_ahead_is_told_to_all():
    """Whatever goes wrong, nobody waits for ever and nothing is done twice: they may look up what became of it."""

    async def ahead(_wire, _runs):
        raise KeyError

    told, usual, cuts = await saved(ahead, "a", "b")
    assert [type(error) for error in told] == [CommitUnknown] * 2
    assert (usual, cuts) == ([], 1)
