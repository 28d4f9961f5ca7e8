"""The path: one paid call from key to receipt. The API, the command line, MCP and batch all take it.

key (401) → parameters (400) → admit (402 403 429) → answer (404 429 502 504) → post or void, exactly once
"""

import uuid
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

import structlog

from clipmeter.billing.keys import Caller, Keys
from clipmeter.billing.ledger import Hold, Ledger, Standing
from clipmeter.endpoints.base import Endpoint, read_query
from clipmeter.errors import InternalError, Problem

log = structlog.get_logger()

Sources = Mapping[tuple[str, str], Callable[[Any], Awaitable[Any]]]
"""(endpoint's name, key's mode) → what answers its queries."""


def new_request_id() -> str:
    """A name for one request, never given twice."""
    return f"req_{uuid.uuid4().hex}"


@dataclass(frozen=True, slots=True)
class Asked:
    """What came in, before anything of it was looked at."""

    key: str | None
    """The API key as presented; None when there was none."""
    query: bytes
    """The query string, not decoded yet."""
    request_id: str


@dataclass(frozen=True, slots=True)
class Done:
    """How a call ended: exactly one of answer and problem; `standing` once the key is known."""

    answer: Any = None
    problem: Problem | None = None
    standing: Standing | None = None


class Call:
    """One paid call. Never raises but for cancellation; then nothing stays held."""

    def __init__(self, keys: Keys, ledger: Ledger, sources: Sources, *, patience: float) -> None:
        """`patience`: seconds to wait for the account's own last free requests to end, before a 429."""
        self._keys, self._ledger, self._sources, self._patience = keys, ledger, sources, patience

    async def __call__(self, endpoint: Endpoint[Any], asked: Asked) -> Done:
        """Take the whole path."""
        caller = None
        try:
            caller = await self._keys.find(asked.key)
            query = endpoint.read(read_query(asked.query))
            hold = await self._ledger.admit(
                caller,
                endpoint.name,
                video_id=query.video_id,
                request_id=asked.request_id,
                within=self._patience,
            )
            return await self._answered(self._sources[endpoint.name, caller.mode], query, hold)
        except Problem as problem:
            return Done(problem=problem, standing=self._standing(caller, endpoint))
        except Exception as error:
            log.exception("call crashed", request_id=asked.request_id)
            crash = InternalError(sign=repr(error))
            return Done(problem=crash, standing=self._standing(caller, endpoint))

    async def _answered(self, source: Callable[[Any], Awaitable[Any]], query: object, hold: Hold) -> Done:
        try:
            answer = await source(query)
        except BaseException as error:  # cancellation too: whatever happens, the hold ends
            await self._ledger.void(hold, error.code if isinstance(error, Problem) else type(error).__name__)
            raise
        standing = await self._ledger.post(hold, video_id=answer.video.video_id)
        return Done(answer=answer, standing=standing)

    def _standing(self, caller: Caller | None, endpoint: Endpoint[Any]) -> Standing | None:
        """What the headers say of the account; None when it is unknown or cannot be read."""
        if caller is None:
            return None
        try:
            return self._ledger.standing(caller, endpoint.name)
        except Problem:
            return None
