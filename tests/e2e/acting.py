"""What a person does on the site, by labels and names of buttons."""

import time
from collections.abc import Callable

from e2e.watching import Window

PASSWORD = "a horse, a battery, a staple"
GOOD = "4242 4242 4242 4242"


def sign_up(window: Window, email: str) -> None:
    """A new account, logged in."""
    window.page.goto("/signup")
    window.page.get_by_label("E-mail").fill(email)
    window.page.get_by_label("Password").fill(PASSWORD)
    window.page.get_by_role("button", name="Sign up").click()
    window.page.wait_for_url(lambda url: "/signup" not in url)


def make_key(window: Window, name: str, mode: str = "live") -> str:
    """A new key, as the page shows it this once."""
    window.page.goto("/keys")
    window.page.get_by_label("Name").fill(name)
    window.page.locator(f"input[name=mode][value={mode}]").check()
    window.page.get_by_role("button", name="Make the key").click()
    return window.page.locator(".secret").first.inner_text().strip()


def go_to_stripe(window: Window, button: str) -> None:
    """By the button of the billing page, which leads to a page that goes on by itself."""
    window.page.goto("/billing")
    window.page.get_by_role("button", name=button).click()
    window.page.wait_for_url(lambda url: any(f"//{host}/" in url for host in window.strangers))


def type_card(window: Window, number: str) -> None:
    """Fill in Stripe's form and send it; the browser comes back."""
    page = window.page
    page.get_by_label("Card number").fill(number)
    page.get_by_label("Expiration").fill("12 / 34")
    page.get_by_label("CVC").fill("123")
    page.get_by_label("Cardholder name").fill("Jo Doe")
    page.get_by_role("button", name="Save card").click()
    page.wait_for_url(lambda url: url.startswith(f"{window.base}/billing"))


def wait_until(true: Callable[[], bool], otherwise: str, seconds: float = 20.0) -> None:
    """Go on once it is so."""
    give_up = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < give_up, otherwise
        time.sleep(0.1)
