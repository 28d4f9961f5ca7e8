"""The keys of an account."""

from datetime import date
from secrets import token_hex

from clipmeter.billing.keys import KEYS_PER_ACCOUNT, NewKey
from clipmeter.billing.limits import KeyCap
from clipmeter.billing.rules import Mode
from clipmeter.billing.usage import this_month
from clipmeter.web.docs.samples import KEY, sample_of
from clipmeter.web.pages.errors import FormUnreadable
from clipmeter.web.pages.fields import limit_of
from clipmeter.web.pages.visit import Answer, Page, Show, Visit


async def show(visit: Visit, made: NewKey | None = None) -> Answer:
    """All keys, each with what can be done with it; `made` is shown this one time."""
    account_id = visit.me.account_id
    keys = await visit.site.keys.list_for(account_id)
    caps = {cap.key_id: cap for cap in await visit.site.limits.of_keys(account_id)}
    month = date.fromisoformat(f"{await this_month(visit.site.store)}-01")
    uses = await visit.site.statistics.by_key(account_id, month)
    rows = [(key, caps.get(key.key_id, KeyCap(key.key_id, None, 0)), uses.get(key.key_id)) for key in keys]
    line = _line(visit, made) if made else ""
    return visit.render("keys.html", rows=rows, made=made, line=line, most=KEYS_PER_ACCOUNT, once=token_hex(16))


def _line(visit: Visit, made: NewKey) -> str:
    """A first request, with the key in it."""
    return sample_of(visit.site.endpoints[0], visit.base_url, "curl").code.replace(f"${KEY}", made.key)


async def create(visit: Visit) -> Answer:
    """Make a key and show it. The same form sent twice makes one key, and both answers show it."""
    mode: Mode = "test" if visit.sent("mode") == "test" else "live"
    once = visit.sent("once")
    if not once:
        raise FormUnreadable
    name = visit.sent("name").strip() or "Unnamed"
    made = await visit.site.keys.create(visit.me.account_id, name, mode, once=f"{visit.token} {once}")
    return await show(visit, made)


def _with_key(what: str) -> Show:
    async def act(visit: Visit) -> Answer:
        keys = visit.site.keys
        change = {"revoke": keys.revoke, "enable": keys.enable, "delete": keys.delete}[what]
        await change(visit.sent("key_id"), account_id=visit.me.account_id)
        return visit.go("/keys", "key-deleted" if what == "delete" else "key-changed")

    return act


async def cap(visit: Visit) -> Answer:
    """Say how much the key may be charged in a month."""
    limit = limit_of(visit.sent("cap"))
    await visit.site.limits.set_for_key(visit.me.account_id, visit.sent("key_id"), limit)
    return visit.go("/keys", "cap")


PAGES = (
    Page(
        "/keys",
        show,
        {
            "create": create,
            "revoke": _with_key("revoke"),
            "enable": _with_key("enable"),
            "delete": _with_key("delete"),
            "cap": cap,
        },
    ),
)
