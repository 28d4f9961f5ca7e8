"""A real SMTP server, in a thread of its own, that keeps what it gets. For tests."""

import re
import ssl
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult


class AnyPort(Controller):
    """Listens where there is room."""

    def _trigger_server(self) -> None:
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()


@dataclass
class Postman:
    """Start it; `letters` came in, in order. What it says to recipients can be set: `says`."""

    says: str = "250 OK"
    host: str = "127.0.0.1"
    tls: ssl.SSLContext | None = None
    """Offers STARTTLS with this."""
    letters: list[EmailMessage] = field(default_factory=list)
    recipients: list[str] = field(default_factory=list)
    heard: list[bytes] = field(default_factory=list)
    """Names and passwords that it was told."""
    encrypted: list[bool] = field(default_factory=list)
    """Whether each letter came through TLS."""

    def start(self) -> "Postman":
        self._controller = AnyPort(
            self,
            hostname=self.host,
            port=0,
            enable_SMTPUTF8=True,
            tls_context=self.tls,
            auth_require_tls=False,
            authenticator=self._hear,
        )
        self._controller.start()
        return self

    def stop(self) -> None:
        self._controller.stop()

    @property
    def url(self) -> str:
        return self.url_for("")

    def url_for(self, login: str) -> str:
        """With `user:password@`."""
        return f"smtp://{login}{self.host}:{self._controller.port}"

    def _hear(self, _server, _session, _envelope, _mechanism, data) -> AuthResult:
        self.heard += [data.login, data.password]
        return AuthResult(success=True)

    async def handle_RCPT(self, _server, _session, envelope, address, _options) -> str:  # noqa: N802 - aiosmtpd's name
        if self.says.startswith("250"):
            envelope.rcpt_tos.append(address)
        return self.says

    async def handle_DATA(self, _server, session, envelope) -> str:  # noqa: N802
        self.encrypted.append(session.ssl is not None)
        self.letters.append(message_from_bytes(envelope.content, policy=policy.default))
        self.recipients += envelope.rcpt_tos
        return "250 OK"


def link_in(letter: EmailMessage | str) -> str:
    """The token of the link in a letter."""
    text = letter if isinstance(letter, str) else letter.get_content()
    return re.search(r"\?token=([\w-]+)", text)[1]
