"""The outermost layer, plain ASGI: a request id on every answer, sizes within bounds, no crash without an answer."""

import asyncio
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import TypeAlias

import structlog
from litestar.enums import ScopeType
from litestar.types import ASGIApp, HTTPScope, Message, Receive, Scope, Send

from clipmeter.call import new_request_id
from clipmeter.errors import (
    HeadersTooLarge,
    InternalError,
    InvalidParameter,
    PayloadTooLarge,
    Problem,
    ServiceUnavailable,
)
from clipmeter.web.envelope import BODY_LIMIT, Begin, Direct, Reply, Then, failed, send_reply
from clipmeter.web.heads import Get
from clipmeter.web.server import HEAD_LIMIT

log = structlog.get_logger()


NONE: Mapping[str, Direct] = MappingProxyType({})
NO_EXPRESS: Mapping[str, Begin] = MappingProxyType({})
Words: TypeAlias = Callable[[HTTPScope, Problem], Reply | None]
"""How a problem is told where people look on; None: as the contract has it."""


class Outermost:
    """Wraps the whole application."""

    def __init__(
        self,
        app: ASGIApp,
        direct: Mapping[str, Direct] = NONE,
        express: Mapping[str, Begin] = NO_EXPRESS,
        words: Words = lambda _scope, _problem: None,
    ) -> None:
        """`app`: what answers inside the bounds; `direct`: by path, what answers GET without the framework.

        `express`: by path, what may answer GET without a task, where the server knows how to ask it.
        """
        self._app, self._direct, self._express, self._words = app, direct, express, words

    def express(self, get: Get, then: Then) -> bool:
        """As `Express`. What may be refused for its size is left to the application, which says why."""
        begin = self._express.get(get.path)
        if begin is None or get.head.size + len(get.path) + len(get.query) > HEAD_LIMIT:
            return False
        request_id = new_request_id()
        marked = (b"x-request-id", request_id.encode())

        def told(reply: Reply | None) -> None:
            if reply is not None:
                reply.headers.append(marked)
            then(reply)

        try:
            return begin(get, request_id, told)
        except Exception:  # noqa: BLE001 - the application meets it too, and says what it is
            return False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One ASGI call."""
        if scope["type"] != ScopeType.HTTP:
            await self._app(scope, receive, send)
            return
        scope["state"]["request_id"] = new_request_id()
        marked = _Marked(send, scope, self._words)
        try:
            _check_sizes(scope)
            direct = self._direct.get(scope["path"]) if scope["method"] == "GET" else None
            if direct:
                await marked.reply(await direct(scope, receive))
            else:
                await self._app(scope, _counted(receive), marked)
        except Problem as problem:
            await marked.problem(problem)
        except asyncio.CancelledError:  # told to stop, and the time for it is over
            await marked.problem(ServiceUnavailable())
        except Exception:
            log.exception("request crashed", request_id=marked.request_id, path=scope["path"])
            await marked.problem(InternalError())


class _Marked:
    """`send` that adds the request id, and can still answer when nothing was sent yet."""

    def __init__(self, send: Send, scope: HTTPScope, words: Words) -> None:
        self._send, self._state, self._started = send, scope["state"], False
        self._scope, self._words = scope, words

    @property
    def request_id(self) -> str:
        """That of this request, or of the one whose answer is told again."""
        return str(self._state["request_id"])

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._started = True
            message["headers"] = [*message.get("headers", ()), (b"x-request-id", self.request_id.encode())]
        await self._send(message)

    async def reply(self, reply: Reply | None) -> None:
        """Send a whole answer, the quicker way if the server has one."""
        quicker = self._state.get("reply")
        if reply is None or quicker is None:
            await send_reply(reply, self)
            return
        self._started = True
        reply.headers.append((b"x-request-id", self.request_id.encode()))
        await quicker(reply)

    async def problem(self, problem: Problem) -> None:
        """Answer with `problem`, unless an answer has begun: then it is cut, which the caller sees."""
        if self._started:
            raise problem
        await self.reply(self._words(self._scope, problem) or failed(problem))


def _check_sizes(scope: HTTPScope) -> None:
    head = len(scope["raw_path"]) + len(scope["query_string"])
    length = b"0"
    for name, value in scope["headers"]:
        head += len(name) + len(value) + 4
        if name == b"content-length":
            length = value
    if head > HEAD_LIMIT:
        raise HeadersTooLarge
    if not length.isdigit():
        raise InvalidParameter("Content-Length must be a whole number.")
    digits = length.lstrip(b"0")
    if len(digits) > len(str(BODY_LIMIT)) or int(digits or b"0") > BODY_LIMIT:
        raise PayloadTooLarge


def _counted(receive: Receive) -> Receive:
    """`receive` that ends a body without a length once it is too long."""
    seen = 0

    async def receive_counted() -> Message:
        nonlocal seen
        message = await receive()
        if message["type"] == "http.request":
            seen += len(message.get("body", b""))
            if seen > BODY_LIMIT:
                raise PayloadTooLarge
        return message  # type: ignore[return-value]

    return receive_counted  # type: ignore[return-value]
