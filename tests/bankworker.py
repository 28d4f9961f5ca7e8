"""A process of its own that uses a bank. For tests that kill it, or start several.

python bankworker.py charge WHERE KEY JOURNAL   says ready, then charges until it is killed; what was told is in JOURNAL
python bankworker.py finish WHERE KEY           posts until the free ones are used up; prints how many were posted
python bankworker.py revoke WHERE KEY_ID        revokes a key
python bankworker.py keys WHERE ACCOUNT_ID      asks for 20 keys at once; prints how many it got
"""

import asyncio
import os
import subprocess
import sys
import time
from pathlib import Path

from bank import VIDEO, Bank
from clipmeter.errors import ConcurrencyLimitExceeded, InvalidParameter, PaymentRequired
from forked import Forked


async def charge(where: str, key: str, journal: str) -> None:
    """Four callers at once, one slot kept for ever."""
    out = os.open(journal, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    bank = await Bank(where).open()
    caller = await bank.keys.find(key)
    await bank.ledger.admit(caller, VIDEO, video_id="1", request_id="stuck", within=5)
    print("ready", flush=True)  # noqa: T201

    async def one() -> None:
        while True:
            try:
                hold = await bank.admit(caller, within=5)
            except ConcurrencyLimitExceeded:
                await asyncio.sleep(0.001)
            else:
                await bank.ledger.post(hold)
                os.write(out, hold.request_id.encode() + b"\n")
                os.fsync(out)

    await asyncio.gather(*(one() for _ in range(4)))


async def finish(where: str, key: str) -> None:
    """Five callers at once, until each of them was told 402."""
    bank = await Bank(where).open()
    caller = await bank.keys.find(key)
    posted = 0

    async def one() -> None:
        nonlocal posted
        while True:
            try:
                hold = await bank.admit(caller, within=5)
            except ConcurrencyLimitExceeded:
                await asyncio.sleep(0.002)
            except PaymentRequired:
                return
            else:
                assert (await bank.ledger.standing(caller, VIDEO)).running <= 3
                await bank.ledger.post(hold)
                posted += 1

    await asyncio.gather(*(one() for _ in range(5)))
    await bank.close()
    print(posted)  # noqa: T201


async def revoke(where: str, key_id: str) -> None:
    """From another process than the one that uses the key."""
    bank = await Bank(where).open()
    await bank.keys.revoke(key_id)
    await bank.close()


async def keys(where: str, account_id: str) -> None:
    """Most of them are refused."""
    bank = await Bank(where).open()
    work = (bank.keys.create(account_id, f"key {n}", "live") for n in range(20))
    made = await asyncio.gather(*work, return_exceptions=True)
    await bank.close()
    print(sum(not isinstance(one, InvalidParameter) for one in made))  # noqa: T201


def started(*words: object) -> Forked:
    """Such a process."""
    return Forked([__file__, *words], stdout=subprocess.PIPE)


def run_and_kill(where: str, journal: Path, key: str, seconds: float) -> None:
    """Start a process that charges and charges, and kill it so long after its first success."""
    with started("charge", where, key, journal) as child:
        assert child.stdout.readline() == b"ready\n"
        while not journal.exists() or not journal.read_bytes():
            time.sleep(0.002)
        time.sleep(seconds)
        child.kill()
    assert child.returncode == -9


def run_together(times: int, *words: object) -> list[str]:
    """What so many processes print."""
    children = [started(*words) for _ in range(times)]
    printed = [child.stdout.read().decode() for child in children]
    for child in children:
        with child:
            assert child.wait(60) == 0
    return printed


if __name__ == "__main__":
    asyncio.run({"charge": charge, "finish": finish, "revoke": revoke, "keys": keys}[sys.argv[1]](*sys.argv[2:]))
