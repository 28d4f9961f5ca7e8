"""Which hosts are TikTok's."""

import pytest

from clipmeter.sites.tiktok.hosts import is_media, is_on_akamai, is_tiktok

PAGES = ["tiktok.com", "www.tiktok.com", "m.tiktok.com", "vm.tiktok.com", "vt.tiktok.com", "www.tiktokv.com"]
FILES = [
    "v16-webapp-prime.us.tiktok.com",
    "v16-webapp.tiktok.com",
    "v19.tiktokcdn-us.com",
    "p16-sign-va.tiktokcdn.com",
    "p16-va-tiktok.ibyteimg.com",
    "sf16-sg.muscdn.com",
]
AKAMAI = [
    "v16-default.akamaized.net",
    "v16m-default.akamaized.net",
    "p16-va-default.akamaized.net",
    "p16-sg-default.akamaized.net",
    "sf16-sg-default.akamaized.net",
    "p16-tiktokcdn-com.akamaized.net",
]


@pytest.mark.parametrize("host", PAGES + FILES + AKAMAI)
def test_tiktok_hosts(host):
    """Hosts seen in recorded answers are TikTok's; files lie on all but those that serve pages."""
    assert is_tiktok(host)
    assert is_media(host) is (host not in PAGES)
    assert is_on_akamai(host) is (host in AKAMAI)


@pytest.mark.parametrize(
    "host",
    [
        "",
        ".",
        "tiktok",
        "com",
        "eviltiktok.com",
        "tiktok.com.evil.com",
        "tiktok.com.",
        "www.tiktok.com:443",
        "TIKTOK.COM.EVIL",
        "tiktokcdn-xx.com",
        "akamaized.net",
        "evil.akamaized.net",
        "evil-default.akamaized.net",
        "v16-default.evil.akamaized.net",
        "v16-default.akamaized.net.evil.com",
        "v16-evil-default.akamaized.net",
        "tiktokcdn-com.akamaized.net",
        "127.0.0.1",
        "localhost",
        "169.254.169.254",
        "tiktok.com\n",
        "v16-default.akamaized.net\n",
        "www.t\u0131ktok.com",
    ],
)
def test_other_hosts(host):
    """A name is TikTok's on a dot boundary only, and of Akamai's names only those it is known by."""
    assert not is_tiktok(host)
    assert not is_media(host)
