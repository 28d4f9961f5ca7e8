"""llms.txt and llms-full.txt."""

import re

from browsing import Browser
from clipmeter.endpoints import ENDPOINTS
from clipmeter.web.docs.errors import error_codes
from clipmeter.web.docs.guides import guides


def test_short(served):
    """In the form of llmstxt.org: a title, a quote, sections of links with a word on each; every link works."""
    with Browser(served.url) as browser:
        text = browser.open("/llms.txt").reply.text
        title, quote, about, *sections = text.strip().split("\n\n")
        assert title == "# clipmeter"
        assert re.fullmatch(r"> .*37 exact fields.*\$0\.006.*|> .*37 exact fields.*", quote)
        assert not about.startswith(("#", "-"))
        assert all(section.startswith("## ") for section in sections[::2])
        lines = [line for section in sections[1::2] for line in section.splitlines()]
        found = [re.fullmatch(r"- \[([^\]]+)\]\((\S+)\): .+", line) for line in lines]
        assert all(found)
        for match in found:
            assert browser.open(match[2].removeprefix(served.url)).status == 200, match[2]
    assert sections[-2] == "## Optional"
    assert {match[2] for match in found} >= {f"{served.url}{guide.path}.md" for guide in guides()}


def test_full(served):
    """Every guide, endpoint and code is in the one text, filled in."""
    reply = served.get("/llms-full.txt")
    text = reply.body.decode()
    assert reply.headers["Content-Type"] == "text/plain; charset=utf-8"
    names = [*(one.title for one in (*guides(), *ENDPOINTS)), *(one.code for one in error_codes())]
    for name in names:
        assert f"\n# {name}\n" in text, name
    assert not re.search(r"{{ \w+ }}|baseURL", text)
    assert f"{served.url}/v1/tiktok/video" in text
