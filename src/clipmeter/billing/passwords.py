"""Passwords: what one may be, and argon2id (RFC 9106) in threads, a few at a time.

A hash takes 64 MB and a good part of a tenth of a second, on purpose. So no more than `AT_ONCE` run, few wait, and
what is too long is refused before anything is done with it.
"""

import asyncio
import unicodedata
from collections.abc import Callable
from typing import TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError
from argon2.profiles import RFC_9106_LOW_MEMORY

from clipmeter.errors import InvalidParameter, ServiceUnavailable

T = TypeVar("T")
SHORTEST, LONGEST = 8, 1_024
AT_ONCE = 2
WAITING = 64
"""Who come when so many wait already are told to come back."""
_COMMON_WORDS = """
    password password1 password12 password123 passw0rd p@ssw0rd p@ssword 12345678 123456789 1234567890 11111111 00000000
    87654321 123123123 12341234 11223344 88888888 99999999 qwertyui qwertyuiop qwerty123 qwerty12 1q2w3e4r 1qaz2wsx
    q1w2e3r4 1q2w3e4r5t zaq12wsx asdfghjk asdfghjkl asdfasdf abcd1234 abcdefgh abc12345 a1b2c3d4 iloveyou sunshine
    princess football baseball superman starwars whatever trustno1 letmein1 welcome1 welcome123 changeme computer
    internet michelle jennifer michael1 dragon123 monkey123 master123 shadow123 admin123 admin1234 administrator
    adminadmin testtest test1234 secret123 mypassword passwort kennwort hallo123 motdepasse contraseña
    12345678910 qazwsxedc
"""

_COMMON = frozenset(_COMMON_WORDS.split())


class Passwords:
    """Hashes passwords and compares them."""

    def __init__(self, hasher: PasswordHasher | None = None) -> None:
        """`hasher`: how; for tests, which have no time for the real parameters."""
        self._hasher = hasher or PasswordHasher.from_parameters(RFC_9106_LOW_MEMORY)
        self._places = asyncio.Semaphore(AT_ONCE)
        self._waiting = 0
        self._nobodys = ""

    def check_new(self, password: str, email: str = "") -> None:
        """Raises InvalidParameter with a sentence when this cannot be a new password."""
        check_length(password)
        if len(password) < SHORTEST:
            raise InvalidParameter(f"A password has at least {SHORTEST} characters.")
        plain = password.casefold()
        if plain in _COMMON or len(set(plain)) < 3 or plain in {email, email.partition("@")[0]}:
            raise InvalidParameter("This password is among the first that anybody would try; take another.")
        _bytes(password)

    async def hash(self, password: str) -> str:
        """The hash, with its parameters. Raises ServiceUnavailable when too many wait."""
        return await self._run(self._hasher.hash, _bytes(password))

    async def matches(self, known: str, password: str) -> bool:
        """Whether this is the password with that hash; "" matches nothing, and takes as long. Raises as `hash`."""
        self._nobodys = self._nobodys or await self._run(self._hasher.hash, b"nobody's")
        return await self._run(self._compare, known or self._nobodys, _bytes(password)) and bool(known)

    def is_stale(self, known: str) -> bool:
        """Whether a hash was made with other parameters than a new one would be."""
        return self._hasher.check_needs_rehash(known)

    def _compare(self, known: str, password: bytes) -> bool:
        try:
            return self._hasher.verify(known, password)
        except (Argon2Error, InvalidHashError):
            return False

    async def _run(self, work: Callable[..., T], *values: str | bytes) -> T:
        if self._waiting >= WAITING:
            raise ServiceUnavailable("Too many people are logging in at this moment; try again in a few seconds.")
        self._waiting += 1
        try:
            async with self._places:
                return await asyncio.to_thread(work, *values)
        finally:
            self._waiting -= 1


def check_length(password: str) -> None:
    """Raises InvalidParameter when it is too long to be looked at."""
    if len(password) > LONGEST:
        raise InvalidParameter(f"A password has at most {LONGEST} characters.")


def _bytes(password: str) -> bytes:
    """The same bytes on every keyboard: accents may come as one character or as two."""
    try:
        return unicodedata.normalize("NFKC", password).encode("utf8")
    except UnicodeEncodeError as error:
        raise InvalidParameter("A password is text.") from error
