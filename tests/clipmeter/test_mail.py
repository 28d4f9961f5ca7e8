"""E-mail against a real SMTP server."""

import socket
import ssl

import aiosmtplib
import pytest
import trustme

from clipmeter.mail import Mail, Refused, read_server
from postman import Postman


@pytest.fixture
def postman():
    postman = Postman().start()
    yield postman
    postman.stop()


async def test_sends(postman):
    """A letter arrives whole: addresses, subject, text in any script, and the same id at each try."""
    mail = Mail(postman.url, "Clips <noreply@example.org>")
    for _ in range(2):
        await mail.send("ada@example.org", "Grüße", "Zeile 1\n\n    Zeile 2 ✓\n.\nEnde", name="msg_1")
    first, second = postman.letters
    assert (first["To"], first["From"], first["Subject"]) == ("ada@example.org", "Clips <noreply@example.org>", "Grüße")
    assert first.get_content().replace("\r\n", "\n") == "Zeile 1\n\n    Zeile 2 ✓\n.\nEnde\n"
    assert first["Message-ID"] == second["Message-ID"] == "<msg_1@example.org>"
    assert postman.recipients == ["ada@example.org"] * 2


@pytest.mark.parametrize(
    "recipient", ["a@b.c\nBcc: eve@example.org", "a,eve@example.org", "a@b.c,eve@example.org", "<a@b.c>", "a", ""]
)
async def test_one_recipient(postman, recipient):
    """Whatever an address holds, nobody else gets a copy, and no header is added."""
    with pytest.raises(Refused):
        await Mail(postman.url, "noreply@example.org").send(recipient, "Subject", "Text", name="msg_1")
    assert postman.recipients == []


async def test_subject_is_one_line(postman):
    """A subject adds no header."""
    await Mail(postman.url, "a@example.org").send("b@example.org", "One\r\nBcc: eve@example.org", "Text", name="msg_1")
    assert postman.letters[0]["Subject"] == "One Bcc: eve@example.org"
    assert postman.letters[0]["Bcc"] is None


async def test_refused_for_good(postman):
    """An address that the server refuses for good is not tried again; one that it cannot take now may be."""
    mail = Mail(postman.url, "a@example.org")
    postman.says = "550 no such user"
    with pytest.raises(Refused):
        await mail.send("b@example.org", "Subject", "Text", name="msg_1")
    postman.says = "451 later"
    with pytest.raises(aiosmtplib.SMTPException):
        await mail.send("b@example.org", "Subject", "Text", name="msg_1")


@pytest.fixture
def certified():
    """What a server with a certificate of nobody's shows."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("127.0.0.1", "127.0.0.2").configure_cert(context)
    return context


async def test_tls_on_this_machine(certified):
    """A server on this machine that offers TLS is spoken to so, whoever made its certificate; with the password."""
    postman = Postman(tls=certified).start()
    mail = Mail(postman.url_for("clips:p%40ss@"), "a@example.org")
    await mail.send("b@example.org", "Subject", "Text", name="msg_1")
    postman.stop()
    assert postman.encrypted == [True]
    assert postman.heard == [b"clips", b"p@ss"]


@pytest.mark.parametrize("offers", [True, False], ids=["unknown certificate", "no TLS"])
async def test_passwords_go_through_tls_only(certified, offers):
    """A server elsewhere hears no password without TLS, nor one whose certificate nobody vouches for."""
    postman = Postman(host="127.0.0.2", tls=certified if offers else None).start()
    with pytest.raises((aiosmtplib.SMTPException, ssl.SSLError)):
        await Mail(postman.url_for("clips:secret@"), "a@example.org").send("b@example.org", "S", "Text", name="msg_1")
    postman.stop()
    assert (postman.heard, postman.letters) == ([], [])


async def test_server_is_away():
    """No server there: worth another try."""
    with socket.create_server(("127.0.0.1", 0)) as unused:
        port = unused.getsockname()[1]
    with pytest.raises(aiosmtplib.SMTPConnectError):
        await Mail(f"smtp://127.0.0.1:{port}", "a@example.org").send("b@example.org", "Subject", "Text", name="msg_1")


def test_read_server():
    """The address of the server, with what the standard says where it says nothing."""
    plain, safe = read_server("smtp://mail.example.org"), read_server("smtps://u%40x:p%2F@mail.example.org")
    assert (plain.host, plain.port, plain.tls, plain.user) == ("mail.example.org", 587, False, "")
    assert (safe.port, safe.tls, safe.user, safe.password) == (465, True, "u@x", "p/")
