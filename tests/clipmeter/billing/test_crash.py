"""Killed at any moment: what was told is in the ledger, and nothing stays reserved."""

import asyncio
import subprocess
import sys
from pathlib import Path

import pytest

VIDEO = "tiktok/video"

WORKER = """
import asyncio, os, sys
from pathlib import Path
from uuid import uuid4
from clipmeter.billing.keys import Keys
from clipmeter.billing.ledger import Ledger, Terms
from clipmeter.errors import ConcurrencyLimitExceeded
from clipmeter.store.sqlite import SqliteStore

async def main(path, journal, key):
    out = os.open(journal, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    store = SqliteStore(Path(path))
    await store.open()
    caller = await Keys(store, "a secret of thirty-two characters").find(key)
    ledger = Ledger(store, {"tiktok/video": Terms(6_000, 50, 3)})
    await ledger.start()
    await ledger.admit(caller, "tiktok/video", video_id="1", request_id="stuck", within=5)
    print("ready", flush=True)

    async def one():
        while True:
            try:
                hold = await ledger.admit(caller, "tiktok/video", video_id="1", request_id=uuid4().hex, within=5)
            except ConcurrencyLimitExceeded:
                await asyncio.sleep(0.001)
            else:
                await ledger.post(hold)
                os.write(out, hold.request_id.encode() + b"\\n")
                os.fsync(out)

    await asyncio.gather(*(one() for _ in range(4)))

asyncio.run(main(*sys.argv[1:]))
"""


def run_and_kill(path, journal: Path, key, seconds):
    """Start a process that charges and charges, and kill it while it does."""
    command = [sys.executable, "-c", WORKER, str(path), str(journal), key]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout.readline() == "ready\n"
        try:
            child.wait(seconds)
        except subprocess.TimeoutExpired:
            child.kill()
    assert child.returncode == -9


@pytest.mark.parametrize("seconds", [0.05, 0.11, 0.3])
async def test_kill_9(new_bank, tmp_path, seconds):
    """I3, I5: after kill -9 and a start, every success that was told is posted once and nothing is pending."""
    bank = await new_bank().open()
    made = await bank.accounts.create("a@example.com", payment="card")
    await bank.close()
    journal = tmp_path / "journal"
    await asyncio.to_thread(run_and_kill, bank.path, journal, made.key, seconds)
    await bank.open()
    rows = [row async for row in bank.ledger.show(made.account_id)]
    posted = [row.request_id for row in rows if row.state == "posted"]
    assert set(journal.read_text().split()) <= set(posted)
    assert len(posted) == len(set(posted)) >= 1
    assert {row.state for row in rows} == {"posted", "expired"}
    assert next(row.reason for row in rows if row.request_id == "stuck") == "node_died"
    assert await bank.ledger.verify() == []
    await bank.close()
    assert list(tmp_path.glob("*-nodes/*")) == []


async def test_a_dead_sibling_is_swept(bank, tmp_path):
    """I5: when a process beside this one is killed, its slots are usable again within 5 seconds, without a restart."""
    made = await bank.accounts.create("a@example.com", payment="card")
    caller = await bank.keys.find(made.key)
    await asyncio.to_thread(run_and_kill, bank.path, tmp_path / "journal", made.key, 0.1)
    async with asyncio.timeout(5):
        await bank.nothing_reserved(caller)
    holds = [await bank.admit(caller) for _ in range(3)]
    assert len(holds) == 3


async def test_the_living_are_not_swept(new_bank, bank):
    """I10: a start beside a running process leaves what that one holds."""
    caller = await bank.caller()
    hold = await bank.admit(caller)
    other = await new_bank().open()
    assert await other.ledger.sweep() == 0
    await bank.ledger.post(hold)
    await other.close()
    assert [row.state for row in await bank.rows(caller)] == ["posted"]


async def test_crash_and_restart(new_bank):
    """I5: what a process held when it died is expired at the next start; posting it then is refused."""
    bank = await new_bank().open()
    caller = await bank.caller()
    hold = await bank.admit(caller)
    await bank.crash()
    await bank.open()
    assert [row.state for row in await bank.rows(caller)] == ["expired"]
    with pytest.raises(Exception, match="nothing was charged"):
        await bank.ledger.post(hold)
    await bank.close()
