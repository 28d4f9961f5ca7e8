"""The house itself: who may import whom, what may be named where, what must be documented."""

import ast
import re
from dataclasses import fields
from functools import cache
from pathlib import Path

import pytest

from clipmeter.errors import Problem
from clipmeter.settings import PREFIX, SECRETS, Settings
from clipmeter.web.openapi import problems

ROOT = Path(__file__).parent.parent
SRC = ROOT / "src"
CLIPMETER = SRC / "clipmeter"

# From the top down; rooms on one line never import each other.
FLOORS = (
    ("__main__",),
    ("cli",),
    ("app",),
    ("books",),
    ("web", "mcp", "observe", "sending"),
    ("call",),
    ("answers",),
    ("endpoints",),
    ("billing", "media", "fetch", "stream", "records", "mail"),
    ("sites",),
    ("store", "model", "logs", "home", "mac", "public", "restarts"),
    ("errors", "settings"),
    ("casting",),
)
FLOOR_OF = {room: floor for floor, rooms in enumerate(FLOORS) for room in rooms}
ONLY_IN = {  # a package or module that few rooms may import → those rooms
    "apsw": {"store"},
    "asyncpg": {"store"},
    "litestar": {"web"},
    "uvicorn": {"web"},
    "curl_cffi": {"fetch"},
    "aiohttp": {"fetch", "stream"},
    "prometheus_client": {"observe"},
    "aiosmtplib": {"mail"},
    "argon2": {"billing"},
    "authlib": {"billing"},
    "stripe": {"billing"},
    "typer": {"cli"},
    "rich": {"cli"},
    "clipmeter.settings": {"app", "books", "cli"},
    "fauxtok": {"app"},
}
MODULES = sorted(CLIPMETER.rglob("*.py"))


def room_of(module: str) -> str:
    """clipmeter.sites.tiktok.ref → sites."""
    return [*module.split("."), ""][1] if module.startswith("clipmeter") else ""


def name_of(path: Path) -> str:
    return ".".join(path.relative_to(SRC).with_suffix("").parts).removesuffix(".__init__")


@cache
def imports_of(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module}
    return found


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_imports_go_down_only(path):
    """A room imports only rooms below it, and nothing beside it."""
    here = room_of(name_of(path))
    for there in {room_of(module) for module in imports_of(path)} - {"", here}:
        assert here == "" or FLOOR_OF[there] > FLOOR_OF[here], f"{name_of(path)} imports {there}"


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_guarded_imports(path):
    """The framework, the drivers, the HTTP clients and the settings are known to their own rooms only."""
    here = room_of(name_of(path))
    for module in imports_of(path):
        for guarded, rooms in ONLY_IN.items():
            if module == guarded or module.startswith(guarded + "."):
                assert here in rooms, f"{name_of(path)} imports {module}"


def test_emulator_knows_nothing_of_clipmeter():
    """The emulator cannot share clipmeter's mistakes."""
    for path in (SRC / "fauxtok").rglob("*.py"):
        assert not any(module.split(".")[0] == "clipmeter" for module in imports_of(path)), path


def test_no_site_named_outside_its_rooms():
    """Code outside sites/, endpoints/, wiring and command line names no site, except in sentences for people."""
    for path in MODULES:
        if room_of(name_of(path)) in {"sites", "endpoints", "app", "cli", "model"}:
            continue
        tree = ast.parse(path.read_text(encoding="utf8"))
        names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
        names |= {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
        hosts = re.findall(r"[\w.]*tiktok\w*\.com", path.read_text(encoding="utf8"))
        assert not [name for name in names if "tiktok" in name.lower()], path
        assert not hosts, path


def test_no_sql_outside_the_store():
    """All SQL stands in store/: no other module holds a statement."""
    statement = re.compile(r"\b(SELECT .+ FROM|INSERT INTO|UPDATE \w+ SET|DELETE FROM|CREATE TABLE)\b")
    for path in MODULES:
        if room_of(name_of(path)) != "store":
            assert not statement.search(path.read_text(encoding="utf8")), path


def test_every_error_is_documented():
    """Each code has its section in docs/errors.md, with its status."""
    page = (ROOT / "docs/errors.md").read_text(encoding="utf8")
    for kind in problems(Problem):
        assert re.search(rf"^\| {kind.status} \| `{kind.code}` \| \w", page, re.MULTILINE), kind.code


def test_every_setting_is_documented():
    """Each setting has its row in docs/settings.md with its default and its help, and nothing else has."""
    page = (ROOT / "docs/settings.md").read_text(encoding="utf8")
    rows = dict(re.findall(r"^\| `(CLIPMETER_\w+)` \| (.*) \|$", page, re.MULTILINE))
    assert list(rows) == [PREFIX + f.name.upper() for f in fields(Settings)]
    for f in fields(Settings):
        assert f.metadata["help"] in rows[PREFIX + f.name.upper()]
    assert all(f"{PREFIX}{name.upper()}_FILE" in page for name in SECRETS)


def test_modules_and_functions_stay_small():
    """Modules under 350 lines, functions under 60: beyond that a thing wants to be two."""
    for path in [*MODULES, *(SRC / "fauxtok").rglob("*.py")]:
        text = path.read_text(encoding="utf8")
        assert text.count("\n") < 350, path
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                assert node.end_lineno - node.lineno < 60, f"{path}: {node.name}"


def test_tests_mirror_the_source():
    """Each test file of clipmeter stands where its module or package stands."""
    for path in (ROOT / "tests/clipmeter").rglob("test_*.py"):
        folder = CLIPMETER / path.relative_to(ROOT / "tests/clipmeter").parent
        assert folder.is_dir(), path
