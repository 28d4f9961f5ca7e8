"""Hundreds of callers in several processes ask for the last place: bench/races.py with a few thousand."""

import asyncio
import subprocess
import sys
from pathlib import Path

import pytest

import postgres as postgres_server

RACES = Path(__file__).parents[3] / "bench" / "races.py"


def race(*words):
    command = [sys.executable, str(RACES), *words]
    return subprocess.run(command, capture_output=True, text=True, timeout=110, check=False)


@pytest.mark.parametrize("store", ["sqlite", "postgres"])
async def test_nobody_too_much(store):
    """I1, I2: of thousands who race at 49 of 50 and at 2 of 3 in flight, from several processes, none is too much."""
    if store == "postgres" and (why := postgres_server.missing()):
        pytest.skip(why)
    done = await asyncio.to_thread(race, "--admissions", "3000", "--store", store)
    assert done.returncode == 0, done.stdout + done.stderr


async def test_one_too_many_is_noticed():
    """The control: with a ledger that lets one more in, the race says so."""
    done = await asyncio.to_thread(race, "--admissions", "1000", "--store", "sqlite", "--one-more")
    assert done.returncode == 1, done.stdout + done.stderr
    assert "over" in done.stdout
