"""The process that keeps the records: nothing is lost on the way, its end is no harm, and it ends with its server."""

import asyncio
import os
import signal
import time
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest

from bank import store_at
from clipmeter.errors import Attempt
from clipmeter.records import recorder as recorder_module
from clipmeter.records.health import HealthLog
from clipmeter.records.line import Order
from clipmeter.records.recorder import PENDING, Recorder
from clipmeter.records.requests import Filters, RequestLog
from served import EXAMPLE

TRIED = (Attempt("webpage", "upstream_error", "no script", 1.5), Attempt("embed", "", "", 0.25))


def order(where):
    """For a database of either kind."""
    path, url = ("", where) if where.startswith("postgresql:") else (where, "")
    return Order(path, url, pooled=False, keep_days=30, log_level="error")


@asynccontextmanager
async def recording(where):
    """A recorder that is stopped at the end."""
    recorder = Recorder(order(where))
    recorder.start()
    try:
        yield recorder
    finally:
        await recorder.stop()


async def rows_of(where):
    """The log of the account that entries are of."""
    async with store_at(where) as store:
        return await RequestLog(store, 30).page("acct_1", "", 1000, Filters())


async def until(check):
    """Wait for something, not for ever."""
    give_up = time.monotonic() + 10
    while not check():
        assert time.monotonic() < give_up
        await asyncio.sleep(0.01)


async def pid_of(recorder, *, other_than=0):
    """The process, once it runs."""
    await until(lambda: recorder._process and recorder._process._popen.pid != other_than)
    return recorder._process._popen.pid


async def all_done(recorder):
    """Until the process has said that it is done with all that it was sent."""
    await until(lambda: not recorder._batch.entries and recorder._process.line.progress.done == recorder._process.sent)


def is_there(pid):
    """Whether a process still runs."""
    with suppress(ProcessLookupError):
        os.kill(pid, 0)
        return True
    return False


async def test_all_that_was_handed_over_is_written(where, entry):
    """When `stop` returns the log, the sources' and the endpoints' sums are in the database, each as it was given."""
    async with recording(where) as recorder:
        given = entry(attempts=TRIED, sign="seen", from_memory=True, asked="https://example.org/ü")
        recorder.note(given)
        recorder.served("live", "video", "", [12.0, 30.0])
        recorder.tried("test", TRIED)
        recorder.tried("test", ())
    assert recorder.dropped == 0
    (row,) = await rows_of(where)
    assert (row.asked, row.sign, row.from_memory, row.timings) == (given.asked, "seen", True, given.timings)
    assert [(one.source, one.code, one.sign, one.ms) for one in row.attempts] == [
        ("webpage", "upstream_error", "no script", 1500.0),
        ("embed", "", "", 250.0),
    ]
    async with store_at(where) as store:
        record = await HealthLog(store).record("live", 0)
        tries = await HealthLog(store).since(1)
    assert [(one.who, one.number, one.latency.total_ms) for one in record.endpoints] == [("video", 2, 42)]
    assert [(one.lane, one.source, one.code, one.tries) for one in tries] == [
        ("test", "embed", "", 1),
        ("test", "webpage", "upstream_error", 1),
    ]


async def test_many_rows_in_one_go(where, entry):
    """What is handed over faster than it can be written is written all the same, each once."""
    async with recording(where) as recorder:
        for _ in range(4):
            for _ in range(1000):
                recorder.note(entry())
            await asyncio.sleep(0.1)
    assert recorder.dropped == 0
    async with store_at(where) as store:
        rows = await RequestLog(store, 30).page("acct_1", "", 5000, Filters())
    assert len({row.request_id for row in rows}) == len(rows) == 4000


async def test_its_end_is_no_harm(tmp_path, entry):
    """Killed, it is started anew; what it had written stays, what it had not is counted, and the rest is written."""
    where = str(tmp_path / "records.db")
    async with recording(where) as recorder:
        pid = await pid_of(recorder)
        recorder.note(entry(request_id="req_before"))
        await all_done(recorder)
        os.kill(pid, signal.SIGSTOP)  # so that it is certain what it has not written
        recorder.note(entry(request_id="req_lost"))
        await asyncio.sleep(0.2)
        os.kill(pid, signal.SIGKILL)
        await until(lambda: not recorder._process)
        recorder.note(entry(request_id="req_between"))
        await pid_of(recorder, other_than=pid)
        recorder.note(entry(request_id="req_after"))
        assert recorder.dropped == 1
    assert recorder.dropped == 1
    assert {row.request_id for row in await rows_of(where)} == {"req_before", "req_between", "req_after"}


async def test_stopped_while_there_is_none(tmp_path, entry):
    """What waits for a new process when the server ends is still written, and the count of dropped never goes down."""
    where = str(tmp_path / "records.db")
    async with recording(where) as recorder:
        os.kill(await pid_of(recorder), signal.SIGKILL)
        await until(lambda: not recorder._process)
        recorder.note(entry())
    assert recorder.dropped == 0
    assert len(await rows_of(where)) == 1


async def test_dropped_only_grows(tmp_path, entry):
    """Whenever it is looked at, before, while and after the process is found to have ended."""
    async with recording(str(tmp_path / "records.db")) as recorder:
        pid = await pid_of(recorder)
        os.kill(pid, signal.SIGSTOP)
        for _ in range(50):
            recorder.note(entry())
        await until(lambda: not recorder._batch.entries)
        os.kill(pid, signal.SIGKILL)
        seen = []
        while recorder._process is None or recorder._process._popen.pid == pid:
            seen.append(recorder.dropped)
            await asyncio.sleep(0)
    assert seen == sorted(seen)
    assert recorder.dropped == 50


async def test_half_characters(tmp_path, entry):
    """A text that no encoding has spoils neither its own row nor those that go with it."""
    where = str(tmp_path / "records.db")
    async with recording(where) as recorder:
        recorder.note(entry(asked="half \ud83d", sign="\udcff", attempts=(Attempt("webpage", "", "\ud800", 0.1),)))
        recorder.note(entry())
        recorder.tried("live", (Attempt("webpage", "", "\ud800", 0.1),))
    assert recorder.dropped == 0
    plain, odd = await rows_of(where)
    assert (plain.asked, odd.asked, odd.sign) == ("7516594811734854943", "half ?", "?")
    async with store_at(where) as store:
        assert [one.tries for one in await HealthLog(store).since(1)] == [1]


async def test_one_that_hangs(tmp_path, entry, monkeypatch):
    """A process that does not listen keeps nobody: what it cannot take is dropped and counted, and it is killed."""
    monkeypatch.setattr(recorder_module, "BUFFER", 10_000)
    monkeypatch.setattr(recorder_module, "STOP_SECONDS", 0.5)
    async with recording(str(tmp_path / "records.db")) as recorder:
        pid = await pid_of(recorder)
        os.kill(pid, signal.SIGSTOP)
        for _ in range(10):
            for _ in range(500):
                recorder.note(entry())
            await asyncio.sleep(0.06)
        assert 0 < recorder.dropped < 5000  # beside what the kernel holds
        began = time.monotonic()
    assert time.monotonic() - began < 5
    assert recorder.dropped == 5000
    assert not is_there(pid)


async def test_what_waits_for_it_is_bounded(tmp_path, entry):
    """While there is no process so many entries wait, more are dropped; those that waited are written."""
    recorder = Recorder(order(str(tmp_path / "records.db")))
    for _ in range(PENDING + 3):
        recorder.note(entry())
    assert recorder.dropped == 3
    recorder.start()
    await pid_of(recorder)
    await recorder.stop()
    async with store_at(str(tmp_path / "records.db")) as store:
        assert len(await RequestLog(store, 30).page("acct_1", "", 9999, Filters())) == PENDING


async def test_it_waits_for_its_database(tmp_path, entry):
    """A database that is not there yet: what comes until it is, is written then."""
    where = tmp_path / "records.db"
    where.mkdir()  # in the place of the file
    async with recording(str(where)) as recorder:
        recorder.note(entry())
        await pid_of(recorder)
        await asyncio.sleep(1.0)
        where.rmdir()
    assert recorder.dropped == 0
    assert len(await rows_of(str(where))) == 1


async def test_a_database_that_never_comes(tmp_path, entry):
    """It does not keep a server from ending: what was handed over counts as dropped."""
    where = tmp_path / "records.db"
    where.mkdir()
    async with recording(str(where)) as recorder:
        recorder.note(entry())
        await pid_of(recorder)
        await asyncio.sleep(0.5)
    assert recorder.dropped == 1


async def test_it_ends_with_its_line_only(tmp_path, entry):
    """Signals that are for the server do not end it: a Ctrl-C in a terminal, or the stop of a service."""
    where = str(tmp_path / "records.db")
    async with recording(where) as recorder:
        pid = await pid_of(recorder)
        for _ in range(2):  # before it has done anything, and when it is at work
            for signal_ in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
                os.kill(pid, signal_)
            recorder.note(entry())
            await all_done(recorder)
        assert await pid_of(recorder) == pid
    assert recorder.dropped == 0
    assert len(await rows_of(where)) == 2


async def test_it_does_not_outlive_its_server(new_served, emulator):
    """After kill -9 of the server what it had handed over is written, and then the process ends by itself."""
    served = new_served(upstream=emulator.url)
    (pid,) = children(served.process.pid)
    asked = [served.get(key=served.keys["test_key"], video_id=EXAMPLE).request_id for _ in range(5)]
    await asyncio.sleep(0.2)  # longer than a call waits to be handed over
    served.kill()
    await until(lambda: not is_there(pid))
    served.start()
    logged = served.get("/v1/requests", key=served.keys["test_key"]).json["requests"]
    assert {row["request_id"] for row in logged} == set(asked)


def children(pid):
    """The processes that one has started."""
    text = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="utf8")
    return [int(child) for child in text.split()]


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGSEGV])
def test_calls_go_on_without_it(new_served, emulator, how):
    """A server whose recorder has ended answers as before, has a new one soon, and says so once in its log."""
    served = new_served(upstream=emulator.url)
    (pid,) = children(served.process.pid)
    os.kill(pid, how)
    reply = served.get(key=served.keys["test_key"], video_id=EXAMPLE)
    assert reply.status == 200
    give_up = time.monotonic() + 10
    while children(served.process.pid) in ([], [pid]) and time.monotonic() < give_up:
        time.sleep(0.02)
    assert served.stop() == 0
    served.start()
    (row,) = served.get("/v1/requests", key=served.keys["test_key"]).json["requests"]
    assert row["request_id"] == reply.request_id
    assert (served.home.parent / f"{served.home.name}.log").read_text().count("the recorder has ended") == 1
