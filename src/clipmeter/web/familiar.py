"""The part of the server for requests whose headers came before (heads.py): they pass the parser by.

While such a request is being answered, nothing else of its connection is looked at; so answers keep their order.
"""

from collections.abc import Coroutine
from typing import Any

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol
from uvicorn.server import ServerState

from clipmeter.web.envelope import Express, Reply
from clipmeter.web.heads import Heads


class Familiar(HttpToolsProtocol):
    """A connection; whoever inherits this reads what is not known."""

    _known: bytes | None = None
    """The request that is being answered, if its head was known; None: there is no such one."""
    _later = b""
    """What came meanwhile."""
    _skips_express = False
    """Whether the next request that the parser reads is not for `express`, which was asked about it."""
    _is_last = False
    """Whether the connection ends with the answer to the known request."""
    _quiet_since = 0.0
    """When the last known request was answered, by the event loop's clock, in seconds."""

    def __init__(self, express: Express, heads: Heads, **given: Any) -> None:  # noqa: ANN401 - uvicorn's
        super().__init__(**given)
        self._express, self._heads = express, heads

    def data_received(self, data: bytes) -> None:
        """Bytes came."""
        if self._known is not None:
            self._later += data
            self.flow.pause_reading()
        elif not (self._is_between() and self._begin_known(data)):
            self._parse(data)

    def _is_between(self) -> bool:
        """Whether the last request was answered and nothing of another has come."""
        raise NotImplementedError

    def _parse(self, data: bytes) -> None:
        """Have it read by the parser."""
        raise NotImplementedError

    def _feed(self, data: bytes) -> None:
        super().data_received(data)

    def _begin_known(self, data: bytes) -> bool:
        """Whether it is a request that `express` takes, with a head that is known."""
        get = self._heads.read(data)
        if get is None:
            return False
        self._known = data
        if self._express(get, self._answer_known):
            return True
        self._known, self._skips_express = None, True
        return False

    def _answer_known(self, reply: Reply | None) -> None:
        """What `express` has found."""
        if self.transport.is_closing():
            return
        if reply is None:
            self._parse_known()
            if self._is_last:
                self.shutdown()
            self._go_on()
        elif self.flow.write_paused:
            self._keep(self._answer_drained(reply))
        else:
            self._write_known(reply)

    def _parse_known(self) -> None:
        assert self._known is not None  # noqa: S101 - it is being answered
        data, self._known, self._skips_express = self._known, None, True
        self._parse(data)

    async def _answer_drained(self, reply: Reply) -> None:
        await self.flow.drain()
        if not self.transport.is_closing():
            self._write_known(reply)

    def _write_known(self, reply: Reply) -> None:
        self._known, self._quiet_since = None, self.loop.time()
        self.transport.write(whole(self.server_state, reply, keep_alive=not self._is_last))
        self.server_state.total_requests += 1
        if self._is_last:
            self.transport.close()
        if self.transport.is_closing():  # the caller may just have been found gone
            return
        if self.timeout_keep_alive_task is None:
            self._rest(self.timeout_keep_alive)
        self._go_on()

    def _go_on(self) -> None:
        """With what came while a known request was being answered."""
        if data := self._later:
            self._later = b""
            self.flow.resume_reading()
            self.data_received(data)

    def _rest(self, seconds: float) -> None:
        self.timeout_keep_alive_task = self.loop.call_later(seconds, self.timeout_keep_alive_handler)

    def timeout_keep_alive_handler(self) -> None:
        """The end of the connection, unless it was used meanwhile: answers to known requests leave the timer alone."""
        used = self.loop.time() if self._known is not None else self._quiet_since
        left = used + self.timeout_keep_alive - self.loop.time()
        if left > 0 and not self.transport.is_closing():
            self._rest(left)
        else:
            super().timeout_keep_alive_handler()

    def shutdown(self) -> None:
        """The server stops: what is under way is answered."""
        if self._known is None:
            super().shutdown()
        else:
            self._is_last = True

    def _keep(self, work: Coroutine[Any, Any, None]) -> None:
        task = self.loop.create_task(work)
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)


def whole(server: ServerState, reply: Reply, *, keep_alive: bool, is_head: bool = False) -> bytes:
    """An answer as it is sent, its headers taken as they are. `is_head`: without its body."""
    parts = [STATUS_LINE[reply.status]]
    for name, value in (*server.default_headers, *reply.headers):
        parts += (name, b": ", value, b"\r\n")
    parts.append(b"\r\n" if keep_alive else b"connection: close\r\n\r\n")
    if not is_head:
        parts.append(reply.body)
    return b"".join(parts)
