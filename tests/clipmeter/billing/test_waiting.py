"""While the last free requests are in flight, nobody can know whether the next one is free: callers wait, briefly."""

import asyncio
import time

import pytest

from clipmeter.billing.ledger import POLL_SECONDS
from clipmeter.errors import ConcurrencyLimitExceeded, PaymentRequired, ServiceUnavailable


@pytest.fixture
async def caller(bank):
    caller = await bank.caller()
    await bank.succeed(caller, 49)
    return caller


async def test_waits_and_gets_it(bank, caller):
    """I1: when the one in flight fails, who waited gets the last free request, and at once, not at the next look."""
    took = []
    last = await bank.admit(caller)
    for _ in range(5):
        waiting = asyncio.create_task(bank.admit(caller, within=5))
        await asyncio.sleep(0.02)
        started = time.monotonic()
        await bank.ledger.void(last, "not_found")
        last = await waiting
        took.append(time.monotonic() - started)
        assert last.kind == "free"
    assert min(took) < POLL_SECONDS / 4


async def test_waits_and_must_pay(bank, caller):
    """I1: when the one in flight succeeds, who waited hears 402."""
    last = await bank.admit(caller)
    waiting = asyncio.create_task(bank.admit(caller, within=5))
    await asyncio.sleep(0.05)
    await bank.ledger.post(last)
    with pytest.raises(PaymentRequired):
        await waiting


@pytest.mark.parametrize("within", [0, 0.1])
async def test_waits_in_vain(bank, caller, within):
    """No early 402: who waited in vain is asked to come again."""
    await bank.admit(caller)
    with pytest.raises(ConcurrencyLimitExceeded) as refusal:
        await bank.admit(caller, within=within)
    assert refusal.value.retry_after
    assert (await bank.ledger.standing(caller, "tiktok/video")).running == 1


async def test_waits_for_another_process(new_bank, bank, caller):
    """What another process ended is noticed, too."""
    other = await new_bank().open()
    last = await other.admit(caller)
    waiting = asyncio.create_task(bank.admit(caller, within=5))
    await asyncio.sleep(0.05)
    await other.ledger.void(last, "not_found")
    assert (await waiting).kind == "free"
    await other.close()


async def test_three_in_a_loop_are_never_refused(bank, caller):
    """I2: three callers who ask again and again never hear 429 while the last free request fails and fails."""
    refused = 0

    async def one():
        nonlocal refused
        for _ in range(15):
            try:
                hold = await bank.admit(caller, within=5)
            except ConcurrencyLimitExceeded:
                refused += 1
            else:
                await asyncio.sleep(0.001)
                await bank.ledger.void(hold, "not_found")

    await asyncio.gather(one(), one(), one())
    assert refused == 0


async def test_the_fourth_is_refused_at_once(bank, caller):
    """I2: one in flight and two who wait are three; a fourth hears 429 without waiting."""
    last = await bank.admit(caller)
    tries = [asyncio.create_task(bank.admit(caller, within=0.5)) for _ in range(3)]
    await asyncio.wait(tries, return_when=asyncio.FIRST_COMPLETED, timeout=0.3)
    assert sum(task.done() for task in tries) == 1
    with pytest.raises(ConcurrencyLimitExceeded):
        await bank.admit(caller, within=5)
    await bank.ledger.post(last)
    ends = await asyncio.gather(*tries, return_exceptions=True)
    assert sorted(type(end).__name__ for end in ends) == ["ConcurrencyLimitExceeded"] + ["PaymentRequired"] * 2


async def test_one_who_leaves_frees_the_place(bank, caller):
    """A caller who hangs up while waiting keeps no place and no slot."""
    last = await bank.admit(caller)
    waiting = [asyncio.create_task(bank.admit(caller, within=5)) for _ in range(2)]
    await asyncio.sleep(0.05)
    waiting[0].cancel()
    await asyncio.wait(waiting[:1])
    third = asyncio.create_task(bank.admit(caller, within=5))
    await asyncio.sleep(0.05)
    assert not third.done()
    await bank.ledger.post(last)
    assert all(
        isinstance(end, PaymentRequired) for end in await asyncio.gather(waiting[1], third, return_exceptions=True)
    )


async def test_test_keys_do_not_queue(bank):
    """Who waits for the last free request keeps no place from the account's test key."""
    made = await bank.accounts.create("a@example.com")
    live, test = await bank.keys.find(made.key), await bank.keys.find(made.test_key)
    await bank.succeed(live, 49)
    last = await bank.admit(live)
    waiting = [asyncio.create_task(bank.admit(live, within=5)) for _ in range(2)]
    await asyncio.sleep(0.05)
    assert len([await bank.admit(test) for _ in range(3)]) == 3
    await bank.ledger.post(last)
    await asyncio.gather(*waiting, return_exceptions=True)


async def test_who_waits_while_the_server_stops(bank, caller):
    """I5: a stop refuses those who wait, and reserves nothing for them afterwards."""
    await bank.admit(caller)
    waiting = asyncio.create_task(bank.admit(caller, within=5))
    await asyncio.sleep(0.05)
    await bank.ledger.stop()
    with pytest.raises(ServiceUnavailable):
        await waiting
    assert await bank.rows(caller, "reserved") == []
