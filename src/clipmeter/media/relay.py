"""The relay: the bytes of a post's file, whatever became of the CDN's link since it was given out.

Rule 1: it takes no slot and never touches the ledger. What bounds it is how many files one account has under way.
Rule 2: a CDN's link that is refused is got anew from TikTok once, and no more often than every REFRESH seconds a post.
Rule 3: what it remembers is bounded, and only saves time: links outlive a restart.
"""

from collections import Counter, OrderedDict
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from time import monotonic

from clipmeter.errors import ConcurrencyLimitExceeded, NotFound, Problem, ServiceUnavailable
from clipmeter.media.files import urls
from clipmeter.media.links import Wanted
from clipmeter.media.reply import Head, Refusal, forwarded, head_of
from clipmeter.sites.fetching import Streaming
from clipmeter.sites.tiktok.found import CHAIN_COOKIE, Answer

REMEMBERED = 1_000
REFRESH = 10.0
_NO_HEAD = {405, 501}  # this server does not take HEAD: its GET is begun instead, and left


@dataclass(frozen=True, slots=True)
class Lane:
    """One TikTok: the real one, or the look-alike of test mode."""

    streams: Streaming
    resolve: Callable[[str], Awaitable[Answer]]
    """A post's id → what TikTok says of it now. Free, never from memory; whoever asks at once shares one question."""


@dataclass(frozen=True, slots=True)
class Sent:
    """A file on its way to a caller."""

    head: Head
    chunks: AsyncIterator[bytes]
    """Raises a Problem when the file breaks off."""


@dataclass(frozen=True, slots=True)
class _Kept:
    """What is remembered of a post: its answer, or why there was none."""

    answer: Answer | Problem
    asked: float | None = None
    """When the relay itself asked for it, by the monotonic clock; None: somebody else did."""

    def is_recent(self) -> bool:
        return self.asked is not None and monotonic() - self.asked < REFRESH


class Relay:
    """Gives files by kind. `remember` what was answered, or every first file of a post costs a question to TikTok."""

    def __init__(self, lanes: Mapping[str, Lane], *, limit: int, remembered: int = REMEMBERED) -> None:
        """`lanes` by name, which may be filled later; `limit`: files that one account may have under way."""
        self._lanes, self._limit, self._most = lanes, limit, remembered
        self._kept: OrderedDict[tuple[str, str], _Kept] = OrderedDict()
        self._running: Counter[str] = Counter()

    def remember(self, lane: str, answer: Answer) -> None:
        """Keep an answer whose links are the CDN's. A stopgap, which has hardly any, displaces nothing."""
        if not answer.partial:
            self._keep((lane, answer.video.video_id), _Kept(answer))

    @asynccontextmanager
    async def open(self, wanted: Wanted, method: str, asked: Mapping[str, str]) -> AsyncIterator[Sent]:
        """The file, with GET or HEAD and the caller's headers (names in lower case). Raises Problem.

        Leaving the context ends the transfer.
        """
        lane = self._lanes.get(wanted.lane)
        if lane is None:
            raise ServiceUnavailable
        with self._counted(wanted.account):
            async with AsyncExitStack() as stack:
                yield await self._sent(stack, lane, wanted, method, forwarded(method, asked))

    async def _sent(
        self, stack: AsyncExitStack, lane: Lane, wanted: Wanted, method: str, headers: Mapping[str, str]
    ) -> Sent:
        answer = await self._answer(lane, wanted)
        sent = await _try(stack, lane, answer, wanted.kind, method, headers)
        if isinstance(sent, Refusal):
            await stack.aclose()
            answer = await self._newer(lane, wanted, answer, sent.problem)
            sent = await _try(stack, lane, answer, wanted.kind, method, headers)
        if isinstance(sent, Refusal):
            raise sent.problem
        return sent

    async def _answer(self, lane: Lane, wanted: Wanted) -> Answer:
        """What is remembered of the post, else what TikTok says."""
        key = wanted.lane, wanted.video_id
        kept = self._kept.get(key)
        if kept is None or (isinstance(kept.answer, Problem) and not kept.is_recent()):
            return await self._ask(lane, key)
        self._kept.move_to_end(key)
        return _or_raise(kept)

    async def _newer(self, lane: Lane, wanted: Wanted, refused: Answer, why: Problem) -> Answer:
        """An answer that is not the refused one; raises `why` when there cannot be one yet."""
        key = wanted.lane, wanted.video_id
        kept = self._kept.get(key)
        if kept and kept.answer is refused and kept.is_recent():
            raise why
        if kept and kept.answer is not refused:  # somebody else has asked meanwhile
            return _or_raise(kept)
        return await self._ask(lane, key)

    async def _ask(self, lane: Lane, key: tuple[str, str]) -> Answer:
        try:
            answer = await lane.resolve(key[1])
        except Problem as problem:
            self._keep(key, _Kept(problem, monotonic()))
            raise
        self._keep(key, _Kept(answer, monotonic()))
        return answer

    def _keep(self, key: tuple[str, str], kept: _Kept) -> None:
        self._kept[key] = kept
        self._kept.move_to_end(key)
        if len(self._kept) > self._most:
            self._kept.popitem(last=False)

    @contextmanager
    def _counted(self, account: str) -> Iterator[None]:
        running = self._running[account]
        if running >= self._limit:
            sentence = "Too many files of this account are on their way at once; wait for one to end."
            raise ConcurrencyLimitExceeded(self._limit, running, message=sentence)
        self._running[account] += 1
        try:
            yield
        finally:
            self._running[account] -= 1
            if not self._running[account]:
                del self._running[account]


def _or_raise(kept: _Kept) -> Answer:
    if isinstance(kept.answer, Problem):
        raise kept.answer.with_traceback(None)  # else it would grow each time that it is raised
    return kept.answer


async def _try(  # noqa: PLR0913, PLR0917 - what one request to the CDN needs
    stack: AsyncExitStack, lane: Lane, answer: Answer, kind: str, method: str, headers: Mapping[str, str]
) -> Sent | Refusal:
    """Ask the CDN by the answer's link; what it gives stays open until the stack is left."""
    url = urls(answer).get(kind, "")
    if not url:
        raise NotFound("This post has no such file any more.")
    cookies = {CHAIN_COOKIE: answer.chain_token} if answer.chain_token else {}
    streamed = await stack.enter_async_context(lane.streams.open(method, url, cookies=cookies, headers=headers))
    if method == "HEAD" and streamed.status in _NO_HEAD:
        await stack.aclose()
        return await _try(stack, lane, answer, kind, "GET", headers)
    head = head_of(kind, headers, streamed.status, streamed.headers)
    return head if isinstance(head, Refusal) else Sent(head, streamed.chunks)
