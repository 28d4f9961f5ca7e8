"""Guarantee: what ends again and again is started less and less often, and what has run for long at once."""

from clipmeter.restarts import FIRST_PAUSE, LONGEST_PAUSE, STEADY_SECONDS, next_pause


def test_pauses_double():
    """From the first to the longest, and from the beginning again after a long life."""
    pauses = [0.0]
    for _ in range(9):
        pauses.append(next_pause(1.0, pauses[-1]))
    assert pauses[1:3] == [FIRST_PAUSE, 2 * FIRST_PAUSE]
    assert pauses == sorted(pauses)
    assert pauses[-2:] == [LONGEST_PAUSE, LONGEST_PAUSE]
    assert next_pause(STEADY_SECONDS + 1, LONGEST_PAUSE) == 0
