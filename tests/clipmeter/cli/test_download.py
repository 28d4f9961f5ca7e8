"""`clipmeter download`: whole files or none, resumed, checked; run as users run it."""

import hashlib
import http.client
import json
import os
import pty
import subprocess
from urllib.parse import urlsplit

import pytest

from fauxtok.server import start
from served import CLIPMETER, EXAMPLE, clean_environ, run_clipmeter

SIZE = 7786703
NAME = f"tiktok_{EXAMPLE}.mp4"


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    return tmp_path_factory.mktemp("download") / "home"


@pytest.fixture(scope="module")
def cdn():
    running = start()
    yield running
    running.stop()


@pytest.fixture
def download(home, cdn, tmp_path):
    """Runs the command against an emulator whose moods can be set; its exit status and the rows of --json."""

    def run(*arguments):
        done = run_clipmeter(home, "download", "-o", str(tmp_path), "--json", *arguments, upstream=cdn.url)
        assert done.stderr == ""
        return done.returncode, json.loads(done.stdout)

    yield run
    order(cdn, "reset")


def order(cdn, what, **wish):
    line = http.client.HTTPConnection(urlsplit(cdn.url).netloc, timeout=5)
    line.request("POST", f"/__fauxtok/{what}", json.dumps(wish))
    assert line.getresponse().status == 200
    line.close()


def test_the_video(download, tmp_path):
    """By default the plain video, under its author's name and id, whole, with nothing left beside it."""
    status, (row,) = download(EXAMPLE)
    file = tmp_path / NAME
    assert status == 0
    assert row == {
        "link": EXAMPLE,
        "kind": "video",
        "path": str(file),
        "bytes": SIZE,
        "sha256": hashlib.sha256(file.read_bytes()).hexdigest(),
        "was_there": False,
    }
    assert [file] == list(tmp_path.iterdir())


def test_again(download, tmp_path):
    """What is there whole is not fetched again; a file of another size is replaced."""
    download(EXAMPLE)
    assert download(EXAMPLE)[1][0]["was_there"]
    (tmp_path / NAME).write_bytes(b"something else")
    status, (row,) = download(EXAMPLE)
    assert (status, row["was_there"], row["bytes"]) == (0, False, SIZE)


@pytest.mark.parametrize(
    ("kind", "size", "ending"),
    [("hd", 38711004, "_hd.mp4"), ("watermarked", 7988034, "_watermarked.mp4"), ("music", None, ".mp3")],
)
def test_kinds(download, kind, size, ending):
    """Each kind has a name of its own."""
    status, (row,) = download(EXAMPLE, "--kind", kind)
    assert (status, row["kind"], row["bytes"]) == (0, kind, size or row["bytes"])
    assert row["path"].endswith(EXAMPLE + ending)


def test_photos(download):
    """Of a photo post all images are saved, without being asked for by name."""
    status, rows = download("7500000000000000201")
    assert status == 0
    assert [row["kind"] for row in rows] == [f"image-{n}" for n in range(1, len(rows) + 1)]


def test_several_links(download):
    """One link's failure does not end the others; the exit status tells of it."""
    status, rows = download(EXAMPLE, "7500000000001020402", "https://example.com/", "--kind", "cover")
    assert status == 3
    assert ["bytes" in row for row in rows] == [True, False, False]
    assert [row.get("code") for row in rows] == [None, "not_found", "invalid_parameter"]


def test_no_such_file(download):
    """Who asks for what a post does not have is told what it has."""
    status, (row,) = download("7500000000000000201", "--kind", "hd")
    assert (status, row["code"]) == (3, "not_found")
    assert "images" in row["error"]


def test_broken_off_once(cdn, download):
    """A connection that is cut is no failure: the rest is fetched by the same run."""
    order(cdn, "cdn", mood="cut", count=1)
    assert download(EXAMPLE)[1][0]["bytes"] == SIZE


def test_broken_off_for_good(cdn, download, tmp_path):
    """What has come stays as NAME.part, never as NAME; the next run goes on there and the file is right."""
    order(cdn, "cdn", mood="cut")
    status, (row,) = download(EXAMPLE)
    assert (status, row["code"]) == (3, "upstream_connection_error")
    part = tmp_path / f"{NAME}.part"
    assert 0 < part.stat().st_size < SIZE
    assert not (tmp_path / NAME).exists()
    order(cdn, "reset")
    status, (row,) = download(EXAMPLE)
    whole = run_whole(download, tmp_path)
    assert (status, row["sha256"]) == (0, whole)
    assert [tmp_path / NAME] == list(tmp_path.iterdir())


def run_whole(download, folder):
    (folder / NAME).unlink()
    return download(EXAMPLE)[1][0]["sha256"]


def test_a_part_of_another_file(download, tmp_path):
    """A part whose tag is another file's, or that has none, is begun anew."""
    for tag in ('"another"', None):
        (tmp_path / f"{NAME}.part").write_bytes(b"x" * 1000)
        if tag:
            (tmp_path / f"{NAME}.part.tag").write_text(tag)
        _, (row,) = download(EXAMPLE)
        assert row["sha256"] == run_whole(download, tmp_path)


def test_for_people(home, cdn, tmp_path):
    """Without --json: a line per file on stdout, sentences on stderr."""
    done = run_clipmeter(home, "download", EXAMPLE, "0", "-o", str(tmp_path / "new" / "folder"), upstream=cdn.url)
    assert done.returncode == 3
    assert done.stdout == f"{tmp_path / 'new' / 'folder' / NAME}  7.8 MB\n"
    assert "0: The video_id is zero" in done.stderr


def test_no_folder(home, cdn, tmp_path):
    """A folder that cannot be made is said before anything is asked."""
    (tmp_path / "file").write_text("")
    done = run_clipmeter(home, "download", EXAMPLE, "-o", str(tmp_path / "file"), upstream=cdn.url)
    assert done.returncode == 1
    assert "cannot be made" in done.stderr


def test_progress_on_a_terminal(home, cdn, tmp_path):
    """On a terminal there is a bar with the file's name."""
    ours, theirs = pty.openpty()
    command = [*CLIPMETER, "download", EXAMPLE, "--kind", "hd", "-o", str(tmp_path)]
    environ = {**clean_environ(home, upstream=cdn.url), "TERM": "xterm", "COLUMNS": "150"}
    running = subprocess.Popen(command, env=environ, stdout=subprocess.PIPE, stderr=theirs)
    os.close(theirs)
    seen = b""
    try:
        while piece := os.read(ours, 65536):
            seen += piece
    except OSError:  # how Linux says that nobody writes any more
        pass
    os.close(ours)
    out, _ = running.communicate()
    assert running.returncode == 0
    assert f"{EXAMPLE}_hd.mp4".encode() in seen
    assert b"38.7 MB" in out


def test_it_is_metered(home, download):
    """Each post is a request of the operator's own in the ledger."""
    count = len(json.loads(run_clipmeter(home, "ledger", "show", "--json").stdout))
    download(EXAMPLE, "--kind", "cover")
    rows = json.loads(run_clipmeter(home, "ledger", "show", "--json").stdout)
    assert len(rows) == count + 1
    assert rows[-1]["video_id"] == EXAMPLE
