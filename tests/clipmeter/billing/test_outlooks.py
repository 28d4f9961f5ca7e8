"""What the ledger says beforehand of a request: always what it then decides, on either store."""

import pytest

from bank import TERMS, VIDEO
from clipmeter.billing.rules import Grant, Wait
from clipmeter.errors import DailyLimitExceeded, InvalidApiKey, PaymentRequired, Problem


async def outlook_of(bank, caller):
    (outlook,) = await bank.ledger.outlooks(caller.account_id, [(caller.key_id, caller.mode)], VIDEO)
    return outlook


async def said_and_done(bank, caller):
    """What was said beforehand, and what came of a request."""
    outlook = await outlook_of(bank, caller)
    try:
        hold = await bank.admit(caller)
    except Problem as problem:
        return outlook.verdict, problem
    await bank.ledger.post(hold)
    return outlook.verdict, hold


async def test_free_then_refused(bank):
    """The free requests are counted down, and then it says the 402 that comes."""
    caller = await bank.caller()
    assert (await outlook_of(bank, caller)).free_left == 50
    verdict, _ = await said_and_done(bank, caller)
    assert verdict == Grant("free", 0)
    assert (await outlook_of(bank, caller)).free_left == 49
    await bank.succeed(caller, 49)
    verdict, problem = await said_and_done(bank, caller)
    assert isinstance(verdict, PaymentRequired)
    assert isinstance(problem, PaymentRequired)


async def test_paid(bank):
    """Past the free requests it says the price."""
    caller = await bank.caller(payment="invoice")
    await bank.succeed(caller, 50)
    verdict, hold = await said_and_done(bank, caller)
    assert verdict == Grant("paid", TERMS[VIDEO].price_micros)
    assert hold.price_micros == TERMS[VIDEO].price_micros


async def test_a_limit_that_is_reached(bank):
    """It says which limit stands against it."""
    caller = await bank.caller(payment="invoice")
    await bank.limits.set(caller.account_id, daily_micros=1, monthly_micros=None)
    await bank.succeed(caller, 50)
    verdict, problem = await said_and_done(bank, caller)
    assert isinstance(verdict, DailyLimitExceeded)
    assert isinstance(problem, DailyLimitExceeded)


async def test_undecided(bank):
    """While the last free requests are in flight it says that it would wait for them."""
    caller = await bank.caller()
    await bank.succeed(caller, 49)
    hold = await bank.admit(caller)
    assert isinstance((await outlook_of(bank, caller)).verdict, Wait)
    await bank.ledger.void(hold, "test")


@pytest.mark.parametrize(("kind", "mode", "grant"), [("operator", "live", "own"), ("user", "test", "test")])
async def test_who_pays_nothing(bank, kind, mode, grant):
    """The operator, and test keys."""
    caller = await bank.caller(kind=kind, mode=mode)
    assert (await outlook_of(bank, caller)).verdict == Grant(grant, 0)


async def test_several_keys_at_once(bank):
    """Each of them has its own, in the order given."""
    made = await bank.accounts.create("a@example.org")
    one, two = [await bank.keys.find(key) for key in (made.key, made.test_key)]
    await bank.keys.revoke(one.key_id)
    found = await bank.ledger.outlooks(one.account_id, [(one.key_id, "live"), (two.key_id, "test")], VIDEO)
    assert isinstance(found[0].verdict, InvalidApiKey)
    assert found[1].verdict == Grant("test", 0)
