"""The account itself: who it is, where it is logged in, its end."""

from collections.abc import AsyncIterator, Mapping
from typing import Any

import msgspec
from litestar.response import Stream

from clipmeter.billing.history import LedgerRow
from clipmeter.web.envelope import JSON
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
    """Everything that is kept about the account, as a file: written row by row, however long its ledger is."""
    account_id = visit.me.account_id
    kept = await visit.site.people.export(account_id)
    pieces = _whole(kept, visit.site.people.ledger(account_id))
    headers = {**visit.headers, "Content-Disposition": 'attachment; filename="clipmeter-account.json"'}
    return Stream(pieces, media_type=JSON, headers=headers)


async def _whole(kept: Mapping[str, Any], ledger: AsyncIterator[LedgerRow]) -> AsyncIterator[bytes]:
    yield _encode(kept)[:-1] + b',"ledger":['
    comma = b""
    async for row in ledger:
        yield comma + _encode(row)
        comma = b","
    yield b"]}"


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
