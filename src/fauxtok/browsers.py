"""What browser a visitor says it is, in its User-Agent and in sec-ch-ua."""

import re

from fauxtok.asgi import Request

_CHROME = re.compile(r"\bChrom(?:e|ium)/(\d+)")
_BRANDS = re.compile(r'"(?:Chromium|Google Chrome|Microsoft Edge)";v="(\d+)')
_OTHERS = (("Firefox/", "firefox"), ("Safari/", "safari"))


def claims(request: Request) -> frozenset[str]:
    """The major versions of Chrome it claims ("150"), else "firefox" or "safari"; nothing: it claims to be none."""
    agent = request.header(b"user-agent")
    versions = {*_CHROME.findall(agent), *_BRANDS.findall(request.header(b"sec-ch-ua"))}
    return frozenset(versions or [name for mark, name in _OTHERS if mark in agent][:1])
