"""The words of a post's subtitles in the language that a caller asks for."""

from dataclasses import replace

import msgspec

from clipmeter.errors import Problem
from clipmeter.model import Subtitle
from clipmeter.sites.fetching import Fetching, How

from .found import CHAIN_COOKIE, Answer
from .hosts import REFERER

LONGEST = 500_000
"""Bytes of a subtitle file; a longer one is left out."""


async def with_words(fetch: Fetching, answer: Answer, language: str, within: float) -> Answer:
    """The answer with the text of the first subtitle in `language`, which may be given short: `en` for `eng-US`.

    The text stays None when there is no such subtitle or its file cannot be had within the seconds.
    """
    subtitles = answer.extras.subtitles
    wanted = next((one for one in subtitles if _is(one.language, language)), None)
    words = await _words(fetch, answer, wanted, within) if wanted else None
    if words is None:
        return answer
    told = tuple(msgspec.structs.replace(one, text=words) if one is wanted else one for one in subtitles)
    extras = msgspec.structs.replace(answer.extras, subtitles=told)
    return replace(answer, extras=extras)


def _is(language: str, asked: str) -> bool:
    """eng-US is asked for as `eng-US`, `eng` or `en`, in any case."""
    have, want = language.lower(), asked.lower()
    return have == want or (have.partition("-")[0].startswith(want.partition("-")[0]) and "-" not in want)


async def _words(fetch: Fetching, answer: Answer, subtitle: Subtitle, within: float) -> str | None:
    cookies = {CHAIN_COOKIE: answer.chain_token} if answer.chain_token else {}
    try:
        page = await fetch.page(subtitle.url, within=within, how=How(headers={"Referer": REFERER}, cookies=cookies))
    except Problem:
        return None
    if page.status != 200 or len(page.body) > LONGEST:
        return None
    return page.body.decode("utf8", "replace").removeprefix("\ufeff")
