"""Invoice items, invoices, the charging of cards, refunds and credit notes."""

import secrets
from typing import Any

from fauxstripe.cardbook import BY_NUMBER
from fauxstripe.people import card_error
from fauxstripe.world import Refused, Thing, World, clean, listed

LEAST_CENTS = 50
TAX_WITHOUT_PLACE = (
    "The customer's location isn't recognized. Set a valid customer address in order to automatically calculate tax."
)


def create_item(world: World, params: Thing) -> Thing:
    customer = world.customer(params.get("customer"))
    invoice = None
    if params.get("invoice"):
        invoice = _with_status(world, params["invoice"], "draft", "This invoice is no longer editable")
        if invoice["customer"] != customer["id"]:
            raise Refused("The invoice belongs to another customer.", param="invoice")
    amount = whole(params, "amount")
    currency = params.get("currency", "usd")
    now = world.now()
    item = world.new("ii", "invoiceitem", amount=amount, currency=currency, customer=customer["id"])
    del item["created"]
    item |= {
        "date": now,
        "description": params.get("description"),
        "discountable": True,
        "discounts": [],
        "invoice": invoice and invoice["id"],
        "metadata": params.get("metadata", {}),
        "net_amount": amount,
        "parent": None,
        "period": {"start": now, "end": now},
        "pricing": {
            "price_details": {"price": f"price_{secrets.token_hex(8)}", "product": f"prod_{secrets.token_hex(8)}"},
            "type": "price_details",
            "unit_amount_decimal": str(amount),
        },
        "proration": False,
        "quantity": 1,
        "quantity_decimal": "1",
        "tax_rates": [],
        "test_clock": None,
    }
    if invoice:
        _add_line(world, invoice, item)
    return item


def _add_line(world: World, invoice: Thing, item: Thing) -> None:
    line = world.new("il", "line_item", amount=item["amount"], currency=item["currency"], metadata=item["metadata"])
    del line["created"]
    line |= {
        "description": item["description"],
        "discount_amounts": [],
        "discountable": True,
        "discounts": [],
        "invoice": invoice["id"],
        "parent": {
            "invoice_item_details": {
                "invoice_item": item["id"],
                "proration": False,
                "proration_details": None,
                "subscription": None,
            },
            "subscription_item_details": None,
            "type": "invoice_item_details",
        },
        "period": item["period"],
        "pretax_credit_amounts": [],
        "pricing": item["pricing"],
        "quantity": 1,
        "quantity_decimal": "1",
        "subtotal": item["amount"],
        "taxes": [],
    }
    invoice["lines"]["data"].append(line)
    _sum_up(world, invoice)


def _sum_up(world: World, invoice: Thing) -> None:
    subtotal = sum(line["amount"] for line in invoice["lines"]["data"])
    taxed = invoice["automatic_tax"]["enabled"]
    tax = (subtotal * world.tax_percent + 50) // 100 if taxed else 0
    total = subtotal + tax
    invoice |= {
        "amount_due": total,
        "amount_remaining": total,
        "subtotal": subtotal,
        "subtotal_excluding_tax": subtotal,
        "total": total,
        "total_excluding_tax": subtotal,
    }
    invoice["total_taxes"] = (
        [
            {
                "amount": tax,
                "tax_behavior": "exclusive",
                "tax_rate_details": {"tax_rate": "txr_1"},
                "taxability_reason": "standard_rated",
                "taxable_amount": subtotal,
                "type": "tax_rate_details",
            }
        ]
        if taxed and world.tax_percent
        else []
    )


def create_invoice(world: World, params: Thing) -> Thing:
    customer = world.customer(params.get("customer"))
    if params.get("collection_method", "charge_automatically") != "charge_automatically":
        raise Refused("This Stripe charges automatically only.", param="collection_method")
    now, nothing = world.now(), None
    invoice = world.new("in", "invoice", **dict.fromkeys(_NOTHING.split()))
    invoice |= {
        "account_country": "US",
        "account_name": "Look-alike",
        "amount_due": 0,
        "amount_overpaid": 0,
        "amount_paid": 0,
        "amount_remaining": 0,
        "amount_shipping": 0,
        "attempt_count": 0,
        "attempted": False,
        "auto_advance": params.get("auto_advance", "false") == "true",
        "automatic_tax": {
            "disabled_reason": nothing,
            "enabled": params.get("automatic_tax", {}).get("enabled") == "true",
            "liability": nothing,
            "provider": nothing,
            "status": nothing,
        },
        "billing_reason": "manual",
        "collection_method": "charge_automatically",
        "currency": params.get("currency", "usd"),
        "customer": customer["id"],
        "customer_email": customer["email"],
        "customer_name": customer["name"],
        "customer_tax_exempt": "none",
        "customer_tax_ids": [],
        "default_tax_rates": [],
        "description": params.get("description"),
        "discounts": [],
        "issuer": {"type": "self"},
        "lines": {"object": "list", "data": [], "has_more": False, "url": f"/v1/invoices/{invoice['id']}/lines"},
        "metadata": params.get("metadata", {}),
        "payment_settings": {
            "default_mandate": nothing,
            "payment_method_options": nothing,
            "payment_method_types": nothing,
        },
        "period_end": now,
        "period_start": now,
        "post_payment_credit_notes_amount": 0,
        "pre_payment_credit_notes_amount": 0,
        "starting_balance": 0,
        "status": "draft",
        "status_transitions": dict.fromkeys(("finalized_at", "marked_uncollectible_at", "paid_at", "voided_at")),
        "total_discount_amounts": [],
        "total_pretax_credit_amounts": [],
    }
    if params.get("pending_invoice_items_behavior", "exclude") == "include":
        for item in reversed(world.of_kind("invoiceitem", customer=customer["id"])):
            if item["invoice"] is None:
                item["invoice"] = invoice["id"]
                _add_line(world, invoice, item)
    _sum_up(world, invoice)
    world.tell("invoice.created", invoice)
    return invoice


_NOTHING = """
    account_tax_ids amount_paid_off_stripe application automatically_finalizes_at custom_fields customer_address
    customer_phone customer_shipping default_payment_method default_source due_date effective_at ending_balance footer
    from_invoice hosted_invoice_url invoice_pdf last_finalization_error latest_revision next_payment_attempt number
    on_behalf_of parent receipt_number rendering shipping_cost shipping_details statement_descriptor test_clock
    threshold_reason webhooks_delivered_at
"""


def finalize(world: World, params: Thing, id_: str, base: str) -> Thing:
    invoice = _with_status(
        world, id_, "draft", "This invoice is already finalized, you can't re-finalize a non-draft invoice."
    )
    customer = world.customer(invoice["customer"])
    if "auto_advance" in params:
        invoice["auto_advance"] = params["auto_advance"] == "true"
    if invoice["automatic_tax"]["enabled"]:
        if not _has_place(world, customer):
            raise Refused(TAX_WITHOUT_PLACE, code="customer_tax_location_invalid")
        invoice["automatic_tax"]["status"] = "complete"
    _sum_up(world, invoice)
    number = customer["next_invoice_sequence"]
    customer["next_invoice_sequence"] += 1
    invoice |= {
        "status": "open",
        "number": f"{customer['invoice_prefix']}-{number:04}",
        "effective_at": world.now(),
        "hosted_invoice_url": f"{base}/i/{id_}",
        "invoice_pdf": f"{base}/i/{id_}/pdf",
        "ending_balance": 0,
    }
    invoice["status_transitions"]["finalized_at"] = world.now()
    world.tell("invoice.finalized", invoice)
    _settle_small(world, invoice, customer)
    if invoice["status"] == "open" and invoice["auto_advance"] and world.charges_at_once:
        _try(world, invoice)
    return invoice


def _has_place(world: World, customer: Thing) -> bool:
    method = world.things.get(str(customer["invoice_settings"]["default_payment_method"]))
    return bool(customer["address"] or (method and method["billing_details"]["address"]["country"]))


def _settle_small(world: World, invoice: Thing, customer: Thing) -> None:
    """Nothing to pay, or less than a card can be asked for: then it goes to the customer's balance."""
    if invoice["total"] >= LEAST_CENTS:
        return
    customer["balance"] += invoice["total"]
    invoice |= {"amount_due": 0, "amount_remaining": 0, "ending_balance": customer["balance"]}
    _paid(world, invoice)


def _paid(world: World, invoice: Thing) -> None:
    invoice |= {"status": "paid", "amount_paid": invoice["amount_due"], "amount_remaining": 0, "auto_advance": False}
    invoice["status_transitions"]["paid_at"] = world.now()
    for kind in ("invoice.updated", "invoice.paid", "invoice.payment_succeeded"):
        world.tell(kind, invoice)


def pay(world: World, params: Thing, id_: str, base: str) -> Thing:
    invoice = world.find("invoice", id_)
    if invoice["status"] == "draft":
        finalize(world, {"auto_advance": "false"}, id_, base)
    if invoice["status"] == "paid":
        raise Refused("Invoice is already paid")
    if invoice["status"] != "open":
        raise Refused("This invoice can no longer be paid.")
    charge(world, invoice, params.get("payment_method"))
    return invoice


def _try(world: World, invoice: Thing) -> None:
    """Stripe tries by itself; whatever comes of it is told by events."""
    try:
        charge(world, invoice, None)
    except Refused:
        return


def charge(world: World, invoice: Thing, method_id: str | None) -> None:
    """Ask the card. Raises Refused when there is none, or its bank says no."""
    customer = world.customer(invoice["customer"])
    method_id = method_id or customer["invoice_settings"]["default_payment_method"]
    if not method_id:
        raise Refused(
            "There is no `default_payment_method` set on this Customer or Invoice. Please attach a PaymentMethod first."
        )
    method = world.find("payment_method", method_id)
    if method["customer"] != customer["id"]:
        raise Refused("The payment method does not belong to the customer.", param="payment_method")
    card = BY_NUMBER[method["_number"]]
    invoice |= {"attempted": True, "attempt_count": invoice["attempt_count"] + 1}
    intent = _intent(world, invoice, method, card.charge)
    charged = world.things[intent["latest_charge"]]
    if card.charge[0]:
        world.tell("charge.failed", charged)
        world.tell("payment_intent.payment_failed", intent)
        world.tell("invoice.updated", invoice)
        world.tell("invoice.payment_failed", invoice)
        raise card_error(*card.charge, payment_intent=clean(intent), charge=charged["id"])
    world.tell("charge.succeeded", charged)
    world.tell("payment_intent.succeeded", intent)
    _paid(world, invoice)


def _intent(world: World, invoice: Thing, method: Thing, problem: tuple[str, str]) -> Thing:
    failed, amount = bool(problem[0]), invoice["amount_due"]
    common = {"amount": amount, "currency": invoice["currency"], "customer": invoice["customer"]}
    made = world.new("ch", "charge", **common)
    intent = world.new("pi", "payment_intent", **common)
    made |= {
        "amount_captured": 0 if failed else amount,
        "amount_refunded": 0,
        "billing_details": method["billing_details"],
        "captured": not failed,
        "disputed": False,
        "failure_code": problem[0] or None,
        "failure_message": "Your card was declined." if failed else None,
        "paid": not failed,
        "payment_intent": intent["id"],
        "payment_method": method["id"],
        "refunded": False,
        "status": "failed" if failed else "succeeded",
    }
    intent |= {
        "amount_capturable": 0,
        "amount_received": 0 if failed else amount,
        "capture_method": "automatic",
        "confirmation_method": "automatic",
        "last_payment_error": {"type": "card_error", "code": problem[0]} if failed else None,
        "latest_charge": made["id"],
        "payment_method": None if failed else method["id"],
        "payment_method_types": ["card"],
        "status": "requires_payment_method" if failed else "succeeded",
    }
    payment = world.new("inpay", "invoice_payment", invoice=invoice["id"], currency=invoice["currency"])
    del payment["metadata"]
    payment |= {
        "amount_paid": None if failed else amount,
        "amount_requested": amount,
        "is_default": True,
        "payment": {"payment_intent": intent["id"], "type": "payment_intent"},
        "status": "open" if failed else "paid",
        "status_transitions": {"canceled_at": None, "paid_at": None if failed else world.now()},
    }
    return intent


def void(world: World, _params: Thing, id_: str) -> Thing:
    invoice = _with_status(world, id_, "open", "You can only void an open invoice.")
    invoice |= {"status": "void", "auto_advance": False}
    invoice["status_transitions"]["voided_at"] = world.now()
    world.tell("invoice.voided", invoice)
    return invoice


def delete_draft(world: World, _params: Thing, id_: str) -> Thing:
    invoice = _with_status(world, id_, "draft", "You can only delete draft invoices.")
    world.tell("invoice.deleted", invoice)
    del world.things[id_]
    return {"id": id_, "object": "invoice", "deleted": True}


def retrieve_invoice(world: World, _params: Thing, id_: str) -> Thing:
    return world.find("invoice", id_)


def list_invoices(world: World, params: Thing) -> Thing:
    found = world.of_kind("invoice", customer=params.get("customer"), status=params.get("status"))
    return listed(found, "/v1/invoices", params)


def list_lines(world: World, params: Thing, id_: str) -> Thing:
    return listed(world.find("invoice", id_)["lines"]["data"], f"/v1/invoices/{id_}/lines", params)


def list_notes(world: World, params: Thing) -> Thing:
    return listed(world.of_kind("credit_note", invoice=params.get("invoice")), "/v1/credit_notes", params)


def try_again(world: World) -> None:
    """Stripe tries by itself those that were not paid."""
    for invoice in world.of_kind("invoice", status="open", auto_advance=True):
        _try(world, invoice)


def list_payments(world: World, params: Thing) -> Thing:
    found = world.of_kind("invoice_payment", invoice=params.get("invoice"), status=params.get("status"))
    return listed(found, "/v1/invoice_payments", params)


def create_refund(world: World, params: Thing) -> Thing:
    intent = world.find("payment_intent", params.get("payment_intent"))
    return _refund(world, intent, whole(params, "amount", intent["amount_received"]), params.get("metadata", {}))


def _refund(world: World, intent: Thing, amount: int, metadata: Thing) -> Thing:
    charged = world.things[intent["latest_charge"]]
    left = charged["amount_captured"] - charged["amount_refunded"]
    if charged["refunded"]:
        raise Refused("Charge has already been refunded.", code="charge_already_refunded")
    if not 0 < amount <= left:
        raise Refused(
            f"Refund amount (${amount / 100:.2f}) is greater than unrefunded amount on charge (${left / 100:.2f})",
            param="amount",
        )
    charged["amount_refunded"] += amount
    charged["refunded"] = charged["amount_refunded"] == charged["amount_captured"]
    refund = world.new("re", "refund", amount=amount, currency=intent["currency"], metadata=metadata)
    del refund["livemode"]
    refund |= {
        "balance_transaction": None,
        "charge": charged["id"],
        "payment_intent": intent["id"],
        "reason": None,
        "receipt_number": None,
        "source_transfer_reversal": None,
        "status": "succeeded",
        "transfer_reversal": None,
    }
    world.tell("charge.refunded", charged)
    world.tell("refund.created", refund)
    return refund


def create_credit_note(world: World, params: Thing) -> Thing:
    invoice = world.find("invoice", params.get("invoice"))
    if invoice["status"] != "paid":
        raise Refused("This Stripe writes credit notes for paid invoices only.", param="invoice")
    amount = whole(params, "amount")
    if whole(params, "refund_amount", 0) != amount:
        raise Refused(
            "The sum of credit amount, refund amount and out of band amount must equal the credit note amount."
        )
    already = invoice["post_payment_credit_notes_amount"]
    if amount > invoice["amount_paid"] - already:
        raise Refused(
            f"The credit note amount ({amount}) exceeds the amount that can be credited "
            f"({invoice['amount_paid'] - already}).",
            param="amount",
        )
    (payment,) = world.of_kind("invoice_payment", invoice=invoice["id"], status="paid")
    refund = _refund(world, world.things[payment["payment"]["payment_intent"]], amount, {})
    invoice["post_payment_credit_notes_amount"] += amount
    note = world.new("cn", "credit_note", amount=amount, currency=invoice["currency"], customer=invoice["customer"])
    note |= {
        "amount_shipping": 0,
        "customer_balance_transaction": None,
        "discount_amount": 0,
        "discount_amounts": [],
        "effective_at": world.now(),
        "invoice": invoice["id"],
        "lines": {"object": "list", "data": [], "has_more": False, "url": f"/v1/credit_notes/{note['id']}/lines"},
        "memo": params.get("memo"),
        "metadata": params.get("metadata", {}),
        "number": f"{invoice['number']}-CN-{len(world.of_kind('credit_note', invoice=invoice['id'])):02}",
        "out_of_band_amount": None,
        "pdf": f"https://invalid.example/{note['id']}",
        "post_payment_amount": amount,
        "pre_payment_amount": 0,
        "pretax_credit_amounts": [],
        "reason": params.get("reason"),
        "refunds": [{"amount_refunded": amount, "refund": refund["id"], "type": "refund"}],
        "shipping_cost": None,
        "status": "issued",
        "subtotal": amount,
        "subtotal_excluding_tax": amount,
        "total": amount,
        "total_excluding_tax": amount,
        "total_taxes": [],
        "type": "post_payment",
        "voided_at": None,
    }
    world.tell("credit_note.created", note)
    return note


def whole(params: Thing, name: str, default: int | None = None) -> int:
    """A parameter that is a whole number."""
    value: Any = params.get(name, default)
    if value is None:
        raise Refused(f"Missing required param: {name}.", code="parameter_missing", param=name)
    try:
        return int(str(value))
    except ValueError:
        raise Refused(f"Invalid integer: {value}", code="parameter_invalid_integer", param=name) from None


def _with_status(world: World, id_: str, status: str, otherwise: str) -> Thing:
    invoice = world.find("invoice", id_)
    if invoice["status"] != status:
        raise Refused(otherwise, code="invoice_not_editable" if status == "draft" else None)
    return invoice
