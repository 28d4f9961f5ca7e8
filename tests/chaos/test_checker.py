"""The checker, with evidence made up: it must see each broken promise, and nothing where none is broken."""

from dataclasses import replace

import pytest

from chaos.checker import Account, Evidence, Terms, check
from chaos.journal import Asked, Did, Lost, Told, read, shown
from chaos.rows import Row

TERMS = Terms(free=2, price=6_000, slots=3)
PAYER = Account("acct", "invoice", "invoice", 500)
POOR = Account("acct", "free", "no", 500)
SECOND = 1_000_000


def asked(n, *, at=None, key=""):
    return Asked(n, float(n if at is None else at), "acct", "key", 0, f"video{n}", key)


def told(n, status=200, *, charge=0, code="", request_id="", replayed=False, body="b"):
    name = request_id or f"req{n}"
    return Told(n, n + 0.5, status, name, code, charge, replayed, body)


def row(n, *, state="posted", kind="free", price=0):
    moment = n * SECOND
    return Row("acct", f"req{n}", "key", f"video{n}", kind, state, "", price, "2026-01", "2026-01-05", moment, moment)


def broken(lines, rows, *, account=PAYER, most=3):
    return {violation.invariant for violation in check(Evidence(account, TERMS, lines, rows, most))}


GOOD = (
    [asked(1), told(1), asked(2), told(2), asked(3), told(3, charge=6_000), asked(4), told(4, 404), asked(5)],
    [row(1), row(2), row(3, kind="paid", price=6_000), row(4, state="voided"), row(5, kind="paid", price=6_000)],
)


def test_nothing_is_broken():
    """Two free ones, then a paid one, a failure, and one whose answer was lost but which was posted."""
    assert broken([*GOOD[0], Lost(5, 5.5, "reset")], GOOD[1]) == set()


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([row(1), row(2), row(3), *GOOD[1][3:]], {"I1", "I3"}),
        ([*GOOD[1][:2], *GOOD[1][3:]], {"I3"}),
        ([*GOOD[1][:3], row(4, kind="paid", price=6_000), GOOD[1][4]], {"I4"}),
        ([*GOOD[1], row(6, kind="paid", price=6_000)], {"I4"}),
        ([*GOOD[1][:4], row(5, state="reserved")], {"I5"}),
        ([row(1), row(2, kind="paid", price=6_000), *GOOD[1][2:]], {"I1", "I3"}),
    ],
    ids=["three free", "lost success", "charged failure", "out of nowhere", "reserved", "charged too early"],
)
def test_wrong_rows_are_seen(rows, expected):
    """Each kind of wrong row breaks its promise."""
    assert broken(GOOD[0], rows) == expected


def test_who_cannot_pay():
    """I1: nothing is posted past the free ones, and 402 is told only when they are used up."""
    lines = [asked(1), told(1), asked(2), told(2, 402)]
    assert broken(lines, [row(1)], account=POOR) == {"I1"}
    lines = [*lines, asked(3), told(3)]
    assert broken(lines, [row(1), row(3)], account=POOR) == set()
    paid = row(4, kind="paid", price=6_000)
    assert broken([*lines, asked(4), told(4, charge=6_000)], [row(1), row(3), paid], account=POOR) == {"I1"}


def test_slots_are_counted_by_the_upstream():
    """I2: four at once are too many, but for the operator."""
    assert broken(*GOOD, most=4) == {"I2"}
    own = [replace(one, kind="own", price_micros=0) for one in GOOD[1]]
    lines = [replace_charge(line) for line in GOOD[0]]
    assert broken(lines, own, account=Account("acct", "operator", "operator", 500), most=9) == set()


def replace_charge(line):
    return told(line.n, line.status) if isinstance(line, Told) else line


def test_idempotency_keys():
    """I6: the same answer again is a replay; another one, or one not marked as such, is a violation."""
    first = [asked(1, key="k"), told(1)]
    again = Asked(2, 2.0, "acct", "key", 0, "video1", "k")
    assert broken([*first, again, told(2, request_id="req1", replayed=True)], [row(1)]) == set()
    assert "I6" in broken([*first, again, told(2, request_id="req1", replayed=True, body="other")], [row(1)])
    assert "I6" in broken([*first, again, told(2, request_id="req1")], [row(1)])
    twice = [row(1), replace(row(2), video_id="video1")]
    assert "I6" in broken([*first, again, Lost(2, 3.0, "reset")], twice)


def test_spending_limits():
    """I7: past a limit nothing is posted once it is set; what was spent before stays."""
    paid = [row(n, kind="paid", price=6_000) for n in (3, 4)]
    lines = [asked(1), told(1), asked(2), told(2), asked(3), told(3, charge=6_000), asked(4), told(4, charge=6_000)]
    rows = [row(1), row(2), *paid]
    assert broken([Did(2.0, 1.9, "daily_limit", "acct", 12_000), *lines], rows) == set()
    assert broken([Did(2.0, 1.9, "daily_limit", "acct", 6_000), *lines], rows) == {"I7"}
    assert broken([*lines, Did(5.0, 4.9, "daily_limit", "acct", 6_000)], rows) == set()


def test_revoked_keys():
    """I9: from the answer to the revocation until it is taken back every request is refused, and no other is."""
    revoked, enabled = Did(1.0, 0.9, "revoked", "key"), Did(9.0, 8.9, "enabled", "key")
    assert broken([revoked, asked(2), told(2, 401), enabled], []) == set()
    assert broken([revoked, asked(2), told(2, 503), enabled], []) == set()
    assert broken([revoked, asked(2), told(2), enabled], [row(2)]) == {"I9"}
    assert broken([asked(1, at=0.95), revoked, told(1), enabled], [row(1)]) == set()
    assert broken([asked(2), told(2, 401)], []) == {"I9"}
    late = replace(row(2), ended_at=3 * SECOND)
    assert broken([revoked, asked(1, at=0.5), Lost(1, 9.5, "x"), enabled], [replace(late, video_id="video1")]) == {"I9"}


def test_crashes_are_violations():
    """A crash of the server is a violation whatever it cost."""
    assert broken([asked(1), told(1, 500, code="internal_error")], []) == {"I4"}


def test_a_journal_can_be_read_again(tmp_path):
    """What is in the file is what was written."""
    lines = [asked(1, key="k"), told(1), Lost(2, 1.0, "reset"), Did(2.0, 1.0, "kill", "node 1")]
    (tmp_path / "journal").write_text("".join(shown(line) + "\n" for line in lines))
    assert read(tmp_path / "journal") == lines
