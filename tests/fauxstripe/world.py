"""All that this Stripe knows, in memory: its objects, its clock, its events."""

import copy
import secrets
import threading
import time
from collections.abc import Callable
from typing import Any

Thing = dict[str, Any]


class Refused(Exception):
    """An error as Stripe answers it."""

    def __init__(self, message: str, *, status: int = 400, kind: str = "invalid_request_error", **more: Any) -> None:
        """`more`: code, param, decline_code, payment_intent."""
        super().__init__(message)
        self.status = status
        self.body = {"error": {"type": kind, "message": message, **more}}


class World:
    """Everything. Whoever changes it holds `lock`."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.things: dict[str, Thing] = {}
        self.events: list[Thing] = []
        self.shift = 0.0
        self.tax_percent = 0
        self.charges_at_once = False
        """Stripe charges an invoice by itself once it is final, rather than an hour later."""
        self.on_event: Callable[[Thing], None] = lambda _event: None

    def now(self) -> int:
        """Unix seconds."""
        return int(time.time() + self.shift)

    def new(self, prefix: str, kind: str, **fields: Any) -> Thing:
        """A new object."""
        made = {"id": f"{prefix}_{secrets.token_hex(12)}", "object": kind, "created": self.now(), "livemode": False}
        self.things[made["id"]] = thing = {**made, "metadata": {}, **fields}
        return thing

    def find(self, kind: str, id_: Any) -> Thing:
        """An object, or the error that Stripe gives."""
        thing = self.things.get(str(id_))
        if thing is None or thing["object"] != kind:
            name = {"payment_method": "PaymentMethod", "checkout.session": "checkout.session"}.get(kind, kind)
            raise Refused(f"No such {name}: '{id_}'", status=404, code="resource_missing", param="id")
        return thing

    def customer(self, id_: Any) -> Thing:
        """A customer that was not deleted."""
        thing = self.find("customer", id_)
        if thing.get("deleted"):
            raise Refused(f"No such customer: '{id_}'", code="resource_missing", param="customer")
        return thing

    def of_kind(self, kind: str, **wanted: Any) -> list[Thing]:
        """The objects with these fields, newest first."""
        found = [thing for thing in self.things.values() if thing["object"] == kind]
        return [t for t in reversed(found) if all(t.get(k) == v for k, v in wanted.items() if v is not None)]

    def tell(self, kind: str, thing: Thing, **previous: Any) -> None:
        """Something happened: an event with the object as it is now."""
        data: Thing = {"object": clean(thing)}
        if previous:
            data["previous_attributes"] = previous
        event = {
            "id": f"evt_{secrets.token_hex(12)}",
            "object": "event",
            "api_version": "2026-10-28.endive",
            "created": self.now(),
            "data": data,
            "livemode": False,
            "pending_webhooks": 1,
            "request": {"id": None, "idempotency_key": None},
            "type": kind,
        }
        self.events.append(event)
        self.on_event(event)


def clean(thing: Any) -> Any:
    """A copy without this Stripe's own notes, at any depth."""
    if isinstance(thing, list):
        return [clean(one) for one in thing]
    if isinstance(thing, dict):
        shown = {name: clean(value) for name, value in thing.items() if not name.startswith("_")}
        if shown.get("object") == "invoice" and "lines" in shown:  # it shows its first ten
            data = shown["lines"]["data"]
            shown["lines"] |= {"data": data[:10], "has_more": len(data) > 10}
        return shown
    return thing


def listed(things: list[Thing], url: str, params: Thing) -> Thing:
    """A page of a list."""
    after = params.get("starting_after")
    if after:
        ids = [thing["id"] for thing in things]
        things = things[ids.index(after) + 1 :] if after in ids else []
    limit = int(params.get("limit", 10))
    if not 1 <= limit <= 100:
        raise Refused("This value must be between 1 and 100.", param="limit", code="parameter_invalid_integer")
    return {"object": "list", "url": url, "has_more": len(things) > limit, "data": things[:limit]}


def expanded(world: World, answer: Thing, paths: list[str]) -> Thing:
    """The answer with the ids at these paths replaced by the objects."""
    answer = copy.deepcopy(answer)
    for path in paths:
        _expand(world, answer, path.split("."))
    return answer


def _expand(world: World, thing: Any, path: list[str]) -> None:
    name, rest = path[0], path[1:]
    if isinstance(thing, list):
        for one in thing:
            _expand(world, one, path)
    elif isinstance(thing, dict) and thing.get(name) is not None:
        if isinstance(thing[name], str) and thing[name] in world.things:
            thing[name] = copy.deepcopy(world.things[thing[name]])
        if rest:
            _expand(world, thing[name], rest)
