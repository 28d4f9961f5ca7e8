"""The relay over HTTP: a signed link in, the file's bytes out, as fast as the caller takes them and no faster."""

import asyncio
import re
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import quote

import structlog
from litestar import Request, route
from litestar.enums import HttpMethod
from litestar.handlers import HTTPRouteHandler
from litestar.types import ASGIApp, Receive, Scope, Send

from clipmeter.errors import InvalidParameter, NotFound, Problem, ServiceUnavailable
from clipmeter.media.links import NOT_OURS, PREFIX, Links, Wanted
from clipmeter.media.relay import Relay, Sent
from clipmeter.media.reply import ENDINGS, Head
from clipmeter.web.api import left
from clipmeter.web.envelope import failed

log = structlog.get_logger()

PARTS = {
    "signature": "Over all that follows",
    "expires": "When the link dies, in Unix seconds",
    "lane": "`live` or `test`",
    "account": "Stands for the account that the link was made for",
    "video_id": "The post",
    "kind": "Which of its files",
    "name": "What the file is called when it is saved",
}
"""The parts of a link, in order, for people."""
PATH = PREFIX + "".join(f"/{{{part}:str}}" for part in PARTS)
STALL = 60.0
"""Seconds for which a caller may take no byte."""
_UNIX = re.compile(r"[1-9][0-9]{0,14}")


def media_handler(relay: Relay, links: Links, ready: Callable[[], bool] = lambda: True) -> HTTPRouteHandler:
    """The route of the relay: GET and HEAD. It needs no key: the link is one."""

    @route(PATH, http_method=[HttpMethod.GET, HttpMethod.HEAD])
    async def media(request: Request[Any, Any, Any]) -> ASGIApp:
        wanted = _wanted(links, request.path_params)
        if not ready():
            raise ServiceUnavailable
        headers = {header.lower(): value for header, value in request.headers.items()}
        attachment = request.query_params.get("download") == "1"
        return _File(relay, wanted, request.method, headers, links.seconds_left(wanted), attachment=attachment).answer

    return media


def _wanted(links: Links, parts: Mapping[str, str]) -> Wanted:
    """The file that a link names. Raises NotFound: it is not ours, or has expired."""
    if not _UNIX.fullmatch(parts["expires"]):
        raise NotFound(NOT_OURS)
    names = ("lane", "account", "video_id", "kind", "name")
    return links.read(parts["signature"], Wanted(int(parts["expires"]), *(parts[name] for name in names)))


class _File:
    """One answer. A caller who leaves ends it, and the transfer behind it."""

    def __init__(  # noqa: PLR0913 - what one answer is made of
        self, relay: Relay, wanted: Wanted, method: str, headers: dict[str, str], lives: int, *, attachment: bool
    ) -> None:
        """`lives`: seconds that the link is still good for; `attachment`: to be saved rather than shown."""
        self._relay, self._wanted, self._method, self._headers = relay, wanted, method, headers
        self._lives, self._attachment = lives, attachment

    async def answer(self, _scope: Scope, receive: Receive, send: Send) -> None:
        """One ASGI call."""
        sending = asyncio.ensure_future(self._send(send))
        leaving = asyncio.ensure_future(left(receive))
        try:
            await asyncio.wait({sending, leaving}, return_when=asyncio.FIRST_COMPLETED)
            if sending.done():
                sending.result()
        finally:
            sending.cancel()
            leaving.cancel()
            await asyncio.gather(sending, leaving, return_exceptions=True)

    async def _send(self, send: Send) -> None:
        async with self._relay.open(self._wanted, self._method, self._headers) as sent:
            if sent.head.status == 416:
                await _no_such_range(sent.head, send)
                return
            headers = [(k.lower().encode(), v.encode()) for k, v in self._head(sent.head).items()]
            await send({"type": "http.response.start", "status": sent.head.status, "headers": headers})
            try:
                await self._body(sent, send)
            except (Problem, TimeoutError) as error:
                # The answer has begun: it is left unfinished, and the server cuts the connection, which tells the
                # caller that this was not all.
                log.warning("file broken off", kind=self._wanted.kind, video_id=self._wanted.video_id, why=repr(error))

    async def _body(self, sent: Sent, send: Send) -> None:
        if self._method != "HEAD":
            async for chunk in sent.chunks:
                async with asyncio.timeout(STALL):
                    await send({"type": "http.response.body", "body": chunk, "more_body": True})
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    def _head(self, head: Head) -> dict[str, str]:
        headers = {
            "Content-Type": head.type,
            "Accept-Ranges": "bytes",
            "Cache-Control": f"private, max-age={self._lives}",
            "Content-Disposition": disposition(_renamed(self._wanted.name, head.type), attachment=self._attachment),
            "X-Content-Type-Options": "nosniff",
            **head.validator,
        }
        if head.length is not None:
            headers["Content-Length"] = str(head.length)
        if head.status == 206 and head.length is not None:
            total = "*" if head.total is None else head.total
            headers["Content-Range"] = f"bytes {head.start}-{head.start + head.length - 1}/{total}"
        return headers


def disposition(name: str, *, attachment: bool) -> str:
    """Content-Disposition with a name for every client: RFC 6266's two forms, the second where ASCII does not do."""
    how = "attachment" if attachment else "inline"
    plain = "".join(c if c.isascii() and c.isprintable() and c not in '"\\%' else "_" for c in name)
    if plain == name:
        return f'{how}; filename="{plain}"'
    return f"{how}; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='', errors='replace')}"


def _renamed(name: str, type_: str) -> str:
    """The file's name with the ending of what it really is."""
    return f"{name.rpartition('.')[0] or name}.{ENDINGS[type_]}"


async def _no_such_range(head: Head, send: Send) -> None:
    about = "" if head.total is None else f", which has {head.total} bytes"
    said = failed(InvalidParameter(f"The range lies outside of the file{about}."))
    size = () if head.total is None else ((b"content-range", f"bytes */{head.total}".encode()),)
    await send({"type": "http.response.start", "status": 416, "headers": [*said.headers, *size]})
    await send({"type": "http.response.body", "body": said.body, "more_body": False})
