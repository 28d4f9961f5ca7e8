import asyncio

import pytest

from clipmeter.errors import AccountBlocked, InvalidParameter, PaymentRequired


async def test_create(bank):
    """A new account has a live and a test key, and pays nothing."""
    made = await bank.accounts.create("  Ada@Example.COM ")
    account = await bank.accounts.find("ADA@example.com")
    assert account == await bank.accounts.find(made.account_id)
    assert (account.email, account.kind, account.status, account.payment) == (
        "ada@example.com",
        "user",
        "active",
        "none",
    )
    assert (await bank.keys.find(made.key)).mode == "live"
    assert (await bank.keys.find(made.test_key)).mode == "test"


@pytest.mark.parametrize(
    "email",
    ["", "ada", "@", "a@", "@b.c", "a b@c.d", "a@b@c", "a@\x00b.c", "a@.c", "a@c.", "a@" + "b" * 254, "a\n@b.c"],
)
async def test_create_refuses(bank, email):
    """What is no e-mail address is refused."""
    with pytest.raises(InvalidParameter):
        await bank.accounts.create(email)
    assert await bank.accounts.list_all() == []


async def test_one_account_per_email(bank):
    """Of twenty who sign up at once with one address, one gets the account."""
    tries = [bank.accounts.create(email) for email in ["a@b.c", "A@B.c"] * 10]
    made = await asyncio.gather(*tries, return_exceptions=True)
    assert sum(isinstance(one, InvalidParameter) for one in made) == 19
    assert len(await bank.accounts.list_all()) == 1


async def test_block(bank):
    """A blocked account is refused with 403 until it is unblocked."""
    caller = await bank.caller(payment="card")
    await bank.accounts.block(caller.account_id)
    with pytest.raises(AccountBlocked):
        await bank.admit(caller)
    await bank.accounts.unblock(caller.account_id)
    await bank.succeed(caller)


async def test_unknown_accounts(bank):
    """Nothing happens to an account that is not there."""
    assert await bank.accounts.find("nobody") is None
    for change in (bank.accounts.block, bank.accounts.unblock):
        with pytest.raises(InvalidParameter):
            await change("nobody")
    with pytest.raises(InvalidParameter):
        await bank.keys.create("nobody", "key", "live")


async def test_billed_by_hand(bank):
    """An account that is there can be billed by hand, and pays as others do when that is taken back."""
    caller = await bank.caller()
    assert await bank.accounts.bill_by_hand(caller.account_id, by_hand=True) == "invoice"
    await bank.succeed(caller, times=51)
    assert [row.price_micros for row in await bank.rows(caller)][-1] == 6_000
    assert await bank.accounts.bill_by_hand(caller.account_id, by_hand=False) == "none"
    with pytest.raises(PaymentRequired):
        await bank.admit(caller)
    with pytest.raises(InvalidParameter):
        await bank.accounts.bill_by_hand("acct_none", by_hand=True)
