"""Terms that the operator sets are what the ledger decides by, from the next request on."""

import pytest

from bank import SEARCH, VIDEO, Bank
from clipmeter.billing.terms import EVERYBODY, TermsBook
from clipmeter.errors import ConcurrencyLimitExceeded, PaymentRequired


@pytest.fixture
def book(bank: Bank):
    return TermsBook(bank.store, bank.terms)


async def charge(bank, caller, number):
    return await bank.ledger.charge(caller, VIDEO, video_id="1", request_id=f"{caller.account_id} {number}")


async def test_price(bank, book):
    """The account's own price is charged, in one step or two; what is in flight keeps the one it was admitted at."""
    caller, other = await bank.caller(payment="card"), await bank.caller(payment="card")
    await book.set(EVERYBODY, VIDEO, {"free_requests": 0, "price_micros": 7_000})
    await book.set(caller.account_id, VIDEO, {"price_micros": 1_234})
    hold = await bank.admit(caller)
    assert (await charge(bank, caller, 1)).charge_micros == 1_234
    assert (await charge(bank, other, 1)).charge_micros == 7_000
    await book.set(caller.account_id, VIDEO, {"price_micros": 5_000})
    assert (await bank.ledger.post(hold)).charge_micros == 1_234
    assert (await charge(bank, caller, 2)).charge_micros == 5_000
    await book.clear(caller.account_id, VIDEO)
    assert (await charge(bank, caller, 3)).charge_micros == 7_000


async def test_free_tier(bank, book):
    """A lowered free tier takes nothing back, a raised one gives more at once, also after charges."""
    caller = await bank.caller()
    await bank.succeed(caller, 3)
    await book.set(caller.account_id, VIDEO, {"free_requests": 2})
    with pytest.raises(PaymentRequired):
        await bank.admit(caller)
    await bank.accounts.set_payment(caller.account_id, "card")
    await bank.succeed(caller, 2)
    await book.set(caller.account_id, VIDEO, {"free_requests": 5})
    hold = await bank.admit(caller)
    standing = await bank.ledger.post(hold)
    assert (standing.charge_micros, standing.free_remaining) == (0, 1)
    assert (await bank.ledger.standing(caller, VIDEO)).free_remaining == 1
    kinds = [row.kind for row in await bank.rows(caller, "posted")]
    assert kinds == ["free"] * 3 + ["paid"] * 2 + ["free"]
    await bank.succeed(caller, 1, SEARCH)


async def test_concurrency(bank, book):
    """More or fewer in flight from the next request on; what is running goes on."""
    caller, other = await bank.caller(), await bank.caller()
    await book.set(caller.account_id, VIDEO, {"concurrency": 5})
    holds = [await bank.admit(caller) for _ in range(5)]
    with pytest.raises(ConcurrencyLimitExceeded) as refusal:
        await bank.admit(caller)
    assert (refusal.value.limit, refusal.value.current) == (5, 5)
    assert (await bank.ledger.standing(caller, VIDEO)).limit == 5
    await book.set(caller.account_id, VIDEO, {"concurrency": 1})
    for hold in holds:
        assert (await bank.ledger.post(hold)).charge_micros == 0
    await bank.admit(caller)
    with pytest.raises(ConcurrencyLimitExceeded):
        await bank.admit(caller)
    for _ in range(3):
        await bank.admit(other)
    with pytest.raises(ConcurrencyLimitExceeded):
        await bank.admit(other)


async def test_another_node(bank, new_bank):
    """What is set on one node holds on the others at once."""
    other = await new_bank().open()
    caller = await bank.caller(payment="card")
    await TermsBook(other.store, other.terms).set(caller.account_id, VIDEO, {"free_requests": 0, "price_micros": 9})
    assert (await charge(bank, caller, 1)).charge_micros == 9
    assert (await charge(other, caller, 2)).charge_micros == 9
    await other.close()
