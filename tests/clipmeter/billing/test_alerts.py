"""Alerts: each share of each limit once, whoever looks, and the message in the transaction that says so."""

import asyncio
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bank import VIDEO
from clipmeter.billing.alerts import SHARES, Alerts, Watched, alert_key, due
from clipmeter.billing.ledger import Terms
from clipmeter.billing.terms import TermsBook
from clipmeter.errors import InvalidParameter
from clipmeter.store.base import Query, plan

PRICE = 6_000
SECRET = "a secret of thirty-two characters"
DAY = 86_400


def watched(limit, charged, told=0):
    return Watched("day", "2026-11-22", limit, charged, told)


@pytest.mark.parametrize(
    ("limit", "charged", "told", "share"),
    [
        (100, 0, 0, None),
        (100, 49, 0, None),
        (100, 50, 0, 50),
        (100, 50, 50, None),
        (100, 74, 50, None),
        (100, 75, 50, 75),
        (100, 80, 0, 75),
        (100, 98, 75, None),
        (100, 100, 75, 100),
        (100, 100, 100, None),
        (100, 300, 0, 100),
        (0, 1, 0, 100),
        (0, 0, 0, None),
    ],
)
def test_which_share_is_due(limit, charged, told, share):
    """The highest one that is reached and was not told yet."""
    assert due(watched(limit, charged, told), 1) == share


def test_a_limit_that_no_charge_meets_exactly():
    """At $0.05 the ninth charge of $0.006 does not fit: after the eighth, the limit is reached."""
    assert due(watched(50_000, 7 * PRICE), PRICE) == 75
    assert due(watched(50_000, 8 * PRICE, 75), PRICE) == 100


@given(limit=st.integers(0, 10**9), charged=st.integers(0, 10**9), least=st.integers(0, 10**4))
def test_told_is_told(limit, charged, least):
    """Whatever is due is one of the shares, and is not due again once it was told."""
    share = due(watched(limit, charged), least)
    if share:
        assert share in SHARES
        assert due(watched(limit, charged, share), least) is None


@pytest.fixture
async def dear(new_bank):
    """A bank where every request is charged."""
    bank = await new_bank(terms={VIDEO: Terms(PRICE, 0, 50)}).open()
    yield bank
    assert await bank.ledger.verify() == []
    await bank.close()


@pytest.fixture
def alerts(dear):
    return alerts_of(dear)


@plan
def _waiting(kind):
    """Kind, recipient, subject and body of what is due."""
    rows = yield Query("messages_due", {"kind": kind, "size": 100})
    return [(kind, recipient, subject, body) for _, _, recipient, subject, body, *_ in rows]


def alerts_of(bank):
    return Alerts(bank.store, bank.terms, SECRET, anywhere=True)


async def outbox(bank):
    """What waits to be sent, in the order of the subjects."""
    due = [row for kind in ("email", "webhook") for row in await bank.store.read(_waiting(kind))]
    return sorted(due, key=lambda row: row[2])


async def limited(bank, *, daily=None, monthly=None):
    caller = await bank.caller(payment="card")
    await bank.limits.set(caller.account_id, daily_micros=daily, monthly_micros=monthly)
    return caller


async def test_each_share_once(dear, alerts):
    """As spending grows, 50, 75 and 100 % are told once each, however often anybody looks."""
    caller = await limited(dear, daily=8 * PRICE)
    given_by = []
    for _ in range(8):
        await dear.succeed(caller)
        given_by.append([await alerts.sweep(), await alerts.sweep()])
    assert given_by == [[0, 0], [0, 0], [0, 0], [1, 0], [0, 0], [1, 0], [0, 0], [1, 0]]
    assert [told.percent for told in await alerts.told(caller.account_id)] == [100, 75, 50]
    (account,) = await dear.accounts.list_all()
    rows = await outbox(dear)
    assert [row[:2] for row in rows] == [("email", account.email)] * 3
    assert [row[2] for row in rows] == [
        "Your daily spending limit is reached",
        "Your daily spending limit is used to 50 %",
        "Your daily spending limit is used to 75 %",
    ]
    assert "$0.048" in rows[0][3]


async def test_a_jump_is_told_once(dear, alerts):
    """Who passes two shares between two looks hears of the higher one only."""
    caller = await limited(dear, daily=100 * PRICE, monthly=8 * PRICE)
    await dear.succeed(caller, 7)
    assert await alerts.sweep() == 1
    (told,) = await alerts.told(caller.account_id)
    assert (told.percent, told.limit_micros, len(told.period)) == (75, 8 * PRICE, len("2026-11"))


async def test_both_limits(dear, alerts):
    """The day's and the month's limit are told of separately."""
    caller = await limited(dear, daily=2 * PRICE, monthly=4 * PRICE)
    await dear.succeed(caller, 2)
    assert await alerts.sweep() == 2
    told = {len(one.period): one.percent for one in await alerts.told(caller.account_id)}
    assert told == {len("2026-11-22"): 100, len("2026-11"): 50}


async def test_the_next_day(dear, alerts):
    """A new day begins anew; a month's limit goes on, unless the month is new too."""
    caller = await limited(dear, daily=2 * PRICE)
    await dear.succeed(caller, 2)
    assert await alerts.sweep() == 1
    dear.store.clock_shift += DAY
    assert await alerts.sweep() == 0
    await dear.succeed(caller, 1)
    assert await alerts.sweep() == 1
    assert [one.percent for one in await alerts.told(caller.account_id)] == [50, 100]


async def test_another_limit_begins_anew(dear, alerts):
    """A changed limit is another limit; the first one again is not told again."""
    caller = await limited(dear, monthly=10 * PRICE)
    await dear.succeed(caller, 6)
    assert await alerts.sweep() == 1
    for limit, given_ in ((7, 1), (100, 0), (10, 0), (3, 1)):
        await dear.limits.set(caller.account_id, daily_micros=None, monthly_micros=limit * PRICE)
        assert await alerts.sweep() == given_
    assert [(one.limit_micros // PRICE, one.percent) for one in await alerts.told(caller.account_id)] == [
        (3, 100),
        (7, 75),
        (10, 50),
    ]


async def test_nobody_else_is_told(dear, alerts):
    """Who has no limit, or has spent nothing, hears nothing."""
    await dear.succeed(await dear.caller(payment="card"), 3)
    await limited(dear, daily=0, monthly=0)
    assert await alerts.sweep() == 0
    assert await outbox(dear) == []


async def test_the_price_of_the_account_counts(dear, alerts):
    """100 % is by the account's own price: after the same charges one more fits for one, and not for the other."""
    one, other = await limited(dear, daily=5 * PRICE), await limited(dear, daily=5 * PRICE)
    await TermsBook(dear.store, dear.terms).set(one.account_id, VIDEO, {"price_micros": 2 * PRICE})
    await dear.succeed(one, 2)
    await dear.succeed(other, 4)
    assert await alerts.sweep() == 2
    assert [told.percent for told in await alerts.told(one.account_id)] == [100]
    assert [told.percent for told in await alerts.told(other.account_id)] == [75]


async def test_many_look_at_once(dear, new_bank):
    """Several nodes that sweep together give each alert once."""
    callers = [await limited(dear, daily=2 * PRICE, monthly=4 * PRICE) for _ in range(6)]
    for caller in callers:
        await dear.succeed(caller, 2)
    other = await new_bank(terms=dear.terms).open()
    given_ = await asyncio.gather(*(alerts_of(bank).sweep() for bank in (dear, other) * 4))
    await other.close()
    assert sum(given_) == 12
    assert len(await outbox(dear)) == 12


async def test_the_webhook(dear, alerts):
    """With an address, JSON that says the same goes there too."""
    caller = await limited(dear, monthly=2 * PRICE)
    await alerts.set_url(caller.account_id, " http://127.0.0.1:9000/hook ")
    await dear.succeed(caller, 1)
    assert await alerts.sweep() == 1
    (hook,) = [row for row in await outbox(dear) if row[0] == "webhook"]
    assert hook[1] == "http://127.0.0.1:9000/hook"
    told = json.loads(hook[3])
    assert told.pop("created_at") > 1_700_000_000
    assert len(told.pop("period")) == len("2026-11")
    assert told == {
        "type": "spending_alert",
        "account_id": caller.account_id,
        "span": "month",
        "percent": 50,
        "limit_micros": 2 * PRICE,
        "charged_micros": PRICE,
    }


async def test_without_mail(dear):
    """A server that sends no e-mail writes none; the alert is known all the same."""
    alerts = Alerts(dear.store, dear.terms, SECRET, mails=False)
    caller = await limited(dear, daily=2 * PRICE)
    await dear.succeed(caller)
    assert await alerts.sweep() == 1
    assert [one.percent for one in await alerts.told(caller.account_id)] == [50]
    assert await outbox(dear) == []


async def test_a_deleted_account(dear, alerts):
    """Who has left hears nothing any more."""
    caller = await limited(dear, daily=2 * PRICE)
    await dear.succeed(caller)
    await dear.raw(f"UPDATE accounts SET deleted_at = 1 WHERE account_id = '{caller.account_id}'")  # noqa: S608
    assert await alerts.sweep() == 0
    assert await outbox(dear) == []


async def test_the_address(dear):
    """It is kept, changed and removed; a private one, or of nobody, is refused and changes nothing."""
    caller, other = await dear.caller(), await dear.caller()
    alerts = Alerts(dear.store, dear.terms, SECRET)
    assert (await alerts.address(caller.account_id)).url == ""
    await alerts.set_url(caller.account_id, "https://hooks.example.org/a")
    for wrong in ("http://hooks.example.org/", "https://10.0.0.1/", "https://localhost/", "hooks", "javascript:1"):
        with pytest.raises(InvalidParameter, match="cannot be sent there"):
            await alerts.set_url(caller.account_id, wrong)
    address = await alerts.address(caller.account_id)
    assert address.url == "https://hooks.example.org/a"
    assert address.key == alert_key(SECRET, caller.account_id) != (await alerts.address(other.account_id)).key
    assert (await alerts.address(other.account_id)).url == ""
    await alerts.set_url(caller.account_id, "")
    assert (await alerts.address(caller.account_id)).url == ""
    for work in (alerts.address("nobody"), alerts.set_url("nobody", "")):
        with pytest.raises(InvalidParameter, match="no such account"):
            await work
