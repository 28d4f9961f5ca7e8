"""The alarm for changed pages: what rings it, what it counts, and that what it keeps stays small."""

import gzip
import os
import time
from collections import Counter
from dataclasses import dataclass

import pytest

from clipmeter.errors import NotFound, UpstreamError, UpstreamRateLimit
from clipmeter.observe.alarm import MOST_FIELDS, MOST_FILES, Alarm


@dataclass
class Found:
    field: str


@pytest.fixture
def counted():
    return Counter()


@pytest.fixture
def ring(tmp_path, counted):
    """Makes an alarm whose comparison finds the words of a body."""

    def count(source, field):
        counted[source, field] += 1

    made = []

    def compare(body):
        return [Found(word.decode("latin-1")) for word in body.split()]

    def make(**options):
        made.append(Alarm(tmp_path / "samples", compare, count, **options))
        return made[-1]

    yield make
    for one in made:
        one.close()


def samples(tmp_path):
    return {file.name: gzip.decompress(file.read_bytes()) for file in (tmp_path / "samples").glob("*")}


def test_a_page_that_cannot_be_read(ring, tmp_path, counted):
    """It is counted by field and kept, under the source and the sign."""
    alarm = ring()
    alarm.changed("webpage", b"a b a", UpstreamError(sign="script without a post"))
    alarm.close()
    assert counted == {("webpage", "a"): 1, ("webpage", "b"): 1}
    assert samples(tmp_path) == {"webpage-script-without-a-post.gz": b"a b a"}


@pytest.mark.parametrize(
    "problem", [NotFound(), UpstreamRateLimit(sign="captcha"), UpstreamError(sign="HTTP 502, app")]
)
def test_what_is_no_change(ring, tmp_path, counted, problem):
    """A verdict, a refusal and an error status say nothing about the shape of pages."""
    alarm = ring()
    alarm.changed("webpage", b"a", problem)
    alarm.close()
    assert not counted
    assert samples(tmp_path) == {}


def test_pages_that_can_be_read_are_looked_at_now_and_then(ring, tmp_path, counted):
    """Of a source's good pages one a minute is looked at; it is kept only when a field differs."""
    alarm = ring()
    alarm.read("webpage", b"")
    alarm.read("webpage", b"b")
    alarm.read("embed", b"c")
    alarm.close()
    assert counted == {("embed", "c"): 1}
    assert samples(tmp_path) == {"embed-c.gz": b"c"}


def test_the_newest_of_a_kind_is_kept(ring, tmp_path):
    """The same sign again replaces the file."""
    alarm = ring()
    for body in (b"old", b"new"):
        alarm.changed("webpage", body, UpstreamError(sign="x"))
    alarm.close()
    assert samples(tmp_path) == {"webpage-x.gz": b"new"}


def test_files_are_bounded(ring, tmp_path):
    """However many different pages come, few files stay: the newest."""
    alarm = ring()
    for number in range(MOST_FILES + 10):
        alarm.changed("webpage", b"x", UpstreamError(sign=f"sign {number}"))
        alarm.close()
    assert len(samples(tmp_path)) == MOST_FILES
    assert f"webpage-sign-{MOST_FILES + 9}.gz" in samples(tmp_path)


def test_bytes_are_bounded(ring, tmp_path):
    """However large pages are, few bytes stay: those of the newest."""
    alarm = ring(most_bytes=100_000)
    for number in range(3):
        alarm.changed("webpage", os.urandom(60_000), UpstreamError(sign=f"big {number}"))
        alarm.close()
    assert list(samples(tmp_path)) == ["webpage-big-2.gz"]


def test_signs_are_no_paths(ring, tmp_path):
    """A sign cannot name a file elsewhere."""
    alarm = ring()
    alarm.changed("../../up", b"x", UpstreamError(sign="../../../etc/passwd \0 \udfff" + "y" * 500))
    alarm.close()
    (name,) = samples(tmp_path)
    assert name.startswith("up-etc-passwd")
    assert len(name) < 100


def test_a_flood_of_fields_is_bounded(ring, counted):
    """Fields beyond the first 200 are counted as one, so that metrics stay small."""
    alarm = ring()
    alarm.changed("webpage", b" ".join(b"f%d" % number for number in range(1000)), UpstreamError(sign="x"))
    alarm.close()
    assert len(counted) == MOST_FIELDS + 1
    assert counted["webpage", "other"] == 1000 - MOST_FIELDS


def test_ringing_costs_no_time(ring):
    """Whoever rings goes on at once, also when many pages wait."""
    alarm, body = ring(), b"word " * 200_000
    begun = time.perf_counter()
    for _ in range(20):
        alarm.changed("webpage", body, UpstreamError(sign="x"))
    assert time.perf_counter() - begun < 0.5  # to look at one of them takes a tenth of a second


def test_a_folder_that_cannot_be(tmp_path, counted):
    """Where samples cannot be written nothing else fails."""
    (tmp_path / "file").write_text("")
    alarm = Alarm(tmp_path / "file" / "samples", lambda _: [Found("a")], lambda *pair: counted.update([pair]))
    alarm.changed("webpage", b"x", UpstreamError(sign="x"))
    alarm.changed("webpage", b"x", UpstreamError(sign="x"))
    alarm.close()
    assert counted["webpage", "a"] == 2
