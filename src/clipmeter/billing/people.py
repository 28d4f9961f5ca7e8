"""People who log in: sign-up, log-in, passwords, sessions, links sent by e-mail, and the end of an account.

Rule 1: an answer, and the time it takes, is the same for an e-mail address that nobody has and a wrong password.
Rule 2: every attempt is counted before it is looked at, and no password is hashed beyond that.
Rule 3: whoever gets in gets a new random token; no text that came from outside ever becomes one.
Rule 4: what follows from a password is decided again in the transaction that acts on it: it may have changed meanwhile.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import structlog

from clipmeter.billing import entering, farewell
from clipmeter.billing.emails import address_meant, new_address
from clipmeter.billing.entering import Identity, Links, Person, Purpose, new_person
from clipmeter.billing.history import LedgerRow, rows_of
from clipmeter.billing.invites import Invites
from clipmeter.billing.letters import Letter, confirmation, password_changed, reset
from clipmeter.billing.passwords import Passwords, check_length
from clipmeter.billing.refusals import LinkExpired, LogInFailed, SignUpClosed
from clipmeter.billing.sessions import Entry, SessionRow, Sessions, Visitor
from clipmeter.billing.throttle import (
    LINK_FROM,
    LOG_IN_AS,
    LOG_IN_FROM,
    MAIL_FROM,
    MAIL_TO,
    PASSWORD_OF,
    SIGN_UP_FROM,
    Attempt,
    Throttle,
)
from clipmeter.errors import InvalidParameter, Problem
from clipmeter.mac import Mac
from clipmeter.store.base import Plan, Store

__all__ = ["Entry", "House", "Identity", "People", "SessionRow", "Visitor"]

log = structlog.get_logger()

_LONGEST_TOKEN = 100
"""Characters that are looked at."""


@dataclass(frozen=True, slots=True)
class House:
    """How a server treats people."""

    sign_up: str = "open"
    """Who may sign up: anybody (open), the invited (invite), or nobody (closed)."""
    site: str = ""
    """The public address, for links in e-mails."""
    mails: bool = False
    """Whether any are sent."""


OPEN_HOUSE = House()


class People:
    """All who log in. `address` is always the visitor's network address, "" for none; `agent` the browser's name."""

    def __init__(
        self,
        store: Store,
        secret: str,
        house: House = OPEN_HOUSE,
        passwords: Passwords | None = None,
        *,
        records: Store | None = None,
    ) -> None:
        """`secret`: without it the digests in the database are of no use. `records`: where the request log is."""
        keys = Mac(secret.encode())
        self._store, self._records = store, records or store
        self.house = house
        self._passwords = passwords or Passwords()
        self._sessions = Sessions(store, keys.digest(b"clipmeter sessions"), keys.digest(b"clipmeter forms"))
        self._links = Links(keys.digest(b"clipmeter links"))
        self.invites = Invites(store, keys.digest(b"clipmeter invites"))
        self._throttle = Throttle(store, keys.digest(b"clipmeter attempts"))
        self.farewells: list[Callable[[str], Awaitable[None]]] = []
        """What is done for an account before it is deleted, like taking its card from Stripe."""
        self._unwatched: set[asyncio.Task[None]] = set()

    async def sign_up(
        self, email: str, password: str, *, invite: str = "", agent: str = "", address: str = ""
    ) -> Entry:
        """A new account, logged in. Raises InvalidParameter, SignUpClosed, TooManyAttempts."""
        self._check_open(invite)
        check_length(password)
        tidy = new_address(email)
        self._passwords.check_new(password, tidy)
        await self._throttle.count(Attempt(SIGN_UP_FROM, address))
        new = new_person(tidy, await self._passwords.hash(password), invite=self.invites.digest(invite))
        sent = self._with_link("confirm") if self.house.mails else None
        return await self._store.write(entering.sign_up(new, self._sessions.new(agent), sent))

    async def log_in(self, email: str, password: str, *, agent: str = "", address: str = "") -> Entry:
        """A session. Raises LogInFailed (nobody has this address, or a wrong password), TooManyAttempts."""
        check_length(password)
        tidy = address_meant(email)
        tries = (Attempt(LOG_IN_AS, tidy), Attempt(LOG_IN_FROM, address))
        await self._throttle.count(*tries)
        person = await self._store.read(entering.find_by_email(tidy))
        if not await self._passwords.matches(person.password if person else "", password) or person is None:
            raise LogInFailed
        fresh = await self._passwords.hash(password) if self._passwords.is_stale(person.password) else ""
        forgotten = (self._throttle.forget(tries[0]), self._throttle.take_back(tries[1]))
        return await self._store.write(entering.let_in(person, self._sessions.new(agent), fresh, forgotten))

    async def come_by(self, identity: Identity, *, invite: str = "", agent: str = "") -> Entry:
        """Log in, or sign up, as somebody whom another provider knows. Raises InvalidParameter, SignUpClosed."""
        tidy = new_address(identity.email) if identity.email_verified else ""
        new = new_person(tidy, "", invite=self.invites.digest(invite), confirmed=True)
        may = self.house.sign_up == "open" or (self.house.sign_up == "invite" and bool(invite))
        return await self._store.write(
            entering.come_by_identity(identity, new, self._sessions.new(agent), may_sign_up=may)
        )

    async def who(self, token: str) -> Visitor | None:
        """Who has this token; None: there is no such session, or it ended."""
        return await self._sessions.find(token)

    def csrf(self, value: str) -> str:
        """What a form carries that belongs to a random value in a cookie, before anybody has logged in."""
        return self._sessions.csrf(value)

    async def log_out(self, token: str) -> None:
        """End a session; nothing happens when there is none."""
        if digest := self._sessions.digest(token):
            await self._sessions.end(digest)

    async def log_out_everywhere(self, account_id: str, *, but: str = "") -> None:
        """End all sessions of an account. `but`: the token of one that goes on."""
        await self._sessions.end_all(account_id, self._sessions.digest(but))

    async def end_session(self, account_id: str, digest: str) -> None:
        """End one of the account's sessions."""
        await self._sessions.end(digest, account_id)

    async def sessions(self, account_id: str) -> list[SessionRow]:
        """The account's sessions that have not ended, the last used first."""
        return await self._sessions.of(account_id)

    async def change_password(self, visitor: Visitor, old: str, new: str, *, agent: str = "") -> Entry:
        """A new password; every session ends, and this is a new one. Who had no password needs none for `old`.

        Raises InvalidParameter, LogInFailed, TooManyAttempts.
        """
        check_length(old)
        self._passwords.check_new(new, visitor.email)
        person, attempt = await self._proven(visitor.account_id, old)
        hashed = await self._passwords.hash(new)
        return await self._store.write(entering.change_password(person, self._change(person, hashed, agent, attempt)))

    async def set_password(self, account_id: str, new: str) -> None:
        """A new password by the operator's word; every session ends. Raises InvalidParameter."""
        self._passwords.check_new(new, (await self._person(account_id)).email)
        await self._store.write(entering.set_password(account_id, await self._passwords.hash(new)))

    async def ask_confirmation(self, account_id: str) -> None:
        """Send the link that confirms the address once more. Raises InvalidParameter, TooManyAttempts."""
        self._check_mails()
        await self._throttle.count(Attempt(MAIL_TO, account_id))
        await self._store.write(entering.send_link(account_id, *self._with_link("confirm")))

    async def confirm(self, token: str, *, address: str = "") -> str:
        """Use that link; whose account it is. Raises LinkExpired, TooManyAttempts."""
        person, digest = await self._of_link(token, "confirm", address)
        await self._store.write(entering.confirm(person.account_id, digest))
        return person.account_id

    async def confirm_unasked(self, account_id: str) -> None:
        """The operator says that the account's address is right. Raises InvalidParameter."""
        person = await self._person(account_id)
        await self._store.write(entering.confirm_unasked(account_id, person.email))

    async def ask_reset(self, email: str, *, address: str = "") -> None:
        """Send a link for a new password to whoever has this address; the same answer for one that nobody has.

        Raises InvalidParameter (no e-mail is sent by this server), TooManyAttempts.
        """
        self._check_mails()
        tidy = address_meant(email)
        await self._throttle.count(Attempt(MAIL_TO, tidy), Attempt(MAIL_FROM, address))
        self._unwatch(entering.send_reset(tidy, *self._with_link("reset")))

    async def reset_link(self, account_id: str, *, seconds: int = 86_400) -> str:
        """The path of a link with which the account's owner chooses a new password, for the operator to pass on."""
        link = self._links.new("reset", seconds)
        await self._store.write(entering.send_link(account_id, link, None))
        return link.path

    async def is_good(self, token: str, purpose: Purpose) -> bool:
        """Whether this is the token of a link that can be used now. It is not used up by that."""
        digest = self._links.digest(token[:_LONGEST_TOKEN])
        return await self._store.read(entering.find_link(digest, purpose)) is not None

    async def reset(self, token: str, new: str, *, agent: str = "", address: str = "") -> Entry:
        """Use that link: a new password, every session ends. Raises InvalidParameter, LinkExpired, TooManyAttempts."""
        check_length(new)
        person, digest = await self._of_link(token, "reset", address)
        self._passwords.check_new(new, person.email)
        hashed = await self._passwords.hash(new)
        change = self._change(person, hashed, agent, Attempt(LOG_IN_AS, person.email))
        return await self._store.write(entering.reset(person, digest, change))

    async def delete(self, visitor: Visitor, password: str) -> None:
        """End the account for good; who has no password types the e-mail address instead.

        Raises LogInFailed, TooManyAttempts, InvalidParameter, and what a farewell raises: then nothing has happened.
        """
        check_length(password)
        person, _ = await self._proven(visitor.account_id, password)
        if not person.password and address_meant(password) != person.email:
            raise LogInFailed("This is not the e-mail address of your account.")
        await self._delete(person)

    async def delete_unasked(self, account_id: str) -> None:
        """The same by the operator's word. Raises InvalidParameter."""
        await self._delete(await self._person(account_id))

    async def export(self, account_id: str) -> dict[str, Any]:
        """All that is kept about an account, but for the rows of the ledger. Raises InvalidParameter when unknown."""
        return await self._store.survey(farewell.everything(account_id))

    def ledger(self, account_id: str) -> AsyncIterator[LedgerRow]:
        """The account's rows of the ledger, oldest first."""
        return rows_of(self._store, account_id)

    async def tidy(self) -> None:
        """Forget sessions, links and attempts that do not count any more, and what those who left had asked for."""
        await self._store.write(entering.tidy())
        if gone := await self._store.survey(farewell.lately_deleted()):
            await self._records.write(farewell.forget(gone))

    async def _delete(self, person: Person) -> None:
        if person.kind == "user":
            for say in self.farewells:
                await say(person.account_id)
        await self._store.write(farewell.delete(person))
        try:
            await self._records.write(farewell.forget([person.account_id]))
        except Problem as problem:
            log.warning("an account's requests are forgotten later", problem=problem.code, sign=problem.sign)

    def _check_open(self, invite: str) -> None:
        if self.house.sign_up == "closed":
            raise SignUpClosed("This server takes no new accounts.")
        if self.house.sign_up == "invite" and not invite:
            raise SignUpClosed

    def _check_mails(self) -> None:
        if not self.house.mails:
            raise InvalidParameter("This server sends no e-mail; ask its operator for a link.")

    def _with_link(self, purpose: Purpose) -> tuple[entering.Link, Letter]:
        link = self._links.new(purpose)
        return link, (confirmation if purpose == "confirm" else reset)(self.house.site, link.path)

    def _change(self, person: Person, hashed: str, agent: str, attempt: Attempt) -> entering.Change:
        letter = password_changed(self.house.site) if self.house.mails and person.kind == "user" else None
        return entering.Change(hashed, self._sessions.new(agent), letter, (self._throttle.forget(attempt),))

    async def _of_link(self, token: str, purpose: Purpose, address: str) -> tuple[Person, str]:
        await self._throttle.count(Attempt(LINK_FROM, address))
        digest = self._links.digest(token[:_LONGEST_TOKEN])
        person = await self._store.read(entering.find_link(digest, purpose))
        if person is None:
            raise LinkExpired
        return person, digest

    async def _person(self, account_id: str) -> Person:
        person = await self._store.read(entering.find_person(account_id))
        if person is None:
            raise InvalidParameter("There is no such account.")
        return person

    async def _proven(self, account_id: str, password: str) -> tuple[Person, Attempt]:
        """Whose account it is, by their password; and the attempt, to be forgotten."""
        attempt = Attempt(PASSWORD_OF, account_id)
        await self._throttle.count(attempt)
        person = await self._person(account_id)
        if person.password and not await self._passwords.matches(person.password, password):
            raise LogInFailed("This is not your password.")
        return person, attempt

    def _unwatch(self, work: Plan[None]) -> None:
        """Run a plan without waiting for it, since the time would tell whether it found anybody."""

        async def run() -> None:
            try:
                await self._store.write(work)
            except Problem as problem:
                log.warning("a link was not sent", problem=problem.code, sign=problem.sign)

        task = asyncio.create_task(run())
        self._unwatched.add(task)
        task.add_done_callback(self._unwatched.discard)
