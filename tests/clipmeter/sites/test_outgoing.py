"""Which address goes next, and how soon."""

import pytest

from clipmeter.errors import UpstreamConnectionError
from clipmeter.sites.outgoing import Outgoing

US, DE, FR = "region=US http://us:1", "region=de http://de:1", "http://fr:1"


class Clock:
    now = 100.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


def proxies(outgoing, times):
    return [outgoing.choose().proxy for _ in range(times)]


def breaks(way, times=3):
    for _ in range(times):
        with pytest.raises(UpstreamConnectionError), way.trying():
            raise UpstreamConnectionError


def test_without_proxies():
    """The machine's own address, always, however often it fails; there is no other."""
    outgoing = Outgoing()
    breaks(outgoing.ways[0], 9)
    assert proxies(outgoing, 2) == ["", ""]
    assert outgoing.choose(but=outgoing.ways[0]) is None


def test_they_take_turns():
    """Each after the other; the region in front is no part of the address."""
    assert proxies(Outgoing((US, DE, FR)), 4) == ["http://us:1", "http://de:1", "http://fr:1", "http://us:1"]


def test_the_preferred_region_first():
    """Only those of the region, whatever case it is written in, while one of them works."""
    outgoing = Outgoing((US, DE, FR), region="DE")
    assert set(proxies(outgoing, 5)) == {"http://de:1"}
    breaks(outgoing.ways[1])
    assert set(proxies(outgoing, 5)) == {"http://us:1", "http://fr:1"}


def test_the_dead_are_left_out_and_tried_again(clock):
    """A proxy that reaches nothing is skipped for the cool-down, then tried once; when it works it is back."""
    outgoing = Outgoing((US, DE), clock=clock)
    breaks(outgoing.ways[0])
    assert set(proxies(outgoing, 6)) == {"http://de:1"}
    clock.now += 10.1
    assert proxies(outgoing, 6).count("http://us:1") == 1
    with outgoing.ways[0].trying():
        pass
    assert proxies(outgoing, 6).count("http://us:1") == 3


def test_all_dead_is_no_reason_to_give_up():
    """When none works they are asked in turn all the same."""
    outgoing = Outgoing((US, DE))
    for way in outgoing.ways:
        breaks(way)
    assert set(proxies(outgoing, 4)) == {"http://us:1", "http://de:1"}


def test_what_does_not_fit_is_never_chosen():
    """Files go through no socks proxy."""
    outgoing = Outgoing(("socks5://a:1", FR))
    fits = [outgoing.choose(fits=lambda way: not way.proxy.startswith("socks")).proxy for _ in range(4)]
    assert set(fits) == {"http://fr:1"}


@pytest.mark.parametrize("pace", [0.5, 2, 10])
def test_a_polite_pace(clock, pace):
    """Over any stretch of time no more than the pace allows, plus one second's worth at once."""
    way = Outgoing(pace=pace, clock=clock).ways[0]
    sent = []
    while clock.now < 120:
        wait = way.wait(60)
        clock.now += wait
        sent.append(clock.now)
    for start in (100, 105.3, 110):
        assert len([at for at in sent if start <= at < start + 8]) <= 8 * pace + max(pace, 1) + 1
    assert len(sent) >= 19 * pace
    assert sent[0] == 100


def test_who_cannot_wait_takes_no_turn(clock):
    """Without time enough nothing is sent, and the others lose nothing by it."""
    way = Outgoing(pace=1, clock=clock).ways[0]
    assert way.wait(0) == 0
    assert [way.wait(0.5) for _ in range(5)] == [None] * 5
    assert way.wait(2) == 1


def test_no_pace(clock):
    """0 is any number at once."""
    way = Outgoing(clock=clock).ways[0]
    assert {way.wait(1) for _ in range(1000)} == {0}
