"""Lighthouse on the pages that sell, and on the dashboard: on this machine, as a slow phone would have it."""

import json
import os
import subprocess

import pytest
from rich.console import Console
from rich.table import Table

from e2e.acting import make_key, sign_up
from e2e.conftest import OUT
from e2e.looks import LOOKS
from e2e.month import fill
from e2e.watching import ROOT, Window

LEAST = 95
TRIES = 5
LIGHTHOUSE = ROOT / "web/checks/node_modules/lighthouse/cli/index.js"
ALL = ("performance", "accessibility", "best-practices", "seo")
SHOP = {"catalogue": "/", "endpoint": "/endpoints/tiktok-video"}
DASHBOARD = {
    "start": "/start",
    "playground": "/playground",
    "keys": "/keys",
    "usage": "/usage",
    "requests": "/requests",
}
FLAGS = "--headless=new --no-sandbox --disable-gpu"
MEMBER = "lighthouse@example.org"


@pytest.fixture(scope="module")
def cookie(house, chromium):
    """Of somebody with weeks of usage, logged in."""
    window = Window(chromium, LOOKS[0], house.served.url, OUT / "lighthouse")
    sign_up(window, MEMBER)
    make_key(window, "production")
    assert house.served.stop() == 0
    fill(house.database, MEMBER)
    house.served.start()
    cookies = "; ".join(f"{one['name']}={one['value']}" for one in window.context.cookies())
    window.context.close()
    return cookies


def scores(url, chromium, cookie=""):
    """Of each category, 0 to 100, and what was found wanting; None: the measurement failed, as some do."""
    out = OUT / "lighthouse.json"
    out.parent.mkdir(parents=True, exist_ok=True)
    command = ["node", str(LIGHTHOUSE), url, "--output=json", f"--output-path={out}", "--quiet"]
    command.append(f"--chrome-flags={FLAGS}")
    headers = [f"--extra-headers={json.dumps({'Cookie': cookie})}"] if cookie else []
    environ = {**os.environ, "CHROME_PATH": chromium}
    done = subprocess.run([*command, *headers], env=environ, capture_output=True, text=True, timeout=200, check=False)
    if done.returncode:
        return None
    report = json.loads(out.read_text())
    found = {name: round(100 * report["categories"][name]["score"]) for name in ALL}
    return found, [line for name in ALL if found[name] < LEAST for line in wanting(report, name)]


def wanting(report, category):
    """What costs a category its points."""
    for one in report["categories"][category]["auditRefs"]:
        audit = report["audits"][one["id"]]
        if one["weight"] and (audit["score"] or 0) < 0.9 and audit["scoreDisplayMode"] != "notApplicable":
            yield f"{category}: {audit['title']} {audit.get('displayValue', '')}"


def best(url, chromium, counting, cookie=""):
    """The best of up to five: whatever else the machine does only makes a page slower."""
    tries = []
    for _ in range(TRIES):
        measured = scores(url, chromium, cookie)
        tries += [measured] if measured else []
        if measured and enough(measured[0], counting):
            break
    assert tries, f"Lighthouse could not measure {url}"
    return max(tries, key=lambda one: (enough(one[0], counting), one[0]["performance"]))


def enough(found, counting):
    return all(found[one] >= LEAST for one in counting)


def judge(pages, base, chromium, counting, cookie=""):
    """All pages, as a table; those that fall short, with what they lack."""
    table, short = Table("Page", *ALL, title="Lighthouse"), []
    for name, path in pages.items():
        found, lacks = best(base + path, chromium, counting, cookie)
        table.add_row(name, *(str(found[one]) for one in ALL))
        low = [one for one in counting if found[one] < LEAST]
        short += [f"{name}: {one} {found[one]}" for one in low] + (lacks if low else [])
    with Console(width=100) as console:
        console.print(table)
    return short


def test_shop(house, pytestconfig, capsys):
    """The catalogue and the page of an endpoint: at least 95 in all four."""
    with capsys.disabled():
        short = judge(SHOP, house.served.url, pytestconfig.getoption("chromium"), ALL)
    assert not short, "\n".join(short)


def test_dashboard(house, cookie, pytestconfig, capsys):
    """The dashboard: at least 95 in all but SEO, since it is not for search engines."""
    with capsys.disabled():
        short = judge(DASHBOARD, house.served.url, pytestconfig.getoption("chromium"), ALL[:3], cookie)
    assert not short, "\n".join(short)
