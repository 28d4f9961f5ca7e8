"""Idempotency keys and charges in one step: twins, repeats, and answers that get lost."""

import asyncio
from contextlib import suppress

import pytest

from bank import VIDEO
from clipmeter.billing.ledger import Hold, Kept, Replay, Standing
from clipmeter.billing.replays import Repeat
from clipmeter.errors import (
    BillingError,
    ConcurrencyLimitExceeded,
    IdempotencyInProgress,
    InvalidApiKey,
    InvalidParameter,
    PaymentRequired,
)

REPEAT = Repeat("video", "key of the caller", "asked")


def ask(bank, caller, request_id, repeat=REPEAT, within=0.0):
    return bank.ledger.admit(caller, VIDEO, video_id="1", request_id=request_id, within=within, repeat=repeat)


async def test_one_of_twins_runs(bank):
    """I6: of thirty with one key at once one runs, and afterwards all get its answer; one row, charged once."""
    caller = await bank.caller()
    tries = await asyncio.gather(*(ask(bank, caller, f"r{n}") for n in range(30)), return_exceptions=True)
    (hold,) = [one for one in tries if isinstance(one, Hold)]
    assert {type(one) for one in tries} == {Hold, IdempotencyInProgress}
    await bank.ledger.post(hold, kept=Kept(b"{}", 7))
    tries = await asyncio.gather(*(ask(bank, caller, f"again{n}") for n in range(30)))
    assert set(tries) == {Replay(hold.request_id, b"{}", 7)}
    assert [row.state for row in await bank.rows(caller)] == ["posted"]


async def test_a_failure_is_not_kept(bank):
    """I6: after a failure, or the death of the node, a repeat runs anew."""
    caller = await bank.caller()
    await bank.ledger.void(await ask(bank, caller, "r1"), "upstream_error")
    hold = await ask(bank, caller, "r2")
    await bank.ledger.post(hold, kept=Kept(b"{}", 7))
    assert isinstance(await ask(bank, caller, "r3"), Replay)


async def test_other_parameters(bank):
    """I6: the same key with another question is refused; in another scope it is another key."""
    caller = await bank.caller()
    hold = await ask(bank, caller, "r1")
    with pytest.raises(InvalidParameter):
        await ask(bank, caller, "r2", Repeat("video", REPEAT.key, "another question"))
    await bank.ledger.post(hold, kept=Kept(b"{}", 7))
    with pytest.raises(InvalidParameter):
        await ask(bank, caller, "r3", Repeat("video", REPEAT.key, "another question"))
    assert isinstance(await ask(bank, caller, "r4", Repeat("test video", REPEAT.key, "another question")), Hold)
    assert isinstance(await ask(bank, await bank.caller(), "r5"), Hold)


async def test_a_repeat_takes_no_place(bank):
    """I6: a repeat gets its answer with all places taken and nothing left to pay, but not with a revoked key."""
    caller = await bank.caller()
    hold = await ask(bank, caller, "r1")
    await bank.ledger.post(hold, kept=Kept(b"{}", 7))
    await bank.succeed(caller, 46)
    for _ in range(3):
        await bank.admit(caller)
    assert isinstance(await ask(bank, caller, "r2"), Replay)
    await bank.keys.revoke(caller.key_id)
    with pytest.raises(InvalidApiKey):
        await ask(bank, caller, "r3")


async def test_kept_for_a_day(bank):
    """I6: after 24 hours the key is free again, and old answers are pruned."""
    caller = await bank.caller()
    await bank.ledger.post(await ask(bank, caller, "r1"), kept=Kept(b"{}", 7))
    bank.store.clock_shift = 86_390
    assert isinstance(await ask(bank, caller, "r2"), Replay)
    bank.store.clock_shift = 86_460
    assert isinstance(await ask(bank, caller, "r3"), Hold)


async def test_charges_at_49_of_50(bank):
    """I1: of sixty answers at hand at 49 of 50, one is free and the others hear 402; with a card they are paid."""
    for payment, others in (("none", PaymentRequired), ("card", Standing)):
        caller = await bank.caller(payment=payment)
        await bank.succeed(caller, 49)
        work = [bank.ledger.charge(caller, VIDEO, video_id="1", request_id=f"r{n}") for n in range(60)]
        ends = await asyncio.gather(*work, return_exceptions=True)
        free = [one for one in ends if isinstance(one, Standing) and one.charge_micros == 0]
        assert len(free) == 1
        assert all(isinstance(one, others) for one in ends if one not in free)


async def test_a_charge_waits_for_what_is_undecided(bank):
    """No early 402: while the last free request is in flight, nobody says whether an answer at hand is free."""
    caller = await bank.caller()
    await bank.succeed(caller, 49)
    last = await bank.admit(caller)
    assert await bank.ledger.charge(caller, VIDEO, video_id="1", request_id="r1") is None
    await bank.ledger.void(last, "not_found")
    assert await bank.ledger.charge(caller, VIDEO, video_id="1", request_id="r2") == Standing(0, 0, 3, 0)


async def test_a_charge_whose_id_is_taken(bank):
    """I3: one request id is charged once, also when two requests in the same transaction have it."""
    caller, other = await bank.caller(), await bank.caller()
    work = [
        bank.ledger.charge(who, VIDEO, video_id="1", request_id=name)
        for who, name in ((caller, "same"), (caller, "same"), (other, "same"), (caller, "another"))
    ]
    ends = await asyncio.gather(*work, return_exceptions=True)
    assert [type(end) for end in ends] == [Standing, BillingError, Standing, Standing]
    assert (await bank.ledger.standing(caller, VIDEO)).free_remaining == 48
    assert await bank.ledger.verify() == []


async def test_charges_keep_the_places(bank):
    """I2: with all places taken an answer at hand is refused, too."""
    caller = await bank.caller()
    for _ in range(3):
        await bank.admit(caller)
    with pytest.raises(ConcurrencyLimitExceeded):
        await bank.ledger.charge(caller, VIDEO, video_id="1", request_id="r1")


@pytest.mark.parametrize("ticks", [0, 1, 3, 6])
async def test_a_caller_who_leaves_while_charged(bank, ticks):
    """I3, I10: who leaves in the middle is charged once or not at all, and keeps no place."""
    caller = await bank.caller()
    task = asyncio.create_task(bank.ledger.charge(caller, VIDEO, video_id="1", request_id="r1"))
    for _ in range(ticks):
        await asyncio.sleep(0.0005)
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
    await bank.succeed(caller)
    assert {row.state for row in await bank.rows(caller)} == {"posted"}
    assert len(await bank.rows(caller)) <= 2
