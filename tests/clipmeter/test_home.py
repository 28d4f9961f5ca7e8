"""The home folder: private, whole files, one secret however many start at once."""

import subprocess
import sys

import pytest

from clipmeter.errors import ServiceUnavailable
from clipmeter.home import Home, OperatorKeys


def test_files_are_for_the_owner_only(tmp_path):
    """The secret and the operator's keys are readable by the owner alone."""
    home = Home(tmp_path / "home")
    home.secret(tmp_path / "none")
    home.keep_operator(OperatorKeys("acct", "live", "test"))
    modes = {file.name: file.stat().st_mode & 0o777 for file in home.path.iterdir()}
    assert modes == {"secret": 0o600, "operator.json": 0o600}
    assert home.path.stat().st_mode & 0o777 == 0o700


def test_secret_stays_the_same(tmp_path):
    """All keys hang on the secret: it is made once."""
    assert Home(tmp_path).secret(tmp_path / "none") == Home(tmp_path).secret(tmp_path / "none")
    assert len(Home(tmp_path).secret(tmp_path / "none")) >= 32


def test_a_lost_secret_is_not_made_anew(tmp_path):
    """A database without its secret stops the start: a new one would make every key worthless without a word."""
    (tmp_path / "clipmeter.db").write_bytes(b"")
    with pytest.raises(ServiceUnavailable, match="Put the file back"):
        Home(tmp_path).secret(tmp_path / "clipmeter.db")
    assert not (tmp_path / "secret").exists()


def test_processes_that_start_at_once_agree_on_the_secret(tmp_path):
    """Two processes at their first start end with one secret."""
    code = f"from pathlib import Path; from clipmeter.home import Home; p = Path({str(tmp_path)!r})\n"
    code += "print(Home(p).secret(p / 'none'))"
    started = [subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE) for _ in range(4)]
    assert len({process.communicate()[0] for process in started}) == 1


def test_operator_keys_come_back(tmp_path):
    """The keys that `serve` prints are those of the first start; a spoiled file counts as none."""
    home = Home(tmp_path)
    assert home.operator() is None
    home.keep_operator(OperatorKeys("acct", "live", "test"))
    assert home.operator() == OperatorKeys("acct", "live", "test")
    (tmp_path / "operator.json").write_text("{")
    assert home.operator() is None


def test_a_folder_that_cannot_be_made_is_said(tmp_path):
    """A home below a file is refused with a sentence that names it."""
    (tmp_path / "file").write_text("")
    with pytest.raises(ServiceUnavailable, match="cannot be made"):
        Home(tmp_path / "file" / "home")
