"""How long things took, as counts by length: small enough to keep for every hour and day, and they can be added up."""

from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass
from math import ceil

BOUNDS = (10, 25, 50, 100, 200, 400, 700, 1_000, 2_000, 4_000, 8_000)
"""Milliseconds. A bucket counts what took at most so long, and longer than the bound before; one more has the rest."""
BUCKETS = tuple(f"bucket_{letter}" for letter in "abcdefghijkl")
"""Their names in the database, in order."""


def bucket_of(ms: float) -> int:
    """The place of a bucket in a row of them."""
    return bisect_left(BOUNDS, ms)


@dataclass(frozen=True, slots=True)
class Latency:
    """How long some things took, in milliseconds. `max_ms`: the longest; `buckets`: as BUCKETS says.

    Not everything that is in `total_ms` need be in a bucket: what was noted before there were any is in none.
    """

    total_ms: int = 0
    max_ms: int = 0
    buckets: tuple[int, ...] = (0,) * len(BUCKETS)

    @property
    def counted(self) -> int:
        """How many things the buckets hold."""
        return sum(self.buckets)

    def at_most(self, share: float) -> int | None:
        """Milliseconds within which at least this share (0 to 1) was done; None when nothing was counted.

        It is a bound and no measurement: the true time lies between the bound before and this one.
        """
        wanted, seen = ceil(self.counted * share), 0
        for bound, count in zip((*BOUNDS, self.max_ms), self.buckets, strict=True):
            seen += count
            if count and seen >= wanted:
                return min(bound, self.max_ms)
        return None


def together(parts: Iterable[Latency]) -> Latency:
    """Several as one."""
    total, longest, buckets = 0, 0, [0] * len(BUCKETS)
    for part in parts:
        total, longest = total + part.total_ms, max(longest, part.max_ms)
        buckets = [one + other for one, other in zip(buckets, part.buckets, strict=True)]
    return Latency(total, longest, tuple(buckets))
