"""uvicorn, with the contract's answers where the server itself has to refuse: heads over 64 KB and unreadable bytes.

Rule 1: a refusal stands in its place: answers to earlier requests of the connection come first.
Rule 2: a request whose own bytes are refused has not reached the application: it waits for a whole request.

Three things go quicker than ASGI has them. An application finds in `scope["state"]["reply"]` a way to send a whole
`Reply`: one write, and no second look at headers that are its own. Its method `express` (`envelope.Express`), if it has
one, is asked first about each GET that is whole: what it takes needs no task. And headers that came before, byte for
byte, are not read again (heads.py).
"""

import re
from asyncio import TimerHandle
from functools import partial
from http import HTTPStatus
from typing import Any

import uvicorn
from uvicorn.protocols.http.httptools_impl import RequestResponseCycle
from uvicorn.server import ServerState

from clipmeter.call import new_request_id
from clipmeter.errors import HeadersTooLarge, InvalidParameter, MethodNotAllowed, Problem
from clipmeter.web.envelope import Reply, help_link, problem_bytes
from clipmeter.web.familiar import Familiar, whole
from clipmeter.web.heads import Get, Heads

HEAD_LIMIT = 64 * 1024
"""Bytes of request line and headers together."""
HEAD_SECONDS = 20.0
"""Within which a head must be whole, once its first byte is there."""
ENOUGH = 1024
"""Bytes of a head that are kept to see what its method is."""
LINGER = 5.0
"""Seconds for which a refused sender may go on sending, so that it reads the answer and not a reset."""
WRITE_AHEAD = 16 * 1024
"""Bytes that wait for a caller who reads slowly, beyond what the kernel holds, before its answer waits too."""
METHODS = frozenset(b"GET HEAD POST PUT DELETE CONNECT OPTIONS TRACE PATCH".split())
_REQUEST_LINE = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+) +[/*h][^ ]* +HTTP/1\.[01]\r?\n")


class Protocol(Familiar):
    """HTTP/1.1 whose refusals are JSON too."""

    _first = b""  # how the head that is being read begins
    _head_size = 0
    _in_head = True
    _refused = False
    _refusal: Problem | None = None
    _head_timer: TimerHandle | None = None
    _under_way: RequestResponseCycle
    """The request that is being answered; others of the connection wait for that."""
    _holds = _is_held = False  # whether it waits for its own end, which nearly always comes with its head
    _data: bytes | None = None
    """What is being read, if a request may begin with it; None: it goes on with one."""
    _has_begun = False  # whether a request is being read
    _is_behind = False  # whether one ended in what is being read
    _is_with_body = _had_body = False  # whether the one that is being read has a body, and whether the one before had

    def connection_made(self, transport: Any) -> None:  # noqa: ANN401 - uvloop's or asyncio's
        """A caller has come."""
        super().connection_made(transport)
        transport.set_write_buffer_limits(high=WRITE_AHEAD)

    def _parse(self, data: bytes) -> None:
        """As it comes; after a refusal it is read and thrown away."""
        if self._refused:
            return
        self._data, self._is_behind = None if self._has_begun else data, False
        if self._in_head:
            self._read_head(data)
        self._feed(data)
        self._start_held()  # its body is still to come
        self._data, self._skips_express = None, False
        if not (self._has_begun and self._in_head):
            return
        if self._is_behind:  # where it begins is only sure behind another head
            self._read_head(b"" if self._had_body else data.rpartition(b"\r\n\r\n")[2])
        if not self._head_timer:  # most heads come in one piece and never get here
            self._head_timer = self.loop.call_later(HEAD_SECONDS, self.transport.close)
        if self._head_size > HEAD_LIMIT and not self._refused:
            self._refuse(HeadersTooLarge())

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection is gone."""
        self._head_is_whole()
        super().connection_lost(exc)

    def on_message_begin(self) -> None:
        """The first byte of a request."""
        self._has_begun = True
        super().on_message_begin()

    def on_body(self, body: bytes) -> None:
        """Some of a body."""
        self._is_with_body = True
        super().on_body(body)

    def on_headers_complete(self) -> None:
        """A head is whole; one that came in a single piece is measured by the middleware."""
        self._in_head = False
        self._head_is_whole()
        self._holds = True
        try:
            super().on_headers_complete()
        finally:  # the head may be one that is refused; those before it are still to be answered
            self._holds = False
        self.scope["state"]["reply"] = self._reply  # not about its cycle, or the two would hold each other for long

    def on_message_complete(self) -> None:
        """A request is whole; what comes next is a head."""
        self._in_head, self._has_begun, self._head_size = True, False, 0
        self._is_behind, self._had_body, self._is_with_body = True, self._is_with_body, False
        super().on_message_complete()
        self._start_held()

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:  # noqa: ANN401, ARG002 - uvicorn's
        """Have a request answered, now or when it is known whether it has a body.

        `app` is always ours: uvicorn has another one only for a limit of its own, which is not set.
        """
        self._under_way = cycle
        if self._holds:
            self._is_held = True
        else:
            self._start()

    def _start_held(self) -> None:
        if self._is_held:
            self._is_held = False
            self._start()

    def _start(self) -> None:
        cycle = self._under_way
        if cycle.more_body or not self._is_for_express(cycle):
            super()._start_asgi_task(cycle, self.app)

    def _is_for_express(self, cycle: RequestResponseCycle) -> bool:
        scope = cycle.scope
        if self._skips_express or scope["method"] != "GET":
            return False
        get = Get(scope["path"], scope["query_string"], scope["headers"])  # type: ignore[arg-type] # they are a list
        if not self._express(get, self._answer):
            return False
        if self._data is not None and cycle.keep_alive:
            self._heads.learn(self._data, get.head)
        return True

    def _answer(self, reply: Reply | None) -> None:
        """What `express` has found."""
        cycle = self._under_way
        if reply is None:
            super()._start_asgi_task(cycle, self.app)
        elif cycle.flow.write_paused:
            self._keep(self._reply(reply))
        else:
            _write(cycle, self.server_state, reply)

    async def _reply(self, reply: Reply) -> None:
        """What the `send` of the request under way does, for an answer that is whole."""
        cycle = self._under_way
        if cycle.flow.write_paused and not cycle.disconnected:
            await cycle.flow.drain()
        _write(cycle, self.server_state, reply)

    def on_response_complete(self) -> None:
        """An answer is out; a refusal that waited for it may follow."""
        super().on_response_complete()
        if self._refusal and not self._is_busy():
            self._write(self._refusal)

    def send_400_response(self, msg: str) -> None:
        """What the parser refuses: a path too long for it, a method nobody knows, or bytes that are not HTTP."""
        line = _REQUEST_LINE.match(self._first)
        if len(getattr(self, "url", b"")) > HEAD_LIMIT:
            self._refuse(HeadersTooLarge())
        elif line and line[1] not in METHODS:
            self._refuse(MethodNotAllowed())
        else:
            self._refuse(InvalidParameter(f"{msg} It is not valid HTTP/1.1."))

    def _read_head(self, data: bytes) -> None:
        if data and not self._head_size:
            self._first = b""
        self._head_size += len(data)
        if len(self._first) < ENOUGH:
            self._first += data[:ENOUGH]

    def _head_is_whole(self) -> None:
        if self._head_timer:
            self._head_timer.cancel()
            self._head_timer = None

    def _refuse(self, problem: Problem) -> None:
        self._refused = True
        self._drop_broken()
        if self._is_busy():
            self._refusal = problem
        else:
            self._write(problem)

    def _is_between(self) -> bool:
        return not (self._has_begun or self._is_busy())

    def _newest(self) -> RequestResponseCycle | None:
        return self.cycle  # None before the first request, which its type does not say

    def _is_busy(self) -> bool:
        """Whether answers to earlier requests are still to come."""
        newest = self._newest()
        return bool(self.pipeline) or not (newest is None or newest.response_complete or newest.disconnected)

    def _drop_broken(self) -> None:
        """Forget the request whose own bytes were refused, if there is one: its application waits for its end."""
        newest = self._newest()
        if newest is None or not newest.more_body or newest.response_complete:
            return
        newest.disconnected = True
        newest.message_event.set()

    def _write(self, problem: Problem) -> None:
        self._refusal = None
        if self.transport.is_closing():
            return
        body = problem_bytes(problem)
        head = (
            f"HTTP/1.1 {problem.status} {HTTPStatus(problem.status).phrase}\r\ncontent-type: application/json\r\n"
            f"content-length: {len(body)}\r\nx-request-id: {new_request_id()}\r\n"
            f"link: {help_link(problem.code)}\r\nconnection: close\r\n\r\n"
        )
        self.transport.write(head.encode() + body)
        self.loop.call_later(LINGER, self.transport.close)


def _write(cycle: RequestResponseCycle, server: ServerState, reply: Reply) -> None:
    """In one piece, its headers taken as they are."""
    if cycle.disconnected or cycle.transport.is_closing():
        return
    is_head = cycle.scope["method"] == "HEAD"
    cycle.response_started, cycle.waiting_for_100_continue = True, False
    cycle.transport.write(whole(server, reply, keep_alive=cycle.keep_alive, is_head=is_head))
    cycle.response_complete = True
    cycle.message_event.set()
    if not cycle.keep_alive:
        cycle.transport.close()
    cycle.on_response()


def _none(_get: object, _then: object) -> bool:
    return False


def make_server(app: Any, host: str, port: int, *, grace: float = 30.0) -> uvicorn.Server:  # noqa: ANN401 - any ASGI application
    """A server of `app`, not yet started. `grace`: seconds that requests may take to end when it is told to stop."""
    config = uvicorn.Config(
        app,
        host=host,
        port=port,
        http=partial(Protocol, getattr(app, "express", _none), Heads()),  # type: ignore[arg-type] # it is called like a class
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        date_header=True,
        timeout_keep_alive=30,
        timeout_graceful_shutdown=int(grace),
    )
    return uvicorn.Server(config)
