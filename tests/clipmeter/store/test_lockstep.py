"""Plans that run step by step together, without a database."""

from contextlib import suppress

import pytest

from clipmeter.errors import InvalidParameter
from clipmeter.store.base import Lock, Many, Query, Redo, plan
from clipmeter.store.lockstep import Run, take_turn, turns


@plan
def two_steps(account, *, first="look", refuse_after=""):
    yield Lock(account)
    (row,) = yield Query(first, {"account_id": account})
    if refuse_after == "look":
        raise InvalidParameter
    (other,) = yield Query("write", {"account_id": account})
    if refuse_after == "write":
        raise InvalidParameter
    return row, other


@plan
def nothing():
    return "at once"
    yield Query("never")


class Asked:
    """Answers every query with its name and account, and remembers the round trips."""

    def __init__(self):
        self.trips = []

    async def __call__(self, name, batch, apart):
        self.trips.append((name, [values["account_id"] for values in batch]))
        found = [[(name, values["account_id"])] for values in batch]
        return found if apart else [[row for rows in found for row in rows]]


async def run(plans):
    asked, runs = Asked(), [Run(plan) for plan in plans]
    for turn in turns(runs):
        asking = take_turn(turn, lambda name: name == "write")
        with suppress(StopIteration):
            step = next(asking)
            while True:
                step = asking.send(await asked(*step))
    return runs, asked.trips


async def test_the_same_step_is_asked_once():
    """Any number of plans takes as many round trips as one, and each gets its own rows."""
    runs, trips = await run([two_steps("a"), two_steps("b"), two_steps("c")])
    assert trips == [("look", ["a", "b", "c"]), ("write", ["a", "b", "c"])]
    assert [run.result for run in runs] == [(("look", x), ("write", x)) for x in "abc"]


async def test_plans_of_one_account_take_turns():
    """I1, I2: a second plan of an account reads only after the first has written."""
    _, trips = await run([two_steps("a"), two_steps("a"), two_steps("b")])
    assert trips == [("look", ["a", "b"]), ("write", ["a", "b"]), ("look", ["a"]), ("write", ["a"])]


async def test_different_steps_go_on_side_by_side():
    """Plans that ask for different things do not wait for each other's kind."""
    _, trips = await run([two_steps("a"), two_steps("b", first="other")])
    assert trips == [("look", ["a"]), ("other", ["b"]), ("write", ["a", "b"])]


async def test_a_refusal_before_writing_disturbs_nobody():
    """One that is refused stops alone."""
    runs, trips = await run([two_steps("a", refuse_after="look"), two_steps("b")])
    assert isinstance(runs[0].error, InvalidParameter)
    assert runs[1].result
    assert trips[-1] == ("write", ["b"])


async def test_a_refusal_after_writing_undoes_all():
    """What a plan wrote before it raised must not be saved with the others."""
    with pytest.raises(Redo):
        await run([two_steps("a", refuse_after="write"), two_steps("b")])


async def test_a_run_can_start_anew():
    """A plan that was undone runs again from its beginning."""
    (first,), _ = await run([two_steps("a")])
    first.start()
    assert isinstance(first.step, Lock)
    assert first.result is None
    assert not first.wrote


async def test_a_plan_without_steps():
    """A plan may know its result at once."""
    ((only,), trips) = await run([nothing()])
    assert (only.result, trips) == ("at once", [])


async def test_many_sets_of_values_are_asked_at_once():
    """A plan that asks one thing for many sets of values makes one round trip, and gets all rows."""

    @plan
    def many(accounts):
        rows = yield Many("write", [{"account_id": account} for account in accounts])
        (row,) = yield Query("look", {"account_id": accounts[0]})
        return rows, row

    runs, trips = await run([many("aab")])
    assert trips == [("write", ["a", "a", "b"]), ("look", ["a"])]
    assert runs[0].result == ([("write", "a"), ("write", "a"), ("write", "b")], ("look", "a"))
    assert runs[0].wrote
