"""The account itself: who it is, where it is logged in, its end."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from typing import Any

import msgspec
from litestar.response import Stream

from clipmeter.records.requests import Filters, LogRow
from clipmeter.web.envelope import JSON
from clipmeter.web.pages.requestlog import pages_of
from clipmeter.web.pages.visit import Answer, Page, Visit

_encode = msgspec.json.Encoder().encode


async def show(visit: Visit) -> Answer:
    """Who this is, and all sessions."""
    return visit.render("account.html", sessions=await visit.site.people.sessions(visit.me.account_id))


async def end_session(visit: Visit) -> Answer:
    """End one session."""
    await visit.site.people.end_session(visit.me.account_id, visit.sent("session"))
    return visit.go("/account", "bye-session")


async def end_others(visit: Visit) -> Answer:
    """End all sessions but this one."""
    await visit.site.people.log_out_everywhere(visit.me.account_id, but=visit.token)
    return visit.go("/account", "bye-all")


async def ask_confirmation(visit: Visit) -> Answer:
    """Send the link once more."""
    await visit.site.people.ask_confirmation(visit.me.account_id)
    return visit.go("/account", "confirm-asked")


async def export(visit: Visit) -> Answer:
    """Everything that is kept about the account, as a file: written row by row, however long its ledger and log are."""
    account_id = visit.me.account_id
    kept = await visit.site.people.export(account_id)
    pieces = _whole(kept, visit.site.people.ledger(account_id), _logged(visit))
    headers = {**visit.headers, "Content-Disposition": 'attachment; filename="clipmeter-account.json"'}
    return Stream(pieces, media_type=JSON, headers=headers)


async def _whole(kept: Mapping[str, Any], *lists: AsyncIterator[Any]) -> AsyncIterator[bytes]:
    yield _encode(kept)[:-1]
    for name, rows in zip(("ledger", "requests"), lists, strict=True):
        yield f',"{name}":['.encode()
        comma = b""
        async for row in rows:
            yield comma + _encode(row)
            comma = b","
        yield b"]"
    yield b"}"


async def _logged(visit: Visit) -> AsyncIterator[LogRow]:
    """The request log, newest first; what exactly was seen of a source is for the operator."""
    async for rows in pages_of(visit, Filters()):
        for row in rows:
            tried = tuple(msgspec.structs.replace(one, sign="") for one in row.attempts)
            yield row if visit.me.kind == "operator" else replace(row, attempts=tried, sign="")


async def show_delete(visit: Visit) -> Answer:
    """What it means, and a form that asks for the password."""
    return visit.render("delete.html")


async def delete(visit: Visit) -> Answer:
    """The end."""
    await visit.site.people.delete(visit.me, visit.sent("password"))
    return visit.leave(visit.go("/login", "deleted"))


PAGES = (
    Page("/account", show, {"end": end_session, "end-others": end_others, "confirm": ask_confirmation}),
    Page("/account/export", export),
    Page("/account/delete", show_delete, {"delete": delete}),
)
