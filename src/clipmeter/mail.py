"""Sends e-mail by SMTP: plain text, to one person at a time."""

from dataclasses import dataclass
from datetime import UTC, datetime
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime, parseaddr
from urllib.parse import unquote, urlsplit

import aiosmtplib

SECONDS = 20.0
"""For each step of the conversation with the server."""
_LOCAL = {"localhost", "127.0.0.1", "::1"}
_FOR_GOOD = range(500, 600)


class Refused(Exception):
    """The server, or the address itself, says that this will never arrive."""


@dataclass(frozen=True, slots=True)
class Server:
    """Where e-mail goes out. `tls`: from the first byte on; else by STARTTLS, which a password requires."""

    host: str
    port: int
    tls: bool
    user: str
    password: str


def read_server(url: str) -> Server:
    """`smtp://USER:PASSWORD@HOST:587`, `smtps://HOST`."""
    parts = urlsplit(url)
    tls = parts.scheme == "smtps"
    user, password = unquote(parts.username or ""), unquote(parts.password or "")
    return Server(parts.hostname or "", parts.port or (465 if tls else 587), tls, user, password)


class Mail:
    """Sends."""

    def __init__(self, url: str, sender: str) -> None:
        """`url`: as `read_server` reads it; `sender`: an address, or `Name <address>`."""
        self._server = read_server(url)
        name, address = parseaddr(sender)
        self._sender = Address(name, addr_spec=address)

    async def send(self, recipient: str, subject: str, body: str, *, name: str) -> None:
        """Give one to the server. `name`: the same when it is sent again. Raises Refused, and others worth a retry."""
        server = self._server
        message = self._written(recipient, subject, body, name)
        try:
            await aiosmtplib.send(
                message,
                sender=self._sender.addr_spec,
                recipients=[recipient],
                hostname=server.host,
                port=server.port,
                username=server.user or None,
                password=server.password or None,
                use_tls=server.tls,
                # Without a password, and on this machine, plain text will do where the server offers nothing better.
                start_tls=None if server.tls or not server.user or server.host in _LOCAL else True,
                validate_certs=server.host not in _LOCAL,
                timeout=SECONDS,
            )
        except aiosmtplib.SMTPRecipientsRefused as error:
            if all(refused.code in _FOR_GOOD for refused in error.recipients):
                raise Refused(str(error.recipients[0])) from error
            raise
        except aiosmtplib.SMTPNotSupported as error:  # an address in letters that the server does not take
            raise Refused(str(error)) from error

    def _written(self, recipient: str, subject: str, body: str, name: str) -> EmailMessage:
        message = EmailMessage()
        try:
            message["To"] = Address(addr_spec=recipient)
        except (MessageError, ValueError, IndexError) as error:
            raise Refused(f"{recipient!r} cannot be written into an e-mail") from error
        message["From"] = self._sender
        message["Subject"] = " ".join(subject.split())
        message["Date"] = format_datetime(datetime.now(UTC))
        message["Message-ID"] = f"<{name}@{self._sender.domain}>"
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(body)
        return message
