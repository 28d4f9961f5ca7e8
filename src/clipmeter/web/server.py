"""uvicorn, with the contract's answers where the server itself has to refuse: heads over 64 KB and unreadable bytes."""

from http import HTTPStatus
from typing import Any

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from clipmeter.call import new_request_id
from clipmeter.errors import HeadersTooLarge, InvalidParameter, MethodNotAllowed, Problem
from clipmeter.web.envelope import problem_bytes

HEAD_LIMIT = 64 * 1024
"""Bytes of request line and headers together."""
LINGER = 5.0
"""Seconds for which a refused sender may go on sending, so that it reads the answer and not a reset."""
METHODS = frozenset(b"GET HEAD POST PUT DELETE CONNECT OPTIONS TRACE PATCH".split())


class Protocol(HttpToolsProtocol):
    """HTTP/1.1 whose refusals are JSON too."""

    _head_size = 0
    _in_head = True
    _refused = False
    _first = b""

    def data_received(self, data: bytes) -> None:
        """Bytes came; after a refusal they are read and thrown away."""
        if self._refused:
            return
        self._first = data[:64] if self._in_head and not self._head_size else b""
        if self._in_head:
            self._head_size += len(data)
        super().data_received(data)
        if self._in_head and self._head_size > HEAD_LIMIT and not self.transport.is_closing():
            self._refuse(HeadersTooLarge())

    def on_message_begin(self) -> None:
        """A request starts."""
        self._in_head = True
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """Its head is whole; one that came in a single piece is measured by the middleware."""
        self._in_head, self._head_size = False, 0
        super().on_headers_complete()

    def send_400_response(self, msg: str) -> None:
        """What the parser refuses: a path too long for it, a method nobody knows, or bytes that are not HTTP."""
        if len(getattr(self, "url", b"")) > HEAD_LIMIT:
            return self._refuse(HeadersTooLarge())
        method = self._first.split(b" ", 1)[0]
        unknown = method.isalpha() and method.isupper() and method not in METHODS and b" /" in self._first
        return self._refuse(MethodNotAllowed() if unknown else InvalidParameter(f"{msg} It is not valid HTTP/1.1."))

    def _refuse(self, problem: Problem) -> None:
        self._refused = True
        body = problem_bytes(problem)
        head = (
            f"HTTP/1.1 {problem.status} {HTTPStatus(problem.status).phrase}\r\ncontent-type: application/json\r\n"
            f"content-length: {len(body)}\r\nx-request-id: {new_request_id()}\r\nconnection: close\r\n\r\n"
        )
        self.transport.write(head.encode() + body)
        self.loop.call_later(LINGER, self.transport.close)


def make_server(app: Any, host: str, port: int) -> uvicorn.Server:  # noqa: ANN401 - any ASGI application
    """A server of `app`, not yet started."""
    config = uvicorn.Config(
        app,
        host=host,
        port=port,
        http=Protocol,
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        date_header=True,
        timeout_keep_alive=30,
        timeout_graceful_shutdown=15,
    )
    return uvicorn.Server(config)
