"""Sessions: who has logged in, in which browser.

The token in the visitor's cookie is 256 random bits, made here and never taken from outside, and a new one at each
log-in and change of password: nobody can be given a session that somebody else knows. The database has only its HMAC.
"""

import secrets
from dataclasses import dataclass
from typing import Literal

from clipmeter.mac import Mac
from clipmeter.store.base import Query, Row, Steps, Store, plan

LIFE_MICROS = 30 * 86_400 * 1_000_000
IDLE_MICROS = 7 * 86_400 * 1_000_000
"""A session ends 30 days after the log-in, or 7 days after it was last used."""
FRESH_MICROS = 600 * 1_000_000
"""How exactly `seen_at` is kept: a page view rarely has to write."""
MOST = 50
"""Sessions of an account; the oldest make room."""
MAX_AGENT = 300
"""Characters."""
_LENGTH = len(secrets.token_urlsafe(32))


@dataclass(frozen=True, slots=True)
class Entry:
    """Somebody is logged in. `token`: for the cookie, told once; `expires_at`: micro-seconds since 1970, UTC."""

    account_id: str
    token: str
    expires_at: int


@dataclass(frozen=True, slots=True)
class Visitor:
    """Who looks at a page. `csrf`: what the forms of this session carry; `token_digest`: its `SessionRow.digest`."""

    account_id: str
    email: str
    confirmed: bool
    """Whoever has the account reads the mail of this address."""
    has_password: bool
    kind: Literal["user", "operator"]
    status: Literal["active", "blocked"]
    payment: Literal["none", "invoice", "card"]
    csrf: str
    token_digest: str


@dataclass(frozen=True, slots=True)
class SessionRow:
    """A session as its owner sees it. `agent`: the browser as it names itself. Times: micro-seconds since 1970, UTC."""

    digest: str
    agent: str
    created_at: int
    seen_at: int
    expires_at: int


@dataclass(frozen=True, slots=True)
class NewSession:
    """A session that is not in the database yet."""

    token: str
    digest: str
    agent: str


class Sessions:
    """The sessions of all accounts."""

    def __init__(self, store: Store, key: bytes, csrf_key: bytes) -> None:
        """`key` signs tokens, `csrf_key` what forms carry."""
        self._store = store
        self._mac, self._csrf = Mac(key), Mac(csrf_key)

    def new(self, agent: str) -> NewSession:
        """A session to begin with `begin`."""
        token = secrets.token_urlsafe(32)
        shown = "".join(letter if letter.isprintable() else " " for letter in agent[:MAX_AGENT])
        return NewSession(token, self.digest(token), shown)

    def digest(self, token: str) -> str:
        """What the database knows a token by; "" for text that can be none."""
        if len(token) != _LENGTH or not token.isascii():
            return ""
        return self._mac.digest(token.encode("ascii")).hex()

    def csrf(self, value: str) -> str:
        """What forms carry that belong to a session's token, or to another random value in a cookie."""
        return self._csrf.digest(value.encode("utf8", "replace")).hex()

    async def find(self, token: str) -> Visitor | None:
        """Who has this token; None: nobody, or the session has ended."""
        digest = self.digest(token)
        found = await self._store.read(_find(digest)) if digest else None
        if found is None:
            return None
        (account_id, email, confirmed_at, password, kind, status, payment), is_old = found
        if is_old:
            await self._store.write(_seen(account_id, digest))
        return Visitor(
            account_id,
            email,
            confirmed_at is not None,
            bool(password),
            kind,
            status,
            payment,
            self.csrf(token),
            digest,
        )

    async def of(self, account_id: str) -> list[SessionRow]:
        """The account's sessions, the last used first."""
        return await self._store.read(_list(account_id))

    async def end(self, digest: str, account_id: str = "") -> None:
        """End one, of this account if it is named."""
        await self._store.write(_end(digest, account_id))

    async def end_all(self, account_id: str, but: str = "") -> None:
        """End all, but for the one with this digest."""
        await self._store.write(end_all(account_id, but))


@plan
def begin(account_id: str, session: NewSession) -> Steps[Entry]:
    """Begin a session, as a part of the plan that let somebody in."""
    values = {"account_id": account_id, "digest": session.digest, "agent": session.agent, "life_micros": LIFE_MICROS}
    ((expires_at,),) = yield Query("session_add", values)
    yield Query("sessions_trim", {"account_id": account_id, "size": MOST})
    return Entry(account_id, session.token, expires_at)


@plan
def end_all(account_id: str, but: str = "") -> Steps[None]:
    """End all sessions of an account, but for the one with this digest."""
    yield Query("sessions_end", {"account_id": account_id, "digest": but})


@plan
def _find(digest: str) -> Steps[tuple[Row, bool] | None]:
    values = {"digest": digest, "fresh_micros": FRESH_MICROS, "idle_micros": IDLE_MICROS}
    rows = yield Query("session_find", values)
    return (rows[0][:-1], bool(rows[0][-1])) if rows else None


@plan
def _seen(account_id: str, digest: str) -> Steps[None]:
    yield Query("session_seen", {"account_id": account_id, "digest": digest})


@plan
def _list(account_id: str) -> Steps[list[SessionRow]]:
    rows = yield Query("session_list", {"account_id": account_id, "idle_micros": IDLE_MICROS})
    return [SessionRow(*row) for row in rows]


@plan
def _end(digest: str, account_id: str) -> Steps[None]:
    yield Query("session_end", {"digest": digest, "account_id": account_id})
