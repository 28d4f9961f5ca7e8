import http.client
import ssl

import pytest

from fauxtok import proxy
from fauxtok.ids import EXAMPLE_ID


@pytest.fixture(scope="module")
def behind(running, tmp_path_factory):
    """The proxy and its authority."""
    ca_file = tmp_path_factory.mktemp("ca") / "ca.pem"
    it = proxy.start("127.0.0.1", 0, running.port, ca_file)
    yield it, ca_file
    it.stop()


@pytest.mark.parametrize(
    "host", ["www.tiktok.com", "vm.tiktok.com", "v16-webapp-prime.us.tiktok.com", "p16-common-sign.tiktokcdn-us.com"]
)
def test_every_host_is_answered_over_tls(behind, host):
    """Behind the proxy any TikTok host is the emulator, with a certificate of the proxy's authority."""
    it, ca_file = behind
    line = http.client.HTTPSConnection("127.0.0.1", it.port, context=ssl.create_default_context(cafile=ca_file))
    line.set_tunnel(host, 443)
    line.request("GET", "/__fauxtok/stats", headers={"Host": host})
    assert line.getresponse().status in {200, 302}
    line.close()


def test_plain_requests_too(behind):
    """A request for http:// is answered as well, and a connection is kept for the next."""
    line = http.client.HTTPConnection("127.0.0.1", behind[0].port)
    for _ in range(2):
        line.request("GET", f"http://www.tiktok.com/@_/video/{EXAMPLE_ID}")
        reply = line.getresponse()
        assert (reply.status, len(reply.read()) > 200_000) == (200, True)
    line.close()
