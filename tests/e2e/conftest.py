"""A whole house for the browser: a real server, a TikTok and a Stripe that it talks to, and Chromium."""

import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.sync_api import sync_playwright

import fauxstripe.running
from e2e.looks import LOOKS
from e2e.watching import ROOT, Window, written
from fauxtok.server import start as start_fauxtok
from served import Served, fresh_ids

OUT = ROOT / "build/e2e"
BROWSERS = ("chromium", "chromium-browser", "google-chrome")


def pytest_addoption(parser):
    parser.addoption("--chromium", default=next(filter(None, map(shutil.which, BROWSERS)), None))


@dataclass
class House:
    """What is running."""

    served: Served
    stripe: fauxstripe.running.FauxStripe
    ids: Iterator[str] = field(default_factory=lambda: iter(fresh_ids(10_000)))

    @property
    def database(self) -> Path:
        return self.served.home / "clipmeter.db"


@pytest.fixture(scope="session")
def chromium(pytestconfig) -> Iterator:
    path = pytestconfig.getoption("chromium")
    if path is None:
        pytest.exit("make e2e needs Chromium: make e2e CHROMIUM=/path/to/it", 1)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox", "--disable-gpu"])
        yield browser
        browser.close()


@contextmanager
def running(folder: Path) -> Iterator[House]:
    """All of it, until the block ends."""
    with ExitStack() as stack:
        emulator = start_fauxtok()
        stack.callback(emulator.stop)
        stripe = stack.enter_context(fauxstripe.running.started())
        settings = {"upstream": emulator.url, "max_age": "0", "log_level": "warning", "contact": "help@example.org"}
        served = Served(folder / "home", {**settings, **stripe.settings}).start()
        stack.callback(served.stop)
        stripe.control("webhooks", url=f"{served.url}/stripe/webhook")
        yield House(served, stripe)


@pytest.fixture(scope="module")
def house(tmp_path_factory) -> Iterator[House]:
    """One for all tests of a file."""
    with running(tmp_path_factory.mktemp("house")) as house:
        yield house


@pytest.fixture
def own_house(tmp_path) -> Iterator[House]:
    """One for a test that ends its month."""
    with running(tmp_path) as house:
        yield house


@pytest.fixture(params=LOOKS, ids=lambda look: look.name)
def look(request):
    return request.param


@pytest.fixture(scope="session")
def all_windows() -> Iterator[list[Window]]:
    """Those of the whole run, whose findings are written down at its end."""
    windows: list[Window] = []
    yield windows
    OUT.mkdir(parents=True, exist_ok=True)
    written(OUT, windows)


@pytest.fixture
def new_window(chromium, all_windows):
    """Opens windows on a server; nothing may be found wrong in any of them by the end of the test."""
    opened = []

    def open_one(look, base, folder=None, **more):
        window = Window(chromium, look, base, OUT / (folder or look.name), **more)
        opened.append(window)
        all_windows.append(window)
        return window

    yield open_one
    for window in opened:
        window.context.close()
    found = [one for window in opened for one in window.found]
    assert not found, "\n".join([f"{len(found)} findings:", *found])
