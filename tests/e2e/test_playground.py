"""The playground in a real browser: the answer in place, the program beside it, the video, and a session that ends."""

import itertools

import pytest

from browsing import Browser
from e2e.acting import PASSWORD, make_key, sign_up
from e2e.looks import LOOKS

DELETED, PHOTOS, MARKUP = "7500000000001020402", "7500000000000000206", "7500000000000000210"
NUMBERS = itertools.count()


@pytest.fixture(params=LOOKS, ids=lambda look: look.name)
def window(request, house, new_window):
    """Somebody with a key of each mode, in each look."""
    window = new_window(request.param, house.served.url, f"playground-{request.param.name}")
    window.email = f"play-{next(NUMBERS)}@example.org"
    sign_up(window, window.email)
    make_key(window, "Laptop")
    make_key(window, "CI", "test")
    window.page.goto("/playground")
    return window


def send(window) -> None:
    window.page.get_by_role("button", name="Send the request").click()


def test_answers_in_every_look(window):
    """A video, pictures, a caption of HTML, an error: each with its cost before and after, and nothing amiss."""
    page = window.page
    page.get_by_text("50 of 50 free requests are left").wait_for()
    send(window)
    page.locator("#answer video").wait_for()
    page.get_by_text("49 of 50 free requests are left").wait_for()
    window.see("video")
    for name, video_id in (("pictures", PHOTOS), ("markup", MARKUP), ("error", DELETED)):
        page.get_by_label("url", exact=True).fill("")
        page.get_by_label("video_id").fill(video_id)
        send(window)
        page.locator(".box.bad" if name == "error" else f"#answer .post img[src*='{video_id}']").first.wait_for()
        window.see(name)


@pytest.mark.parametrize("window", [LOOKS[0]], indirect=True)
class TestWithScripts:
    def test_the_program_follows_what_is_typed(self, window):
        """Without a press of a button, and nothing is sent for it."""
        page = window.page
        page.locator(".trial summary").click()
        page.get_by_label("streams").check()
        page.get_by_label("max_age").fill("7")
        page.locator("#code", has_text="max_age=7").wait_for()
        assert "include=streams" in page.locator("#code [data-sample=curl]").inner_text()
        assert "Nothing is sent yet" in page.locator("#answer").inner_text()
        assert page.locator("#code button.copy:visible").count() == 1

    def test_the_answer_comes_in_place(self, window):
        """The page stays, the keyboard is at the answer, its buttons work, and the next press is another request."""
        page = window.page
        page.evaluate("window.stayed = true")
        page.get_by_label("url", exact=True).press("Enter")
        page.locator("#answer .post").wait_for()
        assert page.evaluate("window.stayed && document.activeElement.id") == "answer"
        first = page.locator("#answer .facts a").get_attribute("href")
        assert page.locator("#answer button.copy:visible").count() == 1
        send(window)
        page.wait_for_function(
            "was => document.querySelector('#answer .facts a')?.getAttribute('href') !== was", arg=first
        )
        page.get_by_text("48 of 50 free requests are left").wait_for()

    def test_the_video_plays(self, window):
        """By this server's link, from a press of its button on."""
        send(window)
        video = window.page.locator("#answer video")
        video.wait_for()
        video.evaluate("video => video.play()")
        window.page.wait_for_function("() => document.querySelector('#answer video').currentTime > 0.2")

    def test_a_session_that_ends_meanwhile(self, window):
        """The log-in page comes, and after it the form as it was filled in."""
        page = window.page
        page.get_by_label("url", exact=True).fill("")
        page.get_by_label("video_id").fill("7500000000000000200")
        with Browser(window.base) as elsewhere:
            elsewhere.log_in(window.email, PASSWORD)
            elsewhere.open("/account")
            elsewhere.press("end-others")
        send(window)
        page.get_by_label("Password").wait_for()
        page.get_by_label("E-mail").fill(window.email)
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Log in").click()
        page.get_by_role("button", name="Send the request").wait_for()
        assert page.get_by_label("video_id").input_value() == "7500000000000000200"
        window.found[:] = [
            one for one in window.found if "401" not in one
        ]  # what the browser says of the ended session

    def test_the_server_goes_away(self, window):
        """A press that comes to nothing is carried out as the browser does it; it asks once all the same."""
        page = window.page
        page.route("**/playground", lambda route: route.abort(), times=1)
        send(window)
        page.locator("#answer .post").wait_for()
        page.get_by_text("49 of 50 free requests are left").wait_for()
        window.found.clear()  # the console tells of the answer that was taken away
