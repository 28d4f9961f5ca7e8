"""The end of an account: nobody comes in any more, the person is forgotten, the books stay."""

import time

import pytest

from bank import VIDEO, Bank
from clipmeter.billing.people import House, People
from clipmeter.billing.refusals import LogInFailed, TooManyAttempts
from clipmeter.call import new_request_id
from clipmeter.errors import InvalidApiKey, InvalidParameter, PaymentRequired, ServiceUnavailable
from clipmeter.records.requests import Filters, LogEntry, RequestLog
from clipmeter.store.sqlite import SqliteStore
from persons import BETTER, GOOD, dump, quick
from postman import link_in


@pytest.fixture
def people(bank):
    return People(bank.store, "a secret of thirty-two characters", House(), quick())


@pytest.fixture
async def records(tmp_path):
    async with SqliteStore(tmp_path / "records.db") as store:
        yield store


async def somebody(bank: Bank, people: People):
    entry = await people.sign_up("ada@example.org", GOOD, agent="Ada's browser")
    key = await bank.keys.create(entry.account_id, "Ada's laptop", "live")
    return await people.who(entry.token), await bank.keys.find(key.key), key.key


async def test_delete(bank, people, where):
    """Keys are dead at once, sessions end, nothing names the person any more, and the ledger is as it was."""
    ada, caller, key = await somebody(bank, people)
    await bank.succeed(caller, 3)
    before = await bank.rows(caller)
    await people.delete(ada, GOOD)
    with pytest.raises(InvalidApiKey):
        await bank.keys.find(key)
    with pytest.raises(InvalidApiKey):
        await bank.admit(caller)
    with pytest.raises(LogInFailed):
        await people.log_in("ada@example.org", GOOD)
    assert await people.sessions(ada.account_id) == []
    assert await bank.rows(caller) == before
    said = await dump(where)
    assert "ada@example" not in said
    assert "Ada's" not in said
    assert await people.sign_up("ada@example.org", BETTER)


async def test_what_they_asked_for(bank, records):
    """It goes with the account, or later when the records are away; so do rows that come late. Others' rows stay."""
    people = People(bank.store, "a secret of thirty-two characters", House(), quick(), records=records)
    ada, *_ = await somebody(bank, people)
    other = (await bank.accounts.create("bob@example.org")).account_id

    async def left(*also: str) -> list[int]:
        log = RequestLog(records, 30)
        for account_id in also:
            log.note(row_of(account_id))
        await log.flush()
        return [len(await log.page(account_id, "", 50, Filters())) for account_id in (ada.account_id, other)]

    assert await left(ada.account_id, ada.account_id, other) == [2, 1]
    await people.delete(ada, GOOD)
    assert await left() == [0, 1]
    assert await left(ada.account_id) == [1, 1]
    await records.close()
    with pytest.raises(ServiceUnavailable):
        await people.tidy()
    await records.open()
    await people.tidy()
    assert await left() == [0, 1]
    eve = await people.sign_up("eve@example.org", GOOD)
    await records.close()
    await people.delete_unasked(eve.account_id)
    assert await people.who(eve.token) is None
    await records.open()


def row_of(account_id: str) -> LogEntry:
    """A request of an account."""
    asked = ("video", "7516594811734854943", None, "webpage", ())
    return LogEntry(
        account_id, "key_1", "live", new_request_id(), time.monotonic(), *asked, "", 200, "", 0, {"total": 1.0}, True
    )


async def test_delete_needs_the_password(bank, people):
    """Whoever finds an open browser cannot delete the account, nor guess the password there."""
    ada, *_ = await somebody(bank, people)
    for n in range(12):
        with pytest.raises((LogInFailed, TooManyAttempts)):
            await people.delete(ada, f"a wrong guess {n}")
    with pytest.raises(TooManyAttempts):
        await people.delete(ada, GOOD)
    assert await people.who((await people.log_in("ada@example.org", GOOD)).token)


async def test_in_flight(bank, people):
    """What runs while the account is deleted is not charged to a card."""
    ada, caller, _ = await somebody(bank, people)
    await bank.accounts.set_payment(ada.account_id, "card")
    await bank.succeed(caller, 50)
    hold = await bank.admit(caller)
    assert hold.kind == "paid"
    await people.delete(ada, GOOD)
    with pytest.raises(PaymentRequired):
        await bank.ledger.post(hold)


async def test_farewells(bank, people):
    """What must be done before is done first; when it fails, nothing is deleted."""
    ada, _, key = await somebody(bank, people)
    said = []

    async def refuse(account_id: str) -> None:
        said.append(account_id)
        raise InvalidParameter("There is an open invoice.")

    people.farewells.append(refuse)
    with pytest.raises(InvalidParameter, match="open invoice"):
        await people.delete(ada, GOOD)
    assert said == [ada.account_id]
    assert await bank.keys.find(key)


async def test_operator_stays(bank, people):
    """The operator's own account cannot be deleted."""
    made = await bank.accounts.create("operator@localhost", kind="operator")
    with pytest.raises(InvalidParameter):
        await people.delete_unasked(made.account_id)
    assert await bank.keys.find(made.key)


async def test_delete_twice(bank, people):
    """Somebody who is gone is nobody's any more."""
    ada, *_ = await somebody(bank, people)
    await people.delete_unasked(ada.account_id)
    for again in (people.delete(ada, GOOD), people.delete_unasked(ada.account_id), people.reset_link(ada.account_id)):
        with pytest.raises(InvalidParameter):
            await again


async def test_export(bank, people):
    """All that is kept about somebody, and no secret of theirs."""
    ada, caller, key = await somebody(bank, people)
    await bank.succeed(caller, 2)
    told = await people.export(ada.account_id)
    assert told["account"]["email"] == "ada@example.org"
    assert [row["name"] for row in told["keys"]] == ["Ada's laptop"]
    assert [row["agent"] for row in told["sessions"]] == ["Ada's browser"]
    assert [(row["endpoint"], row["free"]) for row in told["usage"]] == [(VIDEO, 2)]
    assert [told[part] for part in ("card", "invoices", "credits", "logins", "messages")] == [[]] * 5
    assert len([row async for row in people.ledger(ada.account_id)]) == 2
    assert "argon2" not in str(told)
    assert key not in str(told)
    with pytest.raises(InvalidParameter):
        await people.export("nobody")


async def test_keys_of_a_squatter(bank, people):
    """Who signs up with somebody else's address makes no keys that go on at their cost once they come."""
    ada, caller, key = await somebody(bank, people)
    await people.reset(link_in(await people.reset_link(ada.account_id)), BETTER)
    with pytest.raises(InvalidApiKey):
        await bank.admit(caller)
    assert [row.status for row in await bank.keys.list_for(ada.account_id)] == ["revoked"]
    await bank.keys.enable(caller.key_id)
    await people.reset(link_in(await people.reset_link(ada.account_id)), GOOD)
    assert await bank.keys.find(key)


async def test_keys_of_an_account_made_by_the_operator(bank, people):
    """Who is given an account with keys, and then a link for a password, keeps the keys."""
    made = await bank.accounts.create("ada@example.org")
    await people.reset(link_in(await people.reset_link(made.account_id)), GOOD)
    assert await bank.keys.find(made.key)
