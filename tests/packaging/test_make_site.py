"""`make site` where its tools fail, and what the packages carry of what it built."""

import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FAKE = "#!/bin/sh\necho called >> {log}\n{does}\n"
BUILDS = 'case "$1" in --version) echo v20.1.0;; *) for out; do :; done; echo "built()" > "$out/site.js";; esac'


@pytest.fixture
def tree(tmp_path):
    """A project with one script to build, and a `node` and `npm` that do as they are told."""
    (tmp_path / "web/src").mkdir(parents=True)
    (tmp_path / "web/node_modules").mkdir()
    (tmp_path / "src/clipmeter/web").mkdir(parents=True)
    shutil.copy(ROOT / "web/make_site.py", tmp_path / "web/make_site.py")
    for name in ("package.json", "package-lock.json", "build.mjs", "src/site.js"):
        (tmp_path / "web" / name).write_text("{}")
    tool(tmp_path, "node", BUILDS)
    tool(tmp_path, "npm", "exit 0")
    return tmp_path


def tool(tree, name, does):
    path = tree / "bin" / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(FAKE.format(log=tree / f"{name}.log", does=does))
    path.chmod(0o755)


def make_site(tree, *options):
    environ = {**os.environ, "PATH": f"{tree / 'bin'}:/usr/bin:/bin"}
    command = [sys.executable, str(tree / "web/make_site.py"), *options]
    return subprocess.run(command, env=environ, capture_output=True, text=True, check=False, timeout=60)


def calls(tree, name):
    log = tree / f"{name}.log"
    return len(log.read_text().splitlines()) if log.exists() else 0


def test_it_builds_once(tree):
    """What is up to date is not built again; a changed source is, with the packages that are there."""
    built = tree / "src/clipmeter/web/static/site.js"
    assert make_site(tree).returncode == 0
    assert built.read_text() == "built()\n"
    before = calls(tree, "node")
    assert make_site(tree).stderr == ""
    assert calls(tree, "node") == before
    (tree / "web/src/site.js").write_text("changed")
    assert make_site(tree).returncode == 0
    assert calls(tree, "node") > before
    assert calls(tree, "npm") == 1


def test_what_is_no_longer_built_goes(tree):
    """A script whose source was removed is not served from an earlier build."""
    make_site(tree)
    old = tree / "src/clipmeter/web/static/old.js"
    old.write_text("old()")
    (tree / "web/src/site.js").write_text("changed")
    make_site(tree)
    assert not old.exists()


def test_without_a_registry_the_rest_goes_on(tree):
    """`make run` and `make test` go on with one line; `make site` fails; an earlier build stays as it is."""
    make_site(tree)
    tool(tree, "npm", "echo no registry; exit 1")
    (tree / "web/package-lock.json").write_text("another")
    soft, again, hard = make_site(tree, "--if-possible"), make_site(tree, "--if-possible"), make_site(tree)
    assert (soft.returncode, again.returncode, hard.returncode) == (0, 0, 1)
    assert soft.stderr.splitlines()[-1].startswith("The site's scripts could not be built (npm ended with 1)")
    assert "no registry" in (tree / "build/site.log").read_text()
    assert calls(tree, "npm") == 3  # the second was not tried: it would only make one wait
    assert (tree / "src/clipmeter/web/static/site.js").read_text() == "built()\n"


def test_an_old_node_is_not_used(tree):
    """A Node that the build would fail on counts as none."""
    probe = "import make_site; print(make_site.node_of_machine())"
    tool(tree, "node", "echo v16.0.0")
    environ = {**os.environ, "PATH": f"{tree / 'bin'}:/usr/bin:/bin", "PYTHONPATH": str(tree / "web")}
    done = subprocess.run([sys.executable, "-c", probe], env=environ, capture_output=True, text=True, check=True)
    assert done.stdout == "None\n"


def test_packages_carry_what_was_built(tree):
    """The wheel has the scripts, though git ignores them; the sdist has their sources too, and no installed package."""
    make_site(tree)
    for name in ("pyproject.toml", ".gitignore", "README.md", "CHANGELOG.md", "LICENSE", "src/clipmeter/__init__.py"):
        shutil.copy(ROOT / name, tree / name)
    (tree / "src/fauxtok").mkdir()
    (tree / "src/fauxtok/__init__.py").touch()
    (tree / "web/node_modules/package.js").touch()
    command = [sys.executable, "-m", "hatchling", "build", "-d", "dist"]
    subprocess.run(command, cwd=tree, capture_output=True, check=True, timeout=60)
    with zipfile.ZipFile(next((tree / "dist").glob("*.whl"))) as wheel:
        assert "clipmeter/web/static/site.js" in wheel.namelist()
    with tarfile.open(next((tree / "dist").glob("*.tar.gz"))) as sdist:
        names = {name.partition("/")[2] for name in sdist.getnames()}
    assert {"web/build.mjs", "web/src/site.js", "src/clipmeter/web/static/site.js"} <= names
    assert not any("node_modules" in name for name in names)
