"""`clipmeter doctor`: how the sources did, and what changed in a page."""

import gzip
import json
import urllib.request

import pytest

from clipmeter.errors import Attempt
from clipmeter.records.health import HealthLog
from clipmeter.store.sqlite import SqliteStore
from served import EXAMPLE, run_clipmeter


@pytest.fixture
def home(tmp_path):
    return tmp_path / "home"


@pytest.fixture
def page(emulator):
    """A good page."""
    with urllib.request.urlopen(f"{emulator.url}/@_/video/{EXAMPLE}", timeout=10) as answer:  # noqa: S310 - loopback http
        return answer.read()


async def test_the_sources_day(home, emulator):
    """Each source of each lane is shown with its share of answers, verdicts and latency; that alone is no failure."""
    run_clipmeter(home, "accounts", "list")
    async with SqliteStore(home / "clipmeter.db-records") as store:
        health = HealthLog(store)
        health.note("live", [Attempt("webpage", "", "", 0.1)] * 3 + [Attempt("webpage", "upstream_timeout", "", 0.9)])
        health.note("test", [Attempt("appjson", "not_found", "", 0.2)])
        await health.flush()
    done = run_clipmeter(home, "doctor", "--json", upstream=emulator.url)
    said = {row["check"]: row for row in json.loads(done.stdout)}
    assert done.returncode == 0
    assert said["webpage"]["ok"] is None
    assert said["webpage"]["said"] == (
        "live, last 24 h: 75 % of 4 tries (3 answered, 1 upstream_timeout), 300 ms on average, 900 at most"
    )
    assert said["appjson"]["said"].startswith("test, last 24 h: 0 % of 1 tries (1 not_found)")


@pytest.mark.parametrize("packed", [False, True])
def test_a_page_that_is_as_expected(home, page, tmp_path, packed):
    """A good page, saved or packed, has no differences."""
    file = tmp_path / "page"
    file.write_bytes(gzip.compress(page) if packed else page)
    done = run_clipmeter(home, "doctor", "--source", str(file))
    assert done.returncode == 0
    assert "Every field is as expected." in done.stdout
    assert f"/video/{EXAMPLE}" in done.stdout


def test_a_page_that_has_changed(home, page, tmp_path):
    """Each difference is a row: which field, what was expected, what is there. Exit status 1."""
    file = tmp_path / "page.html"
    file.write_bytes(page.replace(b'"statsV2"', b'"statsV3"'))
    done = run_clipmeter(home, "doctor", "--source", str(file), "--json")
    assert done.returncode == 1
    assert json.loads(done.stdout) == [
        {"source": "webpage", "field": "statsV2", "expected": "object", "found": "missing"},
        {"source": "webpage", "field": "statsV3", "expected": "not there", "found": "object"},
    ]
    table = run_clipmeter(home, "doctor", "--source", str(file)).stdout
    assert "statsV2  object" in table


def test_a_post_now(home, emulator):
    """The page of an id is fetched and compared."""
    done = run_clipmeter(home, "doctor", "--source", EXAMPLE, "--json", upstream=emulator.url)
    assert (done.returncode, json.loads(done.stdout)) == (0, [])


@pytest.mark.parametrize("content", [b"", b"\x1f\x8bno gzip", b"<html>", b"\x00" * 1000])
def test_files_that_are_no_pages(home, tmp_path, content):
    """Whatever the file holds, there is a sentence or a table, and no traceback."""
    file = tmp_path / "file"
    file.write_bytes(content)
    done = run_clipmeter(home, "doctor", "--source", str(file))
    assert done.returncode == 1
    assert "Traceback" not in done.stderr


def test_neither_file_nor_id(home):
    """Another word is a sentence and exit status 1."""
    done = run_clipmeter(home, "doctor", "--source", "no-such-file")
    assert (done.returncode, done.stdout) == (1, "")
    assert "neither a file nor the id" in done.stderr
