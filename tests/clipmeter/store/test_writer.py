"""Guarantee: the event loop never waits long for a disk, and leaves no work to a thread that it does faster itself."""

import threading
import time
from pathlib import Path

import apsw
import pytest

from clipmeter.store import writer
from clipmeter.store.base import Query, plan
from clipmeter.store.session import Session
from clipmeter.store.sqlite import SqliteStore

MANY = 30
PAGE = 4096


@plan
def add(number):
    values = {"account_id": f"acct_{number}", "email": f"{number}@example.com", "kind": "user", "payment": "none"}
    yield Query("account_add", values)


@pytest.fixture
async def store(tmp_path):
    async with SqliteStore(tmp_path / "clipmeter.db") as store:
        await store.submit(add("the first, for which the thread connects"))
        yield store


async def hands(store, monkeypatch, step, *, slow=0.01, many=MANY):
    """Commits count as slow from `slow` seconds on, and `step` takes three times that. Which threads commit."""
    seen, commit, original = [], Session.commit, getattr(Session, step)

    def taking_long(self, *args):
        time.sleep(3 * slow)
        return original(self, *args)

    def committing(self):
        seen.append(threading.current_thread())
        (taking_long if step == "commit" else commit)(self)

    monkeypatch.setattr(writer, "SLOW_SECONDS", slow)
    monkeypatch.setattr(writer, "SLOW_FOR_SECONDS", 600.0)
    monkeypatch.setattr(Session, step, taking_long)
    monkeypatch.setattr(Session, "commit", committing)
    for number in range(many):
        await store.submit(add(number))
    return seen


async def test_a_slow_disk(store, monkeypatch):
    """Commits that take long are soon made by the thread, until the loop tries again."""
    seen = await hands(store, monkeypatch, "commit")
    assert seen[0] is threading.main_thread()
    assert threading.main_thread() not in seen[MANY // 2 :]


async def test_a_slow_processor(store, monkeypatch):
    """Plans that take long do not say that the disk is slow: to hand them over would only make them slower."""
    seen = await hands(store, monkeypatch, "run_all", slow=0.1, many=8)
    assert set(seen) == {threading.main_thread()}


async def grow(store, path, writes, monkeypatch, restart):
    """The longest the write-ahead log was, in pages, while it is copied every 20 pages."""
    monkeypatch.setattr(writer, "LOG_PAGES", 20)
    monkeypatch.setattr(writer, "RESTART_PAGES", restart)
    longest = 0
    for number in range(writes):
        await store.submit(add(number))
        longest = max(longest, path.with_name(path.name + "-wal").stat().st_size // PAGE)
    return longest


@pytest.mark.parametrize(("restart", "bounded"), [(100, True), (10**6, False)])
async def test_the_log_begins_anew(store, tmp_path, monkeypatch, restart, bounded):
    """Under writing so steady that copying beside it never comes to the log's end, it begins anew when it is long."""
    fold = Session.fold
    monkeypatch.setattr(Session, "fold", lambda self: fold(self) if self is store._writer._session else None)
    longest = await grow(store, tmp_path / "clipmeter.db", 300, monkeypatch, restart)
    assert (longest < 300) == bounded


async def test_the_log_is_copied_beside_those_who_write(store, tmp_path, monkeypatch):
    """Until it is that long nobody waits for its copying, and what was committed is in the database file already."""
    path, seen = tmp_path / "clipmeter.db", []
    fold = Session.fold

    def folding(self):
        seen.append(self)
        fold(self)

    monkeypatch.setattr(Session, "fold", folding)
    await grow(store, path, 200, monkeypatch, restart=10**6)
    assert seen
    assert store._writer._session not in seen
    alone = tmp_path / "alone.db"
    alone.write_bytes(path.read_bytes())  # without its log
    with apsw.Connection(str(alone)) as connection:
        ((copied,),) = connection.execute("SELECT COUNT(*) FROM accounts")
    assert copied > 100


async def test_nothing_stays_open(tmp_path, monkeypatch):
    """What it copied with is closed with it, also after it failed: else files stay open, and the log beside its end."""
    path = tmp_path / "clipmeter.db"
    for fails in (False, True, False):
        async with SqliteStore(path) as store:
            await store.submit(add(f"first {fails}"))
            await grow(store, path, 60, monkeypatch, restart=10**6)
            if fails:
                with monkeypatch.context() as patch:
                    patch.setattr(Session, "fold", failing)
                    await grow(store, path, 60, monkeypatch, restart=10**6)
        assert "clipmeter.db" not in open_files()
        assert not path.with_name("clipmeter.db-wal").exists()


def open_files():
    """Their names, in one text."""
    return " ".join(str(link.readlink()) for link in Path("/proc/self/fd").iterdir() if link.is_symlink())


def failing(_session):
    raise apsw.IOError("no")
