"""`verify` proves nothing if it cannot see what is wrong."""

import asyncio
import shutil

import apsw
import asyncpg
import pytest

from bank import Bank
from clipmeter.billing.ledger import Kept, Terms
from clipmeter.billing.replays import Repeat
from clipmeter.billing.verify import CHECKS
from postgres import database_of

RESERVED = """
UPDATE requests SET state = 'reserved', ended_at = NULL
WHERE kind = 'paid' AND request_id = (SELECT MAX(request_id) FROM requests WHERE kind = 'paid');
UPDATE spend SET charged_micros = 6000
"""


def invoice(state="carried", cents=0, credit=0, month="2001-01", at=0):
    """An invoice for the account, without lines."""
    return f"""INSERT INTO invoices SELECT account_id, 'inv_1', '{month}', 0, '{state}', {cents}, {credit}, '', '', '',
        '', 0, 0, 0, {at}, 0 FROM accounts"""  # noqa: S608


def line(*, charged=12_000, requests=2, carried_in=0, credit=0, carried_out=12_000, cents=0):
    """A line of it, for what was charged."""
    return f"""INSERT INTO invoice_lines SELECT account_id, 'inv_1', 'tiktok/video', (SELECT MAX(month) FROM usage),
        {requests}, {charged}, {carried_in}, {credit}, {carried_out}, {cents} FROM accounts"""  # noqa: S608


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
    "verify_replays, not charged": (
        "I6",
        "UPDATE requests SET state = 'voided', price_micros = 0 WHERE request_id = 'first'",
    ),
    "verify_replays, no request": ("I6", "DELETE FROM requests WHERE request_id = 'first'"),
    "verify_spend": ("I8", "UPDATE spend SET charged_micros = charged_micros - 1"),
    "verify_spend, no sums": ("I8", "DELETE FROM spend"),
    "verify_daily": ("I7", "UPDATE requests SET daily_limit = 11999"),
    "verify_monthly": ("I7", "UPDATE requests SET monthly_limit = 11999"),
    "verify_key_monthly": ("I7", "UPDATE requests SET key_limit = 11999"),
    "verify_reserved_daily": ("I7", f"{RESERVED}; UPDATE accounts SET daily_limit_micros = 11999"),  # noqa: S608
    "verify_reserved_monthly": ("I7", f"{RESERVED}; UPDATE accounts SET monthly_limit_micros = 11999"),  # noqa: S608
    "verify_reserved_key": ("I7", f"{RESERVED}; UPDATE api_keys SET monthly_limit_micros = 11999"),  # noqa: S608
}


def refund(micros):
    """Something paid back of it."""
    return f"""INSERT INTO credits
        SELECT account_id, 're_1', 'refund', {micros}, '', 'posted', 'inv_1', '', '', 0, 0 FROM accounts"""  # noqa: S608


DAMAGE |= {
    "verify_lines": ("I8", f"{invoice()}; {line(charged=12_001, carried_out=12_001)}"),
    "verify_lines, requests": ("I8", f"{invoice()}; {line(requests=3)}"),
    "verify_unbilled": (
        "I8",
        "INSERT INTO marks SELECT 'invoiced ' || MAX(month), '9000000000000000' FROM usage",
    ),
    "verify_unbilled, later invoice": ("I8", invoice(month="9999-01", at=9 * 10**15)),
    "verify_line_sums": ("I8", f"{invoice()}; {line(carried_out=11_999)}"),
    "verify_line_sums, carried a cent": (
        "I8",
        f"{invoice(cents=1)}; {line(carried_in=10_000, cents=1)}",
    ),
    "verify_carried": (
        "I8",
        f"{invoice(credit=5)}; {line(charged=0, requests=0, carried_in=5, credit=5, carried_out=0)}",
    ),
    "verify_invoice_sums": ("I8", invoice(cents=60)),
    "verify_invoice_sums, credit": ("I8", invoice(credit=5)),
    "verify_least": ("I8", invoice("draft", 49)),
    "verify_credit": ("I8", invoice(credit=5)),
    "verify_refunds": ("I8", f"{invoice('paid', 60)}; {refund(600_001)}"),
    "verify_refunds, not paid": ("I8", f"{invoice('open', 60)}; {refund(5)}"),
    "verify_status": ("I8", "UPDATE accounts SET status = 'blocked'"),
    "verify_status, failed": ("I8", invoice("failed", 60)),
}


WHAT = {query: what for _, what, query in CHECKS}


@pytest.fixture(scope="module", params=["sqlite", "postgres"])
def books(request, tmp_path_factory):
    """A database to copy, with fifty free rows and two paid ones, all in order."""
    if request.param == "sqlite":
        yield asyncio.run(written(str(tmp_path_factory.mktemp("books") / "clipmeter.db")))
        return
    server = request.getfixturevalue("postgres")
    url = asyncio.run(written(server.new_database()))
    yield url
    server.drop_database(url)


async def written(where):
    bank = await Bank(where).open()
    caller = await bank.caller(payment="card")
    hold = await bank.ledger.admit(
        caller, "tiktok/video", video_id="1", request_id="first", within=0, repeat=Repeat("video", "key", "asked")
    )
    await bank.ledger.post(hold, kept=Kept(b"{}", 0))
    for number in range(51):
        await bank.ledger.charge(caller, "tiktok/video", video_id="1", request_id=f"r{number}")
    assert await bank.ledger.verify() == []
    await bank.close()
    return where


@pytest.fixture
async def used(books, tmp_path, request):
    """A bank with such books of its own."""
    server = request.getfixturevalue("postgres") if books.startswith("postgresql:") else None
    where = server.new_database(database_of(books)) if server else str(shutil.copy(books, tmp_path / "clipmeter.db"))
    bank = await Bank(where).open()
    yield bank
    await bank.close()
    if server:
        server.drop_database(where)


@pytest.mark.parametrize("name", sorted(DAMAGE))
async def test_damage_is_seen(used, name):
    """I1 to I10: each thing that must never be is found when somebody puts it there."""
    invariant, damage = DAMAGE[name]
    await used.raw(damage)
    seen = {(violation.invariant, violation.what) for violation in await used.ledger.verify()}
    assert (invariant, WHAT[name.partition(",")[0]]) in seen


def test_every_check_is_tried():
    """Each query of `verify` is shown a damage that it must see."""
    assert {name.partition(",")[0] for name in DAMAGE} == set(WHAT)


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
