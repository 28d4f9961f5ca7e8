"""The database goes away in the middle of a request, and comes back."""

import asyncio
import subprocess
import sys
from pathlib import Path

import pytest

from bank import hasty_store_at, store_at
from clipmeter.errors import AccountBlocked, BillingError, ConcurrencyLimitExceeded, PaymentRequired, ServiceUnavailable
from clipmeter.store.base import CommitUnknown
from postgres import database_of

VIDEO = "tiktok/video"


@pytest.fixture
def away(where, on_sqlite, request):
    """Take the database away; call what this returns to bring it back."""
    server = None if on_sqlite else request.getfixturevalue("postgres")

    def take():
        if server:
            server.run(f"ALTER DATABASE {database_of(where)} ALLOW_CONNECTIONS false; {hang_up(where)}")
            return lambda: server.run(f"ALTER DATABASE {database_of(where)} ALLOW_CONNECTIONS true")
        file, elsewhere = Path(where), Path(where).with_name("elsewhere.db")
        file.rename(elsewhere)
        return lambda: elsewhere.rename(file)

    return take


def hang_up(where):
    return f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{database_of(where)}'"  # noqa: S608


async def test_no_admission(bank, away):
    """Without a database nothing is admitted, and nothing is left behind."""
    caller = await bank.caller()
    back = away()
    with pytest.raises(ServiceUnavailable):
        await bank.admit(caller)
    with pytest.raises(ServiceUnavailable):
        await bank.ledger.standing(caller, VIDEO)
    back()
    await bank.succeed(caller)
    assert len(await bank.rows(caller)) == 1


async def test_a_success_waits_for_it(bank, away):
    """I3: a success that cannot be saved now is saved as soon as the database is back, once."""
    caller = await bank.caller()
    hold = await bank.admit(caller)
    back = away()
    posting = asyncio.create_task(bank.ledger.post(hold))
    await asyncio.sleep(0.1)
    assert not posting.done()
    back()
    assert (await posting).free_remaining == 49
    assert [row.state for row in await bank.rows(caller)] == ["posted"]


async def test_a_success_does_not_wait_for_ever(new_bank, away):
    """I4: a success that could not be saved in its time is refused and never charged."""
    bank = await new_bank(hold_seconds=0.1).open()
    caller = await bank.caller()
    hold = await bank.admit(caller)
    back = away()
    with pytest.raises(ServiceUnavailable):
        await bank.ledger.post(hold)
    back()
    bank.store.clock_shift = 6
    await bank.nothing_reserved(caller)
    assert [row.state for row in await bank.rows(caller)] == ["expired"]
    await bank.close()


async def test_stop_without_a_database(new_bank, away):
    """A server stops in good time without its database; the next start clears up."""
    bank = await new_bank(store_of=hasty_store_at).open()
    caller = await bank.caller()
    hold = await bank.admit(caller)
    back = away()
    posting = asyncio.create_task(bank.ledger.post(hold))
    await asyncio.sleep(0.05)
    async with asyncio.timeout(3):
        await bank.ledger.stop()
    with pytest.raises(ServiceUnavailable):
        await posting
    await bank.store.close()
    back()
    await bank.open()
    await bank.nothing_reserved(caller)
    assert [row.state for row in await bank.rows(caller)] == ["expired"]
    await bank.close()


class Forgetful:
    """A real store whose next answers get lost on the way, after the commit; or what is asked, which may come late."""

    def __init__(self, where):
        self._store = store_at(where)
        self.lose = 0
        self.delay = False
        self.delayed = []

    def __getattr__(self, name):
        return getattr(self._store, name)

    def submit(self, plan):
        lost = asyncio.get_running_loop().create_future()
        if self.delay:
            self.delay = False
            self.delayed.append(plan)
            lost.set_exception(CommitUnknown())
            return lost
        done = self._store.submit(plan)
        if self.lose == 0:
            return done
        self.lose -= 1
        done.add_done_callback(lambda _: lost.done() or lost.set_exception(CommitUnknown()))
        return lost


@pytest.fixture
async def forgetful(new_bank):
    bank = await new_bank(store_of=Forgetful).open()
    yield bank
    assert await bank.ledger.verify() == []
    await bank.close()


async def test_the_answer_to_an_admission_is_lost(forgetful):
    """I5: what may have been reserved without anybody knowing is given back."""
    caller = await forgetful.caller()
    forgetful.store.lose = 1
    with pytest.raises(CommitUnknown):
        await forgetful.admit(caller)
    await forgetful.nothing_reserved(caller)
    assert [row.state for row in await forgetful.rows(caller)] == ["voided"]


@pytest.mark.parametrize("payment", ["none", "invoice"])
async def test_a_charge_that_comes_late(forgetful, payment):
    """I4: who was refused, since nobody knew of the first try, is not charged by it when it comes after all."""
    caller = await forgetful.caller(payment=payment)
    if payment == "none":  # all free requests are in flight or gone: undecided
        await forgetful.succeed(caller, 49)
        hold = await forgetful.admit(caller)
    else:
        await forgetful.accounts.block(caller.account_id)
    forgetful.store.delay = True
    with pytest.raises(ConcurrencyLimitExceeded if payment == "none" else AccountBlocked):
        await forgetful.ledger.charge(caller, VIDEO, video_id="1", request_id="req_1")
    if payment == "none":
        await forgetful.ledger.void(hold, "not_found")
    else:
        await forgetful.accounts.unblock(caller.account_id)
    with pytest.raises(BillingError):
        await forgetful.store.write(forgetful.store.delayed[0])
    assert [row.state for row in await forgetful.rows(caller) if row.request_id == "req_1"] == ["voided"]


async def test_the_answer_is_lost_and_the_caller_too(forgetful):
    """I5: the same when the caller left before the answer was lost."""
    caller = await forgetful.caller()
    forgetful.store.lose = 1
    task = asyncio.create_task(forgetful.admit(caller))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await forgetful.nothing_reserved(caller)
    async with asyncio.timeout(5):
        while not await forgetful.rows(caller, "voided"):  # noqa: ASYNC110 - nobody tells when
            await asyncio.sleep(0.005)


@pytest.mark.parametrize("lost", [1, 3])
async def test_the_answer_to_a_post_is_lost(forgetful, lost):
    """I3, I10: a post whose answer is lost is looked up again and counts once."""
    caller = await forgetful.caller(payment="card")
    await forgetful.succeed(caller, 50)
    hold = await forgetful.admit(caller)
    forgetful.store.lose = lost
    assert (await forgetful.ledger.post(hold)).charge_micros == 6_000
    assert len(await forgetful.rows(caller, "posted")) == 51
    assert sum(row.price_micros for row in await forgetful.rows(caller)) == 6_000


@pytest.mark.parametrize("lost", [1, 3])
async def test_the_answer_to_a_charge_is_lost(forgetful, lost):
    """I3, I10: the same for a success that is charged in one step."""
    caller = await forgetful.caller(payment="card")
    await forgetful.succeed(caller, 50)
    forgetful.store.lose = lost
    assert (await forgetful.ledger.charge(caller, VIDEO, video_id="1", request_id="r1")).charge_micros == 6_000
    assert len(await forgetful.rows(caller, "posted")) == 51
    assert sum(row.price_micros for row in await forgetful.rows(caller)) == 6_000


@pytest.mark.parametrize("lost", [1, 2])
async def test_the_refusal_of_a_charge_is_lost(forgetful, lost):
    """I4: a refusal whose answer is lost is a refusal still, and has one row, which costs nothing."""
    caller = await forgetful.caller()
    await forgetful.succeed(caller, 50)
    forgetful.store.lose = lost
    with pytest.raises(PaymentRequired):
        await forgetful.ledger.charge(caller, VIDEO, video_id="1", request_id="r1")
    assert [row.state for row in await forgetful.rows(caller) if row.request_id == "r1"] == ["voided"]
    assert len(await forgetful.rows(caller, "posted")) == 50


COMMITS_FAIL = """
import asyncio, resource, signal, sys
from pathlib import Path
from uuid import uuid4
from clipmeter.billing.keys import Keys
from clipmeter.billing.ledger import Ledger, Terms
from clipmeter.errors import ConcurrencyLimitExceeded
from clipmeter.store.base import CommitUnknown
from clipmeter.store.sqlite import SqliteStore

hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]

async def main(path, key):
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    async with SqliteStore(Path(path)) as store:
        caller = await Keys(store, "a secret of thirty-two characters").find(key)
        ledger = Ledger(store, {"tiktok/video": Terms(6_000, 50, 3)})
        await ledger.start()
        unknown = posted = 0

        async def one():
            nonlocal unknown, posted
            for _ in range(20):
                try:
                    hold = await ledger.admit(caller, "tiktok/video", video_id="1", request_id=uuid4().hex, within=1)
                except CommitUnknown:
                    unknown += 1
                except ConcurrencyLimitExceeded:
                    await asyncio.sleep(0.02)
                else:
                    await ledger.post(hold)
                    posted += 1

        async def spoil():
            while True:
                await asyncio.sleep(0.01)
                resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, hard))
                await asyncio.sleep(0.01)
                resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))

        spoiler = asyncio.create_task(spoil())
        await asyncio.gather(*(one() for _ in range(3)))
        spoiler.cancel()
        resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
        while (await ledger.standing(caller, "tiktok/video")).running:
            await asyncio.sleep(0.01)
        assert await ledger.verify() == []
        await ledger.stop()
        print(posted, unknown)

asyncio.run(main(*sys.argv[1:]))
"""


@pytest.mark.parametrize("where", ["sqlite"], indirect=True)
async def test_commits_that_fail(bank):
    """I3, I5, I10: commits that fail now and then lose no success, charge none twice and leave no slot taken."""
    made = await bank.accounts.create("a@example.com", payment="card")
    command = [sys.executable, "-c", COMMITS_FAIL, bank.where, made.key]
    done = await asyncio.to_thread(subprocess.run, command, capture_output=True, text=True, timeout=30, check=True)
    posted, unknown = map(int, done.stdout.split())
    caller = await bank.keys.find(made.key)
    assert unknown > 0
    assert len(await bank.rows(caller, "posted")) == posted > 0
    assert await bank.rows(caller, "reserved") == []
