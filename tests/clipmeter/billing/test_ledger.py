import asyncio
from uuid import uuid4

import pytest

from clipmeter.billing.ledger import Standing, Terms
from clipmeter.errors import (
    BillingError,
    ConcurrencyLimitExceeded,
    InvalidApiKey,
    PaymentRequired,
    ServiceUnavailable,
)

VIDEO, SEARCH = "tiktok/video", "tiktok/videos"
MONTH = 31 * 86_400


async def test_post(bank):
    """I3: a success is one posted row with its request id, readable as soon as post returns."""
    caller = await bank.caller()
    hold = await bank.ledger.admit(caller, VIDEO, video_id=None, request_id="req_1", within=0)
    assert await bank.ledger.standing(caller, VIDEO) == Standing(50, 1, 3, 0)
    assert await bank.ledger.post(hold, video_id="77") == Standing(49, 0, 3, 0)
    (row,) = await bank.rows(caller)
    assert (row.request_id, row.state, row.kind, row.price_micros, row.video_id) == ("req_1", "posted", "free", 0, "77")
    assert row.period == row.day[:7] == hold.month
    assert await bank.ledger.standing(caller, VIDEO) == Standing(49, 0, 3, 0)


async def test_void(bank):
    """I4: a failure gives everything back and leaves no posted row."""
    caller = await bank.caller(payment="card")
    hold = await bank.admit(caller)
    assert await bank.ledger.void(hold, "not_found") == Standing(50, 0, 3, 0)
    (row,) = await bank.rows(caller)
    assert (row.state, row.reason, row.price_micros) == ("voided", "not_found", 0)


async def test_ends_once(bank):
    """I10: whatever comes after the end changes nothing."""
    caller = await bank.caller()
    posted, voided = await bank.admit(caller), await bank.admit(caller)
    for _ in range(2):
        assert (await bank.ledger.post(posted)).free_remaining == 49
        await bank.ledger.void(voided, "upstream_error")
    await bank.ledger.void(posted, "cancelled")
    with pytest.raises(ServiceUnavailable):
        await bank.ledger.post(voided)
    assert [row.state for row in await bank.rows(caller)].count("posted") == 1
    assert await bank.ledger.standing(caller, VIDEO) == Standing(49, 0, 3, 0)


async def test_post_and_void_at_once(bank):
    """I10: of a post and a void at the same moment, one wins and the other one knows."""
    caller = await bank.caller()
    for _ in range(20):
        hold = await bank.admit(caller)
        void, post = await asyncio.gather(
            bank.ledger.void(hold, "cancelled"), bank.ledger.post(hold), return_exceptions=True
        )
        assert isinstance(void, Standing)
        assert isinstance(post, (Standing, ServiceUnavailable))
    assert len(await bank.rows(caller)) == 20


async def test_free_then_402(bank):
    """I1: fifty free successes, failures between them not counted, then 402 without a card."""
    caller = await bank.caller()
    for _ in range(50):
        await bank.ledger.void(await bank.admit(caller), "not_found")
        await bank.succeed(caller)
    with pytest.raises(PaymentRequired):
        await bank.admit(caller)
    assert len(await bank.rows(caller)) == 100
    await bank.succeed(caller, endpoint=SEARCH)


async def test_free_then_paid(bank):
    """I1, I8: with a card the free ones go first, then each success costs the price."""
    caller = await bank.caller(payment="card")
    await bank.succeed(caller, 50)
    hold = await bank.admit(caller)
    assert await bank.ledger.post(hold) == Standing(0, 0, 3, 6_000)
    assert (await bank.ledger.post(hold)).charge_micros == 6_000
    assert sum(row.price_micros for row in await bank.rows(caller)) == 6_000


async def test_free_go_in_the_order_of_success(bank):
    """I1: at rest min(50, successes) are free, also when the one that reserved the last free request fails."""
    caller = await bank.caller(payment="card")
    await bank.succeed(caller, 49)
    reserved_free, reserved_paid = await bank.admit(caller), await bank.admit(caller)
    assert (reserved_free.kind, reserved_paid.kind) == ("free", "paid")
    assert (await bank.ledger.post(reserved_paid)).charge_micros == 0
    assert (await bank.ledger.post(reserved_free)).charge_micros == 6_000


async def test_posting_checks_again(bank):
    """I1: a success that no free request and no payment covers is refused when it is posted, and charges nothing."""
    caller = await bank.caller(payment="card")
    await bank.succeed(caller, 50)
    hold = await bank.admit(caller)
    await bank.accounts.set_payment(caller.account_id, "none")
    with pytest.raises(PaymentRequired):
        await bank.ledger.post(hold)
    assert len(await bank.rows(caller, "posted")) == 50
    assert [row.reason for row in await bank.rows(caller, "voided")] == ["payment_required"]


async def test_slots(bank):
    """I2: three at once over all keys of an account, and other endpoints, test keys and accounts count apart."""
    made = await bank.accounts.create("a@example.com")
    second = await bank.keys.create(made.account_id, "second", "live")
    callers = [await bank.keys.find(key) for key in (made.key, second.key, made.key)]
    holds = [await bank.admit(caller) for caller in callers]
    with pytest.raises(ConcurrencyLimitExceeded) as refusal:
        await bank.admit(callers[0])
    assert (refusal.value.limit, refusal.value.current) == (3, 3)
    await bank.admit(callers[0], SEARCH)
    await bank.admit(await bank.keys.find(made.test_key))
    await bank.admit(await bank.caller())
    await bank.ledger.void(holds[0], "timeout")
    await bank.admit(callers[1])


async def test_the_operator_has_no_limits(bank):
    """The operator's requests are metered, cost nothing and are never refused."""
    operator = await bank.caller(kind="operator")
    holds = [await bank.admit(operator) for _ in range(60)]
    assert await bank.ledger.standing(operator, VIDEO) == Standing(50, 60, None, 0)
    for hold in holds:
        assert (await bank.ledger.post(hold)).charge_micros == 0
    assert {row.kind for row in await bank.rows(operator)} == {"own"}


async def test_test_keys(bank):
    """Test requests use no free ones and cost nothing, with three at once."""
    caller = await bank.caller(mode="test")
    await bank.succeed(caller, 55)
    holds = [await bank.admit(caller) for _ in range(3)]
    with pytest.raises(ConcurrencyLimitExceeded):
        await bank.admit(caller)
    assert {hold.kind for hold in holds} == {"test"}
    assert await bank.ledger.standing(caller, VIDEO) == Standing(50, 3, 3, 0)


@pytest.fixture
async def patient(new_bank):
    """A bank whose reservations outlive a change of month."""
    bank = await new_bank(hold_seconds=10.0 * MONTH).open()
    yield bank
    assert await bank.ledger.verify() == []
    await bank.close()


async def test_period_is_that_of_the_admission(patient):
    """I10: a request admitted in one month and ended in the next counts in the first."""
    caller = await patient.caller()
    await patient.succeed(caller, 48)
    hold = await patient.admit(caller)
    patient.store.clock_shift = MONTH
    assert await patient.ledger.standing(caller, VIDEO) == Standing(50, 1, 3, 0)
    await patient.succeed(caller)
    await patient.ledger.post(hold)
    assert await patient.ledger.standing(caller, VIDEO) == Standing(49, 0, 3, 0)
    periods = [row.period for row in await patient.rows(caller)]
    assert len(set(periods)) == 2
    assert periods.count(hold.month) == 49


async def test_last_month_in_flight_takes_nothing_from_this_month(patient):
    """I1, I2: what is in flight since last month takes a place, but no free request of this month."""
    caller = await patient.caller()
    await patient.admit(caller, SEARCH)
    patient.store.clock_shift = MONTH
    await patient.succeed(caller, 4, SEARCH)
    assert (await patient.admit(caller, SEARCH)).kind == "free"
    with pytest.raises(ConcurrencyLimitExceeded):
        await patient.admit(caller, SEARCH)


async def test_a_clock_set_back(bank):
    """I10: when the machine's clock is set back while a request runs, its row still ends after it began."""
    caller = await bank.caller()
    one, two, _ = [await bank.admit(caller) for _ in range(3)]
    bank.store.clock_shift = -3600
    await bank.ledger.post(one)
    await bank.ledger.void(two, "not_found")
    await bank.ledger.stop()
    assert all(row.ended_at >= row.admitted_at for row in await bank.rows(caller))


async def test_overdue_is_expired(bank):
    """I5: a reservation past its deadline is expired by the sweep, and posting it then charges nothing."""
    caller = await bank.caller()
    hold = await bank.admit(caller)
    assert await bank.ledger.sweep() == 0
    bank.store.clock_shift = 60 + 5 + 1
    assert await bank.ledger.sweep() == 1
    with pytest.raises(ServiceUnavailable):
        await bank.ledger.post(hold)
    assert (await bank.ledger.void(hold, "late")).running == 0
    (row,) = await bank.rows(caller)
    assert (row.state, row.reason, row.price_micros) == ("expired", "deadline", 0)


async def test_request_id_twice(bank):
    """I3: a request id is never used for a second row."""
    caller = await bank.caller()
    await bank.ledger.admit(caller, VIDEO, video_id="1", request_id="same", within=0)
    with pytest.raises(BillingError):
        await bank.ledger.admit(caller, VIDEO, video_id="1", request_id="same", within=0)
    assert len(await bank.rows(caller)) == 1


async def test_stop_gives_back(bank, tmp_path):
    """I5: a server that stops leaves nothing pending, and admits nothing any more."""
    caller = await bank.caller()
    await bank.admit(caller)
    await bank.ledger.stop()
    with pytest.raises(ServiceUnavailable):
        await bank.admit(caller)
    assert [row.state for row in await bank.rows(caller)] == ["expired"]
    assert list(tmp_path.glob("*-nodes/*")) == []


async def test_not_started(new_bank):
    """Without start there is no node to answer for a reservation, so none is made."""
    bank = await new_bank().open()
    caller = await bank.caller()
    await bank.close()
    with pytest.raises(ServiceUnavailable):
        await bank.admit(caller)


async def test_show(bank):
    """The log shows every row of every account, in the order in which the requests came in, however many."""
    callers = [await bank.caller(kind="operator") for _ in range(3)]
    for caller in callers:
        await asyncio.gather(*(bank.admit(caller) for _ in range(501)))
    rows = [row async for row in bank.ledger.show()]
    assert len({row.request_id for row in rows}) == 3 * 501
    for caller in callers:
        names = [row.request_id for row in await bank.rows(caller)]
        assert len(names) == 501
        assert names == sorted(names)


async def test_lowered_terms(new_bank):
    """I1: a free tier that is made smaller holds for those in flight, too."""
    bank = await new_bank().open()
    caller = await bank.caller()
    await bank.succeed(caller, 5)
    hold = await bank.admit(caller)
    bank.terms[VIDEO] = Terms(6_000, 5, 3)
    with pytest.raises(PaymentRequired):
        await bank.ledger.post(hold)
    await bank.close()


async def test_a_stranger_cannot_be_admitted(bank):
    """I9: a key is good for its own account only."""
    one, two = await bank.caller(), await bank.caller()
    forged = type(one)(one.account_id, two.key_id, "live", "user")
    with pytest.raises(InvalidApiKey):
        await bank.ledger.admit(forged, VIDEO, video_id="1", request_id=uuid4().hex, within=0)
