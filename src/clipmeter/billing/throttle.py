"""How often something may be tried, counted in the database so that all nodes count together.

An attempt is counted before it is looked at, so that a thousand at once are a thousand; one that was right is taken
back. The database learns no address and no e-mail, only their HMAC.
"""

from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address

from clipmeter.billing.refusals import TooManyAttempts
from clipmeter.mac import Mac
from clipmeter.store.base import Query, Steps, Store, plan


@dataclass(frozen=True, slots=True)
class Rule:
    """So many attempts in so many seconds, from the first of them on."""

    name: str
    most: int
    seconds: int


@dataclass(frozen=True, slots=True)
class Attempt:
    """What is tried, by what it is counted: an address, an e-mail, an account. "" is not counted."""

    rule: Rule
    by: str


LOG_IN_AS = Rule("log in as", 10, 900)
LOG_IN_FROM = Rule("log in from", 100, 900)
SIGN_UP_FROM = Rule("sign up from", 20, 3_600)
MAIL_TO = Rule("mail to", 3, 3_600)
MAIL_FROM = Rule("mail from", 30, 3_600)
LINK_FROM = Rule("link from", 30, 3_600)
PASSWORD_OF = Rule("password of", 10, 900)


class Throttle:
    """Counts attempts."""

    def __init__(self, store: Store, key: bytes) -> None:
        """`key`: signs what is counted by."""
        self._store = store
        self._mac = Mac(key)

    async def count(self, *attempts: Attempt) -> None:
        """One more of each. Raises TooManyAttempts when one of them was tried too often."""
        seconds = await self._store.write(_count([self._values(attempt) for attempt in attempts if attempt.by]))
        if seconds:
            raise TooManyAttempts(seconds)

    def forget(self, attempt: Attempt) -> Query:
        """The query after which this was never tried."""
        return Query("attempts_forget", {"scope": self._scope(attempt)})

    def take_back(self, attempt: Attempt) -> Query:
        """The query after which it was tried once less."""
        return Query("attempt_take_back", {"scope": self._scope(attempt)})

    def _values(self, attempt: Attempt) -> dict[str, str | int]:
        rule = attempt.rule
        return {"scope": self._scope(attempt), "most": rule.most, "window_micros": rule.seconds * 1_000_000}

    def _scope(self, attempt: Attempt) -> str:
        what = f"{attempt.rule.name} {network(attempt.by)}"
        return f"{attempt.rule.name} {self._mac.digest(what.encode()).hex()[:32]}"


def network(address: str) -> str:
    """What one household has: an IPv4 address, or the first half of an IPv6 address. Other text as it is."""
    try:
        known = ip_address(address)
    except ValueError:
        return address
    if isinstance(known, IPv6Address):
        return str(known.ipv4_mapped or IPv6Address(int(known) >> 64 << 64))
    return str(known)


@plan
def _count(attempts: list[dict[str, str | int]]) -> Steps[int]:
    """Seconds to wait; 0: none. Nothing is raised, since that would undo the count."""
    seconds = 0
    for values in attempts:
        its = {name: values[name] for name in ("scope", "window_micros")}
        ((failures, left),) = yield Query("attempt_count", its)
        if failures > values["most"]:
            seconds = max(seconds, left // 1_000_000 + 1)
    return seconds
