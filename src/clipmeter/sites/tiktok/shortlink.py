"""Short links to the posts they stand for, by one redirect that is asked for and not followed."""

import asyncio
from collections import OrderedDict

from clipmeter.errors import InvalidParameter, NotFound, Problem, UpstreamError
from clipmeter.sites.fetching import Fetching, Page

from . import verdict
from .ref import ShortLink, VideoRef, read_link

MAX_HOPS = 3
"""A short link may lead to another short link; nothing else is followed."""
_NOWHERE = "This short link leads to no post: it does not exist, has expired, or is a link to something else."


class ShortLinks:
    """Remembers what each link stands for, as that never changes; the least recently asked for are forgotten."""

    def __init__(self, *, remember: int = 10_000) -> None:
        """`remember`: how many links at most."""
        self._remember = remember
        self._known: OrderedDict[str, VideoRef] = OrderedDict()

    async def post(self, link: ShortLink, fetch: Fetching, within: float) -> VideoRef:
        """The post. Raises NotFound for a link to anything else, or the Problem that the answer means."""
        if ref := self._known.get(link.url):
            self._known.move_to_end(link.url)
            return ref
        ref = await _asked(link, fetch, within)
        self._known[link.url] = ref
        if len(self._known) > self._remember:
            self._known.popitem(last=False)
        return ref


async def _asked(link: ShortLink, fetch: Fetching, within: float) -> VideoRef:
    loop = asyncio.get_running_loop()
    end = loop.time() + within
    for _ in range(MAX_HOPS):
        page = await fetch.redirect(link.url, within=end - loop.time())
        target = _target(page)
        if isinstance(target, VideoRef):
            return target
        link = target
    raise NotFound(_NOWHERE, sign=f"more than {MAX_HOPS} short links in a row")


def _target(page: Page) -> VideoRef | ShortLink:
    """What an answer points to. Raises what it means when that is no post."""
    if page.location is None:
        raise _meaning(page)
    try:
        return read_link(page.location.partition("?")[0])  # the query says who shared it, at any length
    except InvalidParameter as error:
        raise NotFound(_NOWHERE, sign=f"leads to {page.location[:200]}") from error


def _meaning(page: Page) -> Problem:
    problem = verdict.nothing(page.body, status=page.status, headers=page.headers, url=page.url, sign="short link")
    if isinstance(problem, UpstreamError) and page.status < 500:  # nothing wrong but that it is no redirect
        return NotFound(_NOWHERE, sign=f"HTTP {page.status}, no redirect")
    return problem
