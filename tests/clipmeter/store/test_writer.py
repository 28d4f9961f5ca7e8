"""Guarantee: the event loop never waits long for a disk, and leaves no work to a thread that it does faster itself."""

import threading
import time

import pytest

from clipmeter.store.base import Query, plan
from clipmeter.store.session import Session
from clipmeter.store.sqlite import SqliteStore

MANY = 30
LONG = 0.03
"""Seconds, several times what a commit may take on average."""


@plan
def add(number):
    values = {"account_id": f"acct_{number}", "email": f"{number}@example.com", "kind": "user", "payment": "none"}
    yield Query("account_add", values)


@pytest.fixture
async def store(tmp_path):
    async with SqliteStore(tmp_path / "clipmeter.db") as store:
        await store.submit(add("the first, for which the thread connects"))
        yield store


async def hands(store, monkeypatch, step):
    """Which threads commit while `step` of each transaction takes long."""
    seen, commit, slow = [], Session.commit, getattr(Session, step)

    def taking_long(self, *args):
        time.sleep(LONG)
        return slow(self, *args)

    def committing(self):
        seen.append(threading.current_thread())
        (taking_long if step == "commit" else commit)(self)

    monkeypatch.setattr(Session, step, taking_long)
    monkeypatch.setattr(Session, "commit", committing)
    for number in range(MANY):
        await store.submit(add(number))
    return seen


async def test_a_slow_disk(store, monkeypatch):
    """Commits that take long are soon made by the thread."""
    seen = await hands(store, monkeypatch, "commit")
    assert seen[0] is threading.main_thread()
    assert seen[MANY // 2 :].count(threading.main_thread()) <= 1


async def test_a_slow_processor(store, monkeypatch):
    """Plans that take long do not say that the disk is slow: to hand them over would only make them slower."""
    seen = await hands(store, monkeypatch, "run_all")
    assert set(seen) == {threading.main_thread()}
