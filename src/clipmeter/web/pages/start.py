"""The first call: a key, a line that runs as it stands, and a sign that turns green when the request has arrived.

The key's form is answered with another address, under which it is shown again for ten minutes, to this session only:
the key is an HMAC of the session and of the random wish in that address, so that nothing of it is kept anywhere.
"""

import time
from dataclasses import dataclass
from datetime import date
from secrets import token_hex
from typing import Any, Literal
from urllib.parse import urlencode

from clipmeter.billing.keys import KEYS_PER_ACCOUNT, NewKey
from clipmeter.billing.rules import Mode
from clipmeter.endpoints.base import Endpoint
from clipmeter.records.requests import Filters, LogRow
from clipmeter.records.statistics import EVERYTHING, Only
from clipmeter.web.docs.samples import KEY
from clipmeter.web.pages.errors import FormUnreadable
from clipmeter.web.pages.visit import Answer, Page, Visit

NAME = "First key"
WATCHED = 3_600
"""Seconds for which an open page looks again by itself."""
_ROWS = 20


@dataclass(frozen=True, slots=True)
class First:
    """What has arrived: nothing (waiting), only requests that failed, or one that succeeded (done)."""

    state: Literal["waiting", "failed", "done"]
    row: LogRow | None = None
    """The request it is about; None where no log is kept."""

    @property
    def mark(self) -> str:
        """Stands for it in an address."""
        return f"{self.state}-{self.row.request_id if self.row else ''}"


async def show(visit: Visit) -> Answer:
    """The three steps; for a script that knows all of it already, only that nothing is new."""
    made = await _made(visit)
    first = await _first(visit, made.key_id if made else "")
    if visit.query.get("seen") == first.mark:
        return visit.unchanged()
    endpoint = visit.site.endpoints[0]
    return visit.render(
        "start.html",
        made=made,
        keys=await visit.site.keys.list_for(visit.me.account_id),
        most=KEYS_PER_ACCOUNT,
        endpoint=endpoint,
        line=_line(endpoint, visit.base_url, made.key if made else f"${KEY}"),
        terms=(await visit.site.terms.of(visit.me.account_id))[endpoint.name],
        first=first,
        watch=_watch(visit, first),
        again=_address(visit),
        variable=KEY,
        once=token_hex(16),
    )


async def create(visit: Visit) -> Answer:
    """Make a key, and go where it is shown. The same form sent twice makes one."""
    once = visit.sent("once")
    if not once:
        raise FormUnreadable
    mode: Mode = "test" if visit.sent("mode") == "test" else "live"
    await visit.site.keys.create(visit.me.account_id, NAME, mode, once=f"{visit.token} {once}")
    return visit.go("/start", query={"wish": once, "mode": mode})


async def _made(visit: Visit) -> NewKey | None:
    """The key that was made here, while it is young."""
    wish = visit.query.get("wish", "")
    mode: Mode = "test" if visit.query.get("mode") == "test" else "live"
    return await visit.site.keys.again(visit.me.account_id, mode, f"{visit.token} {wish}") if wish else None


async def _first(visit: Visit, key_id: str) -> First:
    """What has arrived with this key, or with any where it is ""."""
    site, account_id = visit.site, visit.me.account_id
    if not site.setup.log_days:
        return await _from_sums(visit, key_id)
    rows = await site.log.page(account_id, "", _ROWS, Filters(key_id=key_id))
    success = next((row for row in rows if not row.code), None)
    if success or not rows:
        return First("done" if success else "waiting", success)
    return First("failed", rows[0])


async def _from_sums(visit: Visit, key_id: str) -> First:
    """The same where no log is kept."""
    statistics, account_id = visit.site.statistics, visit.me.account_id
    begin = await statistics.first_day(account_id)
    if begin is None:
        return First("waiting")
    only = Only(key_id=key_id) if key_id else EVERYTHING
    days = await statistics.daily(account_id, begin, date.max, only=only)
    if any(day.answered for day in days):
        return First("done")
    return First("failed" if days else "waiting")


def _watch(visit: Visit, first: First) -> str:
    """The address at which a script looks again; "" when it need not, or has for long enough."""
    since = visit.query.get("since", "")
    began = int(since) if since.isascii() and since.isdigit() and len(since) <= 12 else int(time.time())
    if first.state == "done" or not 0 <= time.time() - began < WATCHED:
        return ""
    return _address(visit, seen=first.mark, since=str(began))


def _address(visit: Visit, **more: str) -> str:
    """This page with its key."""
    own = {name: visit.query[name] for name in ("wish", "mode") if visit.query.get(name)}
    asked = urlencode({**own, **more})
    return f"/start?{asked}" if asked else "/start"


def _line(endpoint: Endpoint[Any], base_url: str, key: str) -> str:
    """The example request on one line, in quotes that sh, PowerShell and cmd all read alike."""
    given = " ".join(f'--data-urlencode "{name}={value}"' for name, value in endpoint.example_query)
    return f'curl -G "{base_url}{endpoint.path}" -H "X-API-Key: {key}" {given}'


PAGES = (Page("/start", show, {"create": create}),)
