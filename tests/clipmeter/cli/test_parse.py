"""`clipmeter parse`, as a command: forked, or started anew where the start or the streams are what is tested."""

import json
import os
import shlex
import subprocess
import sys
import time

import pytest

import forked
from clipmeter.model import FIELDS, INCLUDES
from invented import VIDEO_ID, app_item, page, web_item

OTHER = "7524919459643919625"
COMMAND = [sys.executable, "-m", "clipmeter", "parse"]


def parse(*arguments, stdin=b""):
    return forked.run(["-m", "clipmeter", "parse", *map(os.fspath, arguments)], given=stdin)


def run(*arguments, stdin=b""):
    done = parse(*arguments, stdin=stdin)
    assert "Traceback" not in done.stderr
    return done.returncode, [json.loads(line) for line in done.stdout.splitlines()]


@pytest.fixture
def saved(tmp_path):
    """Writes a file; its path."""

    def write(name, value):
        path = tmp_path / name
        path.write_bytes(value if isinstance(value, bytes) else json.dumps(value).encode())
        return path

    return write


def test_one_file_gives_the_answer_alone(saved):
    """One file: the contract's body and nothing else, exit status 0."""
    status, [line] = run(saved("page.html", page(web_item())))
    assert status == 0
    assert list(line) == ["video"]
    assert tuple(line["video"]) == FIELDS


def test_several_files_give_a_line_each_in_order(saved):
    """The file comes first, as given; one that is no video makes the exit status 3 and nothing else."""
    paths = [saved("a", web_item()), saved("b", b""), saved("c", app_item())]
    status, lines = run(*paths)
    assert status == 3
    assert [line["file"] for line in lines] == [str(path) for path in paths]
    assert [list(line) for line in lines] == [["file", "video"], ["file", "error", "code"], ["file", "video"]]
    assert lines[1]["code"] == "upstream_rate_limit"


def test_a_list_gives_a_line_per_entry(saved):
    """Each with its index; with --id the one entry alone."""
    path = saved("list", {"itemList": [web_item(), {"x": 1}, web_item(id=OTHER)]})
    status, lines = run(path)
    assert status == 3
    assert [next(iter(line)) for line in lines] == ["index"] * 3
    assert [line["index"] for line in lines] == [0, 1, 2]
    assert [list(line)[:2] for line in run(path, path)[1]] == [["file", "index"]] * 6
    status, [line] = run(path, "--id", OTHER)
    assert (status, line["video"]["video_id"]) == (0, OTHER)


def test_another_id_is_not_found(saved):
    """--id holds for single posts."""
    assert run(saved("a", web_item()), "--id", OTHER)[1][0]["code"] == "not_found"


def test_standard_input(saved):
    """- is standard input, among files too."""
    assert run("-", stdin=page(web_item()))[1][0]["video"]["video_id"] == VIDEO_ID
    assert run("-", saved("a", web_item()), stdin=b"x")[1][0]["file"] == "-"


def test_what_cannot_be_read_is_invalid_parameter(tmp_path, saved):
    """A missing file, a folder, an empty name: a line with the reason, and the run goes on."""
    status, lines = run(tmp_path / "none", tmp_path, "", saved("a", web_item()))
    assert status == 3
    assert [line.get("code") for line in lines] == ["invalid_parameter"] * 3 + [None]


@pytest.mark.skipif(not os.path.exists("/dev/zero"), reason="no such device")  # noqa: PTH110 - a device, not a path
def test_a_file_without_end_is_not_read_to_its_end(tmp_path):
    """Of a file, a device or a pipe no more than the limit is read."""
    huge = tmp_path / "huge"
    with huge.open("wb") as file:
        file.truncate(1_000_000_000)
    start = time.monotonic()
    for line in run(huge, "/dev/zero")[1]:
        assert line["code"] == "invalid_parameter"
        assert "50 MB" in line["error"]
    assert time.monotonic() - start < 20


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (bytes(range(256)) * 100, "upstream_error"),
        (b"\x1f\x8b\x08" + b"\xff" * 50, "upstream_error"),
        (b"[" * 100_000, "upstream_error"),
        (b'{"id":' + b'{"a":' * 100_000, "upstream_error"),
        (page(web_item())[:1500], "upstream_error"),
        (b"<html><title>Example Domain</title></html>", "upstream_error"),
        (b"  \n", "upstream_rate_limit"),
    ],
)
def test_whatever_a_file_holds_is_answered(saved, data, code):
    """Binary, compressed, nested without end, cut off, another site's: the right problem."""
    status, [line] = run(saved("x", data))
    assert (status, line["code"]) == (3, code)


def test_what_is_printed_is_always_utf8_json(saved):
    """Half surrogate pairs, broken UTF-8 and absurd numbers do not lose a post, and any reader can read the line."""
    text = json.dumps(
        web_item(stats={"playCount": 1, "diggCount": -5, "shareCount": 10**30, "commentCount": True}, statsV2=None)
    )
    data = text.replace("a kite", "a \\ud800 kite").encode().replace(b"#wind", b"#w\xffind\x00")
    data = data.replace(b'"playCount": 1', b'"playCount": 1e999')
    odd = {**os.environ, "PYTHONIOENCODING": "latin-1", "LC_ALL": "C"}
    done = subprocess.run([*COMMAND, saved("x", data)], env=odd, capture_output=True, check=True)
    video = json.loads(done.stdout.decode())["video"]
    assert video["title"].startswith("a \ufffd kite #w\ufffdind\x00")
    assert [video[key] for key in ("play_count", "likes", "shares", "comments")] == [None] * 4


def test_a_file_name_of_any_bytes(tmp_path):
    """A name that is no UTF-8 is printed with U+FFFD."""
    name = os.fsencode(tmp_path) + b"/a\xff"
    done = subprocess.run([*COMMAND, name, name], capture_output=True, check=False)
    assert json.loads(done.stdout.splitlines()[0].decode())["file"].endswith("a\ufffd")


def test_a_reader_that_has_seen_enough(saved):
    """A closed pipe ends the run in silence."""
    path = saved("x", page(web_item()))
    with subprocess.Popen([*COMMAND, *[path] * 300], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        process.stdout.readline()
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == 3


@pytest.mark.parametrize("arguments", [[], ["--id", "abc", "x"], ["--nope"], ["--include", "nope", "x"]])
def test_a_wrong_command_line(arguments):
    """Exit status 2 and the usage."""
    done = parse(*arguments)
    assert done.returncode == 2
    assert "usage: clipmeter parse" in done.stderr


def test_it_starts_without_what_it_does_not_need(saved):
    """Nothing of the server is imported, so that it starts at once."""
    code = "import sys, clipmeter.cli.parse as p; p.main(sys.argv[1:]); print(*sys.modules, file=sys.stderr)"
    path = saved("x", web_item())
    done = subprocess.run([sys.executable, "-c", code, path], capture_output=True, text=True, check=True)
    loaded = {name.partition(".")[0] for name in done.stderr.split()}
    assert not loaded & {"litestar", "typer", "rich", "aiohttp", "curl_cffi", "apsw", "asyncio", "structlog"}


@pytest.mark.parametrize("value", [page(web_item()), web_item(), app_item()])
def test_includes_follow_the_37_keys(saved, value):
    """The named ones, in their own order; `all` means all; without names the body is the contract's."""
    path = saved("x", value)
    status, [line] = run(path, "--include", " source ,images,source")
    assert (status, tuple(line["video"])) == (0, (*FIELDS, "images", "source"))
    assert line["video"]["source"] == "file"
    [line] = run("--include", "all", path)[1]
    assert tuple(line["video"]) == (*FIELDS, *INCLUDES)
    assert line["video"]["streams"]
    assert tuple(run("--include", "", path)[1][0]["video"]) == FIELDS


def test_includes_of_a_list_and_of_what_is_no_video(saved):
    """Each post its own; a problem stays as it is."""
    path = saved("list", {"itemList": [web_item(), {"x": 1}]})
    status, lines = run(path, "--include", "flags")
    assert status == 3
    assert [list(line) for line in lines] == [["index", "video"], ["index", "error", "code"]]


def test_an_unknown_include_names_the_known_ones():
    """On standard error, with exit status 2, before any file is read."""
    done = parse("--include", "images,nope", "x")
    assert done.returncode == 2
    assert "nope" in done.stderr
    assert all(name in done.stderr for name in INCLUDES)


@pytest.mark.parametrize("how", ["<&-", ">&-", ">/dev/full"])
def test_standard_streams_that_are_not_there(tmp_path, how):
    """A closed input or output and a full disk end with status 3 and no traceback."""
    (tmp_path / "page.html").write_text("hello")
    file = "-" if how == "<&-" else str(tmp_path / "page.html")
    line = f"{shlex.join([*COMMAND, file])} {how}"
    done = subprocess.run(["bash", "-c", line], capture_output=True, text=True, check=False)
    assert done.returncode == 3
    assert "Traceback" not in done.stderr


def test_a_million_entries_that_are_none(tmp_path):
    """What is no post in a long list costs no more than a word of memory and its line."""
    (tmp_path / "list.json").write_text('[{"id":"7","video":{"duration":5},"author":"a"}' + ",0" * 300_000 + "]")
    code = (
        "import sys; from pathlib import Path; from clipmeter.sites.tiktok.saved import read_saved;"
        "answers = read_saved(Path(sys.argv[1]).read_bytes()).answers;"
        "peak = next(line for line in Path('/proc/self/status').open() if line.startswith('VmHWM'));"
        "print(len(answers), peak.split()[1])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "list.json")], capture_output=True, text=True, check=True
    )
    count, kilobytes = map(int, done.stdout.split())
    assert (count, kilobytes < 120_000) == (300_001, True)
