"""Any link to one post."""

import re
import time

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from clipmeter.errors import InvalidParameter
from clipmeter.sites.tiktok.ref import ShortLink, VideoRef, id_time, is_from_the_future, read_id, read_link

ID = "7516594811734854943"
SHORT = re.compile(r"https://(?:(?:vm|vt)\.tiktok\.com/[A-Za-z0-9_-]+/|www\.tiktok\.com/t/[A-Za-z0-9_-]+/)")


@pytest.mark.parametrize(
    "link",
    [
        f"https://www.tiktok.com/@anna.k/video/{ID}",
        f"https://www.tiktok.com/@anna.k/photo/{ID}?lang=en#comments",
        f"http://m.tiktok.com/@_/video/{ID}/",
        f"tiktok.com/@/video/{ID}",
        f"//www.tiktok.com/@MS4wLjABAAAA-x_y/video/{ID}",
        f"HTTPS://WWW.TIKTOK.COM/@ANNA/VIDEO/{ID}",
        f"https://www.tiktok.com/%40anna/video/{ID}",
        f"https://www.tiktok.com/@王/video/{ID}",
        f"https://www.tiktok.com/embed/{ID}",
        f"https://www.tiktok.com/embed/v2/{ID}?lang=de",
        f"https://www.tiktok.com/embed/v3/{ID}",
        f"https://www.tiktok.com/player/v1/{ID}",
        f"https://www.tiktok.com/share/video/{ID}",
        f"https://m.tiktok.com/v/{ID}.html?u_code=0",
        f"https://t.tiktok.com/i18n/share/video/{ID}/",
        f"https://www.tiktokv.com/share/video/{ID}/",
        f"https://tiktokv.com/i18n/share/video/{ID}",
        f"tiktokv.us/share/video/{ID}",
        f"  https://www.tiktok.com/@anna/video/{ID}\n",
        f"\u200bhttps://www.tiktok.com/@anna/video/{ID}\u200b",
        f"Look: https://www.tiktok.com/@anna/video/{ID}, and then call me!",
        f"<https://www.tiktok.com/@anna/video/{ID}>",
    ],
)
def test_every_shape_of_a_link_gives_the_id(link):
    """A link to one post is understood in every shape TikTok or its users write it."""
    assert read_link(link) == VideoRef(ID)


@pytest.mark.parametrize(
    ("link", "url"),
    [
        ("https://vm.tiktok.com/ZMabc-12/", "https://vm.tiktok.com/ZMabc-12/"),
        ("VT.TikTok.com/ZMabc12?x=1", "https://vt.tiktok.com/ZMabc12/"),
        ("http://www.tiktok.com/t/ZTabc12/", "https://www.tiktok.com/t/ZTabc12/"),
        ("tiktok.com/t/ZTabc12", "https://www.tiktok.com/t/ZTabc12/"),
        ("Check out Anna's video! #TikTok > https://vm.tiktok.com/ZMabc12/ .", "https://vm.tiktok.com/ZMabc12/"),
        ("看视频https://vm.tiktok.com/ZMabc12/复制此链接", "https://vm.tiktok.com/ZMabc12/"),
        (
            "I like tiktok.com, see https://vm.tiktok.com/ZMfirst/ https://vm.tiktok.com/ZMlast/",
            "https://vm.tiktok.com/ZMfirst/",
        ),
        ("https://nottiktok.com/ZMevil/ https://vm.tiktok.com/ZMabc12/", "https://vm.tiktok.com/ZMabc12/"),
    ],
)
def test_a_short_link_is_kept_as_host_and_code_only(link, url):
    """Of a short link, in a shared text too, only TikTok's host and the code are kept; the first link counts."""
    assert read_link(link) == ShortLink(url)


@pytest.mark.parametrize(
    ("link", "word"),
    [
        ("", "empty"),
        (" \n", "empty"),
        ("x" * 501, "too long"),
        (f"https://www.tiktok.com/@anna/live/{ID}", "live"),
        ("https://www.tiktok.com/@anna/live", "live"),
        ("https://www.tiktok.com/@anna", "profile"),
        ("https://www.tiktok.com/@anna?x=/video/1", "profile"),
        ("https://www.tiktok.com/embed/@anna", "profile"),
        ("https://www.tiktok.com/foryou", "one TikTok post"),
        ("https://vm.tiktok.com/", "one TikTok post"),
        (f"https://tiktok.com.evil.example/@a/video/{ID}", "no link to TikTok"),
        (f"https://eviltiktok.com/@a/video/{ID}", "no link to TikTok"),
        (f"http://127.0.0.1/@a/video/{ID}", "no link to TikTok"),
        (f"http://169.254.169.254/?https://www.tiktok.com/@a/video/{ID}", "no link to TikTok"),
        (f"https://evil.example/https://www.tiktok.com/@a/video/{ID}", "no link to TikTok"),
        (f"see https://evil.example/?u=https://www.tiktok.com/@a/video/{ID} now", "no link to TikTok"),
        (f"https://www.tiktok.com@evil.example/@a/video/{ID}", "@ before its host"),
        (f"https://user:pass@www.tiktok.com/@a/video/{ID}", "@ before its host"),
        (f"https://www.tiktok.com\\@evil.example/@a/video/{ID}", "backslash"),
        (f"https://www.tiktok.com/@a\\b/video/{ID}", "backslash"),
        (f"https://www.tiktok.com:443/@a/video/{ID}", "port"),
        (f"https://www%2etiktok.com/@a/video/{ID}", "percent-encoded"),
        (f"https%3A%2F%2Fwww.tiktok.com%2F@a%2Fvideo%2F{ID}", "percent-encoded"),
        (f"ftp://www.tiktok.com/@a/video/{ID}", "https://"),
        (f"https://www.tiktok.com/@a/video/{ID}\x00", "control character"),
        (f"https://www.tiktok.com/@a/video/{ID[:-1]}\uff13", "decimal digits"),
        (f"see https://www.tiktok.com/@a/video/{ID[:-1]}\uff13 now", "decimal digits"),
        (f"https://www.tiktok.com/@a/video/%37{ID[1:]}", "decimal digits"),
        ("https://www.tiktok.com/@a/video/0000", "zero"),
        ("https://www.tiktok.com/@a/video/" + "1" * 26, "too long"),
        (ID, "video_id"),
        ("javascript:alert(1)", "no link to TikTok"),
    ],
)
def test_what_is_no_link_to_a_post_says_what_to_do(link, word):
    """A link to something else, or one dressed up as TikTok's, is refused with a sentence that names the fault."""
    with pytest.raises(InvalidParameter) as caught:
        read_link(link)
    assert word in caught.value.message


@given(
    st.one_of(st.text(max_size=600), st.from_regex(r"(https?://)?[a-z.]*tiktok\.com[/@:\\%a-z0-9?#]*", fullmatch=True))
)
@example("https://vm.tiktok.com/\ud800")
@example("//")
@example("[")
def test_no_input_raises_anything_else_or_leads_elsewhere(text):
    """Whatever is given: digits of an id, a short link to TikTok over https, or InvalidParameter."""
    try:
        found = read_link(text)
    except InvalidParameter as problem:
        assert problem.message.endswith(".")  # noqa: PT017 - only one of two outcomes
    else:
        assert SHORT.fullmatch(found.url) if isinstance(found, ShortLink) else re.fullmatch("[0-9]{1,25}", found.id)


@given(st.text(max_size=30))
def test_an_id_is_ascii_digits_or_refused(text):
    """No text but 1 to 25 ASCII digits that are not all 0 is an id."""
    good = re.fullmatch(r"[0-9]{1,25}", text) and text.strip("0")
    if good:
        assert read_id(text) == VideoRef(text)
    else:
        with pytest.raises(InvalidParameter):
            read_id(text)


@pytest.mark.parametrize("text", ["", "0", "000", "1" * 26, "١٢٣", "²", "+1", "-1", " 1", "1\n", "1e3", "0x1"])
def test_what_is_no_id_is_refused(text):
    """Digits of other scripts, signs, spaces, zero and numbers too long are no ids."""
    with pytest.raises(InvalidParameter):
        read_id(text)


def test_zeros_in_front_of_an_id_stay():
    """An id is a text: another spelling is never turned into somebody's post."""
    assert read_id("007").id == "007"


def test_an_id_tells_its_time():
    """The upper 32 bits are Unix seconds; what is dated after tomorrow cannot exist, what is old may."""
    now = time.time()
    assert id_time(ID) == 1750093608
    assert not is_from_the_future(ID, now)
    assert not is_from_the_future("1", now)
    assert not is_from_the_future(str((int(now) + 86_000) << 32), now)
    assert is_from_the_future(str((int(now) + 90_000) << 32), now)
    assert is_from_the_future("9" * 25, now)
