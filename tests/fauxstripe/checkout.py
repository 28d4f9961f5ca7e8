"""Checkout in setup mode: sessions, and what happens when their page is filled in."""

import secrets

from fauxstripe.cardbook import BY_NUMBER, TestCard, right_number, words
from fauxstripe.people import attach, new_intent, new_method
from fauxstripe.world import Refused, Thing, World


def create_session(world: World, params: Thing, base: str) -> Thing:
    if params.get("mode") != "setup":
        raise Refused("This Stripe knows only mode=setup.", param="mode")
    if not params.get("allowed_payment_method_types") and not params.get("currency"):
        raise Refused(
            "You must provide `currency` in `setup` mode when `allowed_payment_method_types` is not set.",
            param="currency",
        )
    for name in ("success_url",):
        if not str(params.get(name, "")).startswith(("http://", "https://")):
            raise Refused(f"Not a valid URL: {params.get(name)}", code="url_invalid", param=name)
    customer = world.customer(params["customer"])["id"] if params.get("customer") else None
    intent = new_intent(world, customer, params.get("setup_intent_data", {}).get("metadata", {}))
    session = world.new("cs_test", "checkout.session", **_fields(params))
    session |= {
        "customer": customer,
        "expires_at": world.now() + 86_400,
        "setup_intent": intent["id"],
        "url": f"{base}/c/pay/{session['id']}",
    }
    return session


def _fields(params: Thing) -> Thing:
    nothing = (
        "after_expiration adaptive_pricing allow_promotion_codes amount_subtotal amount_total client_secret consent "
        "consent_collection currency_conversion customer_creation customer_details customer_email invoice "
        "invoice_creation locale payment_intent payment_link payment_method_configuration_details recovered_from "
        "saved_payment_method_options shipping_address_collection shipping_cost submit_type subscription total_details"
    )
    return {
        **dict.fromkeys(nothing.split()),
        "automatic_tax": {"enabled": False, "liability": None, "provider": None, "status": None},
        "billing_address_collection": params.get("billing_address_collection"),
        "cancel_url": params.get("cancel_url"),
        "client_reference_id": params.get("client_reference_id"),
        "collected_information": None,
        "currency": params.get("currency"),
        "custom_fields": [],
        "custom_text": dict.fromkeys(("after_submit", "shipping_address", "submit", "terms_of_service_acceptance")),
        "metadata": params.get("metadata", {}),
        "mode": "setup",
        "payment_method_collection": "always",
        "payment_method_options": {"card": {"request_three_d_secure": "automatic"}},
        "payment_method_types": params.get("allowed_payment_method_types", ["card"]),
        "allowed_payment_method_types": params.get("allowed_payment_method_types"),
        "payment_status": "no_payment_required",
        "phone_number_collection": {"enabled": False},
        "shipping_options": [],
        "status": "open",
        "success_url": params.get("success_url"),
        "ui_mode": "hosted_page",
    }


def retrieve_session(world: World, _params: Thing, id_: str) -> Thing:
    session = world.find("checkout.session", id_)
    _age(world, session)
    return session


def expire_session(world: World, _params: Thing, id_: str) -> Thing:
    session = retrieve_session(world, {}, id_)
    if session["status"] != "open":
        raise Refused(f'Only Checkout Sessions with a status in ["open"] can be expired. This is {session["status"]}.')
    session |= {"status": "expired", "url": None}
    world.tell("checkout.session.expired", session)
    return session


def _age(world: World, session: Thing) -> None:
    if session["status"] == "open" and session["expires_at"] <= world.now():
        session |= {"status": "expired", "url": None}
        world.tell("checkout.session.expired", session)


def submit(world: World, session: Thing, number: str, name: str = "") -> str:
    """Someone has filled in the page. What it says: "" done, "challenge", or the words of an error."""
    number = number.replace(" ", "")
    card = BY_NUMBER.get(number)
    if card is None:
        code = "incorrect_number" if not right_number(number) else "card_declined"
        return _failed(world, session, code, "" if code == "incorrect_number" else "test_mode_live_card")
    if card.setup[0]:
        return _failed(world, session, *card.setup)
    if card.challenge:
        session["_card"], session["_name"] = number, name
        world.things[session["setup_intent"]]["status"] = "requires_action"
        return "challenge"
    complete(world, session, card, name)
    return ""


def answer_challenge(world: World, session: Thing, *, passed: bool) -> str:
    """The owner of the card has authenticated, or not."""
    card = BY_NUMBER.get(session.pop("_card", ""))
    if card is None:
        return "There is nothing to authenticate."
    if not passed:
        return _failed(world, session, "authentication_required", "")
    complete(world, session, card, session.get("_name", ""))
    return ""


def _failed(world: World, session: Thing, code: str, decline: str) -> str:
    error = {"type": "card_error", "code": code, "message": words(code, decline)}
    if decline:
        error["decline_code"] = decline
    intent = world.things[session["setup_intent"]]
    intent |= {"status": "requires_payment_method", "last_setup_error": error}
    world.tell("setup_intent.setup_failed", intent)
    return error["message"]


def complete(world: World, session: Thing, card: TestCard, name: str = "") -> Thing:
    """The card is saved; its payment method."""
    customer = session["customer"]
    method = new_method(world, card, name or None)
    method["_number"] = card.number
    attach(world, method, customer)
    intent = world.things[session["setup_intent"]]
    intent |= {"status": "succeeded", "payment_method": method["id"], "last_setup_error": None}
    intent["latest_attempt"] = f"setatt_{secrets.token_hex(12)}"
    world.tell("setup_intent.succeeded", intent)
    session |= {"status": "complete", "url": None}
    world.tell("checkout.session.completed", session)
    return method
