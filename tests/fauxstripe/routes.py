"""Every URL of this Stripe: who answers it, and which parameters it takes."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import parse_qsl

from fauxstripe import checkout, invoicing, people
from fauxstripe.world import Refused, Thing, World, listed

Answer = Callable[..., Thing]


@dataclass(frozen=True)
class Route:
    """One operation. `params`: names it takes; those with a dot lie within an object."""

    method: str
    path: str
    answer: Answer
    params: str = ""
    kind: str = ""
    """The class of the parameters in Stripe's own library, for the check of shapes."""
    needs_base: bool = False

    def match(self, method: str, path: str) -> dict[str, str] | None:
        found = re.fullmatch(self.path.replace("{id}", r"(?P<id_>[A-Za-z0-9_]+)"), path)
        return found.groupdict() if found and method == self.method else None


def _event(world: World, _params: Thing, id_: str) -> Thing:
    for event in world.events:
        if event["id"] == id_:
            return event
    raise Refused(f"No such event: '{id_}'", status=404, code="resource_missing", param="id")


def _events(world: World, params: Thing) -> Thing:
    wanted = params.get("type")
    found = [event for event in reversed(world.events) if wanted in {None, event["type"]}]
    return listed(found, "/v1/events", params)


_PAGE = "limit starting_after expand"
_INVOICE = "/v1/invoices/{id}"
_METHOD = "/v1/payment_methods/{id}"
ROUTES = (
    Route(
        "POST",
        "/v1/customers",
        people.create_customer,
        "email name description metadata address.city address.country address.line1 address.line2 "
        "address.postal_code address.state expand",
        "CustomerCreateParams",
    ),
    Route("GET", "/v1/customers", people.list_customers, f"email {_PAGE}", "CustomerListParams"),
    Route("GET", "/v1/customers/{id}", people.retrieve_customer, "expand", "CustomerRetrieveParams"),
    Route(
        "POST",
        "/v1/customers/{id}",
        people.update_customer,
        "email name description metadata invoice_settings.default_payment_method expand",
        "CustomerUpdateParams",
    ),
    Route("DELETE", "/v1/customers/{id}", people.delete_customer, "", "CustomerDeleteParams"),
    Route(
        "POST",
        "/v1/checkout/sessions",
        checkout.create_session,
        "mode customer currency allowed_payment_method_types success_url cancel_url client_reference_id metadata "
        "billing_address_collection setup_intent_data.metadata expand",
        "checkout.SessionCreateParams",
        needs_base=True,
    ),
    Route("GET", "/v1/checkout/sessions/{id}", checkout.retrieve_session, "expand", "checkout.SessionRetrieveParams"),
    Route(
        "POST", "/v1/checkout/sessions/{id}/expire", checkout.expire_session, "expand", "checkout.SessionExpireParams"
    ),
    Route("GET", "/v1/setup_intents/{id}", people.retrieve_intent, "expand client_secret", "SetupIntentRetrieveParams"),
    Route("GET", "/v1/payment_methods", people.list_methods, f"customer type {_PAGE}", "PaymentMethodListParams"),
    Route("GET", _METHOD, people.retrieve_method, "expand", "PaymentMethodRetrieveParams"),
    Route("POST", f"{_METHOD}/attach", people.attach_method, "customer expand", "PaymentMethodAttachParams"),
    Route("POST", f"{_METHOD}/detach", people.detach_method, "expand", "PaymentMethodDetachParams"),
    Route(
        "POST",
        "/v1/invoiceitems",
        invoicing.create_item,
        "customer amount currency description invoice metadata expand",
        "InvoiceItemCreateParams",
    ),
    Route(
        "POST",
        "/v1/invoices",
        invoicing.create_invoice,
        "customer auto_advance automatic_tax.enabled collection_method currency description metadata "
        "pending_invoice_items_behavior expand",
        "InvoiceCreateParams",
    ),
    Route("GET", "/v1/invoices", invoicing.list_invoices, f"customer status {_PAGE}", "InvoiceListParams"),
    Route("GET", _INVOICE, invoicing.retrieve_invoice, "expand", "InvoiceRetrieveParams"),
    Route("DELETE", _INVOICE, invoicing.delete_draft, "", "InvoiceDeleteParams"),
    Route(
        "POST",
        f"{_INVOICE}/finalize",
        invoicing.finalize,
        "auto_advance expand",
        "InvoiceFinalizeInvoiceParams",
        needs_base=True,
    ),
    Route("POST", f"{_INVOICE}/pay", invoicing.pay, "payment_method expand", "InvoicePayParams", needs_base=True),
    Route("POST", f"{_INVOICE}/void", invoicing.void, "expand", "InvoiceVoidInvoiceParams"),
    Route(
        "GET", "/v1/invoice_payments", invoicing.list_payments, f"invoice status {_PAGE}", "InvoicePaymentListParams"
    ),
    Route(
        "POST", "/v1/refunds", invoicing.create_refund, "payment_intent amount metadata expand", "RefundCreateParams"
    ),
    Route(
        "POST",
        "/v1/credit_notes",
        invoicing.create_credit_note,
        "invoice amount refund_amount memo metadata reason expand",
        "CreditNoteCreateParams",
    ),
    Route("GET", f"{_INVOICE}/lines", invoicing.list_lines, _PAGE, "InvoiceLineItemListParams"),
    Route("GET", "/v1/credit_notes", invoicing.list_notes, f"invoice customer {_PAGE}", "CreditNoteListParams"),
    Route("GET", "/v1/events", _events, f"type {_PAGE}", "EventListParams"),
    Route("GET", "/v1/events/{id}", _event, "expand", "EventRetrieveParams"),
)


def find(method: str, path: str) -> tuple[Route, dict[str, str]]:
    """The route and the id in its path."""
    for route in ROUTES:
        found = route.match(method, path)
        if found is not None:
            return route, found
    raise Refused(f"Unrecognized request URL ({method}: {path}).", status=404)


def read_params(text: str) -> Thing:
    """a[b]=1&c[0]=2 → {"a": {"b": "1"}, "c": ["2"]}."""
    params: Thing = {}
    for name, value in parse_qsl(text, keep_blank_values=True):
        path = re.findall(r"[^\[\]]+", name)
        if name.endswith("[]"):
            path.append(str(len(params.get(path[0], {}))))
        at = params
        for part in path[:-1]:
            at = at.setdefault(part, {})
            if not isinstance(at, dict):
                raise Refused(f"Invalid {name}", param=name)
        at[path[-1]] = value
    return {name: _as_list(value) for name, value in params.items()}


def _as_list(value: object) -> object:
    if not isinstance(value, dict):
        return value
    if value and all(key.isdigit() for key in value):
        return [_as_list(value[key]) for key in sorted(value, key=int)]
    return {name: _as_list(inner) for name, inner in value.items()}


def refuse_unknown(route: Route, params: Thing) -> None:
    """Stripe refuses what it does not know."""
    known = set(route.params.split())
    for name in [*params]:
        inner = {part.partition(".")[2] for part in known if part.startswith(f"{name}.")}
        value = params[name]
        if name in known:
            _refuse_long(name, value)
            continue
        if not inner or not isinstance(value, dict):
            raise Refused(f"Received unknown parameter: {name}", code="parameter_unknown", param=name)
        for below in value:
            if below not in inner:
                shown = f"{name}[{below}]"
                raise Refused(f"Received unknown parameter: {shown}", code="parameter_unknown", param=shown)


def _refuse_long(name: str, value: object) -> None:
    if name == "metadata" and isinstance(value, dict):
        for key, text in value.items():
            if len(key) > 40 or len(str(text)) > 500:
                raise Refused("Metadata keys have up to 40 characters, values up to 500.", param="metadata")
    if name == "description" and len(str(value)) > 5000:
        raise Refused("Invalid string: too long.", param=name)
