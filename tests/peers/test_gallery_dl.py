"""Unmodified gallery-dl, in a process of its own, reads the emulator through the proxy as it reads TikTok."""

import hashlib
import json
import subprocess

import pytest

import forked
from fauxtok.ids import EXAMPLE_ID
from fauxtok.short import short_code
from fauxtok.world import post

ORDINARY = 7490000000000012345
PHOTOS = 7500000000000000206
CHALLENGE = 7500000000000042903
SUBTITLED = 7500000000000000207


@pytest.fixture(scope="module")
def through(behind):
    """Runs gallery-dl with arguments."""
    options = ["--config-ignore", "--proxy", behind, "--no-check-certificate", "--retries", "0"]

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return forked.run(
            ["-m", "gallery_dl", *options, *arguments], loaded=("gallery_dl", "gallery_dl.extractor.tiktok")
        )

    return run


def read(through, link, *options):
    """The files it finds: link and what it knows of each."""
    done = through("--dump-json", *options, link)
    assert done.returncode == 0, done.stderr
    return [(message[1], message[2]) for message in json.loads(done.stdout) if message[0] == 3]


def video(number):
    return f"https://www.tiktok.com/@_/video/{number}"


@pytest.mark.parametrize("number", [EXAMPLE_ID, ORDINARY])
def test_video(through, number):
    """One file, the best there is, and the item's own words."""
    ((_, told),) = read(through, video(number))
    it = post(number)
    assert (told["id"], told["desc"], told["user"]) == (str(number), it.text, it.author.unique_id)
    assert (told["post_type"], told["type"], told["duration"]) == ("video", "video", it.duration)
    assert told["stats"]["playCount"] == it.counts.plays
    assert told["music"]["title"] == it.music.title


def test_download_has_the_exact_size(through, tmp_path):
    """The file it downloads, with the page's cookie and its own Referer, is the best one, whole."""
    done = through("--dest", str(tmp_path), "--filename", "film.mp4", "--no-part", video(ORDINARY))
    assert done.returncode == 0, done.stderr
    (film,) = tmp_path.rglob("film.mp4")
    best = max(post(ORDINARY).rungs, key=lambda rung: rung.width * rung.height)
    assert film.stat().st_size == best.size


@pytest.mark.parametrize("folder", ["photo", "video"])
def test_photo_post(through, folder):
    """All pictures with their sizes in order, then the song, by either shape of link."""
    files = read(through, f"https://www.tiktok.com/@_/{folder}/{PHOTOS}")
    pictures = [told for _, told in files if told["type"] == "image"]
    assert [(told["num"], told["width"], told["height"]) for told in pictures] == [
        (at, *size) for at, size in enumerate(post(PHOTOS).images, 1)
    ]
    link, song = files[-1]
    assert (song["type"], song["file_id"]) == ("audio", str(post(PHOTOS).music.id))
    assert "/obj/" in link


def test_photo_download(through, tmp_path):
    """The pictures are 35 different JPEG files, and the song is there."""
    done = through("--dest", str(tmp_path), f"https://www.tiktok.com/@_/photo/{PHOTOS}")
    assert done.returncode == 0, done.stderr
    files = [path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()]
    pictures = {hashlib.sha256(data).digest() for data in files if data.startswith(b"\xff\xd8")}
    assert (len(pictures), len(files)) == (35, 36)


@pytest.mark.parametrize("host", ["vm.tiktok.com", "vt.tiktok.com", "www.tiktok.com/t"])
def test_short_link(through, host):
    """A short link leads it to the post."""
    done = through("--resolve-urls", "--get-urls", f"https://{host}/{short_code(EXAMPLE_ID)}/")
    assert done.returncode == 0, done.stderr
    assert "/video/tos/" in done.stdout


def test_short_link_to_nothing(through):
    """A code that leads to the front page is “not found”."""
    done = through("--get-urls", "https://vm.tiktok.com/ZNothing/")
    assert done.returncode != 0
    assert "could not be found" in done.stderr


def test_subtitles(through):
    """Every language of the subtitles."""
    files = read(through, video(SUBTITLED), "-o", "subtitles=all", "-o", "videos=false")
    assert {told["subtitle_lang_codename"] for _, told in files} >= {"eng-US", "jpn-JP", "cmn-Hans-CN"}
    assert len(files) == 8


def test_challenge_is_solved(through, control):
    """gallery-dl solves the “Please wait…” page like yt-dlp and gets the video with the second page."""
    done = through("--get-urls", video(CHALLENGE))
    assert "Solving JavaScript challenge" in done.stderr
    assert "/video/tos/" in done.stdout
    assert control("requests")["page"] == 2


def test_an_endless_challenge_is_given_up(through, control):
    """Asked again after the right answer it warns and finds nothing; its status is 0 all the same."""
    done = through("--get-urls", video(CHALLENGE + 1))
    assert (done.returncode, done.stdout.strip()) == (0, "")
    assert "Failed to retrieve rehydration data" in done.stderr
    assert control("requests")["page"] == 2


COMPLAINTS = {
    7500000000001020402: "Requested post not available",
    7500000000000010222: "Login required to access this post",
    7500000000000010221: "User account could not be found",
    7500000000000010231: "Region locked",
    7500000000000000401: "HTTP redirect to login page",
    7500000000000042906: "403",
}


@pytest.mark.parametrize("number", COMPLAINTS)
def test_its_own_complaints(through, number):
    """Ids that are gone, private or refused make gallery-dl say what it says of such posts of TikTok."""
    assert COMPLAINTS[number] in through("--get-urls", video(number)).stderr
