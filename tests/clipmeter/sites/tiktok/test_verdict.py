"""What TikTok's refusals mean."""

import pytest

from clipmeter.errors import NotFound, UpstreamError, UpstreamRateLimit
from clipmeter.sites.tiktok.verdict import filtered, nothing, unavailable


@pytest.mark.parametrize(
    ("code", "message", "word"),
    [
        (10204, "item doesn't exist", "does not exist"),
        (10204, "", "does not exist, was deleted, or is not shown"),
        ("10204", None, "does not exist"),
        (10204.0, [], "does not exist"),
        (10204, "status_deleted", "deleted"),
        (10204, "item_privacy_authorization&status_deleted", "deleted"),
        (10204, "item_privacy_authorization", "private"),
        (10204, "status_self_see", "only its author"),
        (10204, "status_friend_see", "friends"),
        (10204, "status_reviewing", "under review"),
        (10204, "author_status,status_reviewing", "under review"),
        (10204, "status_audit_not_pass", "did not pass"),
        (10204, "content_classification", "age-restricted or login only"),
        (10204, "copyright_geo_filter", "copyright"),
        (10204, "person_geo_fencing", "region"),
        (10204, "cross_border_violation_ur", "region"),
        (10216, "", "private"),
        (10222, "", "friends"),
        (10217, "", "deleted"),
        (10215, "", "review"),
        (10221, "", "account"),
        (10231, "", "region"),
        (10101, "", "not available"),
        (100004, "", "not available"),
        (10299, "", "10299"),
        (0, "status_deleted", "deleted"),
    ],
)
def test_a_status_tells_which_kind_of_not_found(code, message, word):
    """The sentence says which reason it was, and the sign keeps what TikTok said."""
    problem = unavailable(code, message)
    assert isinstance(problem, NotFound)
    assert word in problem.message
    assert problem.sign.startswith("status ")


def test_a_status_that_says_nothing_is_none():
    """0, missing or empty: no verdict."""
    assert [
        unavailable(code, words) for code in (0, "0", None, "", [], {}) for words in ("", None, "ok", "success")
    ] == [None] * 24


def test_a_status_nobody_knows_is_the_sources_fault():
    """It is not sold as "not found"."""
    assert isinstance(unavailable(4, "Server is currently unavailable."), UpstreamError)
    assert isinstance(unavailable(-1, ""), UpstreamError)
    assert isinstance(unavailable(10000, ""), UpstreamRateLimit)


def test_the_apps_filter_tells_why():
    """filter_detail stands where a post is withheld."""
    assert "deleted" in filtered({"filter_reason": "status_deleted"}).message
    assert isinstance(filtered({"filter_reason": "something new"}), NotFound)
    assert filtered({}) is None
    assert filtered(None) is None


def answer(body=b"", *, status=200, headers=None, url="https://www.tiktok.com/@_/video/1"):
    return nothing(body, status=status, headers=headers or {}, url=url, sign="no script")


@pytest.mark.parametrize(
    "problem",
    [
        answer(),
        answer(b" \n"),
        answer(b"<html>small</html>", headers={"X-TT-System-Error": "3"}),
        answer(b"<html>x</html>", status=403),
        answer(b"", status=429),
        answer(b"Please wait...<p id='cs' class='eyJ2Ijp7fX0='></p>"),
        answer(b'<p id="wci" class="_wafchallengeid"></p>'),
        answer(b"<title>Security Check</title>"),
        answer(b'<div id="captcha_container"></div>'),
        answer(b"<title>tiktok-verify-page</title>"),
        answer(b"<TITLE>Access Denied</TITLE>"),
        answer(b"<h1>Site Maintenance</h1>", status=503),
    ],
)
def test_a_blocked_address_is_told_from_a_changed_page(problem):
    """Blocked is 429 with a Retry-After, and says by what."""
    assert isinstance(problem, UpstreamRateLimit)
    assert problem.retry_after
    assert "(" in problem.message
    assert problem.sign


@pytest.mark.parametrize(
    "problem",
    [
        answer(b"<html>TikTok</html>"),
        answer(b"", status=502),
        answer(b"<html></html>", status=500),
        answer(b"x", status=404),
    ],
)
def test_a_page_that_is_neither_is_the_sources_fault(problem):
    """TikTok changed or broke."""
    assert isinstance(problem, UpstreamError)
    assert problem.sign


def test_a_login_page_is_not_found():
    """A redirect to /login means that the post needs one; a user whose name begins so does not."""
    assert "login only" in answer(url="https://www.tiktok.com/login?redirect_url=x").message
    assert isinstance(answer(b"x", url="https://www.tiktok.com/loginist"), UpstreamError)
