"""The page of an endpoint, and its Markdown: all that its definition says, and only what is in force."""

import re
from types import SimpleNamespace

import msgspec
import pytest

from browsing import Browser, Page
from clipmeter.billing.rules import Terms
from clipmeter.endpoints import ENDPOINTS
from clipmeter.endpoints.tiktok_video import TIKTOK_VIDEO
from clipmeter.model import FIELDS, INCLUDES
from clipmeter.web.docs.endpoint import Sheet, markdown_of, values_of
from clipmeter.web.docs.shape import fields_of, walk
from clipmeter.web.openapi import problems
from clipmeter.web.pages.render import page_bytes
from clipmeter.web.pages.setup import Setup
from offers import HTML, OFFER
from served import EXAMPLE

USUAL = Terms(price_micros=6_000, free_requests=50, concurrency=3)
PATHS = [f"/endpoints/{endpoint.slug}" for endpoint in ENDPOINTS]


def sheet(endpoint=TIKTOK_VIDEO, terms=USUAL, **setup) -> Sheet:
    return Sheet(endpoint=endpoint, base_url="https://clips.example.org", terms=terms, setup=Setup(**setup))


def html_of(shown: Sheet) -> str:
    """The page without a server."""
    site = SimpleNamespace(signup="open", setup=shown.setup)
    visit = SimpleNamespace(
        visitor=None, is_public=True, path=shown.path, base_url=shown.base_url, site=site, problem=None
    )
    return page_bytes("docs/endpoint.html", {"visit": visit, **values_of(shown), "is_sure": True}).decode()


@pytest.fixture(scope="module")
def page(served) -> Page:
    with Browser(served.url) as browser:
        yield browser.open(PATHS[0])


def bare(text: str) -> str:
    """Without spaces and backticks, which HTML and Markdown set each in its own way."""
    return re.sub(r"[\s`]", "", text)


def ids_of(page: Page) -> list[str]:
    return [given["id"] for _, given in page.tags if "id" in given]


def test_every_field_has_its_place(page):
    """All 37 fields, what include= adds, and all within, each with its type, its meaning and an id to lead to."""
    fields = list(walk(fields_of(TIKTOK_VIDEO)))
    assert [f.name for f in fields[0].fields] == [*FIELDS, *INCLUDES]
    assert [f.name for f in fields[0].fields if f.optional] == list(INCLUDES)
    assert {f.anchor for f in fields} <= set(ids_of(page))
    for field in fields[1:]:
        assert field.meaning, field.path
        assert bare(field.meaning) in bare(page.text), field.path
        assert field.type in page.text


def test_the_promise_counts_right():
    """The promise names the number of fields that there are."""
    assert f" {len(FIELDS)} exact fields" in TIKTOK_VIDEO.promise


@pytest.mark.parametrize("path", PATHS)
def test_ids_are_unique_and_led_to(served, path):
    """No id is there twice, and every link within the page leads to one."""
    with Browser(served.url) as browser:
        page = browser.open(path)
    ids = ids_of(page)
    assert len(ids) == len(set(ids))
    inner = {given["href"][1:] for tag, given in page.tags if tag == "a" and given["href"].startswith("#")}
    assert inner <= set(ids)
    assert {given["for"] for tag, given in page.tags if tag == "label"} <= set(ids)


def test_example_is_what_test_mode_answers(served):
    """The example response is test mode's answer to the example request, but for links, which are there alike."""
    query = dict(TIKTOK_VIDEO.example_query)
    real = served.get(key=served.keys["test_key"], **query).json["video"]
    shown = msgspec.json.decode(TIKTOK_VIDEO.example_body(served.url))["video"]
    assert list(shown) == list(real)
    for name, value in shown.items():
        if isinstance(value, str) and "/media/" in value:
            head, tail = value.split("…")
            assert real[name].startswith(head), name
            assert real[name].endswith(tail), name
        else:
            assert value == real[name], name
    assert shown["video_id"] == EXAMPLE


def test_all_errors_are_led_to(page):
    """Each error code is there, with a link to the page that explains it."""
    links = {given.get("href") for tag, given in page.tags if tag == "a"}
    assert {f"/docs/errors/{kind.code}" for kind in problems()} <= links


@pytest.mark.parametrize("page_of", [html_of, markdown_of])
def test_terms_in_force(page_of):
    """Price, free tier and concurrency are those given; what costs nothing is free; no card is asked for in vain."""
    usual = page_of(sheet())
    assert "50 free a month, then $0.006 each" in usual
    assert "until you add a card" in usual
    other = page_of(sheet(terms=Terms(price_micros=12_500, free_requests=1_000, concurrency=20)))
    assert "1,000 free a month, then $0.0125 each" in other
    assert "20 may be in flight at once" in other
    assert "$0.006" not in other
    gratis = page_of(sheet(terms=Terms(price_micros=0, free_requests=50, concurrency=3)))
    assert "No. Nothing is charged here." in gratis
    assert "$0" not in gratis
    without_cards = page_of(sheet(cards=False))
    assert "No cards are taken here" in without_cards
    assert "add a card" not in without_cards
    assert "$0.006" not in without_cards


@pytest.mark.parametrize(
    ("contact", "html", "markdown"),
    [
        ("", "ask whoever runs this server", "ask whoever runs this server"),
        ("ops@example.org", 'href="mailto:ops@example.org"', "[ops@example.org](mailto:ops@example.org)"),
        ("https://example.org/help", 'href="https://example.org/help"', "(https://example.org/help)"),
    ],
)
def test_whom_to_ask(contact, html, markdown):
    """Who needs more is told whom to ask, where the operator says whom."""
    assert html in html_of(sheet(contact=contact))
    assert markdown in markdown_of(sheet(contact=contact))


def test_twin_has_the_same_facts(served, page):
    """The Markdown twin is named by the page, served as such, and has every field, parameter, error and answer."""
    (twin,) = [given for tag, given in page.tags if tag == "link" and given.get("type") == "text/markdown"]
    reply = served.get(twin["href"])
    assert (reply.status, reply.headers["Content-Type"]) == (200, "text/markdown; charset=utf-8")
    text = reply.body.decode()
    told = Sheet(endpoint=TIKTOK_VIDEO, base_url=served.url, terms=USUAL, setup=Setup(cards=False))
    assert text == markdown_of(told)
    for fact in (
        *(field.meaning for field in walk(told.fields)),
        *(one.meaning for one in (*told.parameters, *told.request_headers)),
        *(meaning for _, meaning in told.response_headers),
        *(error.about.means for error in told.errors),
        *(question.asked for question in told.questions),
        *(sample.code for sample in told.samples),
        told.body,
    ):
        assert fact in text
        assert bare(fact) in bare(page.text), fact


def test_a_new_endpoint_needs_no_more_than_its_definition():
    """An endpoint that no code knows gets its whole page; what its texts hold is text, never HTML."""
    html = html_of(sheet(OFFER, contact="ops@example.org"))
    page = Page(SimpleNamespace(text=html, url="", status_code=200))
    assert {f.anchor for f in walk(fields_of(OFFER))} <= set(ids_of(page))
    assert "field-best_offer.sellers.rating" in ids_of(page)
    assert "Yes, for 6 hours." in page.text
    assert "integer, 1 to 9" in page.text
    assert HTML in page.text
    assert not [tag for tag, given in page.tags if tag == "b" or (tag == "script" and "src" not in given)]
    text = markdown_of(sheet(OFFER))
    assert "/v1/offers" in text
    assert "  - `colours` (array of strings, on request): With `include=colours`: colours it comes in" in text
    assert "    - `rating` (number or null): Stars; null: nobody said" in text


def test_head_and_unknown(served):
    """HEAD says what GET would; a page of no endpoint is told to a browser in words."""
    got, head = served.get(PATHS[0]), served.get(PATHS[0], method="HEAD")
    assert (head.status, head.body, head.headers["Content-Length"]) == (200, b"", str(len(got.body)))
    gone = served.get("/endpoints/nothing", method="GET")
    assert (gone.status, gone.headers["Content-Type"]) == (404, "text/html; charset=utf-8")
    assert served.get("/endpoints/nothing.md").status == 404


def test_own_terms_for_who_is_logged_in(served):
    """Somebody who is logged in is told the terms of the own account, and is not asked to sign up."""
    with Browser(served.url) as browser:
        email = browser.sign_up()
        done = served.run("terms", "set", "--account", email, "--price", "0.004", "--free", "7", "--concurrency", "9")
        assert done.returncode == 0, done.stderr
        page = browser.open(PATHS[0])
        assert "7 free a month" in page.text
        assert "9 may be in flight at once" in page.text
        assert "Get a key" not in page.text
    with Browser(served.url) as stranger:
        assert "50 free a month" in stranger.open(PATHS[0]).text
