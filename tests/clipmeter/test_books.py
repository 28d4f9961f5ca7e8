"""The end of an account that owes something, with everything wired as the server does it."""

import asyncio
from uuid import uuid4

import pytest

from clipmeter.books import Books
from clipmeter.endpoints.tiktok_video import TIKTOK_VIDEO
from clipmeter.errors import InvalidApiKey, Problem
from clipmeter.settings import Settings
from fauxstripe.running import started
from persons import GOOD

PAGES = {"success_url": "https://clips.example.org/yes", "cancel_url": "https://clips.example.org/no"}


@pytest.fixture(scope="module")
def fauxstripe():
    with started() as running:
        yield running


@pytest.fixture
async def books(tmp_path, fauxstripe):
    settings = Settings(
        home=tmp_path / "home",
        free_requests=0,
        price_micros=600_000,
        stripe_secret_key=fauxstripe.key,
        stripe_url=fauxstripe.url,
    )
    fauxstripe.control("clear")
    books = Books(settings)
    async with books.open():
        await books.ledger.start()
        yield books
        await books.ledger.stop()
    fauxstripe.control("clear")


async def debtor(books, fauxstripe, card="4242424242424242"):
    """Somebody with a card who owes 60 cents: who it is, and the key."""
    entry = await books.people.sign_up("ada@example.org", GOOD)
    page = await books.cards.checkout(entry.account_id, **PAGES)
    await asyncio.to_thread(fauxstripe.fill_in, page, card)
    assert await books.cards.refresh(entry.account_id)
    key = (await books.keys.create(entry.account_id, "", "live")).key
    await books.ledger.charge(await books.keys.find(key), TIKTOK_VIDEO.name, video_id="1", request_id=uuid4().hex)
    return await books.people.who(entry.token), key


async def test_settles_up(books, fauxstripe):
    """What is open is charged before the account is deleted, then Stripe forgets the person; the books still agree."""
    ada, key = await debtor(books, fauxstripe)
    await books.people.delete(ada, GOOD)
    (invoice,) = await books.invoices.list(ada.account_id)
    assert (invoice.state, invoice.amount_cents) == ("paid", 60)
    assert all(customer.get("deleted") for customer in fauxstripe.control("things", kind="customer"))
    with pytest.raises(InvalidApiKey):
        await books.keys.find(key)
    assert await books.ledger.verify() == []
    assert await books.invoices.verify() == []


async def test_stripe_is_away(books, fauxstripe):
    """When Stripe cannot be told, nothing is deleted yet, and its owner hears why."""
    ada, key = await debtor(books, fauxstripe)
    fauxstripe.control("down", down=True)
    with pytest.raises(Problem) as refused:
        await books.people.delete(ada, GOOD)
    assert refused.value.status == 503
    assert await books.keys.find(key)
    fauxstripe.control("down", down=False)
    await books.people.delete(ada, GOOD)
    assert await books.invoices.verify() == []


async def test_debt_stays_in_the_books(books, fauxstripe):
    """Who goes with a card that does not pay leaves an unpaid invoice, and asks Stripe for nothing any more."""
    ada, key = await debtor(books, fauxstripe, "4000000000000341")
    caller = await books.keys.find(key)
    await books.ledger.charge(caller, TIKTOK_VIDEO.name, video_id="1", request_id=uuid4().hex)
    assert (await books.invoices.charge_open(ada.account_id, least_micros=0)).state == "failed"
    await books.people.delete(ada, GOOD)
    _, month, _ = await books.invoices.clock()
    books.store.clock_shift += 32 * 86_400
    run = await books.invoices.run(month)
    assert await books.invoices.finish() == []
    assert [(one.state, one.amount_cents) for one in await books.invoices.list(ada.account_id)] == [("failed", 120)]
    assert run.unsent == ()
    assert await books.invoices.verify() == []
