"""Colours of code: HTML that says what the code says, and nothing else."""

import re
from html import unescape

import pytest

from clipmeter.web.docs.highlight import highlight

NASTY = "# <script>alert(1)</script> & \"'\u202e\n<?php echo '</code>';\n  \n"


@pytest.mark.parametrize(
    "language", ["bash", "curl", "go", "http", "javascript", "json", "php", "python", "", "no such"]
)
def test_says_what_the_code_says(language):
    """In every language the text stays as it was, to the last space, and none of it is HTML."""
    html = highlight(NASTY, language)
    assert unescape(re.sub(r'</?span(?: class="h[a-z]")?>', "", html)) == NASTY
    assert set(re.findall(r"<(/?\w+)", html)) <= {"span", "/span"}


def test_colours():
    """Words of the language, texts and numbers are told apart; runs of one colour are one span."""
    assert highlight('{"a": [1, null, "x"]}', "json") == (
        '{<span class="hv">&#34;a&#34;</span>: [<span class="hn">1</span>, <span class="hn">null</span>, '
        '<span class="hs">&#34;x&#34;</span>]}'
    )
