"""What the operator sets in place of the settings, for all accounts or for one."""

from itertools import product

import pytest

from bank import SEARCH, TERMS, VIDEO
from clipmeter.billing.rules import Standing, Terms
from clipmeter.billing.terms import BOUNDS, EVERYBODY, NAMES, NONE, Overrides, SetTerms, TermsBook, effective
from clipmeter.errors import ConcurrencyLimitExceeded, InvalidParameter


@pytest.fixture
def book(bank):
    return TermsBook(bank.store, TERMS)


def test_each_of_the_three_is_decided_on_its_own():
    """The account's goes before that for all, and that before the setting, whatever is said of the other two."""
    defaults, for_all, own = Terms(1, 1, 1), Overrides(2, 2, 2), Overrides(3, 3, 3)
    for chosen in product((defaults, for_all, own), repeat=3):
        picked = [
            Overrides(**{n: getattr(layer, n) for n, which in zip(NAMES, chosen, strict=True) if which is layer})
            for layer in (for_all, own)
        ]
        terms = effective(defaults, *picked)
        assert terms == Terms(*(getattr(which, n) for n, which in zip(NAMES, chosen, strict=True)))
    assert effective(defaults, None, None) == defaults


async def test_set_for_all_and_for_one(bank, book):
    """What is set for all holds for everybody but who has something of their own, and only at that endpoint."""
    one, other = await bank.caller(), await bank.caller()
    await book.set(EVERYBODY, VIDEO, {"price_micros": 9_000, "concurrency": 7})
    await book.set(one.account_id, VIDEO, {"price_micros": 0, "free_requests": 0})
    assert await book.of(one.account_id) == {VIDEO: Terms(0, 0, 7), SEARCH: TERMS[SEARCH]}
    assert await book.of(other.account_id) == {VIDEO: Terms(9_000, 50, 7), SEARCH: TERMS[SEARCH]}
    assert await book.of(EVERYBODY) == await book.of(other.account_id)
    assert await book.get(one.account_id, VIDEO) == Overrides(0, 0, None)
    assert await book.get(other.account_id, VIDEO) == NONE


async def test_what_is_not_given_stays(bank, book):
    """Setting one of the three leaves the others; None takes one back, and the last one the whole row."""
    caller = await bank.caller()
    whose = caller.account_id
    assert await book.set(whose, VIDEO, {"price_micros": 1}) == Overrides(1, None, None)
    assert await book.set(whose, VIDEO, {"free_requests": 2, "concurrency": 3}) == Overrides(1, 2, 3)
    assert await book.set(whose, VIDEO, {"price_micros": None, "concurrency": 4}) == Overrides(None, 2, 4)
    assert await book.set(whose, VIDEO, {"free_requests": None, "concurrency": None}) == NONE
    assert await book.list_all() == []


async def test_clear(bank, book):
    """Clearing lets an account get what all get, and says whether anything differed."""
    caller = await bank.caller()
    await book.set(EVERYBODY, VIDEO, {"price_micros": 5})
    await book.set(caller.account_id, VIDEO, {"price_micros": 6})
    assert await book.clear(caller.account_id, VIDEO)
    assert not await book.clear(caller.account_id, VIDEO)
    assert (await book.of(caller.account_id))[VIDEO].price_micros == 5
    assert await book.clear(EVERYBODY, VIDEO)
    assert await book.of(caller.account_id) == TERMS


async def test_the_list(bank, book):
    """Everything that differs is listed with whom it is for, what is for all first."""
    caller = await bank.caller()
    (account,) = await bank.accounts.list_all()
    await book.set(caller.account_id, VIDEO, {"concurrency": 9})
    await book.set(EVERYBODY, SEARCH, {"price_micros": 1})
    assert await book.list_all() == [
        SetTerms(EVERYBODY, "", SEARCH, Overrides(1, None, None)),
        SetTerms(caller.account_id, account.email, VIDEO, Overrides(None, None, 9)),
    ]


@pytest.mark.parametrize("name", NAMES)
async def test_bounds(bank, book, name):
    """The least and the most of each are taken; beyond them nothing is, and nothing changes."""
    caller = await bank.caller()
    for value in BOUNDS[name]:
        assert getattr(await book.set(caller.account_id, VIDEO, {name: value}), name) == value
    for value in (BOUNDS[name][0] - 1, BOUNDS[name][1] + 1, 2**63):
        with pytest.raises(InvalidParameter):
            await book.set(caller.account_id, VIDEO, {name: value})
    assert getattr(await book.get(caller.account_id, VIDEO), name) == BOUNDS[name][1]


async def test_strangers(book):
    """No terms for an account or an endpoint that is not there."""
    with pytest.raises(InvalidParameter, match="no such account"):
        await book.set("nobody", VIDEO, {"price_micros": 1})
    for work in (book.set(EVERYBODY, "nothing", {}), book.clear(EVERYBODY, "nothing"), book.get(EVERYBODY, "nothing")):
        with pytest.raises(InvalidParameter, match="no endpoint nothing"):
            await work
    assert await book.list_all() == []


async def test_in_force_at_once(bank, book):
    """The next request has the new price, free tier and concurrency, whether it is charged in one step or in two."""
    caller = await bank.caller(payment="card")
    await book.set(EVERYBODY, VIDEO, {"free_requests": 1, "price_micros": 9_000})
    assert (await bank.ledger.post(await bank.admit(caller))).charge_micros == 0
    assert (await bank.ledger.post(await bank.admit(caller))).charge_micros == 9_000
    await book.set(caller.account_id, VIDEO, {"price_micros": 2_000, "concurrency": 1})
    charged = await bank.ledger.charge(caller, VIDEO, video_id=None, request_id="req_step")
    assert (charged.charge_micros, charged.limit) == (2_000, 1)
    hold = await bank.admit(caller)
    with pytest.raises(ConcurrencyLimitExceeded) as caught:
        await bank.admit(caller)
    assert (caught.value.limit, caught.value.current) == (1, 1)
    await bank.ledger.void(hold, "not_found")
    assert await bank.ledger.standing(caller, VIDEO) == Standing(0, 0, 1, 0)


async def test_what_is_in_flight_keeps_its_price(bank, book):
    """A price that rises between admission and success is not charged for it; nor is one that falls to nothing."""
    caller = await bank.caller(payment="card")
    await book.set(EVERYBODY, VIDEO, {"free_requests": 0})
    first = await bank.admit(caller)
    await book.set(EVERYBODY, VIDEO, {"price_micros": 60_000})
    assert (await bank.ledger.post(first)).charge_micros == TERMS[VIDEO].price_micros


async def test_a_price_of_nothing_needs_no_card(bank, book):
    """Where a success costs nothing, an account without a card is not refused after the free ones."""
    caller = await bank.caller()
    await book.set(caller.account_id, VIDEO, {"free_requests": 1, "price_micros": 0})
    for _ in range(3):
        assert (await bank.ledger.post(await bank.admit(caller))).charge_micros == 0
    assert [row.kind for row in await bank.rows(caller)] == ["free", "paid", "paid"]
