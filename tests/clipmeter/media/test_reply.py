"""What a CDN's answer means."""

import pytest

from clipmeter.errors import NotFound, Problem, UpstreamError, UpstreamRateLimit
from clipmeter.media.reply import Head, Refusal, forwarded, head_of

RANGE = {"Range": "bytes=10-19"}
PART = {"content-type": "video/mp4", "content-range": "bytes 10-19/100", "content-length": "10"}


def test_whole():
    """A 200 with its size and what names the file."""
    headers = {"content-type": "Video/MP4; x=1", "content-length": "5", "etag": '"a"', "last-modified": "Mon"}
    head = head_of("video", {}, 200, headers)
    assert head == Head(200, "video/mp4", 5, 0, 5, {"ETag": '"a"', "Last-Modified": "Mon"})


@pytest.mark.parametrize("etag", ['W/"weak"', "bare", "", '"a\nb"'])
def test_weak_tags_are_no_validators(etag):
    """If-Range wants a strong one."""
    head = head_of("video", {}, 200, {"content-type": "video/mp4", "etag": etag})
    assert head == Head(200, "video/mp4", None, 0, None, {})


def test_part():
    """A 206 of what was asked for."""
    assert head_of("video", RANGE, 206, PART) == Head(206, "video/mp4", 10, 10, 100, {})
    assert head_of("video", RANGE, 206, {**PART, "content-range": "bytes 10-19/*"}).total is None


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        ({}, "bytes 10-19/100"),
        (RANGE, "bytes 11-19/100"),
        (RANGE, "bytes 19-10/100"),
        (RANGE, "bytes */100"),
        (RANGE, "10-19"),
        (RANGE, ""),
    ],
)
def test_a_part_of_something_else(sent, said):
    """Bytes that were not asked for are never passed on as those that were."""
    with pytest.raises(UpstreamError):
        head_of("video", sent, 206, {**PART, "content-range": said})


@pytest.mark.parametrize(
    "type_",
    ["text/html", "application/json", "image/svg+xml", "text/plain", "application/pdf", "video/mp4x", "nonsense"],
)
def test_no_media(type_):
    """What is no media file never reaches a browser under our name."""
    refusal = head_of("video", {}, 200, {"content-type": type_, "content-length": "5"})
    assert isinstance(refusal, Refusal)
    assert isinstance(refusal.problem, UpstreamError)


def test_compressed():
    """Nobody asked for it, and its ranges would be others."""
    headers = {"content-type": "image/jpeg", "content-encoding": "gzip"}
    assert isinstance(head_of("cover", {}, 200, headers), Refusal)


@pytest.mark.parametrize(
    ("kind", "type_"),
    [("hd", "video/mp4"), ("music", "audio/mpeg"), ("image-3", "image/jpeg"), ("subtitle-1", "text/vtt")],
)
def test_no_type(kind, type_):
    """Bytes of no type are what was asked for."""
    for said in ({}, {"content-type": "application/octet-stream"}, {"content-type": "binary/octet-stream"}):
        assert head_of(kind, {}, 200, said).type == type_


@pytest.mark.parametrize(
    ("status", "kind"), [(401, UpstreamError), (403, UpstreamError), (404, NotFound), (410, NotFound)]
)
def test_refusals(status, kind):
    """A new link may help; the problem is what is said when it does not."""
    assert type(head_of("video", {}, status, {}).problem) is kind


def test_nothing():
    """An empty file is none."""
    assert isinstance(head_of("video", {}, 200, {"content-type": "video/mp4", "content-length": "0"}), Refusal)


@pytest.mark.parametrize(
    ("status", "kind"),
    [(429, UpstreamRateLimit), (500, UpstreamError), (503, UpstreamError), (304, UpstreamError), (302, UpstreamError)],
)
def test_failures(status, kind):
    """No new link can help."""
    with pytest.raises(Problem) as caught:
        head_of("video", {}, status, {})
    assert type(caught.value) is kind


def test_no_such_range():
    """416 only to who asked for a range."""
    assert head_of("video", RANGE, 416, {"content-range": "bytes */5"}) == Head(416, "", 0, 0, 5, {})
    assert head_of("video", RANGE, 416, {}).total is None
    with pytest.raises(UpstreamError):
        head_of("video", {}, 416, {})


@pytest.mark.parametrize(
    ("method", "asked", "sent"),
    [
        ("GET", {}, {}),
        ("GET", {"range": "bytes=0-"}, {"Range": "bytes=0-"}),
        ("GET", {"range": " bytes=-5 ", "if-range": '"a"'}, {"Range": "bytes=-5", "If-Range": '"a"'}),
        ("GET", {"range": "bytes=0-", "if-range": "é"}, {}),
        ("GET", {"range": "bytes=0-1,3-4"}, {}),
        ("GET", {"range": "bytes=-"}, {}),
        ("GET", {"if-range": '"a"'}, {}),
        ("HEAD", {"range": "bytes=0-"}, {}),
        ("GET", {"cookie": "a=b", "x-api-key": "secret", "user-agent": "me"}, {}),
    ],
)
def test_what_goes_on(method, asked, sent):
    """Of a caller's headers only one range and its condition reach the CDN."""
    assert forwarded(method, asked) == sent
