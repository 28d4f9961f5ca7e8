"""Bodies that are filled in rather than written anew: byte for byte the same."""

from dataclasses import replace

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from clipmeter.endpoints.forms import Forms, form_of
from clipmeter.endpoints.tiktok_video import VideoResult
from clipmeter.media.files import FIELDS
from clipmeter.media.links import Links, link_keys
from clipmeter.model import Video
from clipmeter.sites.tiktok.found import Answer

NOW = 1_800_000_000.0
LINKS = Links(link_keys("m" * 64, "", ""), seconds=600, clock=lambda: NOW)
TEXT = st.text(max_size=20)
URLS = st.fixed_dictionaries(
    {field: st.sampled_from(["", "https://v16.example/x?a=1&b=%22"]) for field in FIELDS.values()}
)
VIDEOS = st.builds(
    lambda urls, **values: Video(**values, **urls),
    URLS,
    video_id=st.from_regex("[0-9]{1,20}", fullmatch=True),
    url=TEXT,
    title=TEXT,
    author=TEXT,
    likes=st.none() | st.integers(0, 10**12),
    is_ad=st.booleans(),
    mentioned_user_ids=st.lists(TEXT, max_size=2).map(tuple),
)


def answer(video):
    return Answer(video, NOW, None, "webpage", "token")


@given(VIDEOS, st.sampled_from(["https://api.example", "", 'http://"odd\\host\té']))
def test_filled_is_what_would_be_written(video, base_url):
    """A filled form is the JSON of the video with this server's links, whatever is in it."""
    given_ = answer(video)
    written = msgspec.json.encode(VideoResult(LINKS.relayed(given_, "acct_1", "live", base_url).video))
    for _ in range(2):  # made, and remembered
        assert form_of(video).filled(LINKS.signer(given_, "acct_1", "live", base_url)) == written


def test_each_account_and_lane_has_its_own():
    """What was filled in for one is never given to another."""
    given_ = answer(Video(video_id="1", url="", video_url="https://v"))
    form = form_of(given_.video)
    later = replace(given_, fetched_at=NOW - 1)
    bodies = {
        form.filled(LINKS.signer(one, account, lane, "https://api.example"))
        for one in (given_, later)
        for account in ("acct_1", "acct_2")
        for lane in ("live", "test")
    }
    assert len(bodies) == 8


def test_videos_are_known_by_themselves():
    """Two answers are never mixed up, however alike, nor two servers' links; and what is kept is bounded."""
    forms = Forms(most=2, bodies=3)
    videos = [Video(video_id="1", url="", title=str(number), cover="https://c") for number in range(4)]
    others = Links(link_keys("o" * 64, "", ""), seconds=600, clock=lambda: NOW)
    for video in (*videos, *videos):
        signers = [made.signer(answer(video), "acct_1", "live", "") for made in (LINKS, others)]
        bodies = [forms.body(video, signer) for signer in signers]
        assert bodies == [form_of(video).filled(signer) for signer in signers]
        assert bodies[0] != bodies[1]
        assert forms.body(video, signers[0]) is bodies[0]
        assert forms.of(video) is forms.of(video)
    assert (len(forms._forms._kept), len(forms._bodies._kept)) == (2, 3)
