"""The list of a post's files."""

import pytest

from clipmeter.sites.tiktok.streams import file, streams

A, B, M = "https://v16.tiktokcdn.com/a/?x=1", "https://v16.tiktokcdn.com/b/?x=1", "https://v16.tiktokcdn.com/m/?x=1"
SESSION = "https://www.tiktok.com/aweme/v1/play/?video_id=v1"


def marks(found):
    return {stream.url: stream.watermark for stream in found}


def test_a_file_named_twice_is_one_stream():
    """What shares a link is one file: at its first place, with its first link, and the facts of both mentions."""
    own = file(A, size="9", width=5, height=6)
    [got, other] = streams((own,), (file([B]), file([M, A], width=7, height=8, bitrate=100, fps=30)), ())
    assert (got.url, got.width, got.height, got.size, got.bitrate, got.fps) == (A, 7, 8, 9, 100, 30)
    assert other.url == B


def test_a_link_for_the_session_alone_is_no_link():
    """A file that nobody but the asking browser may fetch is left out; beside another link, that link is left out."""
    assert streams((), (file([SESSION]),), ()) == ()
    assert [stream.url for stream in streams((), (file([SESSION, A]),), ())] == [A]


@pytest.mark.parametrize(
    ("named", "codec", "playable"),
    [
        ("h264", "h264", True),
        ("h265_hvc1", "h265", True),
        ("bytevc1", "h265", True),
        ("bytevc2", "bytevc2", False),
        ("av1", "av1", True),
        ("", "", True),
    ],
)
def test_codecs(named, codec, playable):
    """TikTok's names as players know them; its own codec plays nowhere else."""
    [got] = streams((), (file(A, codec=named),), ())
    assert (got.codec, got.playable) == (codec, playable)


def test_a_file_without_sound_is_known_by_its_link():
    """A path of video alone."""
    [got] = streams((), (file("https://v16.tiktok.com/media-video-hvc1/?a=1"),), ())
    assert not got.audio


def test_the_files_key_fills_in():
    """Codec and bitrate stand in the key too, where nothing else says them."""
    [got] = streams((file(A, key="v12044gd0000cu9_bytevc1_540p_612517"),), (), ())
    assert (got.codec, got.bitrate) == ("h265", 612517)
    assert streams((file(A, key="v12044", codec="h264"),), (), ())[0].bitrate is None


@pytest.mark.parametrize(
    ("query", "mark"),
    [("lr=tiktok", True), ("lr=tiktok_m", True), ("lr=unwatermarked", False), ("lr=all", None), ("lrx=tiktok", None)],
)
def test_a_link_may_say_whether_it_has_the_mark(query, mark):
    """`lr` of the link's query; all or none says nothing, and then nothing is said."""
    [got] = streams((file(f"{A}&{query}&y=1"),), (), ())
    assert got.watermark is mark


def test_the_file_for_downloads_has_the_mark():
    """A post that names a marked file: the others are plain. A link that says otherwise is believed."""
    assert marks(streams((file(A),), (file(B),), (file(M),))) == {A: False, B: False, M: True}
    assert marks(streams((file(A),), (), (file(M + "&lr=unwatermarked"),)))[M + "&lr=unwatermarked"] is False


def test_where_the_plain_file_is_the_marked_one_all_are():
    """2019-22: playAddr equal to downloadAddr, and the rungs beside it."""
    assert marks(streams((file(A),), (file(B),), (file(A),))) == {A: True, B: True}


def test_a_post_without_a_marked_file_says_nothing():
    """Unless its source does."""
    assert marks(streams((file(A),), (), ())) == {A: None}
    assert marks(streams((file(A),), (), (), mark=False)) == {A: False}


def test_zeros_and_odd_values_are_unknown():
    """A width of 0 is none; so is a negative bitrate or a size that is no number."""
    [got] = streams((file(A, width=0, height=-1, bitrate=-5, fps="x", size=10**30),), (), ())
    assert (got.width, got.height, got.bitrate, got.fps, got.size) == (None,) * 5


def test_a_hundred_thousand_rungs_take_no_second():
    """Merging is one pass."""
    assert len(streams((), (file([f"{A}{n}", A]) for n in range(100_000)), ())) == 1
