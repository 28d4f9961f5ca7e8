"""The names of files: what a post's author is called can make no mischief on a disk."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clipmeter.media.files import file_name, urls
from clipmeter.model import Extras, Image, Video
from clipmeter.sites.tiktok.found import Answer


@pytest.mark.parametrize(
    ("author", "kind", "name"),
    [
        ("tiktok", "video", "tiktok_1.mp4"),
        ("tiktok", "hd", "tiktok_1_hd.mp4"),
        ("tiktok", "watermarked", "tiktok_1_watermarked.mp4"),
        ("tiktok", "music", "tiktok_1.mp3"),
        ("tiktok", "image-12", "tiktok_1_image-12.jpg"),
        ("tiktok", "avatar", "tiktok_1_avatar.jpg"),
        ("tiktok", "subtitle-2", "tiktok_1_subtitle-2.vtt"),
        ("", "video", "1.mp4"),
        ("../../etc/passwd", "video", "etc_passwd_1.mp4"),
        ("-rf *", "video", "rf_1.mp4"),
        (".hidden", "video", "hidden_1.mp4"),
        ("línea", "video", "línea_1.mp4"),
        ("a\0b\nc\\d:e", "video", "a_b_c_d_e_1.mp4"),
        ("x" * 500, "video", "x" * 60 + "_1.mp4"),
    ],
)
def test_names(author, kind, name):
    """Author, id and kind, nothing that a system gives a meaning."""
    assert file_name(Video(video_id="1", url="", author=author), kind) == name


@given(st.text())
def test_any_author(author):
    """Whatever an author is called: a name without a slash, a leading dot or dash, or a control character."""
    name = file_name(Video(video_id="1", url="", author=author), "video")
    assert name.endswith("1.mp4")
    assert name[0] not in ".-"
    assert "/" not in name
    assert name.isprintable()


def test_urls():
    """What a post has not is not there; images count from 1."""
    video = Video(video_id="1", url="https://page", music_url="https://m")
    extras = Extras(images=(Image(url="https://a"), Image(url="https://b")))
    known = urls(Answer(video, 0, None, "page", "", extras))
    assert known == {"music": "https://m", "image-1": "https://a", "image-2": "https://b"}
