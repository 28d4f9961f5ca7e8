"""Webhooks over real sockets: what arrives, and that nothing arrives where it must not."""

import hashlib
import hmac
import re
import socket
import time
from pathlib import Path

import pytest

from clipmeter.fetch.webhook import MESSAGE, SIGNATURE, WebhookFailed, WebhookRefused, Webhooks, signature
from hooked import hooked

KEY = "whsec_test"


@pytest.fixture
def hook():
    with hooked() as running:
        yield running


@pytest.fixture
async def inside():
    """Sends to private addresses too."""
    webhooks = Webhooks(anywhere=True, within=2)
    yield webhooks
    await webhooks.aclose()


@pytest.fixture
async def outside():
    """Sends to public addresses only, as a server does."""
    webhooks = Webhooks(within=2)
    yield webhooks
    await webhooks.aclose()


async def test_what_arrives(hook, inside):
    """The body to the letter, the message's id, and a signature over time and body that its key proves."""
    await inside.post(f"{hook.url}?a=%2F", b'{"n": 1}', key=KEY, message_id="msg_1")
    (came,) = hook.came
    assert (came.path, came.body, came.headers["content-type"]) == ("/hook?a=%2F", b'{"n": 1}', "application/json")
    assert came.headers[MESSAGE.lower()] == "msg_1"
    stamp, digest = (part.partition("=")[2] for part in came.headers[SIGNATURE.lower()].split(","))
    assert abs(int(stamp) - time.time()) < 10
    expected = hmac.new(KEY.encode(), f"{stamp}.".encode() + came.body, hashlib.sha256).hexdigest()
    assert hmac.compare_digest(digest, expected)


def test_a_signature_is_of_key_time_and_body():
    """Another key, time or body has another signature."""
    first = signature(KEY, 1, b"x")
    others = [signature("k", 1, b"x"), signature(KEY, 2, b"x"), signature(KEY, 1, b"y"), signature(KEY, 1, b"")]
    assert len({one.partition("v1=")[2] for one in (first, *others)}) == 5


@pytest.mark.parametrize("status", [301, 302, 307, 400, 404, 500])
async def test_other_answers_are_failures(hook, inside, status):
    """Whatever is no 2xx is to be tried again; a redirect is not followed."""
    hook.status, hook.location = status, "/elsewhere"
    with pytest.raises(WebhookFailed, match=str(status)):
        await inside.post(hook.url, b"{}", key=KEY, message_id="m")
    assert [came.path for came in hook.came] == ["/hook"]


async def test_nobody_there(inside):
    """A closed port, a name that is none, and a server that says nothing in time are failures, in a sentence."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        for url in (f"http://127.0.0.1:{port}/", "http://nobody.invalid/"):
            began = time.monotonic()
            with pytest.raises(WebhookFailed) as failure:
                await inside.post(url, b"{}", key=KEY, message_id="m")
            assert str(failure.value)
            assert time.monotonic() - began < 8
    with pytest.raises(WebhookFailed):
        await inside.post(f"http://127.0.0.1:{port}/", b"{}", key=KEY, message_id="m")


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.1", "2130706433", "0x7f000001", "0", "[::1]"])
async def test_private_addresses_never_get_anything(hook, outside, host):
    """However this machine is written, its servers hear nothing, by https or not."""
    port = hook.url.rpartition(":")[2]
    for scheme in ("http", "https"):
        with pytest.raises((WebhookRefused, WebhookFailed)):
            await outside.post(f"{scheme}://{host}:{port}", b"{}", key=KEY, message_id="m")
    assert hook.came == []


@pytest.mark.parametrize("resolved", [["127.0.0.1"], ["::1"], ["10.0.0.1", "127.0.0.1"], ["::ffff:127.0.0.1"]])
async def test_names_that_lead_inside(outside, monkeypatch, resolved):
    """A public-looking name that resolves to a private address is refused at the socket: nothing is connected."""
    connected = []

    def getaddrinfo(_host, port, *_args, **_more):
        families = [(socket.AF_INET6 if ":" in one else socket.AF_INET, one) for one in resolved]
        return [
            (family, socket.SOCK_STREAM, 6, "", (one, port, 0, 0) if ":" in one else (one, port))
            for family, one in families
        ]

    class Spied(socket.socket):
        def connect(self, address):
            connected.append(address)
            return super().connect(address)

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    monkeypatch.setattr(socket, "socket", Spied)
    with pytest.raises(WebhookRefused, match="not on the public internet"):
        await outside.post("https://hooks.example.org:9443/", b"{}", key=KEY, message_id="m")
    assert connected == []


def test_how_the_docs_check_a_signature():
    """The few lines of docs/limits.md believe our messages, and no others."""
    page = (Path(__file__).parents[3] / "docs/limits.md").read_text(encoding="utf8")
    (snippet,) = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    names = {"hashlib": hashlib, "hmac": hmac, "time": time}
    exec(snippet, names)  # noqa: S102 - our own page
    is_ours, now = names["is_ours"], int(time.time())
    assert is_ours(KEY, signature(KEY, now, b"{}"), b"{}")
    assert not is_ours("another key", signature(KEY, now, b"{}"), b"{}")
    assert not is_ours(KEY, signature(KEY, now, b"{}"), b"{ }")
    assert not is_ours(KEY, signature(KEY, now - 600, b"{}"), b"{}")
