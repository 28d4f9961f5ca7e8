"""What several sources said of one post, put together: a post, a verdict, or nothing yet. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from clipmeter.errors import (
    Attempt,
    NotFound,
    Problem,
    UpstreamConnectionError,
    UpstreamError,
    UpstreamRateLimit,
    UpstreamTimeout,
)

from .found import LINKS, Found
from .merge import merged
from .verdict import CHALLENGE

_TELLING = (UpstreamRateLimit, NotFound, UpstreamError, UpstreamConnectionError, UpstreamTimeout)
"""When nothing is settled, what tells most comes first: a refusal was said in words; a "not found" that no second
source confirms is what refused addresses see too; a page that cannot be read at least came; a connection that failed is
a fact, where silence may be anything."""


@dataclass(frozen=True, slots=True)
class Tried:
    """How a source fared."""

    source: str
    outcome: Found | Problem
    seconds: float

    def attempt(self) -> Attempt:
        """The same for the log."""
        if isinstance(self.outcome, Problem):
            return Attempt(self.source, self.outcome.code, self.outcome.sign or self.outcome.message, self.seconds)
        return Attempt(self.source, "", "", self.seconds)


def post(tried: Sequence[Tried]) -> Found | None:
    """What has been found, of several finds the first with what the others add; None when nothing was."""
    finds = [one.outcome for one in tried if isinstance(one.outcome, Found)]
    if not finds:
        return None
    found = finds[0]
    for other in finds[1:]:
        found = merged(found, other)
    return found


def gone(tried: Sequence[Tried]) -> NotFound | None:
    """The verdict that the post is not to be had; None while a certain sign or a second source's word is wanting."""
    verdicts = [one.outcome for one in tried if isinstance(one.outcome, NotFound)]
    certain = next((verdict for verdict in verdicts if verdict.is_certain), None)
    return certain or (verdicts[0] if len(verdicts) > 1 else None)


def telling(tried: Sequence[Tried]) -> Problem:
    """Of many reasons the one that tells the caller most; of several alike the first."""
    problems = [one.outcome for one in tried if isinstance(one.outcome, Problem)]
    for kind in _TELLING:
        if problem := next((problem for problem in problems if isinstance(problem, kind)), None):
            return problem
    return problems[0] if problems else UpstreamTimeout()


def is_hollow(found: Found) -> bool:
    """Whether nothing is known of a post but its id: a page whose fields have other names now reads so."""
    video = found.video
    counts = (video.play_count, video.likes, video.comments, video.shares)
    links = (getattr(video, name) for name in LINKS)
    return not (video.title or video.author or video.author_id or any(links)) and set(counts) == {None}


def is_challenged(tried: Sequence[Tried]) -> bool:
    """Whether a page came that only a solver of challenges gets past."""
    return any(isinstance(one.outcome, UpstreamRateLimit) and one.outcome.sign == CHALLENGE for one in tried)


def is_settling(tried: Tried) -> bool:
    """Whether the source could tell of the post: what it is, or that there is none."""
    return isinstance(tried.outcome, Found | NotFound)


def is_alive(tried: Tried) -> bool:
    """Whether the source works: it could tell, or sent a challenge, as a healthy one does."""
    return is_settling(tried) or is_challenged([tried])
