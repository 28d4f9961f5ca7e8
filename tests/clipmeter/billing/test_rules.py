import pytest

from clipmeter.billing.rules import Facts, Grant, Reserved, Terms, Wait, decide, settle
from clipmeter.errors import AccountBlocked, ConcurrencyLimitExceeded, InvalidApiKey, PaymentRequired

TERMS = Terms(price_micros=6_000, free_requests=50, concurrency=3)
NEW = Facts("user", "active", "none", "active", free_posted=0, pending=0, running=0)
DONE = Reserved("reserved", "free", 0, "none", free_posted=0, others_running=0)


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        (NEW, Grant("free", 0)),
        (NEW._replace(free_posted=49), Grant("free", 0)),
        (NEW._replace(free_posted=48, pending=1, running=1), Grant("free", 0)),
        (NEW._replace(free_posted=49, pending=1, running=1), Wait(1, 3)),
        (NEW._replace(free_posted=49, pending=1, running=1, payment="card"), Grant("paid", 6_000)),
        (NEW._replace(free_posted=50, payment="invoice"), Grant("paid", 6_000)),
        (NEW._replace(account_kind="operator", free_posted=50, running=99), Grant("own", 0)),
    ],
)
def test_decide(facts, expected):
    """I1: free requests go first; what is not decided yet is neither free nor refused."""
    assert decide(facts, "live", TERMS) == expected


@pytest.mark.parametrize(
    ("facts", "problem"),
    [
        (NEW._replace(key_status="revoked", account_status="blocked"), InvalidApiKey),
        (NEW._replace(key_status="deleted"), InvalidApiKey),
        (NEW._replace(account_status="blocked", running=3), AccountBlocked),
        (NEW._replace(running=3, free_posted=50), ConcurrencyLimitExceeded),
        (NEW._replace(free_posted=50), PaymentRequired),
        (NEW._replace(free_posted=50, pending=0, running=2), PaymentRequired),
        (NEW._replace(account_kind="operator", account_status="blocked"), AccountBlocked),
    ],
)
def test_decide_refuses(facts, problem):
    """I1, I2, I9: each refusal has one reason, and the first that applies is told."""
    assert type(decide(facts, "live", TERMS)) is problem


def test_decide_counts_those_who_wait():
    """I2: running and waiting together fill the limit, so a fourth caller hears 429 at once."""
    refusal = decide(NEW._replace(running=1), "live", TERMS, waiting=2)
    assert isinstance(refusal, ConcurrencyLimitExceeded)
    assert (refusal.limit, refusal.current) == (3, 3)


@pytest.mark.parametrize("kind", ["user", "operator"])
def test_decide_test_keys(kind):
    """I2: a test key has no quota and its own three places, whoever owns it."""
    facts = NEW._replace(account_kind=kind, free_posted=50)
    assert decide(facts, "test", TERMS) == Grant("test", 0)
    assert isinstance(decide(facts._replace(running=3), "test", TERMS), ConcurrencyLimitExceeded)


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        (DONE, Grant("free", 0)),
        (DONE._replace(free_posted=50), PaymentRequired),
        (DONE._replace(free_posted=50, payment="card"), Grant("paid", 6_000)),
        (DONE._replace(kind="paid", price_micros=5_000, free_posted=50, payment="card"), Grant("paid", 5_000)),
        (DONE._replace(kind="paid", price_micros=5_000, free_posted=49, payment="card"), Grant("free", 0)),
        (DONE._replace(kind="own", free_posted=50), Grant("own", 0)),
        (DONE._replace(kind="test", free_posted=50), Grant("test", 0)),
    ],
)
def test_settle(row, expected):
    """I1: what counts as free is decided by the order of successes, and never goes past the limit."""
    got = settle(row, TERMS)
    assert expected in (got, type(got))
