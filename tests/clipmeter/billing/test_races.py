"""Many at once, and hanging up at the worst moment."""

import asyncio
import random
import time
from contextlib import suppress

import pytest

from bankworker import run_together
from clipmeter.errors import ConcurrencyLimitExceeded, PaymentRequired

VIDEO = "tiktok/video"


async def test_200_at_49_of_50(bank):
    """I1: of 200 callers at the last free request, one gets it."""
    caller = await bank.caller()
    await bank.succeed(caller, 49)
    holds = await asyncio.gather(*(bank.admit(caller) for _ in range(200)), return_exceptions=True)
    (hold,) = [one for one in holds if not isinstance(one, Exception)]
    assert {type(one) for one in holds} == {type(hold), ConcurrencyLimitExceeded}
    await bank.ledger.post(hold)
    with pytest.raises(PaymentRequired):
        await bank.admit(caller)
    assert len(await bank.rows(caller, "posted")) == 50


async def test_never_more_than_three(bank):
    """I2: twenty callers in a loop are never more than three between admission and end."""
    caller = await bank.caller(payment="card")
    inside = most = successes = 0

    async def one():
        nonlocal inside, most, successes
        for _ in range(20):
            try:
                hold = await bank.admit(caller)
            except ConcurrencyLimitExceeded:
                await asyncio.sleep(0.001)
                continue
            inside += 1
            most = max(most, inside)
            await asyncio.sleep(0)
            inside -= 1
            await bank.ledger.post(hold)
            successes += 1

    await asyncio.gather(*(one() for _ in range(20)))
    assert most == 3
    assert len(await bank.rows(caller, "posted")) == successes
    assert len([row for row in await bank.rows(caller) if row.kind == "free"]) == min(50, successes)


async def test_cancellation_storm(bank):
    """I3, I5, I10: callers who vanish at random moments leave no slot taken, and no success that returned is lost."""
    dice = random.Random(7)  # noqa: S311 - no secret
    callers = [await bank.caller(payment="card") for _ in range(8)]
    journal: set[str] = set()
    began = time.monotonic()
    await asyncio.gather(*(bank.succeed(caller) for caller in callers))
    usual = time.monotonic() - began

    async def one(caller):
        with suppress(ConcurrencyLimitExceeded):
            hold = await bank.admit(caller, within=usual)
            try:
                await asyncio.sleep(dice.random() * usual / 2)
            except asyncio.CancelledError:
                await bank.ledger.void(hold, "cancelled")
                raise
            if dice.random() < 0.5:
                await bank.ledger.post(hold)
                journal.add(hold.request_id)
            else:
                await bank.ledger.void(hold, "not_found")

    async def vanish(task):
        await asyncio.sleep(dice.random() * 3 * usual)
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task

    for _ in range(40):
        tasks = [asyncio.create_task(one(caller)) for caller in callers for _ in range(4)]
        await asyncio.gather(*(vanish(task) for task in tasks))
    for caller in callers:
        await bank.nothing_reserved(caller)
        assert (await bank.ledger.standing(caller, VIDEO)).running == 0
    posted = {row.request_id async for row in bank.ledger.show() if row.state == "posted"}
    assert journal
    assert journal <= posted


@pytest.mark.parametrize("ticks", range(6))
async def test_cancelled_admission(bank, ticks):
    """I5: an admission cancelled after any number of turns of the event loop reserves nothing for good."""
    caller = await bank.caller()
    task = asyncio.create_task(bank.admit(caller))
    for _ in range(ticks):
        await asyncio.sleep(0.0005)
    task.cancel()
    with suppress(asyncio.CancelledError):
        await bank.ledger.void(await task, "too late to cancel")
    await bank.nothing_reserved(caller)
    assert not await bank.rows(caller, "posted")


@pytest.mark.parametrize("how", ["post", "void"])
async def test_cancelled_end(bank, how):
    """I10: ending a request goes on when its caller is cancelled."""
    caller = await bank.caller()
    hold = await bank.admit(caller)
    work = bank.ledger.post(hold) if how == "post" else bank.ledger.void(hold, "timeout")
    task = asyncio.create_task(work)
    await asyncio.sleep(0)
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
    await bank.nothing_reserved(caller)
    assert [row.state for row in await bank.rows(caller)] == ["posted" if how == "post" else "voided"]


async def test_processes_share_the_limits(bank):
    """I1, I2: three processes on one database together give out fifty, three at a time."""
    made = await bank.accounts.create("a@example.com")
    printed = await asyncio.to_thread(run_together, 3, "finish", bank.where, made.key)
    counts = [int(text) for text in printed]
    assert sum(counts) == 50
    caller = await bank.keys.find(made.key)
    assert len(await bank.rows(caller, "posted")) == 50
    assert await bank.rows(caller, "reserved") == []
