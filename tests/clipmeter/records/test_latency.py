"""Counts by length: what they say about how long things took, and what they do not."""

import pytest

from clipmeter.records.latency import BOUNDS, BUCKETS, Latency, bucket_of, together


def took(*lengths):
    buckets = [0] * len(BUCKETS)
    for ms in lengths:
        buckets[bucket_of(ms)] += 1
    return Latency(sum(lengths), max(lengths, default=0), tuple(buckets))


def test_every_length_has_one_bucket():
    """A length on a bound belongs below it, and what is longer than all bounds to the last bucket."""
    assert [bucket_of(ms) for ms in BOUNDS] == list(range(len(BOUNDS)))
    assert (bucket_of(0), bucket_of(10.001), bucket_of(8_001), len(BUCKETS)) == (0, 1, len(BOUNDS), len(BOUNDS) + 1)


@pytest.mark.parametrize(
    ("lengths", "half", "most"),
    [
        ((), None, None),
        ((7,), 7, 7),
        ((8, 30, 60, 90), 50, 90),
        (tuple(range(1, 101)), 50, 100),
        ((5,) * 19 + (9_000,), 10, 10),
        ((5,) * 18 + (9_000, 12_000), 10, 12_000),
    ],
)
def test_bounds_hold(lengths, half, most):
    """At least the asked share took at most so long, and no bound is beyond the longest."""
    latency = took(*lengths)
    assert (latency.at_most(0.5), latency.at_most(0.95)) == (half, most)
    for share in (0.01, 0.5, 0.95, 1):
        bound = latency.at_most(share)
        assert bound is None or sum(ms <= bound for ms in lengths) >= share * len(lengths)


def test_they_add_up():
    """Parts together say what all of it says."""
    assert together([took(5, 30), took(), took(9_999)]) == took(5, 30, 9_999)
    assert together([]).at_most(0.5) is None
