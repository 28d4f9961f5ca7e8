"""What this Stripe takes and answers, against the types of Stripe's own library."""

import importlib
import sys
import types
import typing
from decimal import Decimal

import pytest
import stripe
import stripe.checkout
import stripe.params
import stripe.params.checkout

from fauxstripe.routes import ROUTES
from fauxstripe.running import started

KINDS = {
    "checkout.session": stripe.checkout.Session,
    "charge": stripe.Charge,
    "credit_note": stripe.CreditNote,
    "customer": stripe.Customer,
    "event": stripe.Event,
    "invoice": stripe.Invoice,
    "invoice_payment": stripe.InvoicePayment,
    "invoiceitem": stripe.InvoiceItem,
    "line_item": stripe.InvoiceLineItem,
    "payment_intent": stripe.PaymentIntent,
    "payment_method": stripe.PaymentMethod,
    "refund": stripe.Refund,
    "setup_intent": stripe.SetupIntent,
}
MAIN = {"checkout.session", "credit_note", "customer", "event", "invoice", "payment_method", "setup_intent"}
"""Those that clipmeter reads: here nothing that must be there may be missing."""


def hints(cls):
    """The fields of a class of the library."""
    found = {}
    for base in reversed(cls.__mro__):
        if base.__module__.startswith("stripe.") and base.__module__ != "stripe._stripe_object":
            names = {**vars(stripe), **vars(sys.modules[base.__module__]), **vars(base)}
            for name, hint in vars(base).get("__annotations__", {}).items():
                found[name] = hint if not isinstance(hint, str) else typing.ForwardRef(hint)
                found[name] = resolved(found[name], names)
    return found


def resolved(hint, names):
    """A hint with names in place of quoted ones."""
    if isinstance(hint, typing.ForwardRef):
        hint = hint.__forward_arg__
    if isinstance(hint, str):
        return resolved(eval(hint, names), names) if hint.split("[")[0] in names else typing.Any  # noqa: S307
    args = typing.get_args(hint)
    origin = typing.get_origin(hint)
    if not args or origin is typing.Literal:
        return hint
    inner = tuple(resolved(arg, names) for arg in args)
    if origin in {typing.Union, types.UnionType}:
        return typing.Union[inner]  # noqa: UP007 - it is made of what is known only here
    return _Of(origin, inner)


class _Of(typing.NamedTuple):
    """A generic, with what it is of."""

    origin: object
    args: tuple


def faults(value, hint, path, *, whole):  # noqa: PLR0911 - one line per kind of type
    """Where a value is not as its type says. `whole`: nothing that must be there is missing."""
    if hint is typing.Any:
        return []
    origin, args = hint if isinstance(hint, _Of) else (typing.get_origin(hint), typing.get_args(hint))
    if origin is typing.Union:
        return _of_union(value, args, path, whole=whole)
    if origin is typing.Literal:
        return [] if value in args else [f"{path} is {value!r}"]
    if origin is list:
        if not isinstance(value, list):
            return [f"{path} is no list"]
        return [f for n, one in enumerate(value) for f in faults(one, args[0], f"{path}[{n}]", whole=whole)]
    if origin is stripe.ListObject:
        return _of_list(value, args, path, whole=whole)
    if isinstance(origin, type):  # a dict of one kind of values
        return [] if isinstance(value, dict) else [f"{path} is no object"]
    return _of_plain(value, hint, path, whole=whole)


def _of_union(value, args, path, *, whole):
    literals = [arg for arg in args if typing.get_origin(arg) is typing.Literal]
    if literals and isinstance(value, str):
        return min((faults(value, arg, path, whole=whole) for arg in literals), key=len)
    return min((faults(value, arg, path, whole=whole) for arg in args), key=len)


def _of_list(value, args, path, *, whole):
    if (
        not isinstance(value, dict)
        or value.get("object") != "list"
        or set(value) != {"object", "data", "has_more", "url"}
    ):
        return [f"{path} is no list of Stripe's"]
    return [f for n, one in enumerate(value["data"]) for f in faults(one, args[0], f"{path}[{n}]", whole=whole)]


def _of_plain(value, hint, path, *, whole):
    if hint is type(None) or value is None:
        return [] if value is None and hint is type(None) else [f"{path} is {value!r}"]
    if hint is Decimal:
        return [] if isinstance(value, str) else [f"{path} is {value!r}"]
    if hint in {int, str, bool, float}:
        return [] if type(value) is hint else [f"{path} is {value!r}, not {hint.__name__}"]
    if hint in {dict, object, stripe.StripeObject}:
        return []
    if not isinstance(value, dict):
        return [f"{path} is {value!r}"]
    known = hints(hint)
    found = [f"{path}.{name} is unknown" for name in value if name not in known]
    for name, inner in known.items():
        if name in value:
            found += faults(value[name], inner, f"{path}.{name}", whole=whole)
        elif whole and not _may_be_missing(inner) and not name.isupper():
            found.append(f"{path}.{name} is missing")
    return found


def _may_be_missing(hint):
    return hint is typing.Any or type(None) in typing.get_args(hint)


@pytest.fixture(scope="module")
def world():
    """Everything after a life with a card saved, refused and removed, an invoice declined, paid and given back."""
    with started() as running:
        client = stripe.StripeClient(
            running.key, base_addresses={"api": running.url}, http_client=stripe.RequestsClient()
        ).v1
        customer = client.customers.create({"email": "jo@example.org", "metadata": {"account_id": "acct_1"}})
        pages = {"success_url": "http://127.0.0.1/a", "cancel_url": "http://127.0.0.1/b"}
        setup = {"mode": "setup", "customer": customer.id, "allowed_payment_method_types": ["card"], **pages}
        running.control("tax", percent=19)
        for number in ("4000000000000002", "4000000000000341", "4242424242424242"):
            session = client.checkout.sessions.create(setup)
            running.fill_in(session.url, number)
        client.checkout.sessions.expire(client.checkout.sessions.create(setup).id)
        bad, good = reversed(client.payment_methods.list({"customer": customer.id, "type": "card"}).data)
        invoice = client.invoices.create({"customer": customer.id, "automatic_tax": {"enabled": True}})
        client.invoice_items.create({"customer": customer.id, "invoice": invoice.id, "amount": 120, "currency": "usd"})
        client.customers.update(customer.id, {"invoice_settings": {"default_payment_method": bad.id}})
        client.invoices.finalize_invoice(invoice.id)
        with pytest.raises(stripe.CardError):
            client.invoices.pay(invoice.id)
        client.invoices.pay(invoice.id, {"payment_method": good.id})
        client.credit_notes.create({"invoice": invoice.id, "amount": 20, "refund_amount": 20})
        client.payment_methods.detach(bad.id)
        yield running, client


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_answers(world, kind):
    """Each field of each object is one that the library knows, of its type; and those that must be there are."""
    running, _ = world
    things = running.control("events") if kind == "event" else running.control("things", kind=kind)
    assert things
    for thing in things:
        shown = {name: value for name, value in thing.items() if not name.startswith("_")}
        assert faults(shown, KINDS[kind], kind, whole=kind in MAIN) == []


@pytest.mark.parametrize("kind", sorted(KINDS.keys() - {"event"}))
def test_events_have_whole_objects(world, kind):
    """The object in an event has the same shape."""
    running, _ = world
    for event in running.control("events"):
        thing = event["data"]["object"]
        if thing["object"] == kind:
            assert faults(thing, KINDS[kind], event["type"], whole=kind in MAIN) == []


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: f"{route.method} {route.path}")
def test_parameters(route):
    """Each parameter that is taken is one that the library can send."""
    if not route.kind:
        return
    package, _, name = f"stripe.params.{route.kind}".rpartition(".")
    params = getattr(importlib.import_module(package), name)
    for param in route.params.split():
        at = params
        for part in param.split("."):
            fields = _fields(at)
            assert part in fields, (param, sorted(fields))
            at = fields[part]


def _fields(params):
    """The names that a dict of parameters may have, through unions."""
    if isinstance(params, str | typing.ForwardRef):
        return {}
    return {name: _typed_dict(hint, params) for name, hint in typing_fields(params).items()}


def typing_fields(params):
    found = {}
    for base in reversed([params, *getattr(params, "__orig_bases__", ())]):
        found |= getattr(base, "__annotations__", {})
    return found


def _typed_dict(hint, owner):
    text = hint.__forward_arg__ if isinstance(hint, typing.ForwardRef) else str(hint)
    module = vars(sys.modules[owner.__module__])
    for name in sorted(module, key=len, reverse=True):
        if name.startswith(owner.__name__) and name != owner.__name__ and name in text:
            return module[name]
    return owner


def test_events_are_of_known_kinds(world):
    """Each event is of a kind that the library lists."""
    running, _ = world
    kinds = set(typing.get_args(hints(stripe.Event)["type"]))
    assert {event["type"] for event in running.control("events")} <= kinds
    assert len(kinds) > 100


def test_the_check_finds_faults(world):
    """The check is one: a wrong type, an unknown field and a missing one are found."""
    running, _ = world
    customer = {k: v for k, v in running.control("things", kind="customer")[0].items() if not k.startswith("_")}
    assert faults({**customer, "balance": "0"}, stripe.Customer, "customer", whole=True)
    assert faults({**customer, "colour": 1}, stripe.Customer, "customer", whole=True)
    assert faults({**customer, "tax_exempt": "maybe"}, stripe.Customer, "customer", whole=True)
    assert faults({**customer, "invoice_settings": {"colour": None}}, stripe.Customer, "customer", whole=True)
    del customer["created"]
    assert faults(customer, stripe.Customer, "customer", whole=True)
