"""This Stripe as a process of its own, and what tests do with it.

with started(webhook_url="http://127.0.0.1:8000/stripe/webhook") as stripe:
    stripe.url, stripe.settings     # for the one who is tested
    stripe.fill_in(session_url, "4242 4242 4242 4242")
    stripe.control("fault", kind="lost", path="/v1/invoices", times=1)
"""

import json
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlencode, urlsplit

from forked import Forked

KEY, SECRET = "sk_test_fauxstripe", "whsec_fauxstripe"


@dataclass
class FauxStripe:
    """A running one."""

    url: str
    key: str = KEY
    secret: str = SECRET

    @property
    def settings(self) -> dict[str, str]:
        """Settings of a server that is to use it."""
        return {"stripe_secret_key": self.key, "stripe_webhook_secret": self.secret, "stripe_url": self.url}

    def control(self, name: str, **values: Any) -> Any:
        """One of the control endpoints, see control.py."""
        status, _, body = self._send("POST", f"{self.url}/_/{name}", json.dumps(values))
        assert status == 200, body
        return json.loads(body)

    def page(self, url: str) -> str:
        """The HTML behind one of its addresses."""
        return self._send("GET", url)[2]

    def fill_in(self, url: str, number: str = "4242424242424242", **more: str) -> tuple[int, str]:
        """Fill in the page of a session or an invoice as a browser does: status, and where it goes or what it says."""
        form = {"cardNumber": number, "cardExpiry": "12 / 34", "cardCvc": "123", "billingName": "Jo Doe", **more}
        status, go, body = self._send("POST", url, urlencode(form), "application/x-www-form-urlencoded")
        return status, go or body

    def answer_challenge(self, url: str, *, passed: bool = True) -> tuple[int, str]:
        """Answer the bank's question on a session's page."""
        form = urlencode({"challenge": "complete" if passed else "fail"})
        status, go, body = self._send("POST", url, form, "application/x-www-form-urlencoded")
        return status, go or body

    def settled(self, within: float = 15.0) -> None:
        """Wait until every event was delivered."""
        until = time.monotonic() + within
        while not self.control("idle")["idle"]:
            assert time.monotonic() < until, self.control("idle")
            time.sleep(0.02)

    def _send(self, method: str, url: str, body: str = "", type_: str = "application/json") -> tuple[int, str, str]:
        parts = urlsplit(url)
        connection = HTTPConnection(parts.netloc, timeout=120)
        try:
            connection.request(method, parts.path, body, {"Content-Type": type_})
            answer = connection.getresponse()
            return answer.status, answer.headers.get("Location", ""), answer.read().decode()
        finally:
            connection.close()


@contextmanager
def started(*, webhook_url: str = "", secret: str = SECRET, key: str = KEY) -> Iterator[FauxStripe]:
    """Start one; it ends with the block, or with this process."""
    process = Forked(
        ["-m", "fauxstripe", "--key", key, "--webhook-url", webhook_url, "--webhook-secret", secret],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    try:
        yield FauxStripe(process.stdout.readline().decode().strip(), key, secret)
    finally:
        process.stdin.close()
        process.wait(10)
        process.stdout.close()
