"""How soon a process of ours that has ended is started anew."""

STEADY_SECONDS = 30.0
"""One that lived this long is replaced at once; one that ends sooner, after a pause that doubles."""
FIRST_PAUSE, LONGEST_PAUSE = 0.5, 30.0


def next_pause(lived: float, pause: float) -> float:
    """Seconds to wait. `lived`: how many it ran; `pause`: how many were waited before that."""
    return 0.0 if lived > STEADY_SECONDS else min(LONGEST_PAUSE, max(FIRST_PAUSE, pause * 2))
