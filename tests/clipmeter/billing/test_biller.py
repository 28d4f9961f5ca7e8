"""The loop that bills by itself."""

import asyncio
import random
import time

import pytest

from bank import SECRET
from billed import opened
from clipmeter.billing import biller
from clipmeter.billing.biller import SETTLE_SECONDS, WAIT_SECONDS, Biller, is_settled
from clipmeter.billing.payments import PaymentsUnavailable
from fauxstripe.running import started
from monthend import check, prepare
from served import Served

BEGIN = 1_793_491_200 * 1_000_000
"""2026-11-01."""


@pytest.fixture(scope="module")
def running():
    with started() as fake:
        yield fake


@pytest.fixture
async def office(where, running):
    async with opened(where, running) as office:
        yield office
    running.control("clear")


@pytest.mark.parametrize(
    ("seconds", "in_flight", "settled"),
    [
        (0, 0, False),
        (SETTLE_SECONDS - 1, 0, False),
        (SETTLE_SECONDS, 0, True),
        (SETTLE_SECONDS, 1, False),
        (WAIT_SECONDS, 1, True),
        (20 * 86_400, 0, True),
    ],
)
def test_when_a_month_is_settled(seconds, in_flight, settled):
    """A month is run a while after its end, when nothing of it is in flight any more; not for ever later."""
    assert is_settled(BEGIN + seconds * 1_000_000, "2026-11", in_flight) == settled


async def test_months_missed_at_start(office):
    """A server that was down over two ends of months bills both at its start, and nothing at the next turn."""
    caller = await office.customer()
    months = []
    for _ in range(2):
        await office.use(caller, 20)
        months.append(await office.over())
    loop = Biller(office.invoices)
    assert [run.month for run in await loop.turn()] == months
    assert await loop.turn() == []
    assert await Biller(office.invoices).turn() == []
    assert [(one.month, one.state) for one in await office.invoices.list()] == [(month, "paid") for month in months]


async def test_by_itself_through_an_outage(office, monkeypatch):
    """Started, it tries again by itself while Stripe is down, and sends what waits when it is back."""
    monkeypatch.setattr(biller, "FIRST_PAUSE", 0.05)
    caller = await office.customer()
    await office.use(caller, 20)
    await office.over()
    office.fake.control("down", down=True)
    with pytest.raises(PaymentsUnavailable):
        await Biller(office.invoices).turn()
    loop = Biller(office.invoices)
    loop.start()
    await asyncio.sleep(0.1)
    office.fake.control("clear")
    async with asyncio.timeout(20):
        while [one.state for one in await office.invoices.list()] != ["paid"]:  # noqa: ASYNC110 - nobody tells when
            await asyncio.sleep(0.05)
    await loop.stop()


async def test_stopped_in_the_middle(office):
    """Stopped wherever it is, it loses nothing: the next one goes on."""
    for _ in range(4):
        await office.use(await office.customer(), 20)
    await office.over()
    for seconds in (0.01, 0.03, 0.06, 0.1, 0.2):
        loop = Biller(office.invoices)
        loop.start()
        await asyncio.sleep(seconds)
        await loop.stop()
    await Biller(office.invoices).turn()
    invoices = await office.invoices.list()
    assert [one.state for one in invoices] == ["paid"] * 4
    assert [len(office.at_stripe(one.invoice_id)) for one in invoices] == [1] * 4


async def test_refused_by_stripe(office):
    """An invoice that Stripe refuses holds up nobody else's; it says why, and is sent once that is put right."""
    lost, fine = await office.customer(), await office.customer()
    await office.use(lost, 20)
    await office.use(fine, 20)
    await office.bank.raw(
        f"UPDATE cards SET customer_id = 'cus_gone' WHERE account_id = '{lost.account_id}'"  # noqa: S608
    )
    await office.over()
    loop = Biller(office.invoices)
    (run,) = await loop.turn()
    assert [(one.account_id, "No such customer" in one.problem) for one in run.unsent] == [(lost.account_id, True)]
    assert [one.state for one in await office.invoices.list(fine.account_id)] == ["paid"]
    await loop.turn()


def test_a_real_server_at_its_start(tmp_path):
    """A server that was down over the end of a month invoices it at its start."""
    home = tmp_path / "home"
    home.mkdir()
    where = str(home / "clipmeter.db")
    with started() as fake:
        month = asyncio.run(prepare(where, fake, 6, random.Random(5)))  # noqa: S311
        server = Served(home, {**fake.settings, "secret": SECRET}).start()
        try:
            until = time.monotonic() + 20
            while not server.json("invoices", "list") or is_under_way(server):
                assert time.monotonic() < until
        finally:
            assert server.stop() == 0
        sums = asyncio.run(check(where, fake, month))
        assert (sums.accounts, sums.invoices) == (6, 6)


def is_under_way(server):
    """Whether the server has invoices that are not sent."""
    return any(one["state"] in {"draft", "sending"} for one in server.json("invoices", "list"))
