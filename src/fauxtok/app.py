"""THE WIRING: one ASGI app that is every TikTok host at once. The path decides; short links go by their host."""

import asyncio
import os
import re
import time
from base64 import b64encode
from http.client import NOT_FOUND
from typing import Protocol

from fauxtok import app_json, cdn, challenge, control, embed, odd, pages, short, weather
from fauxtok.asgi import Answer, Receive, Request, Scope, Send, cut, give, stays
from fauxtok.ids import MISSING, Kind, Outcome
from fauxtok.links import Signer
from fauxtok.moods import Moods
from fauxtok.world import is_plausible

_POST = re.compile(r"/@[^/]*/(video|photo)/(\d{1,25})/?")
_OLD = re.compile(r"/(?:share/video|i18n/share/video|embed|v)/(\d{1,25})(?:\.html)?/?")
_TOKEN = re.compile(r"[A-Za-z0-9+/]{22}==")
_MOBILE = re.compile(r"Mobile|Android|iPhone|iPad")
_NEVER = 60.0
_STEADY = 300  # links of one such stretch of seconds expire together, so that a page can be used again


class Source(Protocol):
    """Another way to a post than its page: what it tells of one that is there, and of one that is not."""

    def name(self, request: Request, /) -> str: ...

    def found(self, request: Request, number: int, shape: str, signer: Signer, /) -> Answer: ...

    def missing(self, request: Request, number: int, signer: Signer, /) -> Answer: ...


class Fauxtok:
    """The app. `moods` is all that it remembers."""

    def __init__(self, delay: float = 0.0) -> None:
        self.moods = Moods(delay)
        self.stopping = asyncio.Event()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        request = Request(scope)
        if (match := _POST.fullmatch(request.path)) and not short.is_host(request.host):
            await self._video(request, int(match[2]), match[1] == "photo", receive, send)
        elif request.path.startswith("/__fauxtok/"):
            await self._control(request, receive, send)
        else:
            await self._other(request, receive, send)

    async def _video(self, request: Request, number: int, photo: bool, receive: Receive, send: Send) -> None:
        """A video page: counted from its arrival until it is answered or its visitor has left."""
        self.moods.seen["page"] += 1
        with self.moods.page(number):
            if self.moods.delay and not await stays(receive, self.moods.delay, self.stopping):
                return
            outcome = self._outcome("page", number, request)
            if outcome.kind is Kind.WIRE:
                await self._wire(outcome, request, receive)
            else:
                await give(self._page(request, number, photo, outcome), request, send)

    def _outcome(self, source: str, number: int, request: Request) -> Outcome:
        return self.moods.answers(source, number, request) if is_plausible(number, time.time()) else MISSING

    async def _control(self, request: Request, receive: Receive, send: Send) -> None:
        if request.path == weather.TRAP:
            self.moods.seen["trap"] += 1
        await give(await control.answer(request, receive, self.moods), request, send)

    async def _wire(self, outcome: Outcome, request: Request, receive: Receive) -> None:
        if outcome.name == "never":
            await stays(receive, _NEVER, self.stopping)
        await cut(request.scope, receive)

    def _page(self, request: Request, number: int, photo: bool, outcome: Outcome) -> Answer:
        signer = self.signer(request)
        zipped = "gzip" in request.header(b"accept-encoding")
        mobile = _MOBILE.search(request.header(b"user-agent")) is not None
        solved = outcome.name == "challenge" and challenge.is_solved(number, request.cookie(challenge.COOKIE))
        if outcome.kind is Kind.PAGE and not solved:
            return weather.page(outcome.name, number, signer, request)
        if outcome.kind is Kind.STATUS:
            return pages.whole(pages.status(number, outcome, mobile=mobile), signer.token, zipped=zipped)
        if photo:
            return odd.shell(number, signer, zipped=zipped)
        shape = "" if solved else outcome.name
        return pages.whole(pages.found(number, shape, signer, mobile=mobile), signer.token, zipped=zipped)

    def signer(self, request: Request) -> Signer:
        """A visitor keeps the cookie it brings; a new one gets a new cookie."""
        token = request.cookie("tt_chain_token")
        if not _TOKEN.fullmatch(token):
            token = b64encode(os.urandom(16)).decode()
        now = int(time.time())
        start = now if self.moods.link_seconds < 2 * _STEADY else now // _STEADY * _STEADY
        return Signer(token, start + self.moods.link_seconds)

    async def _other(self, request: Request, receive: Receive, send: Send) -> None:
        if short.is_short(request):
            self.moods.seen["short"] += 1
            await give(short.answer(request), request, send)
        elif (file := cdn.asked(request)) is not None:
            self.moods.seen["file_head" if request.method == "HEAD" else "file"] += 1
            await give(await cdn.answer(request, file, self.moods.cdn_answers(request)), request, send)
        elif (number := embed.asked(request)) is not None:
            await self._source(request, number, embed, receive, send)
        elif (number := await app_json.asked(request, receive)) is not None:
            await self._source(request, number, app_json, receive, send)
        else:
            self.moods.seen["other"] += 1
            await give(self._rest(request), request, send)

    async def _source(self, request: Request, number: int, source: Source, receive: Receive, send: Send) -> None:
        """Another way to a post. Where the page is refused or broken, so is this: an address is blocked as a whole."""
        name = source.name(request)
        self.moods.seen[name] += 1
        outcome, signer = self._outcome(name, number, request), self.signer(request)
        if outcome.kind is Kind.WIRE:
            await self._wire(outcome, request, receive)
        elif outcome.kind is Kind.POST or outcome.name in weather.STILL_POSTS:
            shape = outcome.name if outcome.kind is Kind.POST else ""
            await give(source.found(request, number, shape, signer), request, send)
        elif outcome.status == NOT_FOUND:
            await give(source.missing(request, number, signer), request, send)
        else:
            await give(weather.page(outcome.name, number, signer, request), request, send)

    def _rest(self, request: Request) -> Answer:
        if match := _OLD.fullmatch(request.path):
            return odd.redirect(f"https://www.tiktok.com/@/video/{match[1]}", 301)
        if request.path == "/":
            return odd.home(self.signer(request))
        return odd.login_page() if request.path == "/login" else odd.lost()
