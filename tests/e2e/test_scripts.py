"""What scripts add to pages: search, copying, tabs, charts; and that nothing breaks without storage."""

from datetime import UTC, datetime

import pytest

from e2e.acting import make_key, sign_up
from e2e.looks import LOOKS
from e2e.month import fill

LIGHT = LOOKS[0]


@pytest.fixture
def window(house, new_window):
    return new_window(LIGHT, house.served.url, "scripts")


def chosen(window):
    """The result that is chosen, as a screen reader is told."""
    name = window.page.get_by_role("combobox").get_attribute("aria-activedescendant")
    return window.page.locator(f"#{name}")


def test_search_by_keyboard(window):
    """From any page: Ctrl-K, a word, an arrow, Enter. The field says how many there are, Escape closes it."""
    page = window.page
    page.goto("/docs")
    page.keyboard.press("Control+k")
    page.get_by_role("combobox", name="Search the docs").press_sequentially("payment_req")
    page.get_by_role("option").first.wait_for()
    window.see("search-open")
    assert "payment_required" in chosen(window).inner_text()
    assert page.get_by_role("combobox").get_attribute("aria-expanded") == "true"
    assert "result" in page.locator(".search [role=status]").inner_text()
    page.keyboard.press("Escape")
    assert not page.locator("dialog.search").is_visible()
    page.keyboard.press("/")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Enter")
    page.wait_for_url("**/docs/errors/payment_required")


def test_search_tells_when_there_is_nothing(window):
    """No result is said in words, and Enter leads to the page of results."""
    page = window.page
    page.goto("/")
    page.get_by_role("link", name="Search").click()
    page.get_by_role("combobox").fill("xyzzy")
    page.get_by_text("Nothing for “xyzzy”").wait_for()
    window.see("search-nothing")
    page.keyboard.press("Enter")
    page.wait_for_url("**/search?q=xyzzy")


def test_search_survives_a_missing_index(window):
    """Where the index cannot be loaded the dialog says so, and leads to the search that needs no script."""
    page = window.page
    page.route("**/search.json", lambda route: route.abort())
    page.goto("/docs")
    page.keyboard.press("Control+k")
    page.get_by_role("combobox").fill("limits")
    page.get_by_text("could not be loaded").wait_for()
    page.get_by_role("link", name="All results").click()
    page.wait_for_url("**/search?q=limits")
    window.found.clear()  # the console tells of the index that was taken away


def test_copying(window):
    """A button beside a sample copies it as it stands, and says so."""
    page = window.page
    window.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.goto("/endpoints/tiktok-video")
    button = page.locator("button.copy:visible").first
    sample = page.locator(button.get_attribute("data-copy")).inner_text()
    button.click()
    page.get_by_role("button", name="Copied").wait_for()
    assert page.evaluate("navigator.clipboard.readText()") == sample.rstrip("\n")


def test_the_language_is_remembered(window):
    """A language chosen on one page is chosen in every sample, and on the next page too."""
    page = window.page
    page.goto("/endpoints/tiktok-video")
    page.locator("div.tabs").first.get_by_text("Python", exact=True).click()
    page.reload()
    for tabs in page.locator("div.tabs").all():
        assert tabs.locator("input:checked").get_attribute("value") == "python"


def test_without_storage(window):
    """A browser that forbids storage shows every page, without a complaint."""
    window.context.add_init_script('Object.defineProperty(window, "localStorage", {get() { throw new Error("no") }})')
    window.page.goto("/endpoints/tiktok-video")
    window.page.locator("div.tabs").first.get_by_text("Go", exact=True).click()
    assert window.found == []


def test_a_form_is_sent_once(window):
    """A second click while the answer is on the way sends nothing."""
    sign_up(window, "twice@example.org")
    make_key(window, "first")
    window.page.goto("/keys")
    sent = []
    window.page.on("request", lambda request: sent.append(request.url) if request.method == "POST" else None)
    window.page.get_by_label("Name").fill("second")
    window.page.get_by_role("button", name="Make the key").dblclick()
    window.page.locator(".secret").first.wait_for()
    assert len(sent) == 1


def test_charts_tell_values(own_house, new_window):
    """Pointing at a day tells the numbers of the table; a chart fits the window and the colour scheme."""
    window = new_window(LIGHT, own_house.served.url, "charts")
    sign_up(window, "charts@example.org")
    make_key(window, "production")
    assert own_house.served.stop() == 0
    fill(own_house.database, "charts@example.org")
    own_house.served.start()
    page = window.page
    page.goto("/usage")
    chart = page.locator(".figure", has=page.get_by_role("heading", name="Requests")).first
    chart.locator(".u-over").hover()
    day = chart.locator(".when").inner_text()
    told = [int(number.replace(",", "")) for number in chart.locator(".legend b").all_inner_texts()]
    chart.locator("summary").click()
    day = datetime.strptime(day, "%d %b %Y").replace(tzinfo=UTC)
    row = chart.locator("tr", has=page.get_by_role("rowheader", name=f"{day:%Y-%m-%d}", exact=True))
    assert [int(cell.replace(",", "")) for cell in row.locator("td").all_inner_texts()] == told
    before = colour_of_bars(page)
    page.emulate_media(color_scheme="dark")
    page.set_viewport_size({"width": 500, "height": 800})
    page.wait_for_function("document.querySelector('.chart .uplot').clientWidth < 500")
    assert colour_of_bars(page) != before
    window.see("charts-narrow-and-dark")


def colour_of_bars(page) -> list[int]:
    """Of the most frequent opaque colour in the first chart."""
    return page.evaluate("""() => {
      const canvas = document.querySelector(".chart canvas"), counts = new Map();
      const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
      for (let at = 0; at < data.length; at += 4)
        if (data[at + 3] === 255) {
          const colour = data.slice(at, at + 3).join();
          counts.set(colour, (counts.get(colour) ?? 0) + 1);
        }
      return [...counts].sort((a, b) => b[1] - a[1])[0][0].split(",").map(Number);
    }""")
