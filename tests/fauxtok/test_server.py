import http.client
import socket
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from fauxtok.ids import EXAMPLE_ID
from fauxtok.server import start


def until(check, seconds=3.0):
    """Wait for something to come true."""
    end = time.monotonic() + seconds
    while not check() and time.monotonic() < end:
        time.sleep(0.01)
    return check()


def test_stats_count_what_is_in_flight(visitor):
    """Requests under way are counted from arrival to answer, the delay included."""
    visitor.post("delay", {"ms": 300})
    with ThreadPoolExecutor(3) as pool:
        pages = [pool.submit(visitor.page, EXAMPLE_ID) for _ in range(3)]
        assert until(lambda: visitor.ask("/__fauxtok/stats").json["in_flight"] == 3)
        assert all(page.result().status == 200 for page in pages)
    assert visitor.ask("/__fauxtok/stats").json == {"requests": 3, "in_flight": 0, "max_in_flight": 3}


def test_groups_are_counted_apart(visitor):
    """Pages can be counted by the last digits of their id, from when that is asked for until it is taken back."""
    visitor.page(EXAMPLE_ID)
    visitor.post("groups", {"modulo": 1000})
    visitor.post("delay", {"ms": 200})
    ids = [EXAMPLE_ID, EXAMPLE_ID + 1000, EXAMPLE_ID + 1]
    with ThreadPoolExecutor(3) as pool:
        list(pool.map(visitor.page, ids))
    assert visitor.ask("/__fauxtok/groups").json == {
        "943": {"requests": 2, "in_flight": 0, "max_in_flight": 2},
        "944": {"requests": 1, "in_flight": 0, "max_in_flight": 1},
    }
    visitor.post("groups", {"modulo": 0})
    visitor.page(EXAMPLE_ID)
    assert visitor.ask("/__fauxtok/groups").json == {}


def test_a_visitor_who_leaves_is_not_in_flight(visitor):
    """In-flight goes down when a client leaves before its answer."""
    visitor.post("delay", {"ms": 30_000})
    visitor.hang_up_after(f"/@_/video/{EXAMPLE_ID}", 0.1)
    assert visitor.is_idle()
    assert visitor.ask("/__fauxtok/stats").json["requests"] == 1


def test_never_ends_when_the_visitor_leaves(visitor):
    """The page that never answers is not left waiting for nobody."""
    visitor.hang_up_after("/@_/video/7500000000000050401", 0.1)
    assert visitor.is_idle()


def test_stop_ends_what_waits():
    """Stopping ends waiting answers at once and frees the port."""
    running = start(delay_ms=0)
    with socket.create_connection(("127.0.0.1", running.port)) as line:
        line.sendall(b"GET /@_/video/7500000000000050401 HTTP/1.1\r\nHost: www.tiktok.com\r\n\r\n")
        time.sleep(0.1)
        began = time.monotonic()
        running.stop()
        assert time.monotonic() - began < 2.5
    running.stop()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", running.port))


def test_start_with_delay():
    """The delay given at start is waited before each video page, and comes back after a reset."""
    with start(delay_ms=150) as running:
        line = http.client.HTTPConnection("127.0.0.1", running.port)
        for _ in range(2):
            began = time.monotonic()
            line.request("GET", f"/@_/video/{EXAMPLE_ID}")
            line.getresponse().read()
            assert time.monotonic() - began >= 0.15
            line.request("POST", "/__fauxtok/reset")
            line.getresponse().read()
        line.close()


def test_a_taken_port_is_told(running):
    """A port that is taken is an OSError, not a server that never answers."""
    with pytest.raises(OSError, match="in use"):
        start(port=running.port)
