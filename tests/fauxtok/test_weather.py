import http.client
import json
import time
import zlib

import pytest

from fauxtok import weather
from fauxtok.ids import MOODS, WEATHER

OTHER = 7500000000000000200
CHROME = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/{}.0.0.0 Safari/537.36"


@pytest.fixture
def page(visitor):
    """A page in a mood."""

    def ask(mood, **headers):
        assert visitor.post("mood", {"mood": mood}).status == 200
        return visitor.page(OTHER, **headers)

    return ask


def test_every_mood_has_its_page():
    """All bad weather can be made."""
    assert set(weather.PAGES) == WEATHER <= set(MOODS)


def test_slow_drip(visitor):
    """The page begins at once and would take minutes; who leaves is no longer in flight."""
    visitor.post("mood", {"mood": "slow_drip"})
    line = http.client.HTTPConnection("127.0.0.1", visitor.running.port, timeout=10)
    line.request("GET", f"/@_/video/{OTHER}")
    answer = line.getresponse()
    began = time.monotonic()
    size = len(answer.read(1024))
    assert 0.1 < time.monotonic() - began < 2
    assert int(answer.headers["content-length"]) / size * 0.5 > 120
    line.close()
    answer.close()
    assert visitor.is_idle()


def test_cut_in_the_middle(page):
    """Headers and half of the body come, then the connection ends."""
    with pytest.raises(http.client.IncompleteRead) as cut:
        page("cut_middle")
    assert len(cut.value.partial) > 100_000
    assert cut.value.expected > 100_000


def test_changed_layouts(page):
    """The post is still there, but not where it was: another script, another place, other names."""
    renamed = page("script_renamed").body
    assert b"__UNIVERSAL_DATA_FOR_REHYDRATION__" not in renamed
    assert b'"itemStruct"' in renamed
    assert "itemInfo" not in page("item_moved").scopes["webapp.video-detail"]
    it = page("fields_renamed").item
    assert {"itemId", "caption", "media", "counters", "creator"} < set(it)
    assert not {"id", "desc", "video", "stats", "author"} & set(it)


@pytest.mark.parametrize(
    ("mood", "start"),
    [
        ("redirect_loop", f"https://www.tiktok.com/@_/video/{OTHER}"),
        ("redirect_away", "https://www.example.org/"),
        ("redirect_loopback", "http://127.0.0.1:"),
        ("redirect_http", f"http://www.tiktok.com/@_/video/{OTHER}"),
    ],
)
def test_redirects(page, mood, start):
    """Where nobody should follow."""
    reply = page(mood)
    assert (reply.status, reply.body) == (302, b"")
    assert reply.headers["location"].startswith(start)


def test_the_trap_counts(visitor):
    """Who follows a redirect to this machine is seen."""
    visitor.post("mood", {"mood": "redirect_loopback"})
    assert visitor.ask("/__fauxtok/requests").json["trap"] == 0
    visitor.ask(visitor.page(OTHER).headers["location"])
    assert visitor.ask("/__fauxtok/requests").json["trap"] == 1


def test_huge_page(page):
    """100 MB without an announced length; the post stands at the end."""
    reply = page("huge_page")
    assert "content-length" not in reply.headers
    assert len(reply.body) > weather.HUGE
    assert reply.body.rfind(b'"itemStruct"') > weather.HUGE


def test_a_reader_of_the_huge_page_may_leave(visitor):
    """The rest of the 100 MB is not made for nobody."""
    visitor.post("mood", {"mood": "huge_page"})
    visitor.hang_up_after(f"/@_/video/{OTHER}", 0.05)
    assert visitor.is_idle()


def test_gzip_bomb(page):
    """A megabyte of sound gzip, its checksum right, that holds a gigabyte."""
    reply = page("gzip_bomb")
    assert reply.headers["content-encoding"] == "gzip"
    assert len(reply.body) < 1_100_000
    unpacker, size = zlib.decompressobj(31), 0
    rest = reply.body
    while not unpacker.eof:
        size += len(unpacker.decompress(rest, 1 << 24))
        rest = unpacker.unconsumed_tail
    assert size == weather.BOMB


def test_deep_json(page):
    """10,000 lists, one in the other, before the item's own fields."""
    body = page("deep_json").body
    assert b"[" * weather.DEPTH + b"]" * weather.DEPTH in body
    with pytest.raises(RecursionError):
        json.loads(body[body.index(b"[" * 100) : body.rindex(b"]" * 100) + 100])


def test_bad_utf8(page):
    """The caption has bytes that no decoder takes; the page is sound but for them."""
    body = page("bad_utf8").body
    with pytest.raises(UnicodeDecodeError):
        body.decode()
    assert '"desc":"\ufffd(' in body.decode(errors="replace")


def test_foreign_cookies(page):
    """Cookies for other hosts come after TikTok's own, one of the same name."""
    lines = page("foreign_cookies").headers.get_all("set-cookie")
    tokens = [line for line in lines if line.startswith("tt_chain_token=")]
    assert ["Domain=.tiktok.com" in line for line in tokens] == [True, False]


def test_refused_browsers(visitor):
    """403 for every browser but the allowed ones, by User-Agent and by sec-ch-ua, which must agree."""
    visitor.post("mood", {"mood": "refuse_chrome", "allowed": [150, "firefox"]})
    status = lambda **headers: visitor.page(OTHER, **headers).status  # noqa: E731
    brands = '"Chromium";v="{0}", "Google Chrome";v="{0}", "Not A Brand";v="99"'
    assert status(User_Agent=CHROME.format(146)) == 403
    assert status(User_Agent=CHROME.format(150)) == 200
    assert status(User_Agent=CHROME.format(150), sec_ch_ua=brands.format(150)) == 200
    assert status(User_Agent=CHROME.format(150), sec_ch_ua=brands.format(146)) == 403
    assert status(User_Agent="Mozilla/5.0 Gecko/20100101 Firefox/147.0") == 200
    assert status(User_Agent="Mozilla/5.0 AppleWebKit/605.1.15 Version/26.0 Safari/605.1.15") == 403
    assert status() == 403
    visitor.post("mood", {"mood": "refuse_chrome"})
    assert status(User_Agent=CHROME.format(150)) == 403


@pytest.mark.parametrize("mood", ["gzip_bomb", "redirect_away", "cut_middle", "bad_utf8"])
def test_weather_everywhere(visitor, mood):
    """A mood meant everywhere reaches the other sources; where it is a post all the same, they have it."""
    visitor.post("mood", {"mood": mood, "everywhere": True})
    ask = lambda: visitor.ask(f"/embed/v2/{OTHER}")  # noqa: E731
    if mood == "cut_middle":
        with pytest.raises(http.client.IncompleteRead):
            ask()
    else:
        reply = ask()
        assert reply.status == (302 if mood == "redirect_away" else 200)
        assert (b"itemInfos" in reply.body) == (mood == "bad_utf8")
