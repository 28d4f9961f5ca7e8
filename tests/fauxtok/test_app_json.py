import pytest

from fauxtok.ids import EXAMPLE_ID

HOST = "https://api16-normal-c-useast1a.tiktokv.com"
DETAIL = f"{HOST}/aweme/v1/multi/aweme/detail/"
DELETED = 7500000000001020402


def test_example_counts_downloads(visitor):
    """The app tells what no page tells: the downloads and the size of the watermarked file."""
    it = visitor.ask(f"{HOST}/aweme/v1/feed/?aweme_id={EXAMPLE_ID}").json["aweme_list"][0]
    assert it["aweme_id"] == str(EXAMPLE_ID)
    assert it["statistics"]["download_count"] == 1003
    assert (it["video"]["play_addr"]["data_size"], it["video"]["download_addr"]["data_size"]) == (7786703, 7988034)
    assert (it["region"], it["is_ads"], it["video"]["duration"] // 1000) == ("US", True, 66)


@pytest.mark.parametrize("body", [f"aweme_ids=%5B{EXAMPLE_ID}%5D", f"aweme_id={EXAMPLE_ID}"])
def test_detail_by_post(visitor, body):
    """The other path takes a form, with one id or a list."""
    assert visitor.ask(DETAIL, "POST", body).json["aweme_details"][0]["aweme_id"] == str(EXAMPLE_ID)
    assert visitor.ask(f"{DETAIL}?{body}").json["aweme_details"][0]["aweme_id"] == str(EXAMPLE_ID)


def test_links_need_no_cookie(visitor):
    """The app's links play as they are and have the size they say."""
    it = visitor.ask(f"{HOST}/aweme/v1/feed/?aweme_id={EXAMPLE_ID}").json["aweme_list"][0]
    for file in (it["video"]["play_addr"], it["video"]["download_addr"], it["video"]["bit_rate"][0]["play_addr"]):
        assert visitor.ask(file["url_list"][0], "HEAD").headers["content-length"] == str(file["data_size"])
    assert visitor.ask(it["music"]["play_url"]["url_list"][0], "HEAD").status == 200


def test_feed_answers_another_video_for_one_that_is_gone(visitor):
    """The trap of the feed: a whole video, but not the one asked for."""
    assert visitor.ask(f"{HOST}/aweme/v1/feed/?aweme_id={DELETED}").json["aweme_list"][0]["aweme_id"] != str(DELETED)
    assert visitor.ask(f"{DETAIL}?aweme_id={DELETED}").json["aweme_details"] == []
    assert visitor.ask(DETAIL).json["aweme_details"] == []


def test_photo_post(visitor):
    """A photo post's play_addr is its sound, and its images have sizes."""
    it = visitor.ask(f"{DETAIL}?aweme_id=7500000000000000201").json["aweme_details"][0]
    assert it["video"]["duration"] == 0
    assert it["image_post_info"]["images"][0]["display_image"]["width"] == 1080
