"""Which addresses are public: nothing that leads to this machine, its neighbours or its cloud's services is."""

from ipaddress import IPv4Address, IPv6Address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clipmeter.public import LONGEST_URL, is_public, url_problem

PRIVATE = [
    "127.0.0.1",
    "127.255.255.254",
    "0.0.0.0",  # noqa: S104 - looked at, not bound
    "10.0.0.1",
    "172.16.0.1",
    "172.31.255.255",
    "192.168.1.1",
    "169.254.169.254",
    "100.64.0.1",
    "192.0.0.1",
    "198.18.0.1",
    "224.0.0.1",
    "239.255.255.250",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "::127.0.0.1",
    "64:ff9b::127.0.0.1",
    "64:ff9b::169.254.169.254",
    "64:ff9b:1::1",
    "2002:7f00:1::",
    "2002:a9fe:a9fe::",
    "2001:0:4136:e378:8000:63bf:3fff:fdd2",
    "fe80::1",
    "fe80::1%eth0",
    "fc00::1",
    "fec0::1",
    "fd00:ec2::254",
    "ff02::1",
    "2001:db8::1",
    "100::1",
    "",
    "localhost",
    "1.2.3",
    "1.2.3.4.5",
    "0x7f.0.0.1",
]
PUBLIC = ["1.1.1.1", "8.8.8.8", "172.32.0.1", "192.169.0.1", "2606:4700::1111", "::ffff:1.1.1.1", "64:ff9b::1.1.1.1"]


@pytest.mark.parametrize("address", PRIVATE)
def test_what_is_not_public(address):
    """Private, loopback, link-local, shared, multicast and reserved ones, also when written into IPv6."""
    assert not is_public(address)


@pytest.mark.parametrize("address", PUBLIC)
def test_what_is_public(address):
    """Ordinary addresses are, also those that a network translates to IPv6."""
    assert is_public(address)


@given(st.ip_addresses(v=4))
def test_wrapped_is_no_better(address):
    """An IPv4 address written into IPv6 is at most as public as it is by itself."""
    for wrapped in (f"::ffff:{address}", f"64:ff9b::{address}", IPv6Address((0x2002 << 112) | int(address) << 80)):
        assert is_public(str(address)) or not is_public(str(wrapped))


@given(st.integers(0, 2**32 - 1))
def test_never_the_private_ranges(number):
    """No address of RFC 1918 and no loopback is public, whatever its other bits."""
    for network, bits in (("10.0.0.0", 8), ("172.16.0.0", 12), ("192.168.0.0", 16), ("127.0.0.0", 8)):
        inside = int(IPv4Address(network)) | number >> bits
        assert not is_public(str(IPv4Address(inside)))


@pytest.mark.parametrize(
    "url",
    [
        "",
        "example.org",
        "ftp://example.org/",
        "file:///etc/passwd",
        "http://example.org/",
        "https://",
        "https:///x",
        "https://localhost/",
        "https://LOCALHOST./",
        "https://printer.local/",
        "https://metadata.google.internal/",
        "https://127.0.0.1/",
        "https://[::1]/",
        "https://2130706433/",
        "https://0x7f000001/",
        "https://127.1/",
        "https://0177.0.0.1/",
        "https://127.0.0.1./",
        "https://[::ffff:10.0.0.1]/",
        "https://169.254.169.254/latest/meta-data",
        "https://user:password@example.org/",
        "https://user@example.org/",
        "https://example.org/#part",
        "https://example.org:25/",
        "https://example.org:0/",
        "https://example.org:70000/",
        "https://exa mple.org/",
        "https://example.org\\@127.0.0.1/",
        "https://example.org/\r\nHost: x",
        "https://[1::2::3]/",
        "https://ex\u00e4mple.org/",
        "https://example.org/" + "x" * LONGEST_URL,
    ],
)
def test_urls_that_are_refused(url):
    """Nothing but https to a host that may be public."""
    assert url_problem(url)


@pytest.mark.parametrize(
    "url",
    [
        "https://example.org",
        "https://example.org:8443/hook?key=1",
        "https://1.1.1.1/",
        "https://[2606:4700::1111]/",
        "https://1.example/",
        "HTTPS://Example.ORG:443/",
    ],
)
def test_urls_that_are_taken(url):
    """Ordinary ones are."""
    assert url_problem(url) == ""


def test_anywhere():
    """Where the operator allows it, plain http and private hosts are right; what is no URL never is."""
    assert url_problem("http://127.0.0.1:8080/hook", anywhere=True) == ""
    for url in ("ftp://127.0.0.1/", "http://user:password@127.0.0.1/", "http:// /", "x" * 600, "http://[::1"):
        assert url_problem(url, anywhere=True)
