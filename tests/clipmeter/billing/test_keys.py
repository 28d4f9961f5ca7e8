import asyncio
from pathlib import Path

import pytest

from bankworker import run_together
from clipmeter.billing.keys import KEYS_PER_ACCOUNT, Keys, looks_right, make_key
from clipmeter.errors import InvalidApiKey, InvalidParameter, MissingApiKey, ServiceUnavailable, UserNotFound


@pytest.mark.parametrize("mode", ["live", "test"])
def test_make_key(mode):
    """A key says what it is, has 32 random characters, and checks itself."""
    key = make_key(mode)
    assert key.startswith(f"ak_{mode}_")
    assert len(key) == 8 + 32 + 6
    assert looks_right(key)
    assert make_key(mode) != key


def test_looks_right_sees_every_single_typo():
    """A key with one wrong character is refused without asking the database."""
    key = make_key("live")
    for place in range(len(key)):
        typo = key[:place] + ("x" if key[place] != "x" else "y") + key[place + 1 :]
        assert not looks_right(typo)
    assert not looks_right(key.replace("live", "test"))


MALFORMED = {
    "short": "x",
    "prefix": "ak_live_",
    "accents": "ak_live_" + "é" * 38,
    "half characters": "ak_live_" + "\udcff" * 38,
    "other digits": "ak_live_" + "\u0661" * 38,
    "long": "ak_live_" * 1_250_000,
    "line end": make_key("live") + "\n",
    "blank": " " + make_key("live"),
}


@pytest.mark.parametrize("text", MALFORMED.values(), ids=MALFORMED)
async def test_find_malformed(bank, text):
    """Whatever is sent as a key, 10 MB or not even text, is answered with 401."""
    with pytest.raises(InvalidApiKey):
        await bank.keys.find(text)


@pytest.mark.parametrize("text", [None, ""])
async def test_find_missing(bank, text):
    """No key is not a wrong key."""
    with pytest.raises(MissingApiKey):
        await bank.keys.find(text)


async def test_find_unknown(bank):
    """A well-formed key that nobody has is refused."""
    with pytest.raises(InvalidApiKey):
        await bank.keys.find(make_key("live"))


async def test_find_account_gone(bank):
    """A key whose account is gone says so, and admits nothing."""
    made = await bank.accounts.create("a@example.com")
    caller = await bank.keys.find(made.key)
    await bank.raw("DELETE FROM accounts")
    with pytest.raises(UserNotFound):
        await bank.keys.find(made.key)
    with pytest.raises(UserNotFound):
        await bank.admit(caller)


@pytest.mark.parametrize("where", ["sqlite"], indirect=True)
async def test_keys_are_not_in_the_database(bank):
    """Who steals the database has no key."""
    made = await bank.accounts.create("a@example.com")
    await bank.close()
    content = b"".join(file.read_bytes() for file in Path(bank.where).parent.glob("clipmeter.db*") if file.is_file())
    await bank.open()
    assert made.account_id.encode() in content
    assert made.key.encode() not in content
    assert made.key[8:40].encode() not in content


async def test_at_most_ten_keys(bank):
    """I9: at most 10 keys per account, also when 40 are asked for at once."""
    caller = await bank.caller()
    made = await asyncio.gather(
        *(bank.keys.create(caller.account_id, f"key {n}", "live") for n in range(40)), return_exceptions=True
    )
    assert sum(isinstance(one, InvalidParameter) for one in made) == 40 - (KEYS_PER_ACCOUNT - 2)
    live = await bank.keys.list_for(caller.account_id)
    assert len(live) == KEYS_PER_ACCOUNT
    await bank.keys.revoke(live[0].key_id)
    with pytest.raises(InvalidParameter):
        await bank.keys.create(caller.account_id, "a revoked key still counts", "live")
    await bank.keys.delete(live[0].key_id)
    await bank.keys.create(caller.account_id, "a deleted one does not", "live")


async def test_at_most_ten_keys_from_many_processes(bank):
    """I9: three processes that each ask for 20 keys at once get 8 together, beside the first two."""
    caller = await bank.caller()
    printed = await asyncio.to_thread(run_together, 3, "keys", bank.where, caller.account_id)
    assert sum(int(text) for text in printed) == KEYS_PER_ACCOUNT - 2
    assert len(await bank.keys.list_for(caller.account_id)) == KEYS_PER_ACCOUNT


async def test_revoke_enable_delete(bank):
    """I9: revoking can be taken back, deleting cannot."""
    made = await bank.accounts.create("a@example.com")
    key = await bank.keys.create(made.account_id, "laptop", "live")
    assert (await bank.keys.find(key.key)).key_id == key.key_id
    await bank.keys.revoke(key.key_id)
    with pytest.raises(InvalidApiKey):
        await bank.keys.find(key.key)
    await bank.keys.enable(key.key_id)
    assert (await bank.keys.find(key.key)).account_id == made.account_id
    await bank.keys.delete(key.key_id)
    for change in (bank.keys.enable, bank.keys.revoke, bank.keys.delete):
        with pytest.raises(InvalidParameter):
            await change(key.key_id)
    with pytest.raises(InvalidApiKey):
        await bank.keys.find(key.key)


async def test_only_the_owner_revokes(bank):
    """An account cannot touch another account's key."""
    one, two = await bank.caller(), await bank.caller()
    with pytest.raises(InvalidParameter):
        await bank.keys.revoke(one.key_id, account_id=two.account_id)
    await bank.keys.revoke(one.key_id, account_id=one.account_id)


async def test_a_revoked_key_is_refused_at_admission(bank):
    """I9: a request whose key is revoked between the two checks is refused, too."""
    caller = await bank.caller()
    await bank.keys.revoke(caller.key_id)
    with pytest.raises(InvalidApiKey):
        await bank.admit(caller)
    assert await bank.rows(caller) == []


async def test_revoked_by_another_process(bank):
    """I9: a key that another process revoked is refused here at once."""
    made = await bank.accounts.create("a@example.com")
    caller = await bank.keys.find(made.key)
    await asyncio.to_thread(run_together, 1, "revoke", bank.where, caller.key_id)
    with pytest.raises(InvalidApiKey):
        await bank.keys.find(made.key)
    with pytest.raises(InvalidApiKey):
        await bank.admit(caller)


async def test_hint_is_the_end(bank):
    """The owner can tell keys apart without seeing them."""
    made = await bank.accounts.create("a@example.com")
    hints = {key.mode: key.hint for key in await bank.keys.list_for(made.account_id)}
    assert hints == {"live": made.key[-4:], "test": made.test_key[-4:]}


async def test_another_secret_is_noticed(bank):
    """A database whose keys were hashed under another secret says so, and keeps saying so."""
    await bank.keys.check_secret()
    await bank.keys.check_secret()
    with pytest.raises(ServiceUnavailable, match="another secret"):
        await Keys(bank.store, "another secret, long enough for use").check_secret()


async def test_a_wish_sent_twice_makes_one_key(bank):
    """A form that is sent twice, even at the same moment, makes one key, and both answers tell it."""
    account = await bank.accounts.create("a@example.org")
    twins = await asyncio.gather(*(bank.keys.create(account.account_id, "One", "live", once="wish") for _ in range(4)))
    assert len({(twin.key_id, twin.key) for twin in twins}) == 1
    assert len(await bank.keys.list_for(account.account_id)) == 2 + 1
    assert (await bank.keys.find(twins[0].key)).key_id == twins[0].key_id
    other = await bank.keys.create(account.account_id, "Two", "live", once="another wish")
    assert other.key != twins[0].key


async def test_a_wish_for_a_key_that_is_gone_is_not_told_again(bank):
    """A key that was deleted does not come back by sending its form again."""
    account = await bank.accounts.create("a@example.org")
    made = await bank.keys.create(account.account_id, "One", "live", once="wish")
    await bank.keys.delete(made.key_id)
    with pytest.raises(InvalidParameter, match="made already"):
        await bank.keys.create(account.account_id, "One", "live", once="wish")


async def test_a_wish_is_one_accounts_own(bank):
    """The same wish from two accounts cannot give them the same key."""
    one, two = [await bank.accounts.create(f"{name}@example.org") for name in "ab"]
    made = await bank.keys.create(one.account_id, "One", "live", once="wish")
    assert (await bank.keys.create(two.account_id, "One", "live", once="wish")).key != made.key


async def test_a_wish_is_told_again_for_ten_minutes(bank):
    """The key of a wish can be shown again for a while, by who knows the wish; no longer once it stopped working."""
    account = await bank.accounts.create("a@example.org")
    made = await bank.keys.create(account.account_id, "One", "live", once="wish")

    async def again(account_id=account.account_id, mode="live", once="wish"):
        told = await bank.keys.again(account_id, mode, once)
        return told and told.key

    assert await again() == made.key
    assert await again(once="another wish") is None
    assert await again(mode="test") is None
    assert await again((await bank.accounts.create("b@example.org")).account_id) is None
    await bank.keys.revoke(made.key_id)
    assert await again() is None
    await bank.keys.enable(made.key_id)
    assert await again() == made.key
    await bank.raw("UPDATE api_keys SET created_at = created_at - 600000000")
    assert await again() is None
