"""From sign-up to a paid invoice and through every page, in four looks. Pictures are kept in build/e2e."""

from urllib.parse import urlsplit

import pytest

from e2e.acting import GOOD, go_to_stripe, make_key, sign_up, type_card, wait_until
from e2e.looks import CODES, EMPTY, MEMBERS, PUBLIC
from e2e.month import fill
from lastmonth import end_the_month

FREE, PRICE = 50, "6000"
JO, MEMBER = "jo@example.org", "member@example.org"
PLAY = """async () => {
  const video = document.querySelector("video");
  video.muted = true;
  await video.play();
  video.pause();
  return video.videoWidth;
}"""


class Journey:
    """One person's way, step by step."""

    def __init__(self, house, window):
        self.house, self.window, self.page = house, window, window.page
        self.key = ""

    def ask(self, status: int, charge: str | None = "0") -> None:
        reply = self.house.served.get(key=self.key, video_id=next(self.house.ids))
        assert (reply.status, reply.headers["X-Charge"]) == (status, charge), reply.body

    def see_around(self) -> None:
        """What somebody looks at before signing up."""
        for name, path in PUBLIC.items():
            self.window.visit(name, path)
        if self.window.look.name == "light":
            for name, path in CODES.items():
                self.window.visit(name, path)

    def begin(self) -> None:
        """Sign up, see what an empty account says, and make the first call as the page shows it."""
        sign_up(self.window, JO)
        for name in EMPTY:
            self.window.visit(f"empty-{name}", MEMBERS[name])
        self.page.goto("/start")
        self.page.locator("input[name=mode][value=live]").check()
        self.page.get_by_role("button", name="Make the key").click()
        self.key = self.page.locator(".secret").inner_text().strip()
        self.window.see("key-to-call-with")
        self.ask(200)
        self.until_it_says("It works")
        self.window.see("first-call")

    def play(self) -> None:
        """One more in the playground, with the post's video to look at."""
        self.page.goto("/playground")
        self.page.get_by_role("button", name="Send the request").click()
        self.page.get_by_role("heading", name="Answer 200").wait_for()
        if self.window.look.scripts:
            assert self.page.evaluate(PLAY) > 0
        self.window.see("playground-answer")

    def until_it_says(self, words: str) -> None:
        """By itself where there are scripts, else by its own link."""
        if self.window.look.scripts:
            self.page.get_by_text(words).wait_for()
            return
        wait_until(lambda: self.looked_again(words), f"{self.page.url} never says {words}")

    def looked_again(self, words: str) -> bool:
        again = self.page.get_by_role("link", name="Look again")
        if again.count():
            again.click()
        return words in self.page.locator("main").inner_text()

    def use_it_up(self) -> None:
        """The free tier, a chart of it, and 402."""
        for _ in range(FREE - 2):
            self.ask(200)
        wait_until(lambda: self.says("/usage", "50"), "the usage page does not say 50")
        self.window.see("usage-of-free-tier")
        self.ask(402)

    def revoke(self) -> None:
        """A key that is revoked is refused; another one takes its place."""
        self.page.goto("/keys")
        for summary in self.page.locator("summary", has_text="Revoke").all()[:1]:
            summary.click()
        self.page.get_by_role("button", name="Revoke").first.click()
        self.window.see("key-revoked")
        self.ask(401, None)
        self.key = make_key(self.window, "laptop")
        self.window.see("key-made")

    def pay(self) -> None:
        """A card by Stripe's page, paid requests, the month's end, and its invoice."""
        go_to_stripe(self.window, "Add a card")
        type_card(self.window, GOOD)
        self.window.see("card-added")
        for _ in range(100):
            self.ask(200, PRICE)
        self.window.visit("what-is-owed", "/billing")

    def end_month(self) -> dict[str, str]:
        """The server is down when the month ends; meanwhile somebody else gets weeks of usage."""
        served = self.house.served
        assert served.stop() == 0
        month = end_the_month(self.house.database)
        made = fill(self.house.database, MEMBER)
        served.start()
        done = served.run("invoices", "run", "--month", month)
        assert done.returncode == 0, done.stderr
        self.house.stripe.settled()
        wait_until(self.all_is_paid, "the invoices are not paid", 60)
        self.window.visit("invoice-paid", "/billing")
        return made

    def all_is_paid(self) -> bool:
        return {one["state"] for one in self.house.served.json("invoices", "list")} == {"paid"}

    def says(self, path: str, words: str) -> bool:
        self.page.goto(path)
        return words in self.page.locator("main").inner_text()


@pytest.fixture
def journey(own_house, look, new_window):
    return Journey(own_house, new_window(look, own_house.served.url, strangers=(stripe_of(own_house),)))


def stripe_of(house) -> str:
    return urlsplit(house.stripe.url).netloc


def test_the_whole_journey(journey, own_house, look, new_window):
    """Everything a person needs can be done in this look, and every page is as it should be in it."""
    member = new_window(look, own_house.served.url, f"{look.name}/member", strangers=(stripe_of(own_house),))
    sign_up(member, MEMBER)
    go_to_stripe(member, "Add a card")
    type_card(member, GOOD)
    make_key(member, "production")
    make_key(member, "laptop")
    make_key(member, "<b>nightly</b> job", "test")
    journey.see_around()
    journey.begin()
    journey.play()
    journey.use_it_up()
    journey.revoke()
    journey.pay()
    made = journey.end_month()
    member.visit("status-of-90-days", "/status")
    for name, path in MEMBERS.items():
        member.visit(name, path.format(**made))
