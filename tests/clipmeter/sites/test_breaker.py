"""Breakers, against a clock of the test's own."""

import pytest

from clipmeter.sites.breaker import Breaker


class Clock:
    now = 100.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def breaker(clock):
    return Breaker(failures=3, cool_down=10, longest=30, clock=clock)


def test_opens_after_failures_in_a_row(breaker):
    """Three in a row open it; a success between them begins the count anew."""
    for _ in range(2):
        breaker.failure()
    breaker.success()
    for _ in range(2):
        breaker.failure()
    assert breaker.admits()
    breaker.failure()
    assert (breaker.state, breaker.admits()) == ("open", False)


def test_one_subject_is_one_failure(breaker):
    """However often one video fails, it is no sign that the source does."""
    for _ in range(20):
        breaker.failure("one")
    breaker.failure("two")
    assert breaker.admits()
    breaker.failure("three")
    assert not breaker.admits()


def test_at_once(breaker):
    """A failure that cost much opens it alone."""
    breaker.failure("one", at_once=True)
    assert not breaker.admits()


def test_one_trial_after_the_cool_down(breaker, clock):
    """Half-open, one may try and the others may not; its success closes it for all."""
    breaker.failure(at_once=True)
    clock.now += 9.9
    assert not breaker.admits()
    clock.now += 0.2
    assert [breaker.admits() for _ in range(3)] == [True, False, False]
    breaker.success()
    assert [breaker.admits() for _ in range(3)] == [True] * 3


def test_a_trial_that_fails_waits_longer(breaker, clock):
    """The cool-down doubles, up to the longest, and is short again after a success."""
    breaker.failure(at_once=True)
    for cool_down in (10, 20, 30, 30):
        clock.now += cool_down - 0.1
        assert not breaker.admits()
        clock.now += 0.2
        assert breaker.admits()
        breaker.failure()
    breaker.success()
    breaker.failure(at_once=True)
    clock.now += 10.1
    assert breaker.admits()


def test_a_trial_that_tells_nothing(breaker, clock):
    """Released, or never heard of again for a whole cool-down: the next may try."""
    breaker.failure(at_once=True)
    clock.now += 10.1
    assert breaker.admits()
    breaker.release()
    assert breaker.admits()
    assert not breaker.admits()
    clock.now += 10.1
    assert breaker.admits()


def test_late_failures_do_not_prolong_it(breaker, clock):
    """Those who began before it opened fail while it is open: the cool-down stays what it was."""
    for _ in range(9):
        breaker.failure()
    clock.now += 10.1
    assert breaker.admits()
