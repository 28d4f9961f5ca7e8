"""The control endpoints: POST /_/NAME with a JSON object. Not Stripe's; for tests."""

from typing import Any

from fauxstripe import checkout, invoicing, people
from fauxstripe.cardbook import BY_NUMBER
from fauxstripe.world import Thing


def answer(site: Any, name: str, asked: Thing) -> Any:
    """One of those below."""
    return _CONTROLS[name](site, **asked)


def _fault(site: Any, **values: Any) -> Thing:
    """kind, times, path, method, after, seconds: see faults.py."""
    site.faults.add(**values)
    return {}


def _clear(site: Any) -> Thing:
    """No more faults."""
    site.faults.clear()
    return {}


def _down(site: Any, down: bool) -> Thing:
    """Cut every connection, or no longer."""
    site.faults.down = down
    return {}


def _clock(site: Any, advance: float) -> Thing:
    """Seconds to move on."""
    site.world.shift += advance
    return {"now": site.world.now()}


def _tax(site: Any, percent: int) -> Thing:
    """What automatic tax adds."""
    site.world.tax_percent = percent
    return {}


def _charging(site: Any, at_once: bool) -> Thing:
    """Whether Stripe charges an invoice by itself once it is final."""
    site.world.charges_at_once = at_once
    return {}


def _try_again(site: Any) -> Thing:
    """Stripe charges by itself the invoices that were not paid."""
    with site.world.lock:
        invoicing.try_again(site.world)
    return {}


def _webhooks(site: Any, **values: Any) -> Thing:
    """url, secret, hold."""
    for name, value in values.items():
        if not hasattr(site.hooks, name):
            raise ValueError(name)
        setattr(site.hooks, name, value)
    return {}


def _deliver(  # noqa: PLR0917 - named one by one
    site: Any,
    shuffle: bool = False,
    seed: int = 1,
    copies: int = 1,
    forged: int = 0,
    callers: int = 8,
    everything: bool = False,
) -> Thing:
    """Send what was held back; or `everything` that ever happened, anew."""
    if everything:
        with site.world.lock:
            site.hooks.pending = [*site.world.events]
    return site.hooks.deliver(shuffle=shuffle, seed=seed, copies=copies, forged=forged, callers=callers)


def _send(
    site: Any, event: Thing, secret: str | None = None, at: float | None = None, header: str | None = None
) -> Thing:
    """Send one event as it is given, signed with `secret` at the time `at`, or with this header."""
    from fauxstripe.hooks import signature  # noqa: PLC0415 - only here

    body, own = site.hooks.signed(event, at)
    if secret is not None:
        own = signature(secret, body, at)
    return {"status": site.hooks.post(event.get("id", ""), body, own if header is None else header)}


def _idle(site: Any) -> Thing:
    """Whether every event was sent."""
    return {"idle": site.hooks.idle(), "log": site.hooks.log[-1000:]}


def _events(site: Any) -> Any:
    """All events, oldest first."""
    return site.world.events


def _things(site: Any, kind: str = "") -> Any:
    """All objects, or those of a kind."""
    with site.world.lock:
        return [thing for thing in site.world.things.values() if kind in {"", thing["object"]}]


def _requests(site: Any) -> Any:
    """All calls of the API."""
    return site.requests


def _card(site: Any, customer: str, number: str) -> Thing:
    """Save a card as if its owner had filled in Checkout."""
    world = site.world
    with world.lock:
        intent = people.new_intent(world, customer, {})
        session = world.new("cs_test", "checkout.session", customer=customer, setup_intent=intent["id"], status="open")
        return checkout.complete(world, session, BY_NUMBER[number])


def _detach(site: Any, method: str) -> Thing:
    """Take a card away behind everybody's back, as Stripe's dashboard does."""
    with site.world.lock:
        return people.detach_method(site.world, {}, method)


_CONTROLS = {
    "fault": _fault,
    "clear": _clear,
    "down": _down,
    "clock": _clock,
    "tax": _tax,
    "charging": _charging,
    "try_again": _try_again,
    "webhooks": _webhooks,
    "deliver": _deliver,
    "send": _send,
    "idle": _idle,
    "events": _events,
    "things": _things,
    "requests": _requests,
    "card": _card,
    "detach": _detach,
}
