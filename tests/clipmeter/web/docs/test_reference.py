"""The page of the API reference."""

import re

from browsing import Browser
from clipmeter.web.docs.reference import operations


def test_list(served):
    """Without scripts the page lists every operation of the OpenAPI document, with its parameters and answers."""
    document = served.get("/openapi.json").json
    with Browser(served.url) as browser:
        page = browser.open("/docs/api")
    for path, methods in document["paths"].items():
        assert path in page.text
        for one in methods.values():
            assert isinstance(one, list) or one["summary"] in page.text
    assert {name for one in operations() for name, _ in one.parameters} >= {"url", "video_id", "Idempotency-Key"}
    assert all(one.answers for one in operations())
    assert {one.path for one in operations() if one.is_open} >= {"/healthz", "/openapi.json"}
    assert not next(one for one in operations() if one.path == "/v1/me").is_open


def test_policy(served):
    """Styles made by a script, and pictures within it, are allowed here and nowhere else; scripts stay our own."""

    def policy(path):
        return served.get(path).headers["Content-Security-Policy"]

    assert "style-src 'self' 'unsafe-inline';" in policy("/docs/api")
    assert "script-src 'self';" in policy("/docs/api")
    for path in ("/docs", "/docs/errors", "/changelog", "/search", "/"):
        assert "unsafe" not in policy(path)
        assert "data:" not in policy(path)


def test_nothing_from_elsewhere(served):
    """The page names no other host that a browser would ask."""
    html = served.get("/docs/api").body.decode()
    assert re.findall(r'(?:src|action)="(https?:[^"]+)"', html) == []
