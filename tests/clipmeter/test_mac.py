"""HMAC by two hashes is HMAC."""

import hmac

from hypothesis import given
from hypothesis import strategies as st

from clipmeter.mac import Mac


@given(st.binary(max_size=200), st.binary(max_size=300), st.integers(0, 300))
def test_as_the_library_does(key, message, cut):
    """Any key and message, in one piece or begun before, gives what the library's function gives."""
    mac, wanted = Mac(key), hmac.digest(key, message, "sha256")
    assert mac.digest(message) == wanted
    begun = mac.begun(message[:cut])
    assert [mac.digest(message[cut:], begun) for _ in range(2)] == [wanted, wanted]
