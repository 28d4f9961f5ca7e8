"""Leaves out what keeps failing, and finds out by single trials when it works again. Pure: time is given.

closed ──(so many failures in a row)──▶ open ──(cool-down over)──▶ half-open: one trial
   ▲                                     ▲                              │
   └────────────── success ──────────────┼──────────── failure ─────────┘  (and twice the cool-down)
"""

import time
from collections.abc import Callable, Hashable


class Breaker:
    """Of one thing that can fail as a whole: a source, a filler, a proxy.

    Who got True from `admits` says how it went: `success`, `failure`, or `release` when nothing was learnt.
    """

    def __init__(
        self,
        *,
        failures: int = 3,
        cool_down: float = 10.0,
        longest: float = 300.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Opens after `failures` in a row, for `cool_down` seconds; a trial that fails doubles them, to `longest`."""
        self._most, self._first, self._longest, self._clock = failures, cool_down, longest, clock
        self._failed: set[Hashable] = set()
        self._cool_down = cool_down
        self._open_until: float | None = None
        self._trial_until = 0.0

    @property
    def state(self) -> str:
        """`closed`, `open` or `half-open`."""
        if self._open_until is None:
            return "closed"
        return "open" if self._clock() < self._open_until else "half-open"

    def admits(self) -> bool:
        """Whether to try now. While half-open only one may, and has one cool-down of time to say how it went."""
        state = self.state
        if state != "half-open":
            return state == "closed"
        if self._clock() < self._trial_until:
            return False
        self._trial_until = self._clock() + self._cool_down
        return True

    def success(self) -> None:
        """It works."""
        self._failed.clear()
        self._open_until, self._cool_down = None, self._first

    def failure(self, subject: Hashable = None, *, at_once: bool = False) -> None:
        """It failed for `subject`, which counts once however often it fails; `at_once`: do not wait for more."""
        self._failed.add(object() if subject is None else subject)
        if self._open_until is not None:
            if self.state == "half-open":
                self._cool_down = min(2 * self._cool_down, self._longest)
                self._open()
        elif at_once or len(self._failed) >= self._most:
            self._open()

    def release(self) -> None:
        """Nothing was learnt: the next may try."""
        self._trial_until = 0.0

    def _open(self) -> None:
        self._open_until, self._trial_until = self._clock() + self._cool_down, 0.0
