"""The page of an endpoint in a real browser without scripts. Skipped where there is no Chromium."""

import shutil

import pytest

from clipmeter.endpoints import ENDPOINTS

CHROMIUM = shutil.which("chromium")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="needs chromium")
PATH = f"/endpoints/{ENDPOINTS[0].slug}"


@pytest.fixture(scope="module")
def new_page(served):
    """Opens windows of a width, with scripts switched off; a page must not complain of anything."""
    from playwright.sync_api import sync_playwright  # noqa: PLC0415 - only where there is a browser

    complaints = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])

        def open_one(width):
            page = browser.new_page(
                base_url=served.url,
                viewport={"width": width, "height": 800},
                java_script_enabled=False,
                reduced_motion="reduce",  # else it is still on its way to a place when it is asked where that is
            )
            page.on("console", lambda message: complaints.append(message.text))
            return page

        yield open_one
        browser.close()
    assert complaints == []


def test_languages_change_without_a_script(new_page):
    """One language is seen at a time; another is picked by its name, or with the arrow keys."""
    page = new_page(1280)
    page.goto(PATH)
    seen = page.locator("code[data-sample]:visible")
    assert [one.get_attribute("data-sample") for one in seen.all()] == ["curl"]
    page.get_by_text("Go", exact=True).click()
    assert [one.get_attribute("data-sample") for one in seen.all()] == ["go"]
    page.keyboard.press("ArrowLeft")
    assert [one.get_attribute("data-sample") for one in seen.all()] == ["javascript"]


@pytest.mark.parametrize("width", [320, 1280])
def test_fits(new_page, width):
    """No width of a window makes a page wider than itself, whatever is unfolded."""
    page = new_page(width)
    for path in ("/", PATH):
        page.goto(path)
        for summary in page.locator("main summary:visible").all():
            summary.click()
        box = page.locator("body").bounding_box()
        wide = [one for one in page.locator("main > *, main dl, main .code, footer").all() if one.is_visible()]
        assert box["width"] == width
        assert all(one.bounding_box()["x"] + one.bounding_box()["width"] <= width for one in wide)


def test_a_link_to_a_folded_field_unfolds_it(new_page):
    """Who follows a link to a field within a field sees it."""
    page = new_page(1280)
    page.goto(f"{PATH}#field-video.flags.pinned")
    place = page.locator('[id="field-video.flags.pinned"]')
    place.wait_for(state="visible")
    assert 0 <= place.bounding_box()["y"] < 800
