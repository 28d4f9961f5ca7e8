"""Pages of three generations, and the app's JSON."""

import json
import time

import pytest

from clipmeter.errors import NotFound, UpstreamError, UpstreamRateLimit
from clipmeter.sites.tiktok.page import read_app, read_page
from invented import VIDEO_ID, app_item, detail, html, next_page, old_item, page, script, sigi_page, web_item

OTHER = "7524919459643919625"
SIGI = {"ItemModule": {VIDEO_ID: web_item()}}
UNIVERSAL = "__UNIVERSAL_DATA_FOR_REHYDRATION__"


@pytest.mark.parametrize(
    "body",
    [
        page(web_item()),
        page(web_item(), scope="webapp.reflow.video.detail"),
        html(
            script(
                UNIVERSAL,
                detail(web_item()),
                "<script\n  data-x='1'\n  type=application/json\n  id='{}' aria-hidden=\"true\">",
            )
        ),
        html(script(UNIVERSAL, detail(web_item()), "<SCRIPT ID={}>")),
        html(f'<script data-id="{UNIVERSAL}">{{}}</script>', script(UNIVERSAL, detail(web_item()))),
        html(f"<p>{UNIVERSAL}</p>", f"<script>var a = '{UNIVERSAL}'</script>", script(UNIVERSAL, detail(web_item()))),
        html(script(UNIVERSAL, detail(web_item(desc=f'<b id="{UNIVERSAL}"> 1 < 2 </b>')))),
        html(script(UNIVERSAL, {}), script("SIGI_STATE", SIGI)),
        html(script(UNIVERSAL, [1]), script(UNIVERSAL, detail(web_item()))),
        html(f"<script id='sigi-persisted-data'>window['SIGI_STATE']={json.dumps(SIGI)};window.x=1</script>"),
        sigi_page(web_item(author="anna.kite")),
        sigi_page(web_item(id=OTHER), web_item()),
        next_page({"statusCode": 0, "itemInfo": {"itemStruct": web_item()}}),
        json.dumps(detail(web_item())).encode(),
        b"\xef\xbb\xbf" + json.dumps(detail(web_item())).encode(),
    ],
)
def test_every_generation_of_pages_gives_the_post(body):
    """Newest to oldest, whatever the script's tag looks like, matched by its id attribute only."""
    got = read_page(body, VIDEO_ID)
    assert (got.video_id, got.author) == (VIDEO_ID, "anna.kite")


def test_the_oldest_pages_shape():
    """videoData of 2020."""
    assert read_page(next_page({"videoData": old_item()}), "6801600552594640133").author == "anna"


def test_a_sigi_page_names_its_own_post():
    """Of several posts the list `video` names the page's own when no id is asked for; without one it is not guessed."""
    assert read_page(sigi_page(web_item(id=OTHER), web_item(), own=VIDEO_ID), None).video_id == VIDEO_ID
    with pytest.raises(UpstreamError, match="several posts"):
        read_page(sigi_page(web_item(id=OTHER), web_item()), None)


@pytest.mark.parametrize(
    "body",
    [page(web_item()), sigi_page(web_item()), next_page({"itemInfo": {"itemStruct": web_item()}})],
)
def test_another_video_is_not_the_one_asked_for(body):
    """An answer with another id is a 404 that says so, never a 200."""
    with pytest.raises(NotFound, match="another video") as caught:
        read_page(body, OTHER)
    assert VIDEO_ID in caught.value.sign


@pytest.mark.parametrize(
    "body",
    [
        page(code=10204, message="item doesn't exist"),
        page(code=10204, message="item doesn't exist", scope="webapp.reflow.video.detail"),
        html(
            script(UNIVERSAL, {"__DEFAULT_SCOPE__": {"webapp.video-detail": {"statusCode": "10204", "itemInfo": {}}}})
        ),
        sigi_page(status=10204),
        next_page({"statusCode": 10204}),
    ],
)
def test_a_post_that_is_gone(body):
    """10204 is a 404 in every generation."""
    with pytest.raises(NotFound, match="does not exist"):
        read_page(body, VIDEO_ID)


def test_a_sigi_page_of_a_post_that_is_gone_may_show_others():
    """What the page says of its own post counts more than the posts it recommends."""
    for asked in (None, OTHER):
        with pytest.raises(NotFound, match="does not exist"):
            read_page(sigi_page(web_item(), status=10204), asked)
    assert read_page(sigi_page(web_item(), status=10204), VIDEO_ID).video_id == VIDEO_ID


def test_phones_get_the_message_under_another_name():
    """statusMessage tells the reason like statusMsg."""
    state = {
        "__DEFAULT_SCOPE__": {"webapp.reflow.video.detail": {"statusCode": 10204, "statusMessage": "status_deleted"}}
    }
    with pytest.raises(NotFound, match="deleted"):
        read_page(html(script(UNIVERSAL, state)), VIDEO_ID)


def test_age_restricted():
    """isContentClassified needs a login, like a redirect to /login."""
    with pytest.raises(NotFound, match="login only"):
        read_page(page(web_item(isContentClassified=True)), VIDEO_ID)
    with pytest.raises(NotFound, match="login only"):
        read_page(page(), VIDEO_ID, url="https://www.tiktok.com/login?x=1")


@pytest.mark.parametrize(
    "body",
    [
        html(),
        html(script(UNIVERSAL, {})),
        html(script(UNIVERSAL, {"__DEFAULT_SCOPE__": None})),
        html(script(UNIVERSAL, {"__DEFAULT_SCOPE__": {"webapp.video-detail": []}})),
        html(script(UNIVERSAL, {"__DEFAULT_SCOPE__": {"webapp.video-detail": {"itemInfo": "x", "statusCode": 0}}})),
        html(script("SIGI_STATE", {"ItemModule": []})),
        html(script("SIGI_STATE", {"ItemModule": {"1": "x"}})),
        next_page(None),
        page(web_item(id=None)),
        page(web_item())[:2000],
        html(f'<script id="{UNIVERSAL}">not json</script>'),
        html(f'<script id="{UNIVERSAL}">' + '{"a":' + "[" * 100_000),
        b"\x89PNG\r\n\x1a\n" + bytes(range(256)),
        b"{}",
        b"{",
    ],
)
def test_a_page_without_the_post_is_the_sources_fault(body):
    """No script, no item, another type, cut off, nested without end: 502, with what was seen."""
    with pytest.raises(UpstreamError) as caught:
        read_page(body, VIDEO_ID)
    assert caught.value.sign


def test_a_blocked_address():
    """Signs beside the body count: the header and the status."""
    for more in ({"headers": {"x-tt-system-error": "3"}}, {"status": 429}, {"status": 403}):
        with pytest.raises(UpstreamRateLimit):
            read_page(b"<html></html>", VIDEO_ID, **more)
    for body in (b"", b'{"code": 10000, "type": "verify", "subtype": "slide"}'):
        with pytest.raises(UpstreamRateLimit):
            read_page(body, VIDEO_ID)


def test_a_captcha_laid_over_a_whole_page_does_not_hide_it():
    """What the page says of the post counts more than what lies over it."""
    body = page(web_item()).replace(b"</html>", b'<div id="captcha_container"></div></html>')
    assert read_page(body, VIDEO_ID, status=403).video_id == VIDEO_ID


def test_hostile_pages_take_no_time():
    """Megabytes of almost-scripts are looked through in well under a second."""
    start = time.perf_counter()
    tag = b'<script id="' + UNIVERSAL.encode() + b'">'
    for body in (tag + b"<" * 5_000_000, tag * 100_000, UNIVERSAL.encode() * 50_000, b'<script id="' * 200_000 + tag):
        with pytest.raises(UpstreamError):
            read_page(body, VIDEO_ID)
    assert time.perf_counter() - start < 5


@pytest.mark.parametrize(
    "answer",
    [
        {"aweme_detail": app_item()},
        {"aweme_list": [app_item(aweme_id=OTHER), None, "x", app_item()]},
        {"aweme_details": [app_item()]},
    ],
)
def test_the_apps_answer_gives_the_asked_post_only(answer):
    """In all three containers the entry of the asked id is found; another one never takes its place."""
    body = json.dumps(answer).encode()
    assert read_app(body, VIDEO_ID).downloads == 1
    with pytest.raises(NotFound, match="another video"):
        read_app(body, "1")


def test_the_apps_failures():
    """Empty is blocked, withheld is a 404, anything else the source's fault."""
    with pytest.raises(UpstreamRateLimit):
        read_app(b"", VIDEO_ID)
    with pytest.raises(NotFound, match="deleted"):
        read_app(b'{"aweme_detail": null, "filter_detail": {"filter_reason": "status_deleted"}}', VIDEO_ID)
    for body in (b"{}", b"[]", b"<html>", b'{"aweme_list": []}', b'{"aweme_detail": 5}', b'{"status_code": 8}'):
        with pytest.raises(UpstreamError):
            read_app(body, VIDEO_ID)


@pytest.mark.parametrize(
    "bulk", ["", '"a":{"b":"\\"webapp.video-detail\\":{}"},', '"a":{"webapp.video-detail":{"statusCode":10204}},']
)
def test_what_stands_before_the_post_does_not_matter(bulk):
    """The quick way past menus and translations gives what the whole script gives, whatever they hold."""
    item = {"id": "7516594811734854943", "desc": "text", "author": {"uniqueId": "a"}, "video": {"duration": 5}}
    detail = json.dumps({"itemInfo": {"itemStruct": item}, "statusCode": 0}).replace("/", "\\u002F")
    script = f'{{"__DEFAULT_SCOPE__":{{{bulk}"webapp.video-detail":{detail},"webapp.a-b":{{}}}}}}'
    body = f'<script id="__UNIVERSAL_DATA_FOR_REHYDRATION__" type="application/json">{script}</script>'.encode()
    assert read_page(body, item["id"]).title == "text"
