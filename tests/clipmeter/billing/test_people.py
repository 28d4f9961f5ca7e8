"""Who gets in, and who does not."""

import asyncio

import pytest

from clipmeter.billing.refusals import LogInFailed, SignUpClosed, TooManyAttempts
from clipmeter.errors import InvalidParameter
from persons import BETTER, GOOD, people_at


@pytest.fixture
async def people(where):
    async with people_at(where) as people:
        yield people


async def test_sign_up_and_log_in(people):
    """Who signs up is logged in, and can log in again: each time by another token."""
    first = await people.sign_up(" Ada@Example.org", GOOD)
    second = await people.log_in("ada@example.ORG ", GOOD, agent="Browser", address="192.0.2.1")
    assert first.account_id == second.account_id
    assert first.token != second.token
    ada = await people.who(second.token)
    assert (ada.email, ada.confirmed, ada.has_password, ada.kind) == ("ada@example.org", False, True, "user")
    assert {row.agent for row in await people.sessions(ada.account_id)} == {"", "Browser"}
    assert ada.csrf == (await people.who(second.token)).csrf != (await people.who(first.token)).csrf


@pytest.mark.parametrize("token", ["", "x", "x" * 43, "é" * 43, "x" * 1_000_000])
async def test_who_is_nobody(people, token):
    """A token that was made up is nobody's."""
    assert await people.who(token) is None


async def test_log_out(people):
    """A session that was logged out is over, and no other."""
    first = await people.sign_up("a@b.c", GOOD)
    second = await people.log_in("a@b.c", GOOD)
    await people.log_out(first.token)
    await people.log_out("nonsense")
    assert await people.who(first.token) is None
    assert await people.who(second.token)


async def test_log_out_everywhere(people):
    """All sessions end, or all but the one that asks; those of others go on."""
    other = await people.sign_up("other@b.c", GOOD)
    entries = [await people.sign_up("a@b.c", GOOD), *[await people.log_in("a@b.c", GOOD) for _ in range(2)]]
    await people.log_out_everywhere(entries[0].account_id, but=entries[2].token)
    assert [bool(await people.who(entry.token)) for entry in entries] == [False, False, True]
    await people.log_out_everywhere(entries[0].account_id)
    assert not await people.who(entries[2].token)
    assert await people.who(other.token)


async def test_wrong_password(people):
    """A wrong password and an address that nobody has get the same sentence."""
    await people.sign_up("a@b.c", GOOD)
    said = set()
    for email, password in [("a@b.c", BETTER), ("nobody@b.c", GOOD), ("a@b.c", ""), ("", ""), ("\x00", GOOD)]:
        with pytest.raises(LogInFailed) as failed:
            await people.log_in(email, password)
        said.add((failed.value.message, failed.value.status))
    assert len(said) == 1


async def test_one_account_per_address(people):
    """Of many who sign up at once with one address, however it is written, one gets the account."""
    tries = [people.sign_up(email, GOOD) for email in ["a@b.c", "A@B.c"] * 5]
    made = await asyncio.gather(*tries, return_exceptions=True)
    assert sum(isinstance(one, InvalidParameter) for one in made) == 9


async def test_throttled(people):
    """After ten wrong passwords the right one is not heard either, for a quarter of an hour, and nobody learns why."""
    await people.sign_up("a@b.c", GOOD)
    for email in ("a@b.c", "nobody@b.c"):
        tries = [people.log_in(email, f"{BETTER} {n}") for n in range(15)]
        found = await asyncio.gather(*tries, return_exceptions=True)
        assert sum(isinstance(one, LogInFailed) for one in found) == 10
        assert sum(isinstance(one, TooManyAttempts) for one in found) == 5
        with pytest.raises(TooManyAttempts) as refused:
            await people.log_in(email, GOOD)
        assert refused.value.retry_after in range(880, 902)


async def test_closed(where):
    """Nobody signs up where it is closed, and nobody uninvited where it is by invitation."""
    for how in ("closed", "invite"):
        async with people_at(where, sign_up=how) as people:
            with pytest.raises(SignUpClosed):
                await people.sign_up("a@b.c", GOOD)
