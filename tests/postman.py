"""A real SMTP server, in a thread of its own, that keeps what it gets. For tests."""

import re
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage

from aiosmtpd.controller import Controller


class AnyPort(Controller):
    """Listens where there is room."""

    def _trigger_server(self) -> None:
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()


@dataclass
class Postman:
    """Start it; `letters` came in, in order. What it says to recipients can be set: `says`."""

    says: str = "250 OK"
    letters: list[EmailMessage] = field(default_factory=list)
    recipients: list[str] = field(default_factory=list)

    def start(self) -> "Postman":
        self._controller = AnyPort(self, hostname="127.0.0.1", port=0, enable_SMTPUTF8=True)
        self._controller.start()
        return self

    def stop(self) -> None:
        self._controller.stop()

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self._controller.port}"

    async def handle_RCPT(self, _server, _session, envelope, address, _options) -> str:  # noqa: N802 - aiosmtpd's name
        if self.says.startswith("250"):
            envelope.rcpt_tos.append(address)
        return self.says

    async def handle_DATA(self, _server, _session, envelope) -> str:  # noqa: N802
        self.letters.append(message_from_bytes(envelope.content, policy=policy.default))
        self.recipients += envelope.rcpt_tos
        return "250 OK"


def link_in(letter: EmailMessage | str) -> str:
    """The token of the link in a letter."""
    text = letter if isinstance(letter, str) else letter.get_content()
    return re.search(r"\?token=([\w-]+)", text)[1]
