"""The power goes at any moment: what was told is in the books, and the books are right."""

import asyncio
import random
import shutil
import tempfile
from contextlib import closing, suppress
from pathlib import Path
from uuid import uuid4

import apsw
import pytest

from bank import Bank
from clipmeter.errors import InvalidApiKey, ServiceUnavailable
from clipmeter.store.sqlite import SqliteStore
from powerloss import Disk, image

CRASHES = 120
CALLS = 40
"""Writes and syncs of a few requests at once, and some more."""


class Life:
    """A server's life on a disk: it does a bit of everything, and says on the disk's log what it told its callers."""

    def __init__(self, disk, folder, dice, store_of):
        self.disk, self.dice = disk, dice
        self.bank = Bank(str(folder / "clipmeter.db"), store_of=store_of)

    async def run(self, steps):
        await self.bank.open()
        self.callers = [await self.bank.caller(payment=payment) for payment in ("none", "card", "card")]
        doings = [self.burst] * 6 + [self.charge, self.fail, self.revoke, self.checkpoint, self.restart]
        for _ in range(steps):
            await self.dice.choice(doings)()
        await self.bank.close()

    def told(self, kind, value):
        self.disk.told((kind, value))

    async def success(self, caller):
        hold = await self.bank.admit(caller)
        await self.bank.ledger.post(hold)
        self.told("posted", hold.request_id)

    async def burst(self):
        await asyncio.gather(*(self.success(caller) for caller in self.callers for _ in range(self.dice.randint(0, 3))))

    async def charge(self):
        request_id = uuid4().hex
        await self.bank.ledger.charge(self.callers[1], "tiktok/video", video_id="1", request_id=request_id)
        self.told("posted", request_id)

    async def fail(self):
        hold = await self.bank.admit(self.callers[0])
        await self.bank.ledger.void(hold, "not_found")
        self.told("voided", hold.request_id)

    async def revoke(self):
        made = await self.bank.accounts.create(f"{uuid4().hex}@example.com")
        await self.bank.keys.revoke((await self.bank.keys.find(made.key)).key_id)
        self.told("revoked", made.key)

    async def checkpoint(self):
        how = self.dice.choice(["PASSIVE", "FULL", "RESTART", "TRUNCATE"])
        with closing(apsw.Connection(self.bank.where, vfs=self.disk.vfs_name)) as other:
            other.execute(f"PRAGMA wal_checkpoint({how})").fetchall()

    async def restart(self):
        await self.bank.close()
        await self.bank.open()


async def live(folder, seed, settings=""):
    """The log of a life; `settings`: what the store's connections say to SQLite."""
    disk = Disk()

    class Store(SqliteStore):
        def _connect(self, **how):
            session = super()._connect(**how)
            session._connection.execute(settings)
            return session

    folder.mkdir()
    dice = random.Random(seed)  # noqa: S311 - no secret
    life = Life(disk, folder, dice, lambda where: Store(Path(where), vfs=disk.vfs_name))
    await life.run(25)
    return disk.log


def crashed(log, seed, folder):
    """Put what a crash at a random moment leaves into the folder: what had been told."""
    dice = random.Random(seed)  # noqa: S311 - no secret
    files, told = image(log[: dice.randint(1, len(log))], dice)
    put(files, folder)
    return told


def put(files, folder):
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    for name, content in files.items():
        (folder / Path(name).name).write_bytes(content)


async def lost(folder, told):
    """What was told and is not so in the folder's database, which must be sound and go on at once."""
    bank = await Bank(str(folder / "clipmeter.db")).open()
    rows = {row.request_id: row.state async for row in bank.ledger.show()}
    assert await bank.ledger.verify() == []
    gone = [value for kind, value in told if kind == "posted" and rows.get(value) != "posted"]
    assert not [value for kind, value in told if kind == "voided" and rows.get(value) == "posted"]
    for key in [value for kind, value in told if kind == "revoked"]:
        with pytest.raises(InvalidApiKey):
            await bank.keys.find(key)
    await bank.succeed(await bank.caller())
    await bank.close()
    with closing(apsw.Connection(bank.where)) as raw:
        assert raw.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    return gone


@pytest.fixture
def after(tmp_path):
    """Where the disk of after the crash is, in memory where there is such a folder: hundreds are opened."""
    memory = Path("/dev/shm")  # noqa: S108 - mkdtemp makes a folder of our own there
    folder = Path(tempfile.mkdtemp(dir=memory if memory.is_dir() else tmp_path))
    yield folder / "disk"
    shutil.rmtree(folder)


@pytest.mark.parametrize("seed", range(4))
async def test_power_loss(tmp_path, after, seed):
    """I3, I4, I8, I9: the power goes at a random moment, and a random part of what was not synced is lost."""
    log = await live(tmp_path / "life", seed)
    for crash in range(CRASHES // 4):
        told = crashed(log, f"{seed}-{crash}", after)
        assert await lost(after, told) == [], f"{seed}-{crash}"


@pytest.mark.parametrize("settings", ["PRAGMA synchronous=NORMAL", "PRAGMA synchronous=OFF"])
async def test_this_disk_bites(tmp_path, after, settings):
    """The control: when the store does not wait for the disk at each commit, what was told is lost."""
    log = await live(tmp_path / "life", 0, settings)
    crashes = 0
    while not await harmed(log, crashes, after):
        crashes += 1
        assert crashes < 200


async def harmed(log, seed, after):
    """Whether a crash lost something; without syncs it may be the whole database."""
    told = crashed(log, seed, after)
    try:
        return bool(await lost(after, told))
    except (AssertionError, ServiceUnavailable):
        return True


@pytest.fixture
async def faulty(tmp_path):
    """A bank on a disk that can fail."""
    disk = Disk()
    (tmp_path / "life").mkdir()
    bank = Bank(
        str(tmp_path / "life" / "clipmeter.db"), store_of=lambda where: SqliteStore(Path(where), vfs=disk.vfs_name)
    )
    bank.disk = disk
    await bank.open()
    yield bank
    disk.heal()
    assert await bank.ledger.verify() == []
    await bank.close()


async def attempt(bank, caller):
    """A success, told if it is one; nothing but ServiceUnavailable may refuse it."""
    try:
        hold = await bank.admit(caller)
    except ServiceUnavailable:
        return 0
    await bank.ledger.post(hold)
    bank.disk.told(("posted", hold.request_id))
    return 1


@pytest.mark.parametrize("fault", ["EIO", "full"])
async def test_one_call_fails(faulty, after, fault):
    """I3, I5, I10: whichever write or sync fails, what was told is in the books, and the next request works."""
    callers = [await faulty.caller(payment="card") for _ in range(3)]
    told = refused = 0
    for n in range(CALLS):
        faulty.disk.fail(fault, after=n, times=1)
        ends = await asyncio.gather(*(attempt(faulty, caller) for caller in callers))
        faulty.disk.heal()
        for caller in callers:
            await faulty.nothing_reserved(caller)
        told += sum(ends) + await attempt(faulty, callers[0])
        refused += 3 - sum(ends)
        assert told == sum([len(await faulty.rows(caller, "posted")) for caller in callers]), n
    assert faulty.disk.faults > 12
    assert refused
    for crash in range(30):
        told = crashed(faulty.disk.log, crash, after)
        assert await lost(after, told) == [], crash


@pytest.mark.parametrize("fault", ["EIO", "full"])
async def test_all_calls_fail_for_a_while(faulty, fault):
    """I3, I4: a disk that fails refuses everybody, and a success that was under way is saved once it works again."""
    caller = await faulty.caller(payment="card")
    hold = await faulty.admit(caller)
    faulty.disk.fail(fault, after=0, times=10**9)
    posting = asyncio.create_task(faulty.ledger.post(hold))
    for _ in range(5):
        assert await attempt(faulty, caller) == 0
    assert not posting.done()
    faulty.disk.heal()
    await posting
    assert await attempt(faulty, caller) == 1
    await faulty.nothing_reserved(caller)
    assert len(await faulty.rows(caller, "posted")) == 2


@pytest.mark.parametrize("fault", ["EIO", "full"])
async def test_a_start_fails(tmp_path, fault):
    """Whichever call fails while the database is made, the start says why, and the next start works."""
    disk, clean, failed = Disk(), 0, 0
    while not clean:
        store = SqliteStore(tmp_path / f"{failed}.db", vfs=disk.vfs_name)
        disk.fail(fault, after=7 * failed, times=1)
        faults = disk.faults
        with suppress(ServiceUnavailable):
            await store.open()
            clean += disk.faults == faults
        failed += not clean
        disk.heal()
        await store.close()
        async with SqliteStore(store._path):
            pass
    assert failed > 10


@pytest.mark.parametrize("calls", range(6, 16))
async def test_a_failed_sync_forgets(faulty, after, calls):
    """I3: a success that was told after syncs had failed outlives a power cut: nothing relies on a log never saved."""
    caller = await faulty.caller(payment="card")
    faulty.store._forget_reader()  # so that the writer is the last who closes
    faulty.disk.fail("EIO", after=calls, times=3)
    await attempt(faulty, caller)
    faulty.disk.heal()
    assert faulty.disk.faults
    for crash in range(5):
        files, told = image(faulty.disk.log, random.Random(crash))  # noqa: S311 - no secret
        put(files, after)
        assert await lost(after, told) == [], crash
