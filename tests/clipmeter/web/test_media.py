"""The relay over real HTTP, with the emulator as the CDN."""

import hashlib
import http.client
import json
import shutil
import socket
import subprocess
import time
from urllib.parse import urlsplit

import pytest

from clipmeter.web.media import disposition
from fauxtok.server import start
from relaying import Relaying
from served import EXAMPLE

PHOTO = "7500000000000000201"
LARGE = "7473259209757307473"  # its best file has 50 MB


@pytest.fixture(scope="module")
def cdn():
    """An emulator whose moods nobody else feels."""
    running = start()
    yield running
    running.stop()


@pytest.fixture(scope="module")
def server(cdn):
    relaying = Relaying(cdn.url).start()
    yield relaying
    relaying.stop()


@pytest.fixture
def new_server(cdn):
    """Servers of a test's own, which remember nothing of before."""
    made = []

    def start_one(**values):
        made.append(Relaying(cdn.url, **values).start())
        return made[-1]

    yield start_one
    for relaying in made:
        relaying.stop()


@pytest.fixture(autouse=True)
def calm(cdn):
    yield
    order(cdn, "reset")


def order(cdn, what, **wish):
    line = http.client.HTTPConnection(urlsplit(cdn.url).netloc, timeout=5)
    line.request("POST", f"/__fauxtok/{what}", json.dumps(wish))
    assert line.getresponse().status == 200
    line.close()


def until(check, seconds=5.0):
    end = time.monotonic() + seconds
    while not check() and time.monotonic() < end:
        time.sleep(0.01)
    return check()


def running_of(server):
    return sum(server.relay._running.values())


@pytest.mark.parametrize(
    ("field", "size", "type_", "name"),
    [
        ("video_url", 7786703, "video/mp4", "tiktok_7516594811734854943.mp4"),
        ("video_url_watermarked", 7988034, "video/mp4", "tiktok_7516594811734854943_watermarked.mp4"),
        ("music_url", None, "audio/mpeg", "tiktok_7516594811734854943.mp3"),
        ("cover", None, "image/jpeg", "tiktok_7516594811734854943_cover.jpg"),
        ("author_avatar", None, "image/jpeg", "tiktok_7516594811734854943_avatar.jpg"),
    ],
)
def test_a_file(server, field, size, type_, name):
    """A link gives the whole file, with its size, type, name, validator, and no longer life than its own."""
    link = getattr(server.video(EXAMPLE), field)
    reply = server.get(link)
    assert reply.status == 200
    assert len(reply.body) == int(reply.headers["Content-Length"]) == (size or len(reply.body))
    assert reply.headers["Content-Type"] == type_
    assert reply.headers["Content-Disposition"] == f'inline; filename="{name}"'
    assert link.endswith("/" + name)
    assert reply.headers["Accept-Ranges"] == "bytes"
    assert reply.headers["X-Content-Type-Options"] == "nosniff"
    assert reply.headers["ETag"].startswith('"')
    assert 500 < int(reply.headers["Cache-Control"].removeprefix("private, max-age=")) <= 600
    assert reply.request_id.startswith("req_")


def test_as_attachment(server):
    """`?download=1` makes a browser save the file."""
    reply = server.get(server.video(EXAMPLE).cover + "?download=1")
    assert reply.headers["Content-Disposition"].startswith("attachment; filename=")


def test_photos(server):
    """Every image of a photo post, and its sound, can be had by a link of its own."""
    answer = server.answer(PHOTO)
    relayed = server.links.relayed(answer, "acct_1", "test", server.url)
    assert relayed.video.video_url == ""
    assert len(server.get(relayed.video.music_url).body) > 1000
    for image in relayed.extras.images:
        assert server.get(image.url).body.startswith(b"\xff\xd8")


def test_head(server):
    """HEAD says what GET says, and sends nothing."""
    link = server.video(EXAMPLE).video_url
    head, got = server.get(link, "HEAD"), server.get(link)
    assert (head.status, head.body) == (200, b"")
    for name in ("Content-Length", "Content-Type", "ETag", "Accept-Ranges", "Content-Disposition"):
        assert head.headers[name] == got.headers[name]


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
def test_other_methods(server, method):
    """Only GET and HEAD."""
    assert server.get(server.video(EXAMPLE).cover, method).status == 405


@pytest.mark.parametrize(
    ("wanted", "start", "stop"),
    [
        ("bytes=0-0", 0, 1),
        ("bytes=1000-1999", 1000, 2000),
        ("bytes=7786000-", 7786000, 7786703),
        ("bytes=-5", -5, None),
    ],
)
def test_ranges(server, wanted, start, stop):
    """A range is answered with 206 and those bytes."""
    link = server.video(EXAMPLE).video_url
    whole, part = server.get(link).body, server.get(link, Range=wanted)
    assert (part.status, part.body) == (206, whole[start:stop])
    first = start % 7786703
    assert part.headers["Content-Range"] == f"bytes {first}-{first + len(part.body) - 1}/7786703"


@pytest.mark.parametrize(
    "wanted", ["bytes=7786703-", "bytes=99999999-100000000", "bytes=9999999999999999999-", "bytes=-0"]
)
def test_ranges_out_of_bounds(server, wanted):
    """416, the file's size, and the contract's body."""
    reply = server.get(server.video(EXAMPLE).video_url, Range=wanted)
    assert (reply.status, reply.code) == (416, "invalid_parameter")
    assert reply.headers["Content-Range"] == "bytes */7786703"
    assert "7786703 bytes" in reply.json["error"]


@pytest.mark.parametrize("wanted", ["bytes=0-1,5-9", "bytes=a-b", "items=0-4", "bytes=", "bytes=-"])
def test_ranges_that_are_ignored(server, wanted):
    """Several ranges and what is none: the whole file, as HTTP allows."""
    reply = server.get(server.video(EXAMPLE).video_url, Range=wanted)
    assert (reply.status, len(reply.body)) == (200, 7786703)


def test_if_range(server):
    """A part is sent only of the file that the caller has begun; of another, all of it."""
    link = server.video(EXAMPLE).video_url
    tag = server.get(link, "HEAD").headers["ETag"]
    assert server.get(link, Range="bytes=5-9", If_Range=tag).status == 206
    other = server.get(link, Range="bytes=5-9", If_Range='"another"')
    assert (other.status, len(other.body)) == (200, 7786703)


def changes(link):
    """The link with each of its parts changed in turn."""
    head, _, path = link.partition("/media/")
    parts = path.split("/")
    for number, part in enumerate(parts):
        swapped = part[:-1] + ("1" if part[-1] != "1" else "2")
        yield head + "/media/" + "/".join([*parts[:number], swapped, *parts[number + 1 :]])


def test_tampered(server):
    """Whichever part is changed, nothing is there: 404, and the CDN is not asked."""
    links = [*changes(server.video(EXAMPLE).video_url), server.video(EXAMPLE).video_url.replace("/video/", "/hd/")]
    for link in links:
        reply = server.get(link)
        assert (reply.status, reply.code) == (404, "not_found"), link
    assert len(links) == 8


def test_expired(new_server):
    """A link dies when it says, and says so: 404."""
    server = new_server(seconds=1)
    link = server.video(EXAMPLE).cover
    assert until(lambda: server.get(link).status == 404, 4)
    assert "expired" in server.get(link).json["error"]


@pytest.mark.parametrize("path", ["/media", "/media/", "/media/x/y", "/media/a/b/c/d/e/f/g/h", "/media/a/-5/c/d/e/f/g"])
def test_no_links(server, path):
    """What is no link of ours is not found."""
    assert server.get(server.url + path).status == 404


def test_links_outlive_a_restart(server, new_server):
    """Another server with the same secret honours a link: it asks TikTok again, once for all files of a post."""
    video = server.video(EXAMPLE)
    other = new_server()
    for link in (video.video_url, video.cover, video.music_url):
        assert other.get(other.url + urlsplit(link).path).status == 200
    assert other.asked == [EXAMPLE]


def test_the_cdns_link_has_expired(cdn, new_server):
    """The caller notices nothing: the relay gets a new one."""
    server = new_server()
    order(cdn, "links", seconds=-5)
    video = server.video(EXAMPLE)
    order(cdn, "reset")
    reply = server.get(video.video_url)
    assert (reply.status, len(reply.body), server.asked) == (200, 7786703, [EXAMPLE])
    assert server.get(video.video_url_watermarked).status == 200
    assert server.asked == [EXAMPLE]


@pytest.mark.parametrize(
    ("mood", "status", "code"),
    [
        ("forbidden", 502, "upstream_error"),
        ("expired", 502, "upstream_error"),
        ("missing", 404, "not_found"),
        ("wrong_type", 502, "upstream_error"),
    ],
)
def test_the_cdn_refuses(cdn, new_server, mood, status, code):
    """A new link is tried once; then the caller is told. Repeats do not make TikTok's pages be asked each time."""
    server = new_server()
    link = server.video(EXAMPLE).video_url
    order(cdn, "cdn", mood=mood, count=1)
    assert server.get(link).status == 200
    assert server.asked == [EXAMPLE]
    order(cdn, "cdn", mood=mood)
    for _ in range(3):
        reply = server.get(link)
        assert (reply.status, reply.code) == (status, code)
    assert server.asked == [EXAMPLE]


def test_the_post_is_gone(cdn, new_server):
    """404 with TikTok's reason, asked for once however often the link is used."""
    server, other = new_server(), new_server()
    link = server.video(EXAMPLE).video_url
    order(cdn, "mood", mood="deleted")
    for _ in range(3):
        reply = other.get(other.url + urlsplit(link).path)
        assert (reply.status, reply.code) == (404, "not_found")
    assert other.asked == [EXAMPLE]


def test_a_file_that_breaks_off(cdn, server):
    """The connection is cut: what was sent never passes for the whole file."""
    link = server.video(EXAMPLE).video_url
    order(cdn, "cdn", mood="cut")
    with pytest.raises(http.client.IncompleteRead) as caught:
        server.get(link)
    assert 0 < len(caught.value.partial) < 7786703


def reading(link, size):
    """A caller who has read `size` bytes and reads no more until it is told to."""
    parts = urlsplit(link)
    line = socket.create_connection((parts.hostname, parts.port), timeout=10)
    line.sendall(f"GET {parts.path} HTTP/1.1\r\nHost: {parts.netloc}\r\n\r\n".encode())
    while size > 0:
        size -= len(line.recv(min(size, 65536)))
    return line


def test_the_caller_leaves(server):
    """Within a second the transfer from the CDN ends too."""
    line = reading(server.video(LARGE).video_url_hd, 300_000)
    assert running_of(server) == 1
    left = time.monotonic()
    line.close()
    assert until(lambda: running_of(server) == 0, 3)
    assert time.monotonic() - left < 1


def test_too_many_at_once(new_server):
    """One account's files are bounded: 429 with Retry-After and the numbers; another's are not touched by it."""
    server = new_server(limit=2)
    answer = server.answer(LARGE)
    link = server.links.relayed(answer, "acct_1", "test", server.url).video.video_url_hd
    lines = [reading(link, 1000) for _ in range(2)]
    reply = server.get(link)
    assert (reply.status, reply.code, reply.json["limit"]) == (429, "concurrency_limit_exceeded", 2)
    assert int(reply.headers["Retry-After"]) > 0
    other = server.links.relayed(answer, "acct_2", "test", server.url).video.cover
    assert server.get(other).status == 200
    for line in lines:
        line.close()
    assert until(lambda: server.get(link, "HEAD").status == 200)


@pytest.mark.skipif(not shutil.which("curl"), reason="wants curl")
def test_curl_resumes(server, tmp_path):
    """curl fetches two halves of a file, and goes on with one that was broken off."""
    link, file = server.video(EXAMPLE).video_url, tmp_path / "file.mp4"
    whole = server.get(link).body
    parts = [
        subprocess.run(["curl", "-sS", "-r", part, link], capture_output=True, check=True).stdout
        for part in ("0-3999999", "4000000-")
    ]
    assert b"".join(parts) == whole
    file.write_bytes(whole[:1_234_567])
    subprocess.run(["curl", "-sS", "-C", "-", "-o", file, link], check=True, capture_output=True)
    assert hashlib.sha256(file.read_bytes()).digest() == hashlib.sha256(whole).digest()


@pytest.mark.skipif(not shutil.which("ffprobe"), reason="wants ffprobe")
@pytest.mark.parametrize("field", ["video_url", "video_url_hd", "video_url_watermarked"])
def test_ffprobe_plays(server, field):
    """A player reads each of the three files by its link."""
    link = getattr(server.video(EXAMPLE), field)
    done = subprocess.run(
        ["ffprobe", "-v", "error", "-show_entries", "stream=codec_name", "-show_format", "-of", "json", link],
        capture_output=True,
        check=True,
        timeout=60,
    )
    found = json.loads(done.stdout)
    assert float(found["format"]["duration"]) == pytest.approx(66, abs=0.5)
    assert found["streams"][0]["codec_name"]


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("a_1.mp4", 'inline; filename="a_1.mp4"'),
        ("é_1.mp4", "inline; filename=\"__1.mp4\"; filename*=UTF-8''%C3%A9_1.mp4"),
        ('a"b.mp4', "inline; filename=\"a_b.mp4\"; filename*=UTF-8''a%22b.mp4"),
    ],
)
def test_names(name, wanted):
    """A name beyond ASCII is given in both forms of RFC 6266."""
    assert disposition(name, attachment=False) == wanted


@pytest.mark.parametrize("mode", ["key", "test_key"])
def test_the_whole_service(served, mode):
    """The links of an answer play in both modes, and are not in the ledger; `links=direct` gives the CDN's."""
    account = served.new_account()
    video = served.get(key=account[mode], video_id=EXAMPLE).json["video"]
    rows = served.ledger(account["account_id"])
    for field in ("video_url", "cover", "music_url"):
        assert video[field].startswith(served.url + "/media/")
        assert served.send("GET", video[field].removeprefix(served.url), {}).status == 200
    assert served.ledger(account["account_id"]) == rows
    direct = served.get(key=account[mode], video_id=EXAMPLE, links="direct").json["video"]
    assert ".tiktok.com/" in direct["video_url"]
    assert {k: v for k, v in direct.items() if "size" in k} == {k: v for k, v in video.items() if "size" in k}
