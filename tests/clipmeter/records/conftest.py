"""A real store of either kind, and entries for its log."""

import time

import pytest

from bank import store_at
from clipmeter.errors import Attempt
from clipmeter.records.requests import LogEntry


@pytest.fixture
async def store(where):
    async with store_at(where) as store:
        yield store


@pytest.fixture
def entry():
    """Makes an entry; each has a request id of its own and comes in after the one before."""
    made = []

    def make(**values):
        made.append(values)
        plain = {
            "account_id": "acct_1",
            "key_id": "key_1",
            "mode": "live",
            "request_id": f"req_{len(made):06}",
            "began": time.monotonic() - 1000 + len(made) / 100,
            "endpoint": "video",
            "asked": "7516594811734854943",
            "video_id": "7516594811734854943",
            "source": "webpage",
            "attempts": (Attempt("webpage", "", "", 0.25),),
            "sign": "",
            "status": 200,
            "code": "",
            "charge_micros": 6000,
            "timings": {"admit": 0.5, "source": 250.0, "settle": 0.4, "total": 251.0},
            "from_memory": False,
        }
        return LogEntry(**{**plain, **values})

    return make
