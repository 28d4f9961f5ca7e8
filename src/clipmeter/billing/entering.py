"""The plans by which people come in: sign-up, log-in, a new password, a link from an e-mail, another provider."""

import secrets
from dataclasses import dataclass
from typing import Literal, TypeAlias
from uuid import uuid4

from clipmeter.billing.letters import Letter
from clipmeter.billing.messages import email as email_message
from clipmeter.billing.refusals import LinkExpired, LogInFailed, SignUpClosed
from clipmeter.billing.sessions import IDLE_MICROS, Entry, NewSession, begin, end_all
from clipmeter.errors import InvalidParameter
from clipmeter.mac import Mac
from clipmeter.store.base import Lock, Query, Steps, plan

Purpose: TypeAlias = Literal["confirm", "reset"]
_SECONDS: dict[Purpose, int] = {"confirm": 86_400, "reset": 3_600}
TAKEN = "There is an account with this e-mail address already."


@dataclass(frozen=True, slots=True)
class Person:
    """Who logs in. `password`: the hash, "" for none; `confirmed_at`: micro-seconds since 1970, UTC, or None."""

    account_id: str
    email: str
    kind: Literal["user", "operator"]
    password: str
    confirmed_at: int | None


@dataclass(frozen=True, slots=True)
class NewPerson:
    """An account that is not in the database yet. `password`: a hash or ""; `invite`: a digest or ""."""

    account_id: str
    email: str
    password: str
    invite: str
    confirmed: bool


@dataclass(frozen=True, slots=True)
class Link:
    """A link that is not in the database yet: good once. `path`: of its page, with the token."""

    token: str
    digest: str
    purpose: Purpose
    path: str
    seconds: int


@dataclass(frozen=True, slots=True)
class Identity:
    """Somebody as another provider knows them. `email_verified`: the provider says that the address is theirs."""

    issuer: str
    subject: str
    email: str
    email_verified: bool


@dataclass(frozen=True, slots=True)
class Change:
    """A new password. `password`: its hash; `letter`: that tells of it; `forgotten`: attempts that do not count."""

    password: str
    session: NewSession
    letter: Letter | None
    forgotten: tuple[Query, ...]


class Links:
    """Makes links, and knows them again."""

    def __init__(self, key: bytes) -> None:
        self._mac = Mac(key)

    def new(self, purpose: Purpose, seconds: int = 0) -> Link:
        """`seconds`: for which it is good; 0: a day to confirm an address, an hour to choose a password."""
        token = secrets.token_urlsafe(32)
        path = f"/{purpose}?token={token}"
        return Link(token, self.digest(token), purpose, path, seconds or _SECONDS[purpose])

    def digest(self, token: str) -> str:
        """What the database knows it by."""
        return self._mac.digest(token.encode("utf8", "replace")).hex()


def new_person(email: str, password: str, *, invite: str = "", confirmed: bool = False) -> NewPerson:
    """With an id of its own."""
    return NewPerson(f"acct_{uuid4().hex}", email, password, invite, confirmed)


@plan
def tidy() -> Steps[None]:
    """Forget what does not count any more."""
    yield Query("sessions_prune", {"idle_micros": IDLE_MICROS})
    yield Query("tokens_prune")
    yield Query("attempts_prune")


@plan
def sign_up(new: NewPerson, session: NewSession, sent: tuple[Link, Letter] | None) -> Steps[Entry]:
    """A new account, logged in. Raises SignUpClosed, InvalidParameter."""
    yield from _add(new)
    if sent:
        link, letter = sent
        yield from _send(Person(new.account_id, new.email, "user", new.password, None), link, letter)
    return (yield from begin(new.account_id, session))


@plan
def _add(new: NewPerson) -> Steps[None]:
    if new.invite and not (yield Query("invite_find", {"digest": new.invite})):
        raise SignUpClosed("This invitation is not good any more; ask for another one.")
    values = {"account_id": new.account_id, "email": new.email, "password": new.password}
    if not (yield Query("person_add", {**values, "confirmed": int(new.confirmed)})):
        raise InvalidParameter(TAKEN)
    if new.invite and not (yield Query("invite_use", {"account_id": new.account_id, "digest": new.invite})):
        raise SignUpClosed("This invitation was used by somebody else at this moment.")


@plan
def find_by_email(email: str) -> Steps[Person | None]:
    """Who has this address, written as `tidy_email` does; None: nobody."""
    rows = yield Query("person_by_email", {"email": email})
    return Person(*rows[0]) if rows else None


@plan
def find_person(account_id: str) -> Steps[Person | None]:
    """Who has this account; None: nobody, or nobody any more."""
    rows = yield Query("person", {"account_id": account_id})
    return Person(*rows[0]) if rows else None


@plan
def let_in(person: Person, session: NewSession, password: str, forgotten: tuple[Query, ...]) -> Steps[Entry]:
    """A session for somebody whose password was right and still is. `password`: another hash of it, or ""."""
    yield Lock(person.account_id)
    yield from _still(person)
    if password:
        yield Query("person_set_password", {"account_id": person.account_id, "password": password})
    yield from _all(forgotten)
    return (yield from begin(person.account_id, session))


@plan
def _all(queries: tuple[Query, ...]) -> Steps[None]:
    for query in queries:
        _ = yield query


@plan
def _still(person: Person) -> Steps[None]:
    now = yield from find_person(person.account_id)
    if now is None or now.password != person.password:
        raise LogInFailed


@plan
def change_password(person: Person, change: Change) -> Steps[Entry]:
    """A new password, and a new session in place of all others."""
    yield Lock(person.account_id)
    yield from _still(person)
    return (yield from _change(person, change))


@plan
def _change(person: Person, change: Change) -> Steps[Entry]:
    yield Query("person_set_password", {"account_id": person.account_id, "password": change.password})
    yield Query("tokens_drop", {"account_id": person.account_id, "purpose": "reset"})
    yield from end_all(person.account_id)
    yield from _all(change.forgotten)
    if change.letter:
        yield email_message(person.account_id, person.email, change.letter.subject, change.letter.body)
    return (yield from begin(person.account_id, change.session))


@plan
def set_password(account_id: str, password: str) -> Steps[None]:
    """A new password, by the operator: all sessions and links end. Raises InvalidParameter when unknown."""
    yield Lock(account_id)
    if (yield from find_person(account_id)) is None:
        raise InvalidParameter("There is no such account.")
    yield Query("person_set_password", {"account_id": account_id, "password": password})
    yield Query("tokens_drop", {"account_id": account_id, "purpose": "reset"})
    yield from end_all(account_id)


@plan
def send_link(account_id: str, link: Link, letter: Letter | None) -> Steps[None]:
    """Make a link; an earlier one for the same is not good any more. Raises InvalidParameter when unknown."""
    yield Lock(account_id)
    person = yield from find_person(account_id)
    if person is None:
        raise InvalidParameter("There is no such account.")
    yield from _send(person, link, letter)


@plan
def send_reset(email: str, link: Link, letter: Letter) -> Steps[None]:
    """Send a link to whoever has this address; nothing happens when nobody has."""
    person = yield from find_by_email(email)
    if person and person.kind == "user":
        yield from _send(person, link, letter)


@plan
def _send(person: Person, link: Link, letter: Letter | None) -> Steps[None]:
    yield Query("tokens_drop", {"account_id": person.account_id, "purpose": link.purpose})
    values = {"account_id": person.account_id, "digest": link.digest, "purpose": link.purpose, "email": person.email}
    yield Query("token_add", {**values, "life_micros": link.seconds * 1_000_000})
    if letter:
        yield email_message(person.account_id, person.email, letter.subject, letter.body)


@plan
def find_link(digest: str, purpose: Purpose) -> Steps[Person | None]:
    """Who was sent this link; None: it is not good any more."""
    rows = yield Query("token_find", {"digest": digest, "purpose": purpose})
    return (yield from find_person(rows[0][0])) if rows else None


@plan
def confirm(account_id: str, digest: str) -> Steps[None]:
    """Use a link that confirms the address it was sent to. Raises LinkExpired."""
    yield Lock(account_id)
    rows = yield Query("token_take", {"account_id": account_id, "digest": digest})
    if not rows:
        raise LinkExpired
    yield Query("person_confirm", {"account_id": account_id, "email": rows[0][0]})


@plan
def confirm_unasked(account_id: str, email: str) -> Steps[None]:
    """The operator says that the address is right. Raises InvalidParameter when the account is unknown."""
    yield Lock(account_id)
    if not (yield Query("person_confirm", {"account_id": account_id, "email": email})):
        raise InvalidParameter("There is no such account.")


@plan
def reset(person: Person, digest: str, change: Change) -> Steps[Entry]:
    """Use a link that lets its owner choose a password, and confirms the address. Raises LinkExpired."""
    yield Lock(person.account_id)
    rows = yield Query("token_take", {"account_id": person.account_id, "digest": digest})
    if not rows:
        raise LinkExpired
    if person.confirmed_at is None and person.password:
        # Somebody chose a password, but never showed that the address is theirs. Its true owner comes now: what the
        # other one made there must not work on, at their cost. Keys can be enabled again.
        yield Query("person_revoke_keys", {"account_id": person.account_id})
        yield Query("gone_identities", {"account_id": person.account_id})
    yield Query("person_confirm", {"account_id": person.account_id, "email": rows[0][0]})
    return (yield from _change(person, change))


@plan
def find_identity(identity: Identity) -> Steps[Person | None]:
    """Whose log-in at another provider this is; None: nobody's yet."""
    rows = yield Query("identity_find", {"issuer": identity.issuer, "subject": identity.subject})
    return (yield from find_person(rows[0][0])) if rows else None


@plan
def come_by_identity(identity: Identity, new: NewPerson, session: NewSession, *, may_sign_up: bool) -> Steps[Entry]:
    """Log in by another provider: as who came so before, as who has the same confirmed address, or as a new account.

    Raises InvalidParameter, SignUpClosed.
    """
    person = yield from find_identity(identity)
    if person:
        return (yield from begin(person.account_id, session))
    if not identity.email_verified:
        raise InvalidParameter(
            "The provider does not say that your e-mail address is yours, so it cannot be used here."
        )
    person = yield from find_by_email(new.email)
    if person and person.confirmed_at is None:
        raise InvalidParameter(
            "There is an account with your e-mail address that has never confirmed it. Log in with its password and "
            "confirm the address first, or choose a new password by e-mail, which confirms it too."
        )
    if not person and not may_sign_up:
        raise SignUpClosed
    account_id = person.account_id if person else new.account_id
    if not person:
        yield from _add(new)
    values = {"account_id": account_id, "issuer": identity.issuer, "subject": identity.subject}
    if not (yield Query("identity_add", values)):
        raise InvalidParameter("Your account is joined to another log-in at this provider.")
    return (yield from begin(account_id, session))
