"""Which file is which."""

from clipmeter.sites.tiktok.rungs import Files, files, rung, shorter

PLAIN, BEST, MARKED = "https://v/plain", "https://v/best", "https://v/marked"
NONE = rung(None, None, None, None)


def test_best_is_the_greatest_shorter_side_if_more_than_the_plain_ones():
    """`video_url_hd` is a link of the best playable rung, and each link has its own size."""
    ladder = [rung([PLAIN], 10, 576, 1024), rung([BEST], "30", 1920, 1080)]
    got = files([rung(PLAIN, None, 0, 0)], ladder, rung(MARKED, 5, None, None), None)
    assert got == Files(PLAIN, 10, BEST, 30, MARKED, 5)


def test_no_better_rung_means_no_hd_link():
    """A rung of the same size is not better, whatever its bytes."""
    ladder = [rung([PLAIN], 10, 576, 1024), rung([BEST], 99, 576, 1024)]
    assert files([rung(PLAIN, None, 0, 0)], ladder, NONE, None).video_url_hd == ""


def test_without_a_rung_for_the_plain_file_the_post_names_its_size():
    """The post's own width and height stand in for a rung that holds the plain link."""
    ladder = [rung([BEST], 30, 720, 1280)]
    assert files([rung(PLAIN, 7, 576, 1024)], ladder, NONE, 576).video_url_hd == BEST
    assert files([rung(PLAIN, 7, 720, 1280)], ladder, NONE, 720).video_url_hd == ""
    assert files([rung(PLAIN, 7, None, None)], ladder, NONE, None).video_url_hd == ""


def test_the_link_that_is_also_watermarked_is_not_plain():
    """2019-22: playAddr equal to downloadAddr, and all rungs beside it, carry the mark; the file's size stays known."""
    ladder = [rung([MARKED], 10, 576, 1024), rung([BEST], 30, 1080, 1920)]
    got = files([rung(MARKED, None, 576, 1024)], ladder, rung(MARKED, None, None, None), 576)
    assert got == Files(video_url_watermarked=MARKED, size_watermarked=10)


def test_a_rung_never_hands_out_the_watermarked_link():
    """A rung's link that is the watermarked one is left out, and gives it no size."""
    ladder = [rung([MARKED, "https://v/other"], 10, 576, 1024)]
    got = files([NONE], ladder, rung(MARKED, None, None, None), None)
    assert (got.video_url, got.size, got.size_watermarked) == ("https://v/other", 10, None)


def test_what_does_not_play_is_left_out():
    """bytevc2 plays nowhere, a hvc1 path has no sound, /aweme/v1/play/ needs a session."""
    bad = [
        rung(["https://v/x"], 1, 2160, 3840, codec="bytevc2"),
        rung(["https://v/media-video-hvc1/x"], 1, 2160, 3840),
        rung(["https://www.tiktok.com/aweme/v1/play/?x"], 1, 2160, 3840),
    ]
    assert files([NONE], bad, NONE, None) == Files()
    assert files([rung(PLAIN, 1, 10, 10)], bad, NONE, 10).video_url_hd == ""


def test_a_rung_stands_in_for_a_missing_plain_link_h264_first():
    """Without playAddr a rung's link is given, one that everything plays before a better one."""
    ladder = [rung([BEST], 30, 1080, 1920, codec="h265_hvc1"), rung([PLAIN], 10, 576, 1024)]
    assert files([NONE], ladder, NONE, None) == Files(PLAIN, 10, BEST, 30)


def test_a_gear_name_tells_the_size_when_nothing_else_does():
    """Until 2023 rungs have no width and height; their names have."""
    ladder = [
        rung([PLAIN], 10, None, None, gear="normal_720_0"),
        rung([BEST], 30, None, None, gear="adapt_lowest_1080_1"),
    ]
    assert files([rung(PLAIN, None, None, None)], ladder, NONE, None).video_url_hd == BEST


def test_sides():
    """The shorter one, of numbers in any type; unknown when one is 0 or missing."""
    assert shorter("1080", 1920) == 1080
    assert shorter(0, 1920) is None
    assert shorter(None, 1) is None
