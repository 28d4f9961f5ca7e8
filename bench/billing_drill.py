"""The paid side from both ends, as a person with a browser and an operator with a shell: `make billing-drill`.

    PYTHONPATH=tests python bench/billing_drill.py [--out build/billing-drill] [--chromium PATH]

A real `clipmeter serve`, look-alikes of TikTok and of Stripe that it talks to over HTTP, and a real browser. A person
signs up, uses the free tier up, adds a card in Stripe's page, goes on; the month ends, the card is declined, the
account is blocked, the person pays, and goes on. Each step is checked and leaves pictures in the folder. Exit status 1
at the first thing that is not as it should be.
"""

import argparse
import re
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from html import escape
from pathlib import Path
from typing import Any

from playwright.sync_api import Error as BrowserError
from playwright.sync_api import Page, sync_playwright
from rich.console import Console
from rich.progress import Progress

import fauxstripe.running
from fauxtok.server import start as start_fauxtok
from lastmonth import end_the_month
from served import Reply, Served, fresh_ids

FREE, PAID, PRICE = 50, 100, 6_000
EMAIL, PASSWORD = "jo@example.org", "a horse, a battery, a staple"
GOOD, DECLINED, FAILS_LATER = "4242 4242 4242 4242", "4000 0000 0000 0002", "4000 0000 0000 0341"
PATIENCE = 20.0
"""Seconds for what comes about by itself, like a webhook."""
SHELL = "body{margin:0;padding:1rem;background:#111;color:#ddd;font:14px/1.5 monospace}pre{white-space:pre-wrap}"
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
console = Console(highlight=False)


class Deviation(Exception):
    """Something is not as it should be; the sentence says what."""


@dataclass
class Drill:
    """What is running, and what is known by now."""

    served: Served
    stripe: fauxstripe.running.FauxStripe
    page: Page
    shell: Page
    """Shows what was said outside of the browser, for its picture."""
    out: Path
    key: str = ""
    month: str = ""
    invoice: dict[str, Any] = field(default_factory=dict)
    ids: Iterator[str] = field(default_factory=lambda: iter(fresh_ids(10_000)))
    pictures: int = 0
    said: list[str] = field(default_factory=list)

    def see(self, name: str) -> None:
        """Keep a picture of the page."""
        self._keep(self.page, name)

    def say(self, line: str) -> None:
        """Something that a program was asked, or answered."""
        self.said.append(line)

    def see_what_was_said(self, name: str) -> None:
        """Keep a picture of that, if there is anything."""
        if self.said:
            self.shell.set_content(f"<style>{SHELL}</style><pre>{escape(chr(10).join(self.said))}</pre>")
            self._keep(self.shell, name)
        self.said = []

    def _keep(self, page: Page, name: str) -> None:
        self.pictures += 1
        page.screenshot(path=self.out / f"{self.pictures:02}-{name}.png", full_page=True)

    def open(self, path: str) -> None:
        """Open one of the server's pages."""
        self.page.goto(self.served.url + path)

    def ask(self) -> Reply:
        """One call, for a video that nobody has asked for yet."""
        return self.served.get(key=self.key, video_id=next(self.ids))

    def ask_often(self, times: int, charge: int, what: str) -> None:
        """So many calls, each a success at this price."""
        with Progress(console=console, transient=True) as progress:
            for _ in progress.track(range(times), description=what):
                reply = self.ask()
                told = (reply.status, reply.headers["X-Charge"])
                expect(told == (200, str(charge)), f"a call was answered {told} in place of (200, '{charge}')")
        self.say(f"{times} times GET /v1/tiktok/video  →  200, X-Charge: {charge}")

    def run(self, *arguments: str) -> str:
        """A command of the operator's: what it printed."""
        done = self.served.run(*arguments)
        words = f"clipmeter {' '.join(arguments)}"
        expect(done.returncode == 0, f"{words} ended with {done.returncode}: {done.stderr}")
        self.say(f"$ {words}\n{done.stdout.strip()}")
        console.print(f"[dim]$ {words}[/dim]", soft_wrap=True)
        return done.stdout

    def invoices(self) -> list[dict[str, Any]]:
        """All invoices, as the operator lists them."""
        found: list[dict[str, Any]] = self.served.json("invoices", "list")
        return found


def expect(true: bool, otherwise: str) -> None:
    """Go on if it is so."""
    if not true:
        raise Deviation(otherwise)


def wait_until(true: Callable[[], bool], otherwise: str) -> None:
    """Go on once it is so."""
    give_up = time.monotonic() + PATIENCE
    while not true():
        if time.monotonic() > give_up:
            raise Deviation(otherwise)
        time.sleep(0.1)


def refused(drill: Drill, status: int, code: str) -> None:
    """The next call is refused, and costs nothing."""
    reply = drill.ask()
    drill.say(f"GET /v1/tiktok/video  →  {reply.status}\n{reply.body.decode()}")
    expect((reply.status, reply.code) == (status, code), f"the call was answered {reply.status} {reply.body[:200]!r}")


def sign_up(drill: Drill) -> None:
    """A person signs up with e-mail and password, without a card."""
    drill.open("/signup")
    drill.see("sign-up")
    drill.page.get_by_label("E-mail").fill(EMAIL)
    drill.page.get_by_label("Password").fill(PASSWORD)
    drill.page.get_by_role("button", name="Sign up").click()
    drill.see("signed-up")
    drill.open("/account")
    expect(EMAIL in drill.page.content(), "the account's page does not name the account")


def make_a_key(drill: Drill) -> None:
    """They make an API key, which is shown once."""
    drill.open("/keys")
    drill.page.get_by_label("Name").fill("drill")
    drill.page.get_by_role("button", name="Make the key").click()
    drill.key = drill.page.locator("code.secret").inner_text().strip()
    expect(drill.key.startswith("ak_live_"), f"{drill.key!r} is no live key")
    drill.see("new-key")
    drill.page.get_by_role("link", name="I have it").click()
    expect(drill.key not in drill.page.content(), "the key is shown a second time")


def use_the_free_tier(drill: Drill) -> None:
    """The free tier: 50 successes at no charge."""
    drill.ask_often(FREE, 0, "free calls")
    drill.open("/usage")
    drill.see("free-tier-used")


def hear_402(drill: Drill) -> None:
    """The 51st call: 402, since there is no card."""
    refused(drill, 402, "payment_required")


def try_a_bad_card(drill: Drill) -> None:
    """They go to Stripe's page to add a card; the first one is declined there."""
    drill.open("/billing")
    drill.see("no-card")
    go_to_stripe(drill, "Add a card")
    drill.see("stripe-checkout")
    type_card(drill.page, DECLINED)
    expect("declined" in drill.page.content(), "the page does not say that the card was declined")
    drill.see("stripe-declined")
    refused(drill, 402, "payment_required")


def add_a_card(drill: Drill) -> None:
    """Another one is taken, and the browser comes back."""
    type_card(drill.page, FAILS_LATER)
    come_back(drill, "0341")
    drill.see("card-added")


def go_on_paid(drill: Drill) -> None:
    """Paid calls at $0.006 each."""
    drill.ask_often(PAID, PRICE, "paid calls")
    usage = drill.served.get("/v1/usage", key=drill.key).json["endpoints"][0]
    told = (usage["free_used"], usage["paid"], usage["charged_micros"])
    expect(told == (FREE, PAID, PAID * PRICE), f"/v1/usage says {told}")
    drill.open("/billing")
    drill.see("what-is-owed")


def set_a_limit(drill: Drill) -> None:
    """They set a limit, which is reached: 429, and an alert. Then they remove it."""
    drill.open("/limits")
    drill.page.get_by_label("Dollars a day").fill("0.601")
    drill.page.get_by_role("button", name="Save limits").click()
    drill.see("limit")
    refused(drill, 429, "daily_limit_exceeded")
    alerts = ("alerts", "show", EMAIL)
    wait_until(lambda: bool(drill.served.json(*alerts)["told"]), "nobody was told that the limit is reached")
    told = drill.served.json(*alerts)["told"]
    expect([one["percent"] for one in told] == [100], f"the alerts are {told}")
    drill.open("/limits")
    drill.see("alert")
    drill.page.get_by_label("Dollars a day").fill("")
    drill.page.get_by_role("button", name="Save limits").click()


def ask_what_it_would_cost(drill: Drill) -> None:
    """What would this month cost?"""
    said = drill.run("forecast", EMAIL)
    console.print(said.strip(), soft_wrap=True, markup=False)
    told = drill.served.get("/v1/forecast", key=drill.key).json
    expect(told["charged_micros"] == PAID * PRICE, f"/v1/forecast says {told}")
    expect(told["expected_micros"] >= told["charged_micros"], f"/v1/forecast says {told}")


def end_of_month(drill: Drill) -> None:
    """The month ends while the server is down; the operator runs the invoices by hand."""
    expect(drill.served.stop() == 0, "the server did not stop cleanly")
    drill.month = end_the_month(drill.served.home / "clipmeter.db")
    drill.run("ledger", "verify")
    said = drill.run("invoices", "run", "--month", drill.month)
    console.print(said.strip(), soft_wrap=True, markup=False)
    found = drill.invoices()
    expect(len(found) == 1, f"there are {len(found)} invoices in place of one")
    drill.invoice = found[0]
    expect(drill.invoice["amount_cents"] == PAID * PRICE // 10_000, f"the invoice is {drill.invoice}")


def run_it_twice(drill: Drill) -> None:
    """The same command again changes nothing, here or at Stripe."""
    before, at_stripe = drill.invoices(), drill.stripe.control("things", kind="invoice")
    drill.run("invoices", "run", "--month", drill.month)
    expect(drill.invoices() == before, "a second run changed the invoices")
    expect(drill.stripe.control("things", kind="invoice") == at_stripe, "a second run changed something at Stripe")
    expect(len(at_stripe) == 1, f"Stripe has {len(at_stripe)} invoices")
    drill.run("invoices", "verify")


def be_declined(drill: Drill) -> None:
    """The bank declines: the invoice failed, and the account is blocked."""
    drill.served.start()
    drill.stripe.settled()
    wait_until(lambda: drill.invoices()[0]["state"] == "failed", f"the invoice is {drill.invoices()}")
    refused(drill, 403, "account_blocked")
    drill.open("/billing")
    drill.see("blocked")
    expect("blocked" in drill.page.content(), "the page does not say that the account is blocked")


def pay(drill: Drill) -> None:
    """They put another card in its place, and pay."""
    go_to_stripe(drill, "Replace the card")
    type_card(drill.page, GOOD)
    come_back(drill, "4242")
    if drill.invoices()[0]["state"] != "paid":
        drill.see("card-replaced")
        drill.page.get_by_role("button", name="Pay now").click()
    wait_until(lambda: drill.invoices()[0]["state"] == "paid", f"the invoice is {drill.invoices()}")
    drill.open("/billing")
    drill.see("paid")


def go_on_unblocked(drill: Drill) -> None:
    """The account is unblocked: the new month's free requests, then paid ones."""
    drill.ask_often(FREE, 0, "free calls of the new month")
    drill.ask_often(5, PRICE, "paid calls of the new month")
    expect("blocked" not in drill.served.get("/v1/me", key=drill.key).json["status"], "the account is still blocked")


def look_at_the_books(drill: Drill) -> None:
    """The operator's books: every invariant holds, and the ledger is the invoices."""
    drill.run("ledger", "verify")
    drill.run("invoices", "verify")
    paid = [thing for thing in drill.stripe.control("things", kind="invoice") if thing["status"] == "paid"]
    cents = sum(thing["amount_paid"] for thing in paid)
    expect(cents == PAID * PRICE // 10_000, f"Stripe was paid {cents} cents")
    console.print(drill.run("invoices", "list").strip(), soft_wrap=True, markup=False)


STEPS: tuple[Callable[[Drill], None], ...] = (
    sign_up,
    make_a_key,
    use_the_free_tier,
    hear_402,
    try_a_bad_card,
    add_a_card,
    go_on_paid,
    set_a_limit,
    ask_what_it_would_cost,
    end_of_month,
    run_it_twice,
    be_declined,
    pay,
    go_on_unblocked,
    look_at_the_books,
)


def go_to_stripe(drill: Drill, button: str) -> None:
    """By the button of the billing page, which leads to a page that goes on by itself."""
    drill.page.get_by_role("button", name=button).click()
    drill.page.wait_for_url(f"{drill.stripe.url}/**")


def type_card(page: Page, number: str) -> None:
    """Fill in Stripe's form and send it."""
    page.get_by_label("Card number").fill(number)
    page.get_by_label("Expiration").fill("12 / 34")
    page.get_by_label("CVC").fill("123")
    page.get_by_label("Cardholder name").fill("Jo Doe")
    page.get_by_role("button", name="Save card").click()


def come_back(drill: Drill, last4: str) -> None:
    """The browser is back at our page, which knows the card."""
    drill.page.wait_for_url(re.compile(re.escape(f"{drill.served.url}/billing") + r"(\?|$)"))
    expect(last4 in drill.page.content(), f"the page does not show the card that ends in {last4}")


@contextmanager
def everything(out: Path, chromium: str | None) -> Iterator[Drill]:
    """Start all that takes part, and end it."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="clipmeter-drill-")))
        emulator = start_fauxtok()
        stack.callback(emulator.stop)
        stripe = stack.enter_context(fauxstripe.running.started())
        settings = {"upstream": emulator.url, "max_age": "0", "log_level": "warning", **stripe.settings}
        served = Served(folder / "home", settings).start()
        stack.callback(served.stop)
        stripe.control("webhooks", url=f"{served.url}/stripe/webhook")
        browser = stack.enter_context(sync_playwright()).chromium.launch(
            executable_path=chromium, args=["--no-sandbox", "--disable-gpu"]
        )
        stack.callback(browser.close)
        page, shell = (browser.new_page(viewport={"width": 1000, "height": height}) for height in (800, 200))
        page.set_default_timeout(PATIENCE * 1_000)
        yield Drill(served, stripe, page, shell, out)


def go_through(drill: Drill) -> bool:
    """All steps, until one deviates."""
    for number, step in enumerate(STEPS, 1):
        told = " ".join((step.__doc__ or "").split())
        began = time.monotonic()
        try:
            step(drill)
            drill.see_what_was_said(step.__name__.replace("_", "-"))
        except (Deviation, BrowserError, AssertionError, OSError) as error:
            console.print(f"[red]✗ {number:2} {told}[/red]\n   {error}", soft_wrap=True)
            drill.see("deviation")
            console.print(f"   at {drill.page.url}", soft_wrap=True, markup=False)
            return False
        console.print(f"[green]✓[/green] {number:2} {told} [dim]{time.monotonic() - began:.1f} s[/dim]", soft_wrap=True)
    return True


def main() -> int:
    """Run the drill; the exit status."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--out", type=Path, default=Path("build/billing-drill"), help="where the pictures go")
    parser.add_argument("--chromium", default=next(filter(None, map(shutil.which, BROWSERS)), None))
    given = parser.parse_args()
    given.out.mkdir(parents=True, exist_ok=True)
    for old in given.out.glob("*.png"):
        old.unlink()
    with everything(given.out, given.chromium) as drill:
        done = go_through(drill)
    console.print(f"{'All steps are as they should be' if done else 'Stopped'}; pictures in {given.out}.")
    return 0 if done else 1


if __name__ == "__main__":
    sys.exit(main())
