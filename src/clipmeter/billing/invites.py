"""Invitations: links with which one person each may sign up."""

import secrets
from dataclasses import dataclass

from clipmeter.mac import Mac
from clipmeter.store.base import Query, Steps, Store, plan

MAX_NOTE = 200


@dataclass(frozen=True, slots=True)
class NewInvite:
    """An invitation just made. `token`: told once; `expires_at`: micro-seconds since 1970, UTC."""

    token: str
    path: str
    expires_at: int


@dataclass(frozen=True, slots=True)
class Invite:
    """An invitation. `account_id`: who used it; None: nobody yet. Times: micro-seconds since 1970, UTC."""

    note: str
    created_at: int
    expires_at: int
    account_id: str | None


class Invites:
    """All invitations."""

    def __init__(self, store: Store, key: bytes) -> None:
        self._store = store
        self._mac = Mac(key)

    async def make(self, note: str, seconds: int) -> NewInvite:
        """A new one, good for so many seconds. `note`: for the operator, to tell it from the others."""
        token = secrets.token_urlsafe(32)
        values: dict[str, str | int] = {
            "digest": self.digest(token),
            "note": note[:MAX_NOTE],
            "life_micros": seconds * 1_000_000,
        }
        return NewInvite(token, f"/signup?invite={token}", await self._store.write(_make(values)))

    async def list_all(self) -> list[Invite]:
        """All that were ever made, oldest first."""
        return await self._store.read(_list())

    def digest(self, token: str) -> str:
        """What the database knows it by; "" for none."""
        return self._mac.digest(token.encode("utf8", "replace")).hex() if token else ""


@plan
def _make(values: dict[str, str | int]) -> Steps[int]:
    ((expires_at,),) = yield Query("invite_add", values)
    return int(expires_at)


@plan
def _list() -> Steps[list[Invite]]:
    rows = yield Query("invite_list")
    return [Invite(*row) for row in rows]
