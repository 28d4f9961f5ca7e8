"""One page per error code, made of the error tree and of `errors.toml`."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from http import HTTPStatus
from importlib.resources import files
from typing import Literal

import msgspec

from clipmeter.errors import (
    ConcurrencyLimitExceeded,
    HeadersTooLarge,
    MethodNotAllowed,
    PayloadTooLarge,
    Problem,
    ServiceUnavailable,
    Unauthorized,
)
from clipmeter.web.docs.facts import Facts
from clipmeter.web.envelope import ERRORS, help_link
from clipmeter.web.openapi import problems

Again = Literal["no", "yes", "later"]
_BEFORE_THE_KEY = (Unauthorized, MethodNotAllowed, PayloadTooLarge, HeadersTooLarge, ServiceUnavailable)
"""Said before the account is known, so that nothing can be said of its balance."""
_REPEAT = {
    "no": "No. The same request gets the same answer.",
    "later": "Not for now. What stands in the way goes away by itself, or when you change it.",
}


class About(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is written of a code by hand; see the head of `errors.toml`."""

    means: str
    causes: tuple[str, ...]
    fix: str
    again: Again
    attempt: str = ""


@dataclass(frozen=True, slots=True)
class ErrorCode:
    """One code that a caller can be told."""

    code: str
    status: int
    about: About
    body: str
    """An example, as JSON."""
    headers: tuple[tuple[str, str], ...]
    """Those of the example that matter."""
    retry_after: bool
    """Whether the header of that name comes with it."""

    @property
    def path(self) -> str:
        """Its page."""
        return f"{ERRORS}/{self.code}"

    @property
    def phrase(self) -> str:
        """How HTTP calls its status: 404 Not Found."""
        return f"{self.status} {HTTPStatus(self.status).phrase}"

    @property
    def repeat(self) -> str:
        """Whether a repeat makes sense, in a sentence."""
        if self.about.again != "yes":
            return _REPEAT[self.about.again]
        wait = "the seconds that `Retry-After` says" if self.retry_after else "a second, then two, then four"
        return f"Yes, after {wait}. Give up after a few tries."

    @property
    def short_repeat(self) -> str:
        """The same for a table."""
        if self.about.again == "yes":
            return "after `Retry-After`" if self.retry_after else "after a second"
        return self.about.again

    def text(self, facts: Facts) -> str:
        """The page in Markdown, with the placeholders of a guide."""
        causes = "\n".join(f"- {cause}" for cause in self.about.causes)
        headers = "\n".join(f"{name}: {value}" for name, value in self.headers)
        return TEXT.format(
            means=self.about.means,
            causes=causes,
            fix=self.about.fix.strip(),
            repeat=self.repeat,
            example=f"HTTP/1.1 {self.phrase}\n{headers}\n\n{self.body}",
            attempt=self._attempt(facts),
        )

    def _attempt(self, facts: Facts) -> str:
        """How to see it, with a test key."""
        ids = [one for one in facts.test_ids if one.code == self.code]
        line = self.about.attempt or (ID_LINE.format(video_id=ids[0].video_id) if ids else "")
        if not line:
            return ""
        others = ", ".join(f"`{one.video_id}`" for one in ids if one.video_id not in line)
        more = f"\nThese ids of [test mode](/docs/test-mode) give it too: {others}.\n" if others else ""
        return ATTEMPT.format(line=line) + more


TEXT = """\
{means} It is not charged.

## Likely causes

{causes}

## What to do

{fix}

## Repeat it?

{repeat}

## What comes back

```http
{example}
```
{attempt}"""
ATTEMPT = """
## See it happen

With a test key:

```bash sample=curl
{line}
```
"""
ID_LINE = 'curl -i "{{{{ base_url }}}}/v1/tiktok/video?video_id={video_id}" \\\n  -H "X-API-Key: $CLIPMETER_KEY"'


@cache
def error_codes() -> tuple[ErrorCode, ...]:
    """All codes by status, in the order of the tree. Raises KeyError for a code that nobody wrote of."""
    written = abouts()
    kinds = {kind.code: kind for kind in reversed(list(problems()))}  # of several kinds with one code the first counts
    found = [_error(kinds[code], written[code]) for code in dict.fromkeys(kind.code for kind in problems())]
    return tuple(sorted(found, key=lambda error: error.status))


@cache
def abouts() -> Mapping[str, About]:
    """What is written by hand, by code."""
    raw = tomllib.loads((files("clipmeter.web.docs") / "errors.toml").read_text(encoding="utf8"))
    return msgspec.convert(raw, dict[str, About])


def error_of(code: str) -> ErrorCode | None:
    """The page of that code; None: there is no such code."""
    return next((error for error in error_codes() if error.code == code), None)


def _error(kind: type[Problem], about: About) -> ErrorCode:
    problem = ConcurrencyLimitExceeded(3, 3) if kind is ConcurrencyLimitExceeded else kind()
    body = msgspec.json.format(msgspec.json.encode(problem.body()), indent=2).decode()
    return ErrorCode(kind.code, kind.status, about, body, tuple(_headers(problem)), problem.retry_after is not None)


def _headers(problem: Problem) -> list[tuple[str, str]]:
    known = not isinstance(problem, _BEFORE_THE_KEY)
    headers = {
        "Content-Type": "application/json",
        "X-Request-Id": "req_0123456789abcdef0123456789abcdef",
        **({"X-Charge": "0"} if known else {}),
        **({"Retry-After": str(problem.retry_after)} if problem.retry_after is not None else {}),
        "Link": help_link(problem.code),
    }
    return list(headers.items())
