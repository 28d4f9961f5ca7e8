"""The addresses that requests go out from: this machine's own, or proxies. Which is next, and how soon. Pure.

A proxy is written as its URL, or as `region=US http://HOST:PORT` when it is known where it stands.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count

from clipmeter.errors import UpstreamConnectionError

from .breaker import Breaker

BURST = 1.0
"""Seconds' worth of requests that may go out at once after a pause."""
_MARK = "region="


class Way:
    """One address. `proxy`: its URL, "" for none."""

    def __init__(self, text: str, *, pace: float, clock: Callable[[], float]) -> None:
        """`pace`: requests per second at most; 0: any number."""
        mark, _, self.proxy = text.rpartition(" ")
        self.region = mark.strip().removeprefix(_MARK).upper()
        self.breaker = Breaker(clock=clock)
        self._step = 1 / pace if pace else 0.0
        self._clock = clock
        self._due = 0.0  # when the next request would be due if all went out evenly

    @contextmanager
    def trying(self) -> Iterator[None]:
        """Learns from how the request inside ends: what cannot be reached this way counts against it."""
        try:
            yield
        except UpstreamConnectionError:
            self.breaker.failure()
            raise
        except BaseException:  # a cancellation too: it says nothing about this way
            self.breaker.release()
            raise
        self.breaker.success()

    def wait(self, most: float) -> float | None:
        """Seconds to wait before one more request; None, and no turn is taken, when these are more than `most`."""
        now = self._clock()
        due = max(self._due, now - max(BURST - self._step, 0.0))
        if due - now > most:
            return None
        self._due = due + self._step
        return max(due - now, 0.0)


class Outgoing:
    """All of the addresses, taking turns: of the preferred region first, those that work before those that do not."""

    def __init__(
        self,
        proxies: tuple[str, ...] = (),
        *,
        region: str = "",
        pace: float = 0.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`region`: of two letters; "" prefers none. `pace` holds for each address."""
        self.ways = tuple(Way(text, pace=pace, clock=clock) for text in proxies or ("",))
        self._region = region.upper()
        self._turn = count()

    def choose(self, *, but: Way | None = None, fits: Callable[[Way], bool] = lambda _: True) -> Way | None:
        """The next address that `fits`, another than `but`; None when there is none."""
        turn = next(self._turn)
        fitting = [way for way in self.ways if way is not but and fits(way)]
        near = [way for way in fitting if self._region and way.region == self._region]
        far = [way for way in fitting if way not in near]
        for group in (near, far):
            if way := next((way for way in _from(group, turn) if way.breaker.admits()), None):
                return way
        return next(_from(near or far, turn), None)  # none of them works: asking is better than giving up


def _from(ways: list[Way], turn: int) -> Iterator[Way]:
    """All of them, beginning with whose turn it is."""
    return (ways[(turn + n) % len(ways)] for n in range(len(ways)))
