"""Spending limits under races: what is charged and what is kept for requests in flight never pass them together."""

import asyncio
from collections import Counter

import pytest

from bank import VIDEO
from clipmeter.billing.ledger import Hold, Standing, Terms
from clipmeter.errors import DailyLimitExceeded, InvalidParameter, MonthlyLimitExceeded, Problem

PRICE = 6_000


@pytest.fixture
async def dear(new_bank):
    """A bank without free requests and with many places."""
    bank = await new_bank(terms={VIDEO: Terms(PRICE, 0, 50)}).open()
    yield bank
    assert await bank.ledger.verify() == []
    await bank.close()


@pytest.mark.parametrize(
    ("limit", "problem"), [("daily_micros", DailyLimitExceeded), ("monthly_micros", MonthlyLimitExceeded)]
)
async def test_the_last_money(dear, limit, problem):
    """I7: of a hundred at once at a limit with money for five, five get in and the others hear why."""
    caller = await dear.caller(payment="card")
    await dear.limits.set(caller.account_id, **{"daily_micros": None, "monthly_micros": None, limit: 5 * PRICE + 1})
    tries = await asyncio.gather(*(dear.admit(caller) for _ in range(40)), return_exceptions=True)
    holds = [one for one in tries if isinstance(one, Hold)]
    assert len(holds) == 5
    assert {type(one) for one in tries} == {Hold, problem}
    assert all(one.retry_after == 1 for one in tries if isinstance(one, Problem))
    assert await dear.ledger.verify() == []
    for hold in holds:
        assert (await dear.ledger.post(hold)).charge_micros == PRICE
    with pytest.raises(problem) as refusal:
        await dear.admit(caller)
    assert refusal.value.retry_after > 1


async def test_the_last_money_in_one_step(dear):
    """I7: the same for answers that are at hand."""
    caller = await dear.caller(payment="card")
    await dear.limits.set(caller.account_id, daily_micros=5 * PRICE, monthly_micros=None)
    work = [dear.ledger.charge(caller, VIDEO, video_id="1", request_id=f"r{n}") for n in range(40)]
    ends = Counter(type(one) for one in await asyncio.gather(*work, return_exceptions=True))
    assert ends == {Standing: 5, DailyLimitExceeded: 35}


async def test_a_key_has_a_cap_of_its_own(dear):
    """I7: a capped key is refused at its cap, and the account's other keys go on."""
    caller = await dear.caller(payment="card")
    other = await dear.keys.find((await dear.keys.create(caller.account_id, "other", "live")).key)
    await dear.limits.set_for_key(caller.account_id, caller.key_id, 2 * PRICE)
    tries = await asyncio.gather(*(dear.admit(caller) for _ in range(10)), return_exceptions=True)
    assert sum(isinstance(one, Hold) for one in tries) == 2
    await dear.succeed(other, 3)
    await dear.limits.set_for_key(caller.account_id, caller.key_id, None)
    await dear.succeed(caller)


async def test_lowered_in_the_middle(dear):
    """I7: a limit that goes up and down while requests run is never passed, by the books, at any moment."""
    caller = await dear.caller(payment="card")
    told: Counter[str] = Counter()
    done = False

    async def ask():
        while not done:
            try:
                await dear.ledger.post(await dear.admit(caller))
                told["charged"] += 1
            except Problem as problem:
                told[problem.code] += 1
                await asyncio.sleep(0.001)

    async def look():
        while not done:
            assert await dear.ledger.verify() == []

    tasks = [asyncio.create_task(work()) for work in (look, *[ask] * 8)]
    for room in (5, 0, 9, 3, 0, 12, 4) * 3:
        spent = (await dear.limits.get(caller.account_id)).today_micros
        await dear.limits.set(caller.account_id, daily_micros=spent + room * PRICE, monthly_micros=None)
        await asyncio.sleep(0.02)
    done = True
    await asyncio.gather(*tasks)
    limits = await dear.limits.get(caller.account_id)
    assert limits.today_micros == limits.this_month_micros == told["charged"] * PRICE > 0
    assert told["daily_limit_exceeded"] > 0


async def test_whose_money_was_taken_is_refused_when_it_succeeds(dear):
    """I7, I4: of two in flight when the limit is lowered to one, the newer is refused and costs nothing."""
    caller = await dear.caller(payment="card")
    older, newer = await dear.admit(caller), await dear.admit(caller)
    await dear.limits.set(caller.account_id, daily_micros=PRICE, monthly_micros=None)
    with pytest.raises(DailyLimitExceeded):
        await dear.ledger.post(newer)
    assert (await dear.ledger.post(older)).charge_micros == PRICE
    assert [row.reason for row in await dear.rows(caller, "voided")] == ["daily_limit_exceeded"]


async def test_free_requests_pass_any_limit(bank):
    """Free requests are not stopped by a limit, not even by one of nothing."""
    caller = await bank.caller(payment="card")
    await bank.limits.set(caller.account_id, daily_micros=0, monthly_micros=0)
    await bank.succeed(caller, 50)
    with pytest.raises(DailyLimitExceeded):
        await bank.admit(caller)
    await bank.limits.set(caller.account_id, daily_micros=None, monthly_micros=PRICE)
    await bank.succeed(caller)
    with pytest.raises(MonthlyLimitExceeded):
        await bank.admit(caller)


@pytest.mark.parametrize("limit", [-1, 10**15 + 1])
async def test_what_is_no_limit(dear, limit):
    """A limit below nothing or beyond all money is refused, and changes nothing."""
    caller = await dear.caller(payment="card")
    with pytest.raises(InvalidParameter):
        await dear.limits.set(caller.account_id, daily_micros=limit, monthly_micros=None)
    with pytest.raises(InvalidParameter):
        await dear.limits.set_for_key(caller.account_id, caller.key_id, limit)
    assert (await dear.limits.get(caller.account_id)).daily_micros is None


async def test_strangers(dear):
    """Nobody sets limits of an account or key that is not there, or not theirs."""
    one, two = await dear.caller(), await dear.caller()
    with pytest.raises(InvalidParameter):
        await dear.limits.set("nobody", daily_micros=1, monthly_micros=None)
    with pytest.raises(InvalidParameter):
        await dear.limits.get("nobody")
    with pytest.raises(InvalidParameter):
        await dear.limits.set_for_key(one.account_id, two.key_id, 1)
