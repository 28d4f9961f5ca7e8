"""What several sources' words amount to."""

import pytest

from clipmeter.errors import (
    NotFound,
    UpstreamConnectionError,
    UpstreamError,
    UpstreamRateLimit,
    UpstreamTimeout,
)
from clipmeter.model import Video
from clipmeter.sites.tiktok import judge
from clipmeter.sites.tiktok.found import Found
from clipmeter.sites.tiktok.verdict import CHALLENGE, another, filtered, login, unavailable


def tried(*outcomes):
    return [judge.Tried(f"source{n}", outcome, 0.1) for n, outcome in enumerate(outcomes)]


def found(**values):
    return Found(Video(video_id="1", url="https://www.tiktok.com/@_/video/1", **values), "", "webpage")


CERTAIN = [
    *[unavailable(10204, word) for word in ("status_deleted", "status_self_see", "person_geo_fencing")],
    *[unavailable(code, "") for code in (10216, 10222, 10217, 10215, 10221, 10202, 10231, 10111)],
    login("redirected to /login"),
    unavailable(10216, "item doesn't exist"),
]
DOUBTFUL = [
    unavailable(10204, "item doesn't exist"),
    unavailable(10204, ""),
    unavailable(10101, "SysErrPanic"),
    unavailable(100004, "invalid parameters"),
    unavailable(10299, ""),
    another("1", "2"),
    filtered({"filter_reason": "something new"}),
]


@pytest.mark.parametrize("verdict", CERTAIN, ids=lambda verdict: verdict.sign)
def test_a_certain_sign_is_final(verdict):
    """TikTok's own word on the post needs no second source."""
    assert judge.gone(tried(UpstreamRateLimit(), verdict)) is verdict


@pytest.mark.parametrize("verdict", DOUBTFUL, ids=lambda verdict: verdict.sign)
def test_a_doubtful_sign_wants_a_second_source(verdict):
    """What a blocked address is told too is final when somebody else says so as well, and not before."""
    assert judge.gone(tried(verdict)) is None
    assert judge.gone(tried(verdict, UpstreamRateLimit())) is None
    assert judge.gone(tried(verdict, UpstreamTimeout(), NotFound())) is verdict


def test_the_most_telling_problem():
    """Refusals, then an unconfirmed "not found", then what cannot be read, then the network; of two alike the first."""
    order = [UpstreamRateLimit("a"), another("1", "2"), UpstreamError(), UpstreamConnectionError(), UpstreamTimeout()]
    for at in range(len(order)):
        assert judge.telling(tried(*reversed(order[at:]))) is order[at]
    assert judge.telling(tried(order[0], UpstreamRateLimit("b"))).message == "a"
    assert isinstance(judge.telling([]), UpstreamTimeout)


def test_a_challenge_is_no_failure_of_its_source():
    """It is known by its sign, and the source that sent it is alive; another refusal is not one."""
    challenged, blocked = tried(UpstreamRateLimit(sign=CHALLENGE)), tried(UpstreamRateLimit(sign="captcha page"))
    assert judge.is_challenged(challenged)
    assert judge.is_alive(challenged[0])
    assert not judge.is_challenged(blocked)
    assert not judge.is_alive(blocked[0])
    assert not judge.is_settling(challenged[0])


def test_several_finds_are_one():
    """The first source's word stays, the others fill what it lacks."""
    whole = judge.post(tried(found(title="a"), UpstreamError(), found(title="b", region="US")))
    assert (whole.video.title, whole.video.region) == ("a", "US")
    assert judge.post(tried(UpstreamError())) is None


def test_an_id_alone_is_no_post():
    """What has neither words, names, counts nor links was not read; any one of them, a count of 0 too, is something."""
    assert judge.is_hollow(found(date_timestamp=5, date="x", region="US"))
    for some in ({"title": "a"}, {"author": "a"}, {"likes": 0}, {"cover": "https://c/c"}, {"author_id": "5"}):
        assert not judge.is_hollow(found(**some))


def test_attempts_for_the_log():
    """Each with its code and the exact sign, in order; a success has neither."""
    good, bad, silent = (one.attempt() for one in tried(found(), another("1", "2"), UpstreamTimeout()))
    assert (good.source, good.code, good.sign, good.seconds) == ("source0", "", "", 0.1)
    assert (bad.code, bad.sign) == ("not_found", "asked 1, got 2")
    assert (silent.code, silent.sign) == ("upstream_timeout", "TikTok did not answer in time.")
