"""`verify` proves nothing if it cannot see what is wrong."""

import apsw
import asyncpg
import pytest

from clipmeter.billing.ledger import Terms

DAMAGE = {
    "verify_free": (
        "I1",
        "UPDATE requests SET kind = 'free', price_micros = 0 WHERE kind = 'paid'",
    ),
    "verify_free_first": (
        "I1",
        "UPDATE requests SET kind = 'paid', price_micros = 6000 WHERE request_id = 'first'",
    ),
    "verify_running": (
        "I2",
        "UPDATE requests SET state = 'reserved', ended_at = NULL WHERE kind = 'free'",
    ),
    "verify_overdue": (
        "I5",
        "UPDATE requests SET state = 'reserved', ended_at = NULL, deadline = 0 WHERE request_id = 'first'",
    ),
    "verify_sums": ("I8", "DELETE FROM requests WHERE request_id = 'first'"),
    "verify_sums, no counters": ("I8", "DELETE FROM usage"),
    "verify_sums, money": ("I8", "UPDATE usage SET charged_micros = charged_micros + 1"),
    "verify_keys": (
        "I9",
        """INSERT INTO api_keys (account_id, key_id, digest, hint, name, mode, status, created_at)
           WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 10)
           SELECT account_id, CAST(i AS TEXT), CAST(i AS TEXT), '', '', 'live', 'revoked', 1 FROM accounts, n""",
    ),
    "verify_period, month": ("I10", "UPDATE requests SET month = '2001-01' WHERE request_id = 'first'"),
    "verify_period, day": (
        "I10",
        "UPDATE requests SET admitted_at = admitted_at - 86400000000 WHERE request_id = 'first'",
    ),
    "verify_order": ("I10", "UPDATE requests SET ended_at = admitted_at - 1 WHERE request_id = 'first'"),
    "verify_price": ("I10", "UPDATE requests SET state = 'voided' WHERE kind = 'paid'"),
}


@pytest.fixture
async def used(new_bank):
    """Books with fifty free rows and two paid ones, all in order."""
    bank = await new_bank().open()
    caller = await bank.caller(payment="card")
    hold = await bank.ledger.admit(caller, "tiktok/video", video_id="1", request_id="first", within=0)
    await bank.ledger.post(hold)
    for number in range(51):
        await bank.ledger.charge(caller, "tiktok/video", video_id="1", request_id=f"r{number}")
    assert await bank.ledger.verify() == []
    yield bank
    await bank.close()


@pytest.mark.parametrize("name", sorted(DAMAGE))
async def test_damage_is_seen(used, name):
    """I1 to I10: each thing that must never be is found when somebody puts it there."""
    invariant, damage = DAMAGE[name]
    await used.raw(damage)
    assert invariant in {violation.invariant for violation in await used.ledger.verify()}


async def test_changed_terms_are_no_damage(used):
    """I1: an operator who changes the free tier in the middle of a month has not broken the books."""
    for free_requests in (5, 500):
        used.ledger._terms = {"tiktok/video": Terms(6000, free_requests, 3)}
        await used.succeed(await used.caller(payment="card"), 8)
        assert await used.ledger.verify() == []


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE requests SET price_micros = -1",
        "UPDATE requests SET price_micros = 6000 WHERE kind = 'free'",
        "UPDATE requests SET state = 'paid'",
        "UPDATE requests SET ended_at = NULL",
        "INSERT INTO requests SELECT * FROM requests",
    ],
)
async def test_what_the_schema_refuses(used, damage):
    """I3, I10: two rows of one request, or a row that ended without an end, cannot be stored at all."""
    with pytest.raises((apsw.ConstraintError, asyncpg.IntegrityConstraintViolationError)):
        await used.raw(damage)
