"""Recorded answers, where they are at hand: they are no part of the project."""

import subprocess
import sys
from pathlib import Path

import pytest

CHECK = Path(__file__).resolve().parents[5] / "shared" / "corpus" / "check"


@pytest.mark.skipif(not CHECK.exists(), reason="no recorded answers here")
def test_every_recorded_answer_is_read_right():
    """Each file, field by field."""
    command = [sys.executable, str(CHECK), "--command", f"{sys.executable} -m clipmeter parse"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-2000:]
