"""The end of an account, and what is told to its owner before: everything that is kept about them.

Rule: the ledger and the invoices stay, since they are the books; all that names a person goes. From that moment on no
key works, and what still runs can be charged to nobody.
"""

from collections.abc import Sequence
from typing import Any

from clipmeter.billing.entering import Person, find_person
from clipmeter.billing.refusals import LogInFailed
from clipmeter.errors import InvalidParameter
from clipmeter.store.base import Lock, Query, Row, Steps, plan

FORGET_AGAIN_MICROS = 40 * 86_400_000_000
"""For so long after the end of an account its requests are looked for: the last ones are recorded a moment later, and
the records may be away."""
_REMOVED = (
    "gone_keys",
    "gone_card",
    "gone_sessions",
    "gone_tokens",
    "gone_identities",
    "gone_messages",
    "gone_replays",
    "gone_invites",
)
_PARTS = {
    "keys": ("key_id", "hint", "name", "mode", "status", "monthly_limit_micros", "created_at"),
    "sessions": ("agent", "created_at", "seen_at", "expires_at"),
    "logins": ("issuer", "subject"),
    "usage": ("month", "endpoint", "free", "paid", "own", "test", "charged_micros"),
    "card": ("brand", "last4", "exp_month", "exp_year"),
    "invoices": ("invoice_id", "month", "state", "amount_cents", "stripe_number", "created_at"),
    "credits": ("credit_id", "kind", "micros", "reason", "created_at"),
    "messages": ("kind", "recipient", "subject", "created_at", "sent_at"),
}
_ACCOUNT = (
    "account_id",
    "email",
    "status",
    "payment",
    "created_at",
    "confirmed_at",
    "daily_limit_micros",
    "monthly_limit_micros",
    "alert_url",
)


def deleted_email(account_id: str) -> str:
    """What stands in place of the address of somebody who is gone; nobody can have it."""
    return f"deleted-{account_id}@localhost"


@plan
def delete(person: Person) -> Steps[None]:
    """Delete the account of somebody whose password was right and still is. Raises LogInFailed."""
    yield Lock(person.account_id)
    now = yield from find_person(person.account_id)
    if now is None or now.password != person.password:
        raise LogInFailed
    if now.kind == "operator":
        raise InvalidParameter("The operator's own account cannot be deleted.")
    yield Query("gone", {"account_id": person.account_id, "email": deleted_email(person.account_id)})
    for name in _REMOVED:
        yield Query(name, {"account_id": person.account_id})


@plan
def forget(account_ids: Sequence[str]) -> Steps[None]:
    """Delete what accounts asked for, among the records."""
    for account_id in account_ids:
        yield Query("gone_log", {"account_id": account_id})


@plan
def lately_deleted() -> Steps[list[str]]:
    """The accounts that were deleted in the last days."""
    rows = yield Query("gone_lately", {"since_micros": FORGET_AGAIN_MICROS})
    return [account_id for (account_id,) in rows]


@plan
def everything(account_id: str) -> Steps[dict[str, Any]]:
    """All that is kept about an account, but for the rows of the ledger. Raises InvalidParameter when unknown."""
    rows = yield Query("told_account", {"account_id": account_id})
    if not rows:
        raise InvalidParameter("There is no such account.")
    told: dict[str, Any] = {"account": _named(_ACCOUNT, rows[0])}
    for part, names in _PARTS.items():
        rows = yield Query(f"told_{part}", {"account_id": account_id})
        told[part] = [_named(names, row) for row in rows]
    return told


def _named(names: tuple[str, ...], row: Row) -> dict[str, Any]:
    return dict(zip(names, row, strict=True))
