"""The code samples of a page, as a reader copies them: found in its HTML, and run in their own languages. For tests.

Every `<code data-sample="KIND">` of a page is a program that runs as it stands, with a key in CLIPMETER_KEY.
"""

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path

PROGRAMS = {
    "curl": (("bash", "-euo", "pipefail"), "sh"),
    "bash": (("bash", "-euo", "pipefail"), "sh"),
    "python": ((sys.executable, "-W", "error"), "py"),
    "javascript": (("node",), "mjs"),
    "go": (("go", "run"), "go"),
    "php": (("php",), "php"),
}
"""What runs each kind, and the ending of its file."""


@dataclass(frozen=True)
class Sample:
    """One program of a page."""

    page: str
    id: str
    kind: str
    code: str

    def __str__(self) -> str:
        return f"{self.page}#{self.id}"


class _Reader(HTMLParser):
    def __init__(self, page):
        super().__init__()
        self.page, self.samples, self.open = page, [], None

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        if tag == "code" and "data-sample" in given:
            self.open = (given["id"], given["data-sample"], [])

    def handle_endtag(self, tag):
        if tag == "code" and self.open:
            name, kind, parts = self.open
            self.samples.append(Sample(self.page, name, kind, "".join(parts)))
            self.open = None

    def handle_data(self, data):
        if self.open:
            self.open[2].append(data)


def samples_in(html: str, page: str = "") -> list[Sample]:
    """All programs of a page, in order."""
    reader = _Reader(page)
    reader.feed(html)
    return reader.samples


def missing(kind: str) -> str:
    """Why a kind cannot be run on this machine; "" when it can."""
    program = PROGRAMS[kind][0][0]
    needed = [program, "curl"] if kind == "curl" else [program]
    lacking = [name for name in needed if shutil.which(name) is None]
    if kind == "php" and not lacking and "curl" not in subprocess.check_output(["php", "-m"], text=True).split():
        lacking = ["php's curl extension"]
    return f"needs {' and '.join(lacking)}" if lacking else ""


def run(sample: Sample, folder: Path, key: str) -> subprocess.CompletedProcess[str]:
    """A program as a reader runs it: pasted into a file, with the key in the environment."""
    command, ending = PROGRAMS[sample.kind]
    file = folder / f"example.{ending}"
    file.write_text(sample.code, encoding="utf8")
    environ = {name: value for name, value in os.environ.items() if name in {"PATH", "HOME", "GOCACHE", "LANG"}}
    return subprocess.run(
        [*command, str(file)],
        cwd=folder,
        env={**environ, "CLIPMETER_KEY": key, "NO_PROXY": "*", "GOTOOLCHAIN": "local"},
        capture_output=True,
        text=True,
        encoding="utf8",
        timeout=100,
        check=False,
    )
