"""A browser's window in which nothing goes unnoticed: other hosts, the content security policy, the console, axe."""

import json
import re
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from urllib.parse import urlsplit

import httpx
from PIL import Image
from playwright.sync_api import Browser, ConsoleMessage, Page, Request

from e2e.looks import HEAVY, MOST_SCRIPT, Look

ROOT = Path(__file__).parents[2]
AXE = ROOT / "web/checks/node_modules/axe-core/axe.min.js"
TAGS = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice")
RUN_AXE = """tags => axe.run(document, {runOnly: {type: "tag", values: tags}, resultTypes: ["violations"]}).then(
  done => done.violations.map(one => `${one.id} x${one.nodes.length}: ${one.nodes[0].html.slice(0, 160)}`
    + ` — ${(one.nodes[0].any[0] || one.nodes[0].all[0] || one.nodes[0].none[0] || {}).message || ""}`))"""
TELL_VIOLATIONS = """addEventListener("securitypolicyviolation", event => console.error(
  `CSP: ${event.violatedDirective} kept out ${event.blockedURI} at ${event.sourceFile}:${event.lineNumber}`))"""
WIDER = """() => document.documentElement.scrollWidth <= innerWidth ? [] : [...document.querySelectorAll("body *")]
  .filter(one => one.getBoundingClientRect().right > innerWidth + 1)
  .slice(0, 3).map(one => one.outerHTML.slice(0, 100))"""
LOOK_DOWN = """async () => {
  const sight = () => new Promise(done => requestAnimationFrame(() => setTimeout(done, 30)));
  for (const place of document.querySelectorAll(".chart")) {
    place.scrollIntoView({ behavior: "instant" });
    await sight();
  }
  scrollTo({ top: 0, behavior: "instant" });
  await sight();
}"""
"""Charts are drawn once they are in sight."""
PATIENCE = 20_000


@dataclass
class Window:
    """A page in one look; what is wrong gathers in `found`."""

    browser: Browser
    look: Look
    base: str
    out: Path
    strangers: tuple[str, ...] = ()
    """Other hosts that the journey leads to, by a link of ours."""
    found: list[str] = field(default_factory=list)
    script_bytes: dict[str, int] = field(default_factory=dict)
    """By the name of the page: of all its scripts, compressed."""

    def __post_init__(self) -> None:
        address = {"X-Forwarded-For": f"198.51.100.{sum(self.look.name.encode()) % 250}"}
        self.context = self.browser.new_context(base_url=self.base, extra_http_headers=address, **self.look.options)
        self.context.add_init_script(TELL_VIOLATIONS)
        self.context.on("request", self._requested)
        self.context.on("console", self._said)
        self.context.on("weberror", lambda error: self.found.append(f"{self.where}: {error.error}"))
        self.name, self.scripts = "", []
        self.page: Page = self.context.new_page()
        self.page.set_default_timeout(PATIENCE)
        emptied(self.out)
        self.number = len(list(self.out.glob("*.png")))

    @property
    def where(self) -> str:
        return f"{self.look.name} {self.name} ({urlsplit(self.page.url).path})"

    def visit(self, name: str, path: str) -> None:
        """Open a page, keep its picture, judge it."""
        self.name, self.scripts = name, []
        answer = self.page.goto(path)
        if answer is None or answer.status != (404 if name == "not-found" else 200):
            self.found.append(f"{self.where}: answered {answer and answer.status}")
            return
        self.see(name)
        self.script_bytes[name] = sum(size_of(address) for address in {*self.scripts})
        if self.script_bytes[name] > MOST_SCRIPT and name not in HEAVY:
            self.found.append(f"{self.where}: {self.script_bytes[name]} bytes of script")

    def see(self, name: str) -> None:
        """Keep a picture of the page as it is, and judge it."""
        self.name = name
        if self.look.scripts:
            self.page.wait_for_load_state("networkidle")
            self.page.evaluate(LOOK_DOWN)
        self.keep(name)
        if self.look.axe:
            self.page.evaluate(axe())
            self.found += [f"{self.where}: axe: {one}" for one in self.page.evaluate(RUN_AXE, TAGS)]
        if self.look.narrow:
            self.found += [f"{self.where}: wider than the window: {one}" for one in self.page.evaluate(WIDER)]

    def keep(self, name: str) -> None:
        """Keep a picture only."""
        self.number += 1
        self.page.screenshot(path=self.out / f"{self.number:02}-{name}.png", full_page=True)

    def _requested(self, request: Request) -> None:
        host = urlsplit(request.url).netloc
        if request.resource_type == "script":
            self.scripts.append(request.url)
        ours = host in {"", urlsplit(self.base).netloc}
        if not ours and not (host in self.strangers and is_led_there(request, host)):
            self.found.append(f"{self.where}: asked another host: {request.url}")

    def _said(self, message: ConsoleMessage) -> None:
        if message.type not in {"error", "warning"}:
            return
        address = message.location.get("url", "")
        refused = re.search(r"responded with a status of 4\d\d", message.text)
        if refused and message.page and address == message.page.url:
            return  # the page itself is an answer with that status, like a form sent back
        if urlsplit(address).netloc in self.strangers:
            return
        self.found.append(f"{self.where}: console: {message.text} ({address})")


@cache
def emptied(folder: Path) -> None:
    """A folder without the pictures of an earlier run."""
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("*.png"):
        old.unlink()


def is_led_there(request: Request, host: str) -> bool:
    """Whether the browser was sent there, or is there already."""
    return request.is_navigation_request() or urlsplit(request.frame.url).netloc == host


@cache
def size_of(address: str) -> int:
    """Bytes of a script as it goes over the wire."""
    with httpx.stream("GET", address, headers={"Accept-Encoding": "gzip"}) as answer:
        return sum(len(chunk) for chunk in answer.iter_raw())


@cache
def axe() -> str:
    """axe-core, as a script whose value is nothing."""
    return f"{AXE.read_text()};undefined"


def sheet(folder: Path) -> None:
    """All pictures of a folder on one, small, to look at them together."""
    across, wide, high = 6, 320, 420
    pictures = sorted(folder.rglob("*.png"))
    whole = Image.new("RGB", (across * wide, -(-len(pictures) // across) * high), "grey")
    for place, path in enumerate(pictures):
        with Image.open(path) as picture:
            part = picture.crop((0, 0, picture.width, min(picture.height, picture.width * high // wide)))
            small = part.resize((wide - 8, part.height * (wide - 8) // part.width))
        whole.paste(small, (place % across * wide + 4, place // across * high + 4))
    whole.save(folder.with_suffix(".png"))


def written(out: Path, windows: list[Window]) -> None:
    """What was found and measured, as a file beside the pictures."""
    told = {str(one.out.relative_to(out)): {"found": one.found, "script_bytes": one.script_bytes} for one in windows}
    for folder in {path.parent for path in out.glob("*/*.png")}:
        sheet(folder)
    (out / "found.json").write_text(json.dumps(told, indent=2, ensure_ascii=False))
