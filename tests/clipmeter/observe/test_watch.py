"""From outside: what a server tells of its sources, and of a page that has changed."""

import asyncio
import gzip
import re
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from clipmeter.billing.keys import Caller
from clipmeter.call import Asked, Finished
from clipmeter.endpoints.tiktok_video import TIKTOK_VIDEO
from clipmeter.observe.metrics import Metrics
from clipmeter.observe.watch import Watch
from clipmeter.records.line import Order
from clipmeter.records.recorder import Recorder
from served import EXAMPLE, fresh_ids, run_clipmeter


@pytest.fixture
def changed():
    """A TikTok whose pages have lost their script."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            body = b"<html><body>Welcome to the new TikTok! " + b"x" * 2000 + b"</body></html>"
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def numbers(served):
    return served.get("/metrics").body.decode()


def test_tries_are_counted_once_a_fetch(new_served, emulator):
    """Sources' tries are counted for each time they are asked, not for answers from memory; doctor shows them."""
    served = new_served(upstream=emulator.url)
    for _ in range(3):
        assert served.get(key=served.keys["key"], video_id=fresh_ids(1, 200_000)[0]).status == 200
    text = numbers(served)
    assert re.search(r'source_seconds_count\{code="ok",lane="live",source="webpage"\} 1.0', text)
    assert 'clipmeter_source_breaker{lane="live",source="webpage"} 0.0' in text
    assert re.search(r"^clipmeter_store_plans_total [1-9]", text, re.MULTILINE)
    assert served.stop() == 0
    done = run_clipmeter(served.home, "doctor", upstream=emulator.url)
    assert re.search(r"webpage +live, last 24 h: 100 % of 1 tries \(1 answered\)", done.stdout)


def test_a_changed_page_rings_the_alarm(new_served, changed):
    """A page without its script is a 502, is counted by what is missing, and one sample of it is kept."""
    served = new_served(upstream=changed, time_budget="3", sources="webpage")
    reply = served.get(key=served.keys["key"], video_id=EXAMPLE)
    assert (reply.status, reply.code) == (502, "upstream_error")
    give_up = time.monotonic() + 5
    while "source_changes_total{" not in (text := numbers(served)) and time.monotonic() < give_up:
        time.sleep(0.05)
    assert 'clipmeter_source_changes_total{field="page",source="webpage"} 1.0' in text
    assert served.stop() == 0
    (sample,) = (served.home / "samples").iterdir()
    assert b"Welcome to the new TikTok" in gzip.decompress(sample.read_bytes())
    done = run_clipmeter(served.home, "doctor", "--source", str(sample))
    assert done.returncode == 1
    assert "a script element" in done.stdout
    (row,) = [row for row in _log(served, changed) if row["code"] == "upstream_error"]
    assert row["sign"]
    assert [one["source"] for one in row["attempts"]][:1] == ["webpage"]


async def test_none_is_dropped_however_fast_they_come(tmp_path):
    """When more calls end in each turn of the event loop than are worked off in one go, more are worked off."""
    order = Order(str(tmp_path / "records.db"), "", pooled=False, keep_days=30, log_level="error")
    watch = Watch(Recorder(order), Metrics())
    caller = Caller("acct_1", "key_1", "live", "user")
    watch.start()
    await asyncio.sleep(0.1)
    for number in range(400):
        for _ in range(60):
            asked = Asked(key="", query=b"video_id=7516594811734854943", request_id=f"req_{number}")
            watch(Finished(TIKTOK_VIDEO, asked, caller, "", None, time.monotonic(), {"total": 0.001}))
        await asyncio.sleep(0)
    await watch.stop()
    assert watch._dropped == 0


def _log(served, upstream):
    served.settings["upstream"] = upstream
    served.start()
    return served.get("/v1/requests", key=served.keys["key"]).json["requests"]


def test_test_mode_rings_no_alarm(new_served, emulator):
    """The look-alike's odd pages are meant, and keep no samples."""
    served = new_served(upstream=emulator.url)
    served.get(key=served.keys["test_key"], video_id=EXAMPLE)
    assert served.stop() == 0
    assert not (served.home / "samples").exists()
