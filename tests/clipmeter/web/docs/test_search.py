"""Search: what is found, what is first, and that a question is text."""

import time
from dataclasses import fields

import pytest

from browsing import Browser
from clipmeter.settings import Settings
from clipmeter.web.docs.errors import error_codes
from clipmeter.web.docs.guides import guides
from clipmeter.web.docs.search import AROUND, MOST, Entry, find, score
from crawling import Crawl

FIRST = {
    "idempotency": "/docs/idempotency",
    "Idempotency-Key": "/docs/idempotency",
    "limit": "/docs/limits",
    "daily_limit_exceeded": "/docs/errors/daily_limit_exceeded",
    "daily limit": "/docs/errors/daily_limit_exceeded",
    "play_count": "/endpoints/tiktok-video#field-video.play_count",
    "CLIPMETER_PUBLIC_URL": "/docs/self-hosting#settings",
    "test mode": "/docs/test-mode",
    "changelog": "/changelog",
    "max_age": "/endpoints/tiktok-video#param-max_age",
}


@pytest.fixture(scope="module")
def browser(served):
    with Browser(served.url) as one:
        yield one


@pytest.fixture(scope="module")
def index(browser):
    return [Entry(**entry) for entry in browser.open("/search.json").reply.json()]


@pytest.mark.parametrize("question", FIRST)
def test_first(index, question):
    """What is meant comes first."""
    assert find(index, question)[0].entry.url == FIRST[question]


def test_covers_all(index):
    """Guides, codes, fields, parameters and settings are all in it, each with a title and a text."""
    urls = {entry.url for entry in index}
    assert {guide.path for guide in guides()} | {error.path for error in error_codes()} <= urls
    assert {entry.title for entry in index if entry.kind == "setting"} == {
        f"CLIPMETER_{one.name.upper()}" for one in fields(Settings)
    }
    assert sum(entry.kind == "field" for entry in index) > 60
    assert all(entry.title and (entry.text or entry.kind == "field") for entry in index)
    assert not [entry for entry in index if "<" in entry.title or "baseURL" in entry.text or "Copy" in entry.text]


def test_leads_somewhere(served, index):
    """Each entry's page is there, and its place on it."""
    crawl = Crawl(served.url)
    crawl.walk(*dict.fromkeys(entry.url for entry in index))
    assert crawl.broken == []


def test_every_word_counts():
    """An entry without one of the words is not found; title comes before section before text, word before piece."""
    entry = Entry("/x", "Spending limits", "Money", "What you pay.", "guide")
    assert score(entry, ["spending", "nowhere"]) == 0
    assert score(entry, ["limits"]) > score(entry, ["limit"]) > score(entry, ["imit"]) > score(entry, ["money"])
    assert score(entry, ["money"]) > score(entry, ["pay"]) > score(entry, ["pa"]) > 0


def test_excerpt_is_short_and_marks():
    """A piece of the text around the first hit, with the hits marked, whatever their case."""
    entry = Entry("/x", "X", "", "a word " * 100 + "Needle and needle " + "more " * 100, "guide")
    (found,) = find([entry], "NEEDLE")
    assert [part for part, asked in found.excerpt if asked] == ["Needle", "needle"]
    assert sum(len(part) for part, _ in found.excerpt) <= AROUND + 4


def test_sent_once(browser):
    """Who has the index gets a 304."""
    etag = browser.open("/search.json").reply.headers["etag"]
    again = browser.client.get("/search.json", headers={"If-None-Match": etag})
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", etag)


def test_page(browser):
    """Results come without scripts; nothing found, and nothing asked, say what to try."""
    page = browser.open("/search?q=idempotency")
    assert "Results for “idempotency”" in page.text
    assert "/docs/idempotency" in [given.get("href") for _, given in page.tags]
    assert "Nothing has all of these words" in browser.open("/search?q=qqqqq").text
    assert "Try one of these" in browser.open("/search").text
    assert f"These are the {MOST} best" in browser.open("/search?q=a").text


ODD = ["<script>alert(1)</script>", '"><b>', "\u202eolleh", "%00", "(((", "\\", "a" * 5_000]


@pytest.mark.parametrize("question", ODD)
def test_question_is_text(browser, question):
    """Whatever is asked is shown as text, cut to a length, and breaks nothing."""
    reply = browser.client.get("/search", params={"q": question})
    assert reply.status_code == 200
    assert "<script>alert" not in reply.text
    assert "<b>" not in reply.text
    assert "a" * 200 not in reply.text


def test_as_many_words_as_fit(index):
    """They cost little, however short they are: anybody may ask."""
    question, times = " ".join("abcdefghijklmnopqrstuvwxyz0123456789"), []
    for _ in range(5):
        began = time.process_time()
        find(index, question)
        times.append(time.process_time() - began)
    assert min(times) < 0.05
