"""An HTTP proxy behind which every host is this emulator: each CONNECT ends here, in TLS of its own authority.

So a program that knows nothing of fauxtok talks to "www.tiktok.com" over HTTPS. Nothing is forwarded anywhere else.
"""

import asyncio
import contextlib
import ssl
from asyncio import StreamReader, StreamWriter
from pathlib import Path
from threading import Thread

from fauxtok import server

_HOSTS = (
    "tiktok.com", "*.tiktok.com", "*.us.tiktok.com", "tiktokv.com", "*.tiktokv.com", "tiktokv.us", "*.tiktokv.us",
    "*.tiktokv.eu", "*.tiktokcdn.com", "*.tiktokcdn-us.com", "*.tiktokcdn-eu.com", "*.ttwstatic.com",
    "*.neutral.ttwstatic.com", "*.ibytedtos.com", "*.ibyteimg.com", "*.muscdn.com", "localhost",
)  # fmt: skip
_CHUNK = 1 << 16


def certificate(ca_file: Path | None) -> ssl.SSLContext:
    """A context for every TikTok host, signed by a new authority. RuntimeError: trustme is not installed."""
    try:
        import trustme  # noqa: PLC0415 - a tool of development, needed for the proxy only
    except ImportError as missing:
        raise RuntimeError("the proxy makes its certificates with trustme: pip install trustme") from missing
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.set_alpn_protocols(["http/1.1"])
    authority.issue_cert(*_HOSTS).configure_cert(context)
    if ca_file is not None:
        authority.cert_pem.write_to_path(str(ca_file))
    return context


class Proxy:
    """The proxy, in a daemon thread, in front of the emulator at `backend` (a port of this machine)."""

    def __init__(self, host: str, port: int, backend: int, context: ssl.SSLContext) -> None:
        self._listener = server.listen(host, port)
        self._backend, self._context = backend, context
        address, self.port = self._listener.getsockname()[:2]
        self.url = f"http://{address}:{self.port}"
        self._loop = asyncio.new_event_loop()
        self._thread = Thread(target=self._run, name="fauxtok-proxy", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Closes every connection and waits until the port is free."""
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()

    def _run(self) -> None:
        serving = self._loop.run_until_complete(asyncio.start_server(self._visitor, sock=self._listener))
        self._loop.run_forever()
        serving.close()
        self._loop.run_until_complete(_end_the_others())
        self._loop.close()

    async def _visitor(self, reader: StreamReader, writer: StreamWriter) -> None:
        """One connection: TLS after a CONNECT, else the bytes as they are."""
        try:
            with contextlib.suppress(OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
                head = await reader.readuntil(b"\r\n\r\n")
                if head.startswith(b"CONNECT "):
                    writer.write(b"HTTP/1.1 200 Connection Established\r\n\r\n")
                    await writer.start_tls(self._context)
                    head = b""
                await self._join(head, reader, writer)
                writer.close()
                await writer.wait_closed()
        finally:
            writer.transport.abort()

    async def _join(self, head: bytes, reader: StreamReader, writer: StreamWriter) -> None:
        """Both directions between the visitor and the emulator, until one side ends."""
        there, back = await asyncio.open_connection("127.0.0.1", self._backend)
        back.write(head)
        ways = {asyncio.ensure_future(_copy(reader, back)), asyncio.ensure_future(_copy(there, writer))}
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for way in ways:
                way.cancel()
            back.transport.abort()


async def _end_the_others() -> None:
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)
    await asyncio.sleep(0.01)  # a connection learns of its end a moment later


async def _copy(reader: StreamReader, writer: StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while data := await reader.read(_CHUNK):
            writer.write(data)
            await writer.drain()


def start(host: str, port: int, backend: int, ca_file: Path | None = None) -> Proxy:
    """Start the proxy. OSError: the port is taken. RuntimeError: trustme is not installed."""
    return Proxy(host, port, backend, certificate(ca_file))
