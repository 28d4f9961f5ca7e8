"""A small application on the server of the API, and how to talk to it. For tests."""

import asyncio
import re
import socket
from contextlib import asynccontextmanager

from uvicorn.server import ServerState

from clipmeter.web.envelope import Reply
from clipmeter.web.familiar import Familiar
from clipmeter.web.server import Protocol, make_server


class Echo:
    """An application that knows both ways: /express says `express`, or nothing at all, all else `application`."""

    def __init__(self):
        self.loses = False
        self.asked = 0
        """How often /express was asked whether it takes a request."""
        self.seconds = self.pause = 0.0
        """What /express takes, and what all else does."""
        self.said = b"express"

    def express(self, get, then):
        if not get.path.startswith("/express"):
            return False
        self.asked += 1
        if get.query == b"no":
            return False
        reply = (
            None
            if self.loses or get.query == b"lost"
            else Reply(200, [(b"content-length", b"%d" % len(self.said))], self.said)
        )
        loop = asyncio.get_running_loop()
        loop.call_later(self.seconds, then, reply) if self.seconds else loop.call_soon(then, reply)
        return True

    async def __call__(self, scope, receive, send):
        if scope["type"] == "lifespan":
            while (message := await receive())["type"] != "lifespan.shutdown":
                await send({"type": message["type"] + ".complete"})
            await send({"type": "lifespan.shutdown.complete"})
            return
        body = b""
        while (message := await receive())["type"] == "http.request":
            body += message["body"]
            if not message["more_body"]:
                break
        await asyncio.sleep(self.pause)
        body = b"application" + body
        await scope["state"]["reply"](Reply(200, [(b"content-length", b"%d" % len(body))], body))


@asynccontextmanager
async def serving(app, keep_alive=30.0):
    """A server of `app`, and a connection to it."""
    listening = socket.create_server(("127.0.0.1", 0))
    server = make_server(app, "127.0.0.1", 0)
    server.config.timeout_keep_alive = keep_alive
    running = asyncio.create_task(server.serve(sockets=[listening]))
    reader, writer = await asyncio.open_connection(*listening.getsockname())
    yield server, reader, writer
    writer.close()
    server.should_exit = True
    await running


@asynccontextmanager
async def asking(app):
    """A connection to a server of `app`."""
    async with serving(app) as (_, reader, writer):
        yield reader, writer


async def bodies(reader, count):
    """The bodies of so many answers."""
    found = []
    for _ in range(count):
        head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 10)
        found.append(await reader.readexactly(int(re.search(rb"content-length: (\d+)", head)[1])))
    return found


def get(path, rest=b"\r\n"):
    return b"GET %b HTTP/1.1\r\nHost: x\r\n" % path + rest


class Transport(asyncio.Transport):
    """Keeps what is written."""

    def __init__(self):
        super().__init__()
        self.said, self.closing, self.paused, self.breaks = b"", False, False, False
        self.closed = asyncio.Event()

    def write(self, data):
        self.said += data
        self.closing = self.closing or self.breaks

    def is_closing(self):
        return self.closing

    def close(self):
        self.closing = True
        self.closed.set()

    def pause_reading(self):
        self.paused = True

    def resume_reading(self):
        self.paused = False

    def set_write_buffer_limits(self, high=None, low=None):
        pass


class Line:
    """A connection without a network."""

    def __init__(self, heads, **config):
        self.app, self.transport = Echo(), Transport()
        settings = make_server(self.app, "127.0.0.1", 0).config
        settings.load()
        for name, value in config.items():
            setattr(settings, name, value)
        self.protocol = Protocol(self.app.express, heads, config=settings, server_state=ServerState(), app_state={})
        self.protocol.connection_made(self.transport)
        self.fed = []
        self.protocol._feed = self._feed

    def _feed(self, data):
        self.fed.append(data)
        Familiar._feed(self.protocol, data)

    async def say(self, data, turns=60):
        """And what has come back by so many turns of the event loop later."""
        self.protocol.data_received(data)
        return await self.hear(turns)

    async def hear(self, turns=60):
        for _ in range(turns):
            await asyncio.sleep(0)
        said, self.transport.said = self.transport.said, b""
        return said
