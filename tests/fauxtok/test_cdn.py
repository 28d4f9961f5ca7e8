import re
from urllib.parse import parse_qs, urlsplit

import pytest

from fauxtok.ids import EXAMPLE_ID

OPEN = {"Referer": "https://www.tiktok.com/"}


@pytest.fixture
def page(visitor):
    return visitor.page(EXAMPLE_ID)


def test_announced_sizes_are_the_sizes(visitor, page):
    """HEAD tells the sizes of the page, and the size of the watermarked file, which no page tells."""
    video = page.item["video"]
    assert visitor.file(page, video["playAddr"], "HEAD").headers["content-length"] == "7786703"
    assert visitor.file(page, video["downloadAddr"], "HEAD").headers["content-length"] == "7988034"
    for rung in video["bitrateInfo"]:
        head = visitor.file(page, rung["PlayAddr"]["UrlList"][1], "HEAD")
        assert head.headers["content-length"] == rung["PlayAddr"]["DataSize"]
        assert head.headers["content-type"] == "video/mp4"


def test_cookie_and_referer_are_wanted(visitor, page):
    """403 without the page's cookie, with another page's, or without the Referer."""
    link, cookie = page.item["video"]["playAddr"], f"tt_chain_token={page.token}"
    assert visitor.ask(link, "HEAD", Cookie=cookie, **OPEN).status == 200
    assert visitor.ask(link, "HEAD", Cookie=cookie).status == 403
    assert visitor.ask(link, "HEAD", Cookie=cookie, Referer="https://example.org/").status == 403
    assert visitor.ask(link, "HEAD", **OPEN).status == 403
    assert visitor.file(visitor.page(EXAMPLE_ID), link, "HEAD").status == 403


def test_a_changed_link_is_refused(visitor, page):
    """403 for another expiry, another signature or another file under the same signature."""
    video = page.item["video"]
    link, other = video["playAddr"], video["downloadAddr"]
    for changed in (
        re.sub(r"expire=\d+", "expire=1999999999", link),
        re.sub(r"signature=\w", "signature=", link),
        link.replace(urlsplit(link).path, urlsplit(other).path),
    ):
        assert visitor.file(page, changed).status == 403


def test_links_expire(visitor):
    """A link is dead when its time is over; until then it is hours."""
    fresh = visitor.page(EXAMPLE_ID)
    assert int(parse_qs(urlsplit(fresh.item["video"]["playAddr"]).query)["expire"][0]) > 1_700_000_000
    visitor.post("links", {"seconds": -1})
    stale = visitor.page(EXAMPLE_ID)
    it = stale.item
    for link in (it["video"]["playAddr"], it["video"]["cover"], it["video"]["subtitleInfos"][0]["Url"]):
        assert visitor.file(stale, link).status == 403


def test_ranges(visitor, page):
    """Byte ranges from the start, the middle and the end are the bytes of the whole file."""
    link = page.item["video"]["playAddr"]
    whole = visitor.file(page, link).body
    for asked, start, stop in (
        ("0-99", 0, 100),
        ("5000-", 5000, None),
        ("-7", -7, None),
        ("70000-90000", 70000, 90001),
    ):
        part = visitor.file(page, link, Range=f"bytes={asked}")
        assert part.status == 206
        assert part.body == whole[start:stop]
    assert part.headers["content-range"] == "bytes 70000-90000/7786703"
    past = visitor.file(page, link, Range="bytes=7786703-")
    assert (past.status, past.headers["content-range"]) == (416, "bytes */7786703")
    assert len(visitor.file(page, link, Range="lines=1-2").body) == 7786703


def test_if_range(visitor, page):
    """A range is given only for the version that the client has begun."""
    link = page.item["music"]["playUrl"]
    tag = visitor.file(page, link, "HEAD").headers["etag"]
    assert visitor.file(page, link, Range="bytes=0-9", If_Range=tag).status == 206
    assert visitor.file(page, link, Range="bytes=0-9", If_Range='"other"').status == 200
    assert visitor.file(page, link, If_None_Match=tag).status == 304


def test_pictures_want_no_cookie(visitor, page):
    """A picture's link is enough, but only unchanged."""
    cover = page.item["video"]["cover"]
    picture = visitor.ask(cover)
    assert (picture.status, picture.headers["content-type"]) == (200, "image/jpeg")
    assert visitor.ask(cover.replace("x-expires=1", "x-expires=2")).status == 403
    assert visitor.ask(page.item["author"]["avatarLarger"]).status == 200


def test_songs_lie_open_and_subtitles_are_signed(visitor):
    """A song of the library needs nothing; subtitles have the size they are said to have."""
    pages = (visitor.page((1740000000 + step << 32) + step) for step in range(60))
    items = [page.item for page in pages]
    song = next(it["music"] for it in items if not it["music"]["original"])
    assert "/obj/" in song["playUrl"]
    assert visitor.ask(song["playUrl"]).headers["content-type"] == "audio/mpeg"
    subtitle = next(sub for it in items for sub in it["video"]["subtitleInfos"])
    text = visitor.ask(subtitle["Url"])
    assert (str(len(text.body)), text.body[:6]) == (subtitle["Size"], b"WEBVTT")


def test_the_session_link_is_refused(visitor, page):
    """The third entry of a UrlList needs a session that nobody has."""
    assert visitor.file(page, page.item["video"]["PlayAddrStruct"]["UrlList"][2]).status == 403


def test_every_host_is_answered_by_its_path(visitor, page):
    """On the loopback address itself the same paths work, for trying with curl."""
    link = urlsplit(page.item["video"]["playAddr"])
    local = visitor.file(page, f"{link.path}?{link.query}", "HEAD", Host=f"127.0.0.1:{visitor.running.port}")
    assert local.status == 200
    assert visitor.file(page, page.item["video"]["playAddr"], "DELETE").status == 405
