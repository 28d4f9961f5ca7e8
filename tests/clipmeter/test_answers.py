"""Remembered answers: asked for once, never past their links, failures never."""

import asyncio
from dataclasses import dataclass

import pytest

from clipmeter.answers import LINK_MARGIN, Answers
from clipmeter.errors import UpstreamError


@dataclass(frozen=True)
class Dated:
    """The least that an answer is."""

    fetched_at: float
    expires_at: float | None = None
    partial: bool = False


class Source:
    """Counts how often it was asked; answers when `gate` opens."""

    def __init__(self):
        self.now, self.asked, self.running, self.lifetime = 1000.0, 0, 0, None
        self.gate = asyncio.Event()
        self.failure = None
        self.partial = False

    async def __call__(self, _key):
        self.asked += 1
        self.running += 1
        try:
            await self.gate.wait()
        finally:
            self.running -= 1
        if self.failure:
            raise self.failure
        return Dated(self.now, None if self.lifetime is None else self.now + self.lifetime, self.partial)

    def answers(self, *, max_age=60, remember=10):
        return Answers(self, max_age=max_age, remember=remember, clock=lambda: self.now)


@pytest.fixture
async def source():
    made = Source()
    made.gate.set()
    return made


async def test_asked_for_once_however_many_ask(source):
    """A hundred who ask at once are one request to the source, and all get its answer."""
    answers = source.answers()
    got = await asyncio.gather(*(answers.get("a") for _ in range(100)))
    assert source.asked == 1
    assert len({id(one.answer) for one in got}) == 1
    assert not any(one.remembered for one in got)


async def test_remembered_for_max_age(source):
    """Within max_age the source is not asked again; after it, it is."""
    answers = source.answers(max_age=60)
    await answers.get("a")
    source.now += 59.9
    await answers.get("a")
    assert source.asked == 1
    source.now += 0.1
    await answers.get("a")
    assert source.asked == 2


async def test_the_caller_says_how_old(source):
    """max_age of a request wins over the setting, in both directions; the age is told in whole seconds."""
    answers = source.answers(max_age=60)
    await answers.get("a")
    source.now += 90.7
    got = await answers.get("a", 100)
    assert (got.age, got.remembered, source.asked) == (90, True, 1)
    got = await answers.get("a", 0)
    assert (got.age, got.remembered, source.asked) == (0, False, 2)


async def test_stopgaps_are_not_remembered(source):
    """A partial answer never stands in for a full one."""
    source.partial = True
    answers = source.answers()
    await answers.get("a")
    await answers.get("a")
    assert source.asked == 2


async def test_zero_means_no_memory(source):
    """max_age 0 asks the source each time."""
    answers = source.answers(max_age=0)
    await answers.get("a")
    await answers.get("a")
    assert source.asked == 2


async def test_never_with_links_about_to_die(source):
    """An answer is not served from memory once a link of it expires within five minutes."""
    source.lifetime = LINK_MARGIN + 10
    answers = source.answers(max_age=60)
    await answers.get("a")
    source.now += 10
    await answers.get("a")
    assert source.asked == 1
    source.now += 0.1
    await answers.get("a")
    assert source.asked == 2


async def test_a_clock_that_jumps_back_forgets(source):
    """An answer from the future is not trusted."""
    answers = source.answers()
    await answers.get("a")
    source.now -= 3600
    await answers.get("a")
    assert source.asked == 2


async def test_failures_are_never_remembered(source):
    """A failure reaches everyone who waited for it, and the next caller asks anew."""
    source.failure = UpstreamError()
    answers = source.answers()
    got = await asyncio.gather(*(answers.get("a") for _ in range(3)), return_exceptions=True)
    assert [type(one) for one in got] == [UpstreamError] * 3
    source.failure = None
    await answers.get("a")
    assert source.asked == 2


async def test_the_least_used_are_forgotten_first(source):
    """The memory is bounded."""
    answers = source.answers(remember=2)
    for key in ("a", "b", "a", "c", "a", "b"):
        await answers.get(key)
    assert source.asked == 4


async def test_survives_the_first_caller_leaving(source):
    """Who joined a question gets its answer, even when the one who asked first has left."""
    source.gate.clear()
    answers = source.answers()
    first, second = asyncio.ensure_future(answers.get("a")), asyncio.ensure_future(answers.get("a"))
    await asyncio.sleep(0)
    first.cancel()
    await asyncio.wait({first})
    source.gate.set()
    await second
    assert source.asked == 1


async def test_stops_the_source_when_everyone_has_left(source):
    """When the last who waits leaves, the source is stopped before that caller's own end; the next asks anew."""
    source.gate.clear()
    answers = source.answers()
    only = asyncio.ensure_future(answers.get("a"))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert source.running == 1
    only.cancel()
    await asyncio.wait({only})
    assert source.running == 0
    source.gate.set()
    await answers.get("a")
    assert source.asked == 2
