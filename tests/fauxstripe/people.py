"""Customers, their cards, setup intents and Checkout sessions."""

import secrets
from typing import Any

from fauxstripe.cardbook import BY_TOKEN, TestCard, words
from fauxstripe.world import Refused, Thing, World, listed


def create_customer(world: World, params: Thing) -> Thing:
    customer = world.new(
        "cus",
        "customer",
        address=params.get("address"),
        balance=0,
        currency=None,
        default_source=None,
        delinquent=False,
        description=params.get("description"),
        discount=None,
        email=params.get("email"),
        invoice_prefix=secrets.token_hex(4).upper(),
        invoice_settings={
            "custom_fields": None,
            "default_payment_method": None,
            "footer": None,
            "rendering_options": None,
        },
        metadata=params.get("metadata", {}),
        name=params.get("name"),
        next_invoice_sequence=1,
        phone=None,
        preferred_locales=[],
        shipping=None,
        tax_exempt="none",
        test_clock=None,
    )
    world.tell("customer.created", customer)
    return customer


def update_customer(world: World, params: Thing, id_: str) -> Thing:
    customer = world.customer(id_)
    default = params.get("invoice_settings", {}).get("default_payment_method")
    if default:
        method = world.find("payment_method", default)
        if method["customer"] != id_:
            raise Refused(
                f"The customer does not have a payment method with the ID {default}. The payment method must be "
                "attached to the customer.",
                code="resource_missing",
                param="invoice_settings[default_payment_method]",
            )
    if default is not None:
        customer["invoice_settings"]["default_payment_method"] = default or None
    for name in ("email", "name", "description"):
        if name in params:
            customer[name] = params[name] or None
    customer["metadata"] = {**customer["metadata"], **params.get("metadata", {})}
    world.tell("customer.updated", customer)
    return customer


def retrieve_customer(world: World, _params: Thing, id_: str) -> Thing:
    customer = world.find("customer", id_)
    return {"id": id_, "object": "customer", "deleted": True} if customer.get("deleted") else customer


def delete_customer(world: World, _params: Thing, id_: str) -> Thing:
    customer = world.customer(id_)
    for method in world.of_kind("payment_method", customer=id_):
        method["customer"] = None
    world.tell("customer.deleted", customer)
    customer["deleted"] = True
    return {"id": id_, "object": "customer", "deleted": True}


def list_customers(world: World, params: Thing) -> Thing:
    found = [c for c in world.of_kind("customer", email=params.get("email")) if not c.get("deleted")]
    return listed(found, "/v1/customers", params)


def new_method(world: World, card: TestCard, name: str | None = None) -> Thing:
    """A payment method that belongs to nobody yet."""
    address = {"city": None, "country": "US", "line1": None, "line2": None, "postal_code": "94105", "state": None}
    return world.new(
        "pm",
        "payment_method",
        allow_redisplay="always",
        billing_details={"address": address, "email": None, "name": name, "phone": None, "tax_id": None},
        card={
            "brand": card.brand,
            "checks": {"address_line1_check": None, "address_postal_code_check": None, "cvc_check": "pass"},
            "country": "US",
            "display_brand": card.brand,
            "exp_month": 12,
            "exp_year": 2034,
            "fingerprint": secrets.token_hex(8),
            "funding": "credit",
            "generated_from": None,
            "last4": card.last4,
            "networks": {"available": [card.brand], "preferred": None},
            "three_d_secure_usage": {"supported": True},
            "wallet": None,
        },
        customer=None,
        type="card",
    )


def card_error(code: str, decline: str, **more: Any) -> Refused:
    """A bank says no."""
    if decline:
        more["decline_code"] = decline
    return Refused(words(code, decline), status=402, kind="card_error", code=code, **more)


def attach(world: World, method: Thing, customer: str) -> Thing:
    method["customer"] = customer
    world.tell("payment_method.attached", method)
    return method


def attach_method(world: World, params: Thing, id_: str) -> Thing:
    customer = world.customer(params.get("customer"))
    card = BY_TOKEN.get(id_)
    if card and card.setup[0]:
        raise card_error(*card.setup)
    method = _by_token(world, card) if card else world.find("payment_method", id_)
    if method["customer"] not in {None, customer["id"]}:
        raise Refused(
            "The payment method you provided has already been attached to a customer.",
            code="payment_method_unexpected_state",
        )
    if method.get("_spent"):
        raise Refused(
            "This PaymentMethod was previously used without being attached to a Customer or was detached from a "
            "Customer, and may not be used again.",
            code="payment_method_unexpected_state",
        )
    return attach(world, method, customer["id"])


def _by_token(world: World, card: TestCard) -> Thing:
    method = new_method(world, card)
    method["_number"] = card.number
    return method


def detach_method(world: World, _params: Thing, id_: str) -> Thing:
    method = world.find("payment_method", id_)
    if method["customer"] is None:
        raise Refused(
            "The payment method you provided is not attached to a customer so detachment is impossible.",
            code="payment_method_unexpected_state",
        )
    customer, method["customer"] = method["customer"], None
    method["_spent"] = True
    settings = world.things[customer]["invoice_settings"]
    if settings["default_payment_method"] == id_:
        settings["default_payment_method"] = None
    world.tell("payment_method.detached", method, customer=customer)
    return method


def retrieve_method(world: World, _params: Thing, id_: str) -> Thing:
    return world.find("payment_method", id_)


def list_methods(world: World, params: Thing) -> Thing:
    customer = world.customer(params.get("customer"))
    found = world.of_kind("payment_method", customer=customer["id"], type=params.get("type"))
    # The newest comes first, by when it was attached: a method is made when it is attached.
    return listed(found, "/v1/payment_methods", params)


def new_intent(world: World, customer: str | None, metadata: Thing) -> Thing:
    intent = world.new(
        "seti",
        "setup_intent",
        application=None,
        automatic_payment_methods=None,
        cancellation_reason=None,
        customer=customer,
        description=None,
        flow_directions=None,
        last_setup_error=None,
        latest_attempt=None,
        mandate=None,
        metadata=metadata,
        next_action=None,
        on_behalf_of=None,
        payment_method=None,
        payment_method_options={
            "card": {"mandate_options": None, "network": None, "request_three_d_secure": "automatic"}
        },
        payment_method_types=["card"],
        single_use_mandate=None,
        status="requires_payment_method",
        usage="off_session",
    )
    intent["client_secret"] = f"{intent['id']}_secret_{secrets.token_hex(8)}"
    world.tell("setup_intent.created", intent)
    return intent


def retrieve_intent(world: World, _params: Thing, id_: str) -> Thing:
    return world.find("setup_intent", id_)
