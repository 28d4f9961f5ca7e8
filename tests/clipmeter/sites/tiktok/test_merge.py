"""Two sources' word on one post."""

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from clipmeter.model import FIELDS, AuthorStats, Extras, Flags, Video
from clipmeter.sites.tiktok.found import Found
from clipmeter.sites.tiktok.merge import merged

URL = "https://www.tiktok.com/@a/video/1"


def find(source="webpage", token="", extras=None, **values):
    return Found(Video(**{"video_id": "1", "url": URL} | values), token, source, extras or Extras())


def test_what_the_first_says_stays():
    """Fields of the second come in only where the first is silent; a count of 0 is no silence."""
    one = find(title="a", likes=0, is_ad=False, region="", mentioned_user_ids=())
    two = find(title="b", likes=7, is_ad=True, region="US", downloads=3, mentioned_user_ids=("5",))
    video = merged(one, two).video
    assert (video.title, video.likes, video.is_ad, video.region) == ("a", 0, True, "US")
    assert (video.downloads, video.mentioned_user_ids) == (3, ("5",))


def test_another_post_adds_nothing():
    """Whatever it says is of something else."""
    assert merged(find(), find(video_id="2", region="US")) == find()


def test_a_size_goes_with_its_link():
    """The same link's size is taken; another link's is not, nor another link for a size."""
    one = find(video_url="https://x/1")
    assert merged(one, find(video_url="https://x/1", size=5)).video.size == 5
    assert merged(one, find(video_url="https://y/1", size=5)).video.size is None
    video = merged(find(), find(video_url="https://y/1", size=5, video_url_hd="https://y/2", size_hd=9)).video
    assert (video.video_url, video.size, video.video_url_hd, video.size_hd) == ("https://y/1", 5, "https://y/2", 9)


def test_no_better_file_is_an_answer():
    """A page without a better file has none: another source's is not put beside the page's own."""
    page, app = find(video_url="https://x/1"), find("appjson", video_url="https://y/1", video_url_hd="https://y/2")
    assert merged(page, app).video.video_url_hd == ""


def test_an_embed_shows_no_qualities():
    """Its one file makes place for the files of a source that has several, all of them together."""
    app = find("appjson", video_url="https://y/1", size=5, video_url_hd="https://y/2", size_hd=9)
    video = merged(find("embed", video_url="https://x/1"), app).video
    assert (video.video_url, video.size, video.video_url_hd, video.size_hd) == ("https://y/1", 5, "https://y/2", 9)


def test_a_link_goes_with_its_cookie():
    """Links that want another cookie than ours are left where they are; those that want none, or ours, come."""
    one = find(token="ours", video_url="https://x/1")
    for token, link in (("theirs", ""), ("", "https://y/m"), ("ours", "https://y/m")):
        whole = merged(one, find(token=token, video_url_watermarked="https://y/m", size_watermarked=3))
        assert whole.video.video_url_watermarked == link
        assert (whole.video.size_watermarked is None) == (not link)
        assert whole.chain_token == "ours"
    assert merged(find(), find(token="theirs", video_url="https://y/1")).chain_token == "theirs"


def test_photos_have_no_file():
    """What is shown as photos gets no file and no duration, whoever says so."""
    photos = find(url="https://www.tiktok.com/@a/photo/1")
    clip = find(video_url="https://y/1", duration=9)
    assert (merged(photos, clip).video.video_url, merged(photos, clip).video.duration) == ("", 0)
    assert merged(find(), clip).video.duration == 9


def test_another_sound_is_not_mixed_in():
    """The sound's fields belong together."""
    one = find(music_id="1", music_title="a")
    assert merged(one, find(music_id="2", music_author="b", music_duration=4)).video.music_author == ""
    video = merged(one, find(music_id="1", music_author="b", music_duration=4)).video
    assert (video.music_author, video.music_duration) == ("b", 4)


def test_an_author_brings_the_link():
    """The canonical link has the author's name as soon as somebody knows it."""
    nameless = find(url="https://www.tiktok.com/@_/video/1")
    assert merged(nameless, find(author="a")).video.url == URL


def test_extras_by_field():
    """Lists, counts and flags fill one by one."""
    one = Extras(author_stats=AuthorStats(likes=0), flags=Flags(media_type="", pinned=False))
    two = Extras(
        hashtags=("x",),
        author_stats=AuthorStats(likes=9, followers=5),
        flags=Flags(media_type="video", pinned=True, language="en"),
    )
    whole = merged(find(extras=one), find(extras=two)).extras
    assert whole.hashtags == ("x",)
    assert (whole.author_stats.likes, whole.author_stats.followers) == (0, 5)
    assert (whole.flags.media_type, whole.flags.language) == ("video", "en")
    assert whole.flags.pinned is False


values = {
    str: st.sampled_from(["", "p", "q"]),
    bool: st.booleans(),
    int: st.sampled_from([0, 1, 2]),
    tuple: st.sampled_from([(), ("5",), ("6",)]),
}


def kind(name):
    """What a field holds, by the struct itself."""
    return next(k for k in (bool, str, tuple, int) if k.__name__ in str(Video.__annotations__[name]))


videos = st.fixed_dictionaries(
    {name: values[kind(name)] for name in FIELDS if name not in {"video_id", "url"}},
)


@given(videos, videos)
def test_nothing_is_invented(one, two):
    """Every value of the outcome is one of the two sources', and what the first knew of a text it still knows."""
    whole = merged(find(**one), find(**two)).video
    for name in FIELDS:
        assert getattr(whole, name) in (getattr(find(**one).video, name), getattr(find(**two).video, name))
        if isinstance(one.get(name), str) and one[name]:
            assert getattr(whole, name) == one[name]


@given(videos)
def test_with_itself_nothing_changes(one):
    """Merging is idempotent."""
    assert merged(find(**one), find(**one)) == find(**one)
    assert msgspec.json.encode(merged(find(**one), find()).video)
