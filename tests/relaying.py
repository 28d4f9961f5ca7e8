"""A server that has nothing but the relay, in a thread, with real sockets on both sides. For tests."""

import asyncio
import http.client
import socket
import threading
import time
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

from litestar import Litestar

from clipmeter.answers import Answers
from clipmeter.errors import Problem
from clipmeter.fetch import Fetch
from clipmeter.media.links import Links
from clipmeter.media.relay import Lane, Relay
from clipmeter.sites.tiktok.hosts import REFERER, is_media, is_tiktok
from clipmeter.sites.tiktok.reach import Reach
from clipmeter.sites.tiktok.ref import VideoRef
from clipmeter.stream import Streams
from clipmeter.web.envelope import failure
from clipmeter.web.media import media_handler
from clipmeter.web.middleware import Outermost
from clipmeter.web.server import make_server
from served import Reply

KEYS = (b"k" * 32,)
ACCOUNT = "acct_1"


class Relaying:
    """`start` it, `stop` it. `links` and `relay` are the running server's own."""

    def __init__(self, upstream: str, *, seconds: int = 600, limit: int = 200, idle: float = 20.0) -> None:
        self.links = Links(KEYS, seconds=seconds)
        self.lanes = {}
        self.relay = Relay(self.lanes, limit=limit)
        self.asked = []
        self._upstream, self._idle = upstream, idle
        self._ready = threading.Event()

    def start(self) -> "Relaying":
        self.listening = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.listening.getsockname()[1]}"
        app = Litestar(
            [media_handler(self.relay, self.links)],
            exception_handlers={Problem: lambda _, problem: failure(problem, {})},
            lifespan=[self._running],
            openapi_config=None,
            logging_config=None,
        )
        self.server = make_server(Outermost(app), "127.0.0.1", 0)
        self.thread = threading.Thread(target=self.server.run, kwargs={"sockets": [self.listening]})
        self.thread.start()
        assert self._ready.wait(10)
        return self

    def stop(self) -> None:
        self.server.should_exit = True
        self.thread.join(20)
        self.listening.close()
        assert not self.thread.is_alive()

    @asynccontextmanager
    async def _running(self, _app):
        self.loop = asyncio.get_running_loop()
        fetch = Fetch(allowed=is_tiktok, referer=REFERER, upstream=self._upstream)
        streams = Streams(fetch.file_request, allowed=is_media, idle=self._idle)
        reach = Reach(fetch, time_budget=5, fill_budget=2, fill_sizes=False, fill_downloads=False)
        self.answers = Answers(reach.video, max_age=60, remember=100, clock=time.time)
        self.lanes["test"] = Lane(streams, self._resolve)
        self._ready.set()
        yield
        await streams.aclose()
        await fetch.aclose()

    async def _resolve(self, video_id):
        self.asked.append(video_id)
        return (await self.answers.get(VideoRef(video_id), 0)).answer

    def answer(self, video_id, *, remember=True):
        """What an API request would have been answered, with the CDN's links."""
        future = asyncio.run_coroutine_threadsafe(self.answers.get(VideoRef(video_id), 0), self.loop)
        answer = future.result(10).answer
        if remember:
            self.relay.remember("test", answer)
        return answer

    def video(self, video_id, *, remember=True):
        """The same with relay links."""
        return self.links.relayed(self.answer(video_id, remember=remember), ACCOUNT, "test", self.url).video

    def get(self, link, method="GET", **headers) -> Reply:
        """One request on a connection of its own; IncompleteRead when the body is cut."""
        parts = urlsplit(link)
        connection = http.client.HTTPConnection(parts.netloc or urlsplit(self.url).netloc, timeout=30)
        target = parts.path + (f"?{parts.query}" if parts.query else "")
        try:
            connection.request(method, target, headers={k.replace("_", "-"): v for k, v in headers.items()})
            response = connection.getresponse()
            return Reply(response.status, response.headers, response.read())
        finally:
            connection.close()
