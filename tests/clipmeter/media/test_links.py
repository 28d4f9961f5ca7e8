"""Signed links: what was signed and nothing else is honoured, until it expires."""

from dataclasses import replace
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clipmeter.errors import NotFound
from clipmeter.media.links import Links, Wanted, link_keys
from clipmeter.model import Extras, Image, Stream, Subtitle, Video
from clipmeter.sites.tiktok.found import Answer

MAIN = "m" * 64
NOW = 1_800_000_000.0
WANTED = Wanted(
    int(NOW) + 100, "live", "abcDEF012345", "7516594811734854943", "video", "tiktok_7516594811734854943.mp4"
)


def links(keys=None, now=NOW, seconds=600):
    return Links(keys or link_keys(MAIN, "", ""), seconds=seconds, clock=lambda: now)


def signature(made, wanted=WANTED):
    return made.path(wanted).split("/")[2]


def answer(**values):
    video = Video(video_id="7516594811734854943", url="https://x", author="tiktok", **values)
    return Answer(video, NOW, None, "page", "token")


def test_there_and_back():
    """A link is read as what it was made of."""
    path = links().path(WANTED)
    sign, expires, lane, account, video_id, kind, name = map(unquote, path.split("/")[2:])
    assert links().read(sign, Wanted(int(expires), lane, account, video_id, kind, name)) == WANTED
    assert len(path) < 160


TEXT = st.text(st.characters(exclude_characters="/"), min_size=1, max_size=20)
OTHERS = st.builds(Wanted, st.integers(0, 10**12), TEXT, TEXT, TEXT, TEXT, TEXT)


@given(OTHERS)
def test_nothing_else_passes(other):
    """A signature is good for what it was made for only."""
    with pytest.raises(NotFound):
        links().read(signature(links()), other)


@given(st.text(max_size=50))
def test_made_up_signatures(made_up):
    """No text but the signature is one."""
    with pytest.raises(NotFound):
        links().read(made_up, WANTED)


@pytest.mark.parametrize("field", ["lane", "account", "video_id", "kind", "name"])
def test_parts_cannot_be_moved(field):
    """Where one part ends and the next begins is signed too."""
    longer = replace(WANTED, **{field: getattr(WANTED, field) + "x"})
    with pytest.raises(NotFound):
        links().read(signature(links()), longer)


def test_expiry():
    """A link dies at its second, and says so only when it was a real one."""
    sign = signature(links())
    assert links(now=WANTED.expires - 0.1).read(sign, WANTED) == WANTED
    with pytest.raises(NotFound, match="expired"):
        links(now=WANTED.expires).read(sign, WANTED)
    with pytest.raises(NotFound, match="not one of"):
        links(now=WANTED.expires).read("x" * 32, WANTED)


def test_rotation():
    """New links are made with the new secret; the old secret's are honoured while it is given; a third's never."""
    old, new = "o" * 32, "n" * 32
    before, between = links(link_keys(MAIN, old, "")), links(link_keys(MAIN, new, old))
    after = links(link_keys(MAIN, new, ""))
    assert between.read(signature(before), WANTED) == WANTED
    assert after.read(signature(between), WANTED) == WANTED
    with pytest.raises(NotFound):
        after.read(signature(before), WANTED)


def test_default_secret():
    """Without a secret of its own, a link's is made from the main one, and is not that one."""
    assert link_keys(MAIN, "", "") == link_keys(MAIN, "", "")
    assert link_keys(MAIN, "", "") != link_keys("x" * 64, "", "")
    assert MAIN.encode() not in link_keys(MAIN, "", "")
    assert link_keys(MAIN, "", "o" * 32) == (*link_keys(MAIN, "", ""), b"o" * 32)


def test_accounts_are_not_named():
    """A link tells accounts apart without telling which they are."""
    one, two = links().account("acct_1"), links().account("acct_2")
    assert one != two
    assert "acct" not in one
    assert links(link_keys("x" * 64, "", "")).account("acct_1") != one


def test_relayed():
    """Every link of the video and its extras becomes ours; "" stays "", sizes and all else stay."""
    extras = Extras(
        images=(Image(url="https://i1", width=1), Image(url="https://i2")),
        streams=(Stream(url="https://s1", bitrate=5), Stream(url="")),
        subtitles=(Subtitle(language="eng-US", url="https://t1"),),
    )
    direct = replace(answer(video_url="https://v", size=7, cover="https://c"), extras=extras)
    relayed = links().relayed(direct, "acct_1", "live", "https://api.example")
    assert relayed.video.video_url.startswith("https://api.example/media/")
    assert relayed.video.video_url.endswith("/video/tiktok_7516594811734854943.mp4")
    assert relayed.video.cover.endswith("/cover/tiktok_7516594811734854943_cover.jpg")
    assert (relayed.video.size, relayed.video.url, relayed.video.video_url_hd) == (7, "https://x", "")
    assert [image.url.split("/")[-2] for image in relayed.extras.images] == ["image-1", "image-2"]
    assert relayed.extras.images[0].width == 1
    assert [stream.url.rpartition("_")[2] for stream in relayed.extras.streams] == ["stream-1.mp4", ""]
    assert relayed.extras.subtitles[0].url.endswith("_subtitle-1.vtt")
    assert direct.video.video_url == "https://v"


@pytest.mark.parametrize("secret", ["o" * 32, "o" * 64, "o" * 200])
@given(author=st.text(max_size=20))
def test_links_made_together(secret, author):
    """The links of an answer, which share their beginning, are honoured like those made one by one."""
    given_ = replace(answer(), video=Video(video_id="7516594811734854943", url="", author=author, cover="https://c"))
    made = links(link_keys(MAIN, secret, ""))
    sign, expires, *parts = map(unquote, made.relayed(given_, "acct_1", "live", "").video.cover.split("/")[2:])
    wanted = Wanted(int(expires), *parts)
    assert made.read(sign, wanted) == wanted
    assert made.path(wanted) == made.relayed(given_, "acct_1", "live", "").video.cover


def test_the_same_answer_has_the_same_links():
    """So that an ETag can hold; they are renewed when half of their time is gone."""
    direct = answer(video_url="https://v")
    at = [links(now=NOW + age).relayed(direct, "acct_1", "live", "").video.video_url for age in (0, 100, 299, 301)]
    assert at[0] == at[1] == at[2] != at[3]
    assert links(now=NOW + 301).expires(direct) == NOW + 301 + 600
    assert links(now=NOW - 50).expires(direct) == NOW - 50 + 600
