"""How messages of the outbox leave: e-mail by SMTP, webhooks by HTTP."""

from collections.abc import Callable

from clipmeter.billing.messages import Message, Sender, Undeliverable
from clipmeter.fetch.webhook import WebhookRefused, Webhooks
from clipmeter.mail import Mail, Refused


def by_mail(mail: Mail) -> Sender:
    """Sends e-mails."""

    async def send(message: Message) -> None:
        try:
            await mail.send(message.recipient, message.subject, message.body, name=message.message_id)
        except Refused as refused:
            raise Undeliverable(str(refused)) from refused

    return send


def by_webhook(hooks: Webhooks, key_of: Callable[[str], str]) -> Sender:
    """Sends to addresses that people gave. `key_of`: what signs the messages of an account."""

    async def send(message: Message) -> None:
        key = key_of(message.account_id)
        try:
            await hooks.post(message.recipient, message.body.encode(), key=key, message_id=message.message_id)
        except WebhookRefused as refused:
            raise Undeliverable(str(refused)) from refused

    return send
