"""Killed at any moment: what was told is in the ledger, and nothing stays reserved."""

import asyncio

import pytest

from bank import hasty_store_at
from bankworker import run_and_kill
from clipmeter.billing.ledger import SWEEP_SECONDS
from clipmeter.store.heartbeat import STALE_SECONDS


@pytest.fixture
def hasty(new_bank):
    """A bank that is not open yet; its dead are found as soon as a server finds them."""
    return new_bank(store_of=hasty_store_at)


@pytest.mark.parametrize("seconds", [0.05, 0.11, 0.3])
async def test_kill_9(hasty, tmp_path, on_sqlite, seconds):
    """I3, I5: after kill -9 and a start, every success that was told is posted once and nothing is pending."""
    bank = await hasty.open()
    made = await bank.accounts.create("a@example.com", payment="card")
    await bank.close()
    journal = tmp_path / "journal"
    await asyncio.to_thread(run_and_kill, bank.where, journal, made.key, seconds)
    await bank.open()
    await bank.nothing_reserved(await bank.keys.find(made.key))
    rows = [row async for row in bank.ledger.show(made.account_id)]
    posted = [row.request_id for row in rows if row.state == "posted"]
    assert set(journal.read_text().split()) <= set(posted)
    assert len(posted) == len(set(posted)) >= 1
    assert {row.state for row in rows} == {"posted", "expired"}
    assert next(row.reason for row in rows if row.request_id == "stuck") == "node_died"
    assert await bank.ledger.verify() == []
    await bank.close()
    assert not on_sqlite or list(tmp_path.glob("*-nodes/*")) == []


async def test_a_dead_sibling_is_swept(hasty, tmp_path):
    """I5: when a process beside this one is killed, its slots are usable again within 5 seconds, without a restart."""
    assert STALE_SECONDS + 2 * SWEEP_SECONDS < 5
    bank = await hasty.open()
    made = await bank.accounts.create("a@example.com", payment="card")
    caller = await bank.keys.find(made.key)
    await asyncio.to_thread(run_and_kill, bank.where, tmp_path / "journal", made.key, 0.1)
    await bank.nothing_reserved(caller)
    holds = [await bank.admit(caller) for _ in range(3)]
    assert len(holds) == 3
    assert await bank.ledger.verify() == []
    await bank.close()


async def test_the_living_are_not_swept(new_bank, bank):
    """I10: a start beside a running process leaves what that one holds."""
    caller = await bank.caller()
    hold = await bank.admit(caller)
    other = await new_bank().open()
    assert await other.ledger.sweep() == 0
    await bank.ledger.post(hold)
    await other.close()
    assert [row.state for row in await bank.rows(caller)] == ["posted"]


async def test_crash_and_restart(hasty):
    """I5: what a process held when it died is expired at the next start; posting it then is refused."""
    bank = await hasty.open()
    caller = await bank.caller()
    hold = await bank.admit(caller)
    await bank.crash()
    await bank.open()
    await bank.nothing_reserved(caller)
    assert [row.state for row in await bank.rows(caller)] == ["expired"]
    with pytest.raises(Exception, match="nothing was charged"):
        await bank.ledger.post(hold)
    await bank.close()
