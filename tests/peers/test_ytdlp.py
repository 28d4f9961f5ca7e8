"""Unmodified yt-dlp, in a process of its own, reads the emulator through the proxy as it reads TikTok."""

import http.client
import json
import subprocess
from urllib.parse import urlsplit

import pytest

import forked
from fauxtok.ids import EXAMPLE_ID
from fauxtok.short import short_code
from fauxtok.world import post

ORDINARY = [7490000000000012345, 7300000000000654321, 7612345678901234567]
CHALLENGE = 7500000000000042903
PHOTOS = 7500000000000000206


@pytest.fixture(scope="module")
def through(behind):
    """Runs yt-dlp with arguments; gives its status, what it printed and what it complained of."""
    options = ["--ignore-config", "--no-cache-dir", "--proxy", behind, "--no-check-certificates"]

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return forked.run(["-m", "yt_dlp", *options, *arguments], loaded=("yt_dlp", "yt_dlp.extractor.tiktok"))

    return run


def read(through, number):
    done = through("-J", f"https://www.tiktok.com/@_/video/{number}")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_example(through):
    """The documented example: caption, counts, author, sound and every file with its size."""
    told = read(through, EXAMPLE_ID)
    assert (told["id"], told["description"]) == (
        str(EXAMPLE_ID),
        "🌈🐬🦄 life after @Zara Larsson Symphony vocals 🌈🐬🦄",
    )
    assert (told["view_count"], told["like_count"], told["comment_count"]) == (18912653, 879920, 4382)
    assert (told["repost_count"], told["save_count"]) == (17420, 38685)
    assert (told["uploader"], told["channel"], told["uploader_id"]) == ("tiktok", "TikTok", "107955")
    assert (told["timestamp"], told["duration"], told["track"]) == (1750093630, 66, "original sound - tiktok")
    sizes = {form["filesize"] for form in told["formats"] if form.get("filesize")}
    assert sizes == {7786703, 38711004, 5201377, 3580412, 4406920}
    assert {"audio", "download"} < {form["format_id"] for form in told["formats"]}


@pytest.mark.parametrize("number", ORDINARY)
def test_ordinary_videos(through, number):
    """Any id: what yt-dlp reads is what the world says."""
    told, it = read(through, number), post(number)
    assert (told["id"], told["description"]) == (str(number), it.text)
    assert (told["uploader"], told["uploader_id"], told["channel"]) == (
        it.author.unique_id,
        str(it.author.id),
        it.author.name,
    )
    assert (told["timestamp"], told["comment_count"]) == (it.created, it.counts.comments)
    assert {rung.size for rung in it.rungs} == {form["filesize"] for form in told["formats"] if form.get("filesize")}


def test_download_has_the_exact_size(through, tmp_path):
    """The file that yt-dlp downloads, cookie and Referer and all, has the size that the page told."""
    it = post(ORDINARY[0])
    wanted = it.rungs[0]
    done = through(
        "--format", f"h264_540p_{wanted.bitrate}-0", "--output", str(tmp_path / "film.mp4"),
        f"https://www.tiktok.com/@_/video/{it.id}",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "film.mp4").stat().st_size == wanted.size


def test_link_without_the_cookie_is_refused(running, through):
    """The link that yt-dlp found gives 403 to who has not its cookie."""
    link = urlsplit(next(form["url"] for form in read(through, EXAMPLE_ID)["formats"] if form.get("filesize")))
    line = http.client.HTTPConnection("127.0.0.1", running.port)
    line.request(
        "GET", f"{link.path}?{link.query}", headers={"Host": link.netloc, "Referer": "https://www.tiktok.com/"}
    )
    assert line.getresponse().status == 403
    line.close()


def test_challenge_is_solved(through, control):
    """yt-dlp solves the “Please wait…” page and gets the video with the second page."""
    assert read(through, CHALLENGE)["id"] == str(CHALLENGE)
    assert control("requests")["page"] == 2


def test_an_endless_challenge_is_given_up(through, control):
    """Asked again after the right answer, yt-dlp gives up."""
    done = through("-J", f"https://www.tiktok.com/@_/video/{CHALLENGE + 1}")
    assert done.returncode == 1
    assert "Unable to extract universal data for rehydration" in done.stderr
    assert control("requests")["page"] == 2


def test_photo_post(through):
    """Of a photo post yt-dlp takes the sound alone: its one format is audio, the pictures are left out."""
    told = read(through, PHOTOS)
    assert (told["id"], told["title"][:20]) == (str(PHOTOS), post(PHOTOS).text[:20])
    assert [(form["format_id"], form["vcodec"]) for form in told["formats"]] == [("audio", "none")]
    assert told["formats"][0]["url"] == told["url"]


def test_photo_link(through):
    """yt-dlp knows no /photo/ links."""
    done = through("-J", f"https://www.tiktok.com/@_/photo/{PHOTOS}")
    assert done.returncode == 1
    assert "Unsupported URL" in done.stderr


def test_short_link(through):
    """A short link leads yt-dlp to the video."""
    done = through("-J", f"https://vm.tiktok.com/{short_code(EXAMPLE_ID)}/")
    assert json.loads(done.stdout)["id"] == str(EXAMPLE_ID)


COMPLAINTS = {
    7500000000001020402: "blocked from accessing this post",
    7500000000000010216: "do not have permission to view this post",
    7500000000000010222: "do not have permission to view this post",
    7500000000000010231: "status code 10231",
    7500000000000000401: "requiring login",
    7500000000000000403: "Log in for access",
    7500000000000042902: "Unexpected response",
    7500000000000050211: "Empty reply from server",
}


@pytest.fixture(scope="module")
def complaints(through):
    """The errors of one run over all of these ids, by id."""
    done = through("--ignore-errors", "-J", *(f"https://www.tiktok.com/@_/video/{number}" for number in COMPLAINTS))
    assert done.returncode != 0
    lines = [line for line in done.stderr.splitlines() if line.startswith("ERROR: [TikTok] ")]
    return {int(line.split()[2].rstrip(":")): line for line in lines}


@pytest.mark.parametrize("number", COMPLAINTS)
def test_its_own_complaints(complaints, number):
    """Ids that are gone, private or refused make yt-dlp say what it says of such posts of TikTok."""
    assert COMPLAINTS[number] in complaints[number]


def test_clipmeter_says_the_same(running, through, new_served):
    """clipmeter and yt-dlp, asking the same emulator, agree on id, caption, counts, author, files and their sizes."""
    served = new_served(upstream=running.url, links="direct")
    for number in (EXAMPLE_ID, *ORDINARY):
        told = read(through, number)
        video = served.get(key=served.keys["key"], video_id=str(number)).json["video"]
        theirs = {
            "video_id": told["id"],
            "title": told["description"],
            "play_count": told["view_count"],
            "likes": told["like_count"],
            "comments": told["comment_count"],
            "shares": told["repost_count"],
            "saves": told["save_count"],
            "author": told["uploader"],
            "author_name": told["channel"],
            "author_id": told["uploader_id"],
            "date_timestamp": told["timestamp"],
            "duration": told["duration"],
            "music_title": told["track"],
        }
        assert {field: video[field] for field in theirs} == theirs
        files = {(urlsplit(form["url"]).path, form.get("filesize")) for form in told["formats"]}
        assert (urlsplit(video["video_url"]).path, video["size"]) in files
        assert not video["video_url_hd"] or (urlsplit(video["video_url_hd"]).path, video["size_hd"]) in files
        best = max(form["filesize"] for form in told["formats"] if form.get("filesize"))
        assert max(video["size"], video["size_hd"] or 0) == best
